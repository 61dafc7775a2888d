// Vectors of float and double for one instruction set; a unit is compiled once for each.
//
// max(a, b) and min(a, b) return b where either is NaN: the order of the arguments decides
// whether a NaN is kept. stream() bypasses the caches and wants an aligned address.
#pragma once

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "types.hpp"

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace crossent::CROSSENT_UNIT {

template <class T>
struct Vec;

#if defined(__AVX512F__)

template <>
struct Vec<float> {
    using type = __m512;
    using mask = __mmask16;
    static constexpr int width = 16;
    static type load(const float* p) { return _mm512_loadu_ps(p); }
    static type load(const bf16* p) {
        const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
    }
    static type load(const f16* p) {
        return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    }
    static void store(float* p, type v) { _mm512_storeu_ps(p, v); }
    static void stream(float* p, type v) { _mm512_stream_ps(p, v); }
    static void store(bf16* p, type v) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), rounded(v));
    }
    static void stream(bf16* p, type v) {
        _mm256_stream_si256(reinterpret_cast<__m256i*>(p), rounded(v));
    }
    static void store(f16* p, type v) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(v, nearest));
    }
    static void stream(f16* p, type v) {
        _mm256_stream_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(v, nearest));
    }
    static type set(float x) { return _mm512_set1_ps(x); }
    static type add(type a, type b) { return _mm512_add_ps(a, b); }
    static type sub(type a, type b) { return _mm512_sub_ps(a, b); }
    static type mul(type a, type b) { return _mm512_mul_ps(a, b); }
    static type div(type a, type b) { return _mm512_div_ps(a, b); }
    static type max(type a, type b) { return _mm512_max_ps(a, b); }
    static type min(type a, type b) { return _mm512_min_ps(a, b); }
    static type fma(type a, type b, type c) { return _mm512_fmadd_ps(a, b, c); }
    static type fnma(type a, type b, type c) { return _mm512_fnmadd_ps(a, b, c); }
    static mask greater(type a, type b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
    static mask equal(type a, type b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
    static bool any(mask m) { return m != 0; }
    static int count(mask m) { return __builtin_popcount(m); }
    static mask either(mask a, mask b) { return mask(a | b); }
    static constexpr bool underflows = true;  // `scaled` reaches 0 by itself
    static type zero_where(mask m, type v) { return _mm512_maskz_mov_ps(mask(~m), v); }
    static type choose(mask m, type yes, type no) { return _mm512_mask_blend_ps(m, no, yes); }
    static float highest(type v) { return _mm512_reduce_max_ps(v); }
    // p 2^n for whole numbers n, down to 0
    static type scaled(type p, type, type n) { return _mm512_scalef_ps(p, n); }
    static void widen(type v, __m512d& low, __m512d& high) {
        low = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
        high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
    }

   private:
    static constexpr int nearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    static __m256i rounded(type v) {
        const __m512i bits = _mm512_castps_si512(v);
        const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
        __m512i up = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
        const __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
        up = _mm512_mask_mov_epi32(_mm512_srli_epi32(up, 16), nan, _mm512_set1_epi32(0x7fc0));
        return _mm512_cvtepi32_epi16(up);
    }
};

template <>
struct Vec<double> {
    using type = __m512d;
    using mask = __mmask8;
    static constexpr int width = 8;
    static type load(const double* p) { return _mm512_loadu_pd(p); }
    static void store(double* p, type v) { _mm512_storeu_pd(p, v); }
    static void stream(double* p, type v) { _mm512_stream_pd(p, v); }
    static type set(double x) { return _mm512_set1_pd(x); }
    static type add(type a, type b) { return _mm512_add_pd(a, b); }
    static type sub(type a, type b) { return _mm512_sub_pd(a, b); }
    static type mul(type a, type b) { return _mm512_mul_pd(a, b); }
    static type div(type a, type b) { return _mm512_div_pd(a, b); }
    static type max(type a, type b) { return _mm512_max_pd(a, b); }
    static type min(type a, type b) { return _mm512_min_pd(a, b); }
    static type fma(type a, type b, type c) { return _mm512_fmadd_pd(a, b, c); }
    static type fnma(type a, type b, type c) { return _mm512_fnmadd_pd(a, b, c); }
    static mask greater(type a, type b) { return _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ); }
    static mask equal(type a, type b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
    static bool any(mask m) { return m != 0; }
    static int count(mask m) { return __builtin_popcount(m); }
    static mask either(mask a, mask b) { return mask(a | b); }
    static constexpr bool underflows = true;  // `scaled` reaches 0 by itself
    static type zero_where(mask m, type v) { return _mm512_maskz_mov_pd(mask(~m), v); }
    static type choose(mask m, type yes, type no) { return _mm512_mask_blend_pd(m, no, yes); }
    static double highest(type v) { return _mm512_reduce_max_pd(v); }
    static type scaled(type p, type, type n) { return _mm512_scalef_pd(p, n); }
};

#elif defined(__AVX2__)

template <>
struct Vec<float> {
    using type = __m256;
    using mask = __m256;
    static constexpr int width = 8;
    static type load(const float* p) { return _mm256_loadu_ps(p); }
    static type load(const bf16* p) {
        const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
    }
    static type load(const f16* p) {
        return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    }
    static void store(float* p, type v) { _mm256_storeu_ps(p, v); }
    static void stream(float* p, type v) { _mm256_stream_ps(p, v); }
    static void store(bf16* p, type v) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(p), rounded(v));
    }
    static void stream(bf16* p, type v) {
        _mm_stream_si128(reinterpret_cast<__m128i*>(p), rounded(v));
    }
    static void store(f16* p, type v) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(v, nearest));
    }
    static void stream(f16* p, type v) {
        _mm_stream_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(v, nearest));
    }
    static type set(float x) { return _mm256_set1_ps(x); }
    static type add(type a, type b) { return _mm256_add_ps(a, b); }
    static type sub(type a, type b) { return _mm256_sub_ps(a, b); }
    static type mul(type a, type b) { return _mm256_mul_ps(a, b); }
    static type div(type a, type b) { return _mm256_div_ps(a, b); }
    static type max(type a, type b) { return _mm256_max_ps(a, b); }
    static type min(type a, type b) { return _mm256_min_ps(a, b); }
    static type fma(type a, type b, type c) { return _mm256_fmadd_ps(a, b, c); }
    static type fnma(type a, type b, type c) { return _mm256_fnmadd_ps(a, b, c); }
    static mask greater(type a, type b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
    static mask equal(type a, type b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
    static bool any(mask m) { return _mm256_movemask_ps(m) != 0; }
    static int count(mask m) { return __builtin_popcount(_mm256_movemask_ps(m)); }
    static mask either(mask a, mask b) { return _mm256_or_ps(a, b); }
    static constexpr bool underflows = false;
    static type zero_where(mask m, type v) { return _mm256_andnot_ps(m, v); }
    static type choose(mask m, type yes, type no) { return _mm256_blendv_ps(no, yes, m); }
    static float highest(type v) {
        float lanes[width];
        store(lanes, v);
        float top = lanes[0];
        for (int i = 1; i < width; ++i) top = lanes[i] > top ? lanes[i] : top;
        return top;
    }
    // `shifted` is n + 1.5 * 2^23, whose low bits are n; a product, so that a NaN stays one
    static type scaled(type p, type shifted, type) {
        const __m256i n = _mm256_add_epi32(_mm256_castps_si256(shifted), _mm256_set1_epi32(127));
        return mul(p, _mm256_castsi256_ps(_mm256_slli_epi32(n, 23)));
    }
    static void widen(type v, __m256d& low, __m256d& high) {
        low = _mm256_cvtps_pd(_mm256_castps256_ps128(v));
        high = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
    }

   private:
    static constexpr int nearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    static __m128i rounded(type v) {
        const __m256i bits = _mm256_castps_si256(v);
        const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
        __m256i up = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
        const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
        up = _mm256_blendv_epi8(_mm256_srli_epi32(up, 16), _mm256_set1_epi32(0x7fc0), nan);
        const __m128i low = _mm256_castsi256_si128(up), high = _mm256_extracti128_si256(up, 1);
        return _mm_packus_epi32(low, high);
    }
};

template <>
struct Vec<double> {
    using type = __m256d;
    using mask = __m256d;
    static constexpr int width = 4;
    static type load(const double* p) { return _mm256_loadu_pd(p); }
    static void store(double* p, type v) { _mm256_storeu_pd(p, v); }
    static void stream(double* p, type v) { _mm256_stream_pd(p, v); }
    static type set(double x) { return _mm256_set1_pd(x); }
    static type add(type a, type b) { return _mm256_add_pd(a, b); }
    static type sub(type a, type b) { return _mm256_sub_pd(a, b); }
    static type mul(type a, type b) { return _mm256_mul_pd(a, b); }
    static type div(type a, type b) { return _mm256_div_pd(a, b); }
    static type max(type a, type b) { return _mm256_max_pd(a, b); }
    static type min(type a, type b) { return _mm256_min_pd(a, b); }
    static type fma(type a, type b, type c) { return _mm256_fmadd_pd(a, b, c); }
    static type fnma(type a, type b, type c) { return _mm256_fnmadd_pd(a, b, c); }
    static mask greater(type a, type b) { return _mm256_cmp_pd(a, b, _CMP_GT_OQ); }
    static mask equal(type a, type b) { return _mm256_cmp_pd(a, b, _CMP_EQ_OQ); }
    static bool any(mask m) { return _mm256_movemask_pd(m) != 0; }
    static int count(mask m) { return __builtin_popcount(_mm256_movemask_pd(m)); }
    static mask either(mask a, mask b) { return _mm256_or_pd(a, b); }
    static constexpr bool underflows = false;
    static type zero_where(mask m, type v) { return _mm256_andnot_pd(m, v); }
    static type choose(mask m, type yes, type no) { return _mm256_blendv_pd(no, yes, m); }
    static double highest(type v) {
        double lanes[width];
        store(lanes, v);
        double top = lanes[0];
        for (int i = 1; i < width; ++i) top = lanes[i] > top ? lanes[i] : top;
        return top;
    }
    static type scaled(type p, type shifted, type) {
        const __m256i n = _mm256_add_epi64(_mm256_castpd_si256(shifted), _mm256_set1_epi64x(1023));
        return mul(p, _mm256_castsi256_pd(_mm256_slli_epi64(n, 52)));
    }
};

#else  // any architecture: vectors of 16 bytes in the compilers' own notation

template <class T, class I>
struct Portable {
    typedef T type __attribute__((vector_size(16)));
    typedef I mask __attribute__((vector_size(16)));
    static constexpr int width = 16 / sizeof(T);
    static type load(const T* p) {
        type v;
        std::memcpy(&v, p, sizeof v);
        return v;
    }
    static void store(T* p, type v) { std::memcpy(p, &v, sizeof v); }
    static type set(T x) {
        type v;
        for (int i = 0; i < width; ++i) v[i] = x;
        return v;
    }
    static type add(type a, type b) { return a + b; }
    static type sub(type a, type b) { return a - b; }
    static type mul(type a, type b) { return a * b; }
    static type div(type a, type b) { return a / b; }
    static type max(type a, type b) { return choose(greater(a, b), a, b); }
    static type min(type a, type b) { return choose(greater(b, a), a, b); }
#if defined(__FP_FAST_FMA) || defined(__ARM_FEATURE_FMA)
    static type fma(type a, type b, type c) {
        for (int i = 0; i < width; ++i) c[i] = std::fma(a[i], b[i], c[i]);
        return c;
    }
#else
    static type fma(type a, type b, type c) { return a * b + c; }
#endif
    static type fnma(type a, type b, type c) { return fma(-a, b, c); }
    static mask greater(type a, type b) { return (mask)(a > b); }
    static mask equal(type a, type b) { return (mask)(a == b); }
    static bool any(mask m) {
        int64_t halves[2];
        std::memcpy(halves, &m, sizeof halves);
        return (halves[0] | halves[1]) != 0;
    }
    static int count(mask m) {
        int found = 0;
        for (int i = 0; i < width; ++i) found += m[i] != 0;
        return found;
    }
    static mask either(mask a, mask b) { return a | b; }
    static constexpr bool underflows = false;
    static type zero_where(mask m, type v) { return (type)(~m & (mask)v); }
    static type choose(mask m, type yes, type no) {
        return (type)((m & (mask)yes) | (~m & (mask)no));
    }
    static T highest(type v) {
        T top = v[0];
        for (int i = 1; i < width; ++i) top = v[i] > top ? v[i] : top;
        return top;
    }
    static type scaled(type p, type shifted, type) {
        constexpr I bits = sizeof(T) == 4 ? 23 : 52, bias = sizeof(T) == 4 ? 127 : 1023;
        return p * (type)(((mask)shifted + bias) << bits);
    }
};

template <>
struct Vec<double> : Portable<double, int64_t> {
#if defined(__SSE2__)
    static void stream(double* p, type v) { _mm_stream_pd(p, (__m128d)v); }
#else
    static void stream(double* p, type v) { store(p, v); }
#endif
};

template <>
struct Vec<float> : Portable<float, int32_t> {
    using Portable::load;
    using Portable::store;
    template <class Half>
    static type load(const Half* p) {
        type v;
        for (int i = 0; i < width; ++i) v[i] = CROSSENT_UNIT::widen(p[i]);
        return v;
    }
    template <class Half>
    static void store(Half* p, type v) {
        for (int i = 0; i < width; ++i) narrow(v[i], p[i]);
    }
    template <class Half>
    static void stream(Half* p, type v) { store(p, v); }
#if defined(__SSE2__)
    static void stream(float* p, type v) { _mm_stream_ps(p, (__m128)v); }
#else
    static void stream(float* p, type v) { store(p, v); }
#endif
    static void widen(type v, Vec<double>::type& low, Vec<double>::type& high) {
        for (int i = 0; i < 2; ++i) low[i] = v[i], high[i] = v[i + 2];
    }
};

#endif

#if defined(__AVX512F__)
inline __m512 load_some(const float* p, int64_t count, float fill) {
    return _mm512_mask_loadu_ps(_mm512_set1_ps(fill), __mmask16((1u << count) - 1), p);
}
inline void store_some(float* p, __m512 v, int64_t count) {
    _mm512_mask_storeu_ps(p, __mmask16((1u << count) - 1), v);
}
#endif

// Fewer than `width` elements, the rest filled.
template <class T, class In>
inline typename Vec<T>::type load_some(const In* p, int64_t count, T fill) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4 && sizeof(In) == 4) return load_some(p, count, fill);
#endif
    T lanes[Vec<T>::width];
    for (int i = 0; i < Vec<T>::width; ++i) lanes[i] = i < count ? T(CROSSENT_UNIT::widen(p[i])) : fill;
    return Vec<T>::load(lanes);
}

template <class T, class Out>
inline void store_some(Out* p, typename Vec<T>::type v, int64_t count) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4 && sizeof(Out) == 4) return store_some(p, v, count);
#endif
    T lanes[Vec<T>::width];
    Vec<T>::store(lanes, v);
    for (int64_t i = 0; i < count; ++i) p[i] = narrowed<Out>(lanes[i]);
}

// Subnormal numbers cost some processors a hundred cycles each: 0 while this lives.
class FlushToZero {
#if defined(__SSE2__)
    unsigned before_ = _mm_getcsr();

   public:
    FlushToZero() { _mm_setcsr(before_ | 0x8040); }
    ~FlushToZero() { _mm_setcsr(before_); }
#else
   public:
    FlushToZero() {}
    ~FlushToZero() {}
#endif
    FlushToZero(const FlushToZero&) = delete;
    FlushToZero& operator=(const FlushToZero&) = delete;
};

}  // namespace crossent::CROSSENT_UNIT

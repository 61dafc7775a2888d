// Vectors of 32 bytes: AVX2 with FMA and F16C. What they offer is told in simd.hpp.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "types.hpp"

#include <immintrin.h>

namespace crossent::CROSSENT_UNIT {

template <class T>
struct Vec;

// All bits of the first `count` of 8 lanes.
inline __m256i first_of_8(int64_t count) {
    static constexpr int32_t bits[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bits + 8 - count));
}

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
    // fewer than `width` elements, the rest filled
    static type load_some(const float* p, int64_t count, float fill) {
        const __m256i first = first_of_8(count);
        return choose(_mm256_castsi256_ps(first), _mm256_maskload_ps(p, first), set(fill));
    }
    template <class Half>
    static type load_some(const Half* p, int64_t count, float fill) {
        Half lanes[width] = {};
        for (int i = 0; i < width; ++i) lanes[i].bits = i < count ? p[i].bits : 0;
        return choose(_mm256_castsi256_ps(first_of_8(count)), load(lanes), set(fill));
    }
    static void store_some(float* p, type v, int64_t count) {
        _mm256_maskstore_ps(p, first_of_8(count), v);
    }
    template <class Half>
    static void store_some(Half* p, type v, int64_t count) {
        Half lanes[width];
        store(lanes, v);
        for (int64_t i = 0; i < count; ++i) p[i] = lanes[i];
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
    static int first(mask m) { return __builtin_ctz(_mm256_movemask_ps(m)); }
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
    static type load_some(const double* p, int64_t count, double fill) {
        const __m256i first = first_of_8(2 * count);
        return choose(_mm256_castsi256_pd(first), _mm256_maskload_pd(p, first), set(fill));
    }
    static void store_some(double* p, type v, int64_t count) {
        _mm256_maskstore_pd(p, first_of_8(2 * count), v);
    }
    static type set(double x) { return _mm256_set1_pd(x); }
    static type add(type a, type b) { return _mm256_add_pd(a, b); }
    static type sub(type a, type b) { return _mm256_sub_pd(a, b); }
    static type mul(type a, type b) { return _mm256_mul_pd(a, b); }
    static type div(type a, type b) { return _mm256_div_pd(a, b); }
    static type sqrt(type a) { return _mm256_sqrt_pd(a); }
    static type max(type a, type b) { return _mm256_max_pd(a, b); }
    static type min(type a, type b) { return _mm256_min_pd(a, b); }
    static type fma(type a, type b, type c) { return _mm256_fmadd_pd(a, b, c); }
    static type fnma(type a, type b, type c) { return _mm256_fnmadd_pd(a, b, c); }
    static mask greater(type a, type b) { return _mm256_cmp_pd(a, b, _CMP_GT_OQ); }
    static mask equal(type a, type b) { return _mm256_cmp_pd(a, b, _CMP_EQ_OQ); }
    static bool any(mask m) { return _mm256_movemask_pd(m) != 0; }
    static int count(mask m) { return __builtin_popcount(_mm256_movemask_pd(m)); }
    static int first(mask m) { return __builtin_ctz(_mm256_movemask_pd(m)); }
    static double total(type v) {
        const __m128d pair = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
        return _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
    }
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

}  // namespace crossent::CROSSENT_UNIT

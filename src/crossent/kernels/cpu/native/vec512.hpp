// Vectors of 64 bytes: AVX-512 with F, BW, DQ and VL. What they offer is told in simd.hpp.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "types.hpp"

#include <immintrin.h>

namespace crossent::CROSSENT_UNIT {

template <class T>
struct Vec;

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
    // fewer than `width` elements, the rest filled
    static type load_some(const float* p, int64_t count, float fill) {
        return _mm512_mask_loadu_ps(set(fill), first_lanes(count), p);
    }
    static type load_some(const bf16* p, int64_t count, float fill) {
        const __m256i half = _mm256_maskz_loadu_epi16(first_lanes(count), p);
        const __m512i bits = _mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16);
        return choose(first_lanes(count), _mm512_castsi512_ps(bits), set(fill));
    }
    static type load_some(const f16* p, int64_t count, float fill) {
        const __m256i half = _mm256_maskz_loadu_epi16(first_lanes(count), p);
        return choose(first_lanes(count), _mm512_cvtph_ps(half), set(fill));
    }
    static void store_some(float* p, type v, int64_t count) {
        _mm512_mask_storeu_ps(p, first_lanes(count), v);
    }
    static void store_some(bf16* p, type v, int64_t count) {
        _mm256_mask_storeu_epi16(p, first_lanes(count), rounded(v));
    }
    static void store_some(f16* p, type v, int64_t count) {
        _mm256_mask_storeu_epi16(p, first_lanes(count), _mm512_cvtps_ph(v, nearest));
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
    static int first(mask m) { return __builtin_ctz(m); }
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
    static mask first_lanes(int64_t count) { return mask((1u << count) - 1); }
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
    static type load_some(const double* p, int64_t count, double fill) {
        return _mm512_mask_loadu_pd(set(fill), __mmask8((1u << count) - 1), p);
    }
    static void store_some(double* p, type v, int64_t count) {
        _mm512_mask_storeu_pd(p, __mmask8((1u << count) - 1), v);
    }
    static double total(type v) { return _mm512_reduce_add_pd(v); }
    static type set(double x) { return _mm512_set1_pd(x); }
    static type add(type a, type b) { return _mm512_add_pd(a, b); }
    static type sub(type a, type b) { return _mm512_sub_pd(a, b); }
    static type mul(type a, type b) { return _mm512_mul_pd(a, b); }
    static type div(type a, type b) { return _mm512_div_pd(a, b); }
    static type sqrt(type a) { return _mm512_sqrt_pd(a); }
    static type max(type a, type b) { return _mm512_max_pd(a, b); }
    static type min(type a, type b) { return _mm512_min_pd(a, b); }
    static type fma(type a, type b, type c) { return _mm512_fmadd_pd(a, b, c); }
    static type fnma(type a, type b, type c) { return _mm512_fnmadd_pd(a, b, c); }
    static mask greater(type a, type b) { return _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ); }
    static mask equal(type a, type b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
    static bool any(mask m) { return m != 0; }
    static int count(mask m) { return __builtin_popcount(m); }
    static int first(mask m) { return __builtin_ctz(m); }
    static mask either(mask a, mask b) { return mask(a | b); }
    static constexpr bool underflows = true;  // `scaled` reaches 0 by itself
    static type zero_where(mask m, type v) { return _mm512_maskz_mov_pd(mask(~m), v); }
    static type choose(mask m, type yes, type no) { return _mm512_mask_blend_pd(m, no, yes); }
    static double highest(type v) { return _mm512_reduce_max_pd(v); }
    static type scaled(type p, type, type n) { return _mm512_scalef_pd(p, n); }
};

}  // namespace crossent::CROSSENT_UNIT

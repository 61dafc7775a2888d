// Vectors of 16 bytes, for any architecture, in the compilers' own notation. What they offer is
// told in simd.hpp.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "types.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace crossent::CROSSENT_UNIT {

template <class T>
struct Vec;

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
    static type sqrt(type a) {
        for (int i = 0; i < width; ++i) a[i] = std::sqrt(a[i]);
        return a;
    }
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
    static int first(mask m) {
        int at = 0;
        while (m[at] == 0) ++at;
        return at;
    }
    static T total(type v) {
        T sum = v[0];
        for (int i = 1; i < width; ++i) sum += v[i];
        return sum;
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

}  // namespace crossent::CROSSENT_UNIT

// Vectors of float and double for one instruction set; a unit is compiled once for each.
//
// max(a, b) and min(a, b) return b where either is NaN: the order of the arguments decides
// whether a NaN is kept. stream() bypasses the caches and wants an aligned address. A mask's
// first(m) is its first lane, and wants one; underflows: `scaled` reaches 0 by itself.
#pragma once

#include <cfloat>
#include <cmath>

#if defined(__AVX512F__)
#include "vec512.hpp"
#elif defined(__AVX2__)
#include "vec256.hpp"
#else
#include "vec128.hpp"
#endif

namespace crossent::CROSSENT_UNIT {

// Fewer than `width` elements, the rest filled.
template <class T, class In>
inline typename Vec<T>::type load_some(const In* p, int64_t count, T fill) {
#if defined(__AVX512F__) || defined(__AVX2__)
    if constexpr (sizeof(In) <= sizeof(T) && (sizeof(T) == 4 || sizeof(In) == 8)) {
        return Vec<T>::load_some(p, count, fill);
    }
#endif
    T lanes[Vec<T>::width];
    for (int i = 0; i < Vec<T>::width; ++i) lanes[i] = i < count ? T(CROSSENT_UNIT::widen(p[i])) : fill;
    return Vec<T>::load(lanes);
}

template <class T, class Out>
inline void store_some(Out* p, typename Vec<T>::type v, int64_t count) {
#if defined(__AVX512F__) || defined(__AVX2__)
    if constexpr (sizeof(Out) <= sizeof(T) && (sizeof(T) == 4 || sizeof(Out) == 8)) {
        return Vec<T>::store_some(p, v, count);
    }
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

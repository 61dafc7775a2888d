// Element types: widening is exact, narrowing rounds to nearest, ties to even, once.
#pragma once

#include <cstdint>
#include <cstring>

#include "task.hpp"

namespace crossent::CROSSENT_UNIT {

inline float widen(float x) { return x; }
inline double widen(double x) { return x; }

inline float widen(bf16 x) {
    const uint32_t bits = uint32_t(x.bits) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline float widen(f16 x) {
    const uint32_t sign = uint32_t(x.bits & 0x8000) << 16;
    const uint32_t magnitude = x.bits & 0x7fff;
    uint32_t bits;
    if (magnitude >= 0x7c00) {
        bits = 0x7f800000 | (magnitude << 13);
    } else if (magnitude >= 0x0400) {
        bits = (magnitude << 13) + (112u << 23);
    } else {  // subnormal: magnitude times 2^-24, exact in float32
        const float value = float(magnitude) * 5.9604644775390625e-8f;
        std::memcpy(&bits, &value, sizeof bits);
    }
    bits |= sign;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline void narrow(double x, float& to) { to = float(x); }
inline void narrow(double x, double& to) { to = x; }

inline void narrow(float x, bf16& to) {
    uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    if ((bits & 0x7fffffff) > 0x7f800000) {
        to.bits = 0x7fc0;
        return;
    }
    to.bits = uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

inline void narrow(float x, f16& to) {
    uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    const uint16_t sign = uint16_t((bits >> 16) & 0x8000);
    bits &= 0x7fffffff;
    if (bits > 0x7f800000) {
        to.bits = sign | 0x7e00;
    } else if (bits >= 0x477ff000) {  // 65520 and more round to infinity
        to.bits = sign | 0x7c00;
    } else if (bits >= 0x38800000) {
        to.bits = sign | uint16_t((bits - (112u << 23) + 0x0fff + ((bits >> 13) & 1)) >> 13);
    } else {  // subnormal: adding 2^-1 aligns the last place of binary16 with that of binary32
        float shifted, half = 0.5f;
        std::memcpy(&shifted, &bits, sizeof shifted);
        shifted += half;
        std::memcpy(&bits, &shifted, sizeof bits);
        to.bits = sign | uint16_t(bits - 0x3f000000);
    }
}

template <class To>
inline To narrowed(double x) {
    To to;
    if constexpr (sizeof(To) == 2) {
        narrow(float(x), to);
    } else {
        narrow(x, to);
    }
    return to;
}

inline double real_at(const Reals& array, int64_t row, int64_t column = 0) {
    const int64_t at = row * array.row + column * array.column;
    switch (array.type) {
        case Real::f32: return static_cast<const float*>(array.data)[at];
        case Real::f64: return static_cast<const double*>(array.data)[at];
        case Real::bf16: return widen(static_cast<const bf16*>(array.data)[at]);
        case Real::f16: return widen(static_cast<const f16*>(array.data)[at]);
    }
    return 0.0;
}

// An integer of any type; what of uint64 the widest signed type lacks is negative.
inline int64_t integer_at(const Integers& array, int64_t row, int64_t column = 0) {
    const int64_t at = row * array.row + column * array.column;
    switch (array.type) {
        case Integer::i8: return static_cast<const int8_t*>(array.data)[at];
        case Integer::u8: return static_cast<const uint8_t*>(array.data)[at];
        case Integer::i16: return static_cast<const int16_t*>(array.data)[at];
        case Integer::u16: return static_cast<const uint16_t*>(array.data)[at];
        case Integer::i32: return static_cast<const int32_t*>(array.data)[at];
        case Integer::u32: return static_cast<const uint32_t*>(array.data)[at];
        case Integer::i64: return static_cast<const int64_t*>(array.data)[at];
        case Integer::u64: return int64_t(static_cast<const uint64_t*>(array.data)[at]);
    }
    return -1;
}

inline bool flag_at(const Flags& array, int64_t row, int64_t column = 0) {
    return array.data == nullptr || array.data[row * array.row + column * array.column] != 0;
}

}  // namespace crossent::CROSSENT_UNIT

// Random numbers, and arrays of exactly the bytes they need.
#pragma once

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "task.hpp"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace fuzz {

using namespace crossent;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class Random {  // splitmix64: a case depends on the seed and its own number only
    uint64_t state_;

   public:
    Random(uint64_t seed, uint64_t number) : state_(seed * 0x9e3779b97f4a7c15u ^ (number + 1) * 0xd1342543de82ef95u) {
        next();
    }
    uint64_t next() {
        uint64_t x = state_ += 0x9e3779b97f4a7c15u;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
        return x ^ (x >> 31);
    }
    int64_t range(int64_t low, int64_t high) {  // both ends are in
        return low + int64_t(next() % uint64_t(high - low + 1));
    }
    bool chance(int percent) { return range(0, 99) < percent; }
    double unit() { return double(next() >> 11) * 0x1p-53; }
    double normal() {
        double sum = -6.0;
        for (int i = 0; i < 12; ++i) sum += unit();
        return sum;
    }
    template <class T>
    T of(std::initializer_list<T> values) {
        return values.begin()[range(0, int64_t(values.size()) - 1)];
    }
};

// malloc rounds up to 16 bytes, and so would what AddressSanitizer sees: the end is exact, and the
// bytes before the first element, which put it on an odd address, are looked at afterwards.
class Memory {
    uint8_t* base_ = nullptr;
    size_t head_ = 0, bytes_ = 0;

   public:
    Memory() = default;
    Memory(size_t bytes, size_t head) : head_(head), bytes_(bytes) {
        base_ = static_cast<uint8_t*>(std::malloc(head + bytes));
        if (base_ == nullptr) std::abort();
        std::memset(base_, 0xff, head + bytes);  // NaN, -1, true
    }
    Memory(Memory&& other) noexcept { *this = std::move(other); }
    Memory& operator=(Memory&& other) noexcept {
        std::swap(base_, other.base_);
        std::swap(head_, other.head_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Memory() { std::free(base_); }
    uint8_t* data() { return base_ == nullptr ? nullptr : base_ + head_; }
    const uint8_t* data() const { return base_ == nullptr ? nullptr : base_ + head_; }
    size_t bytes() const { return bytes_; }
    bool head_is_whole() const {
        for (size_t i = 0; i < head_; ++i) {
            if (base_[i] != 0xff) return false;
        }
        return true;
    }
    Memory copy(size_t head) const {
        Memory other(bytes_, head);
        if (bytes_ != 0) std::memcpy(other.data(), data(), bytes_);
        return other;
    }
    uint64_t digest() const {  // FNV-1a, by words
        uint64_t hash = 0xcbf29ce484222325u;
        for (size_t i = 0; i < head_ + bytes_; i += 8) {
            uint64_t word = 0;
            std::memcpy(&word, base_ + i, std::min<size_t>(8, head_ + bytes_ - i));
            hash = (hash ^ word) * 0x100000001b3u;
        }
        return hash;
    }
};

inline size_t size_of(Real type) {
    return type == Real::f32 ? 4 : type == Real::f64 ? 8 : 2;
}
inline size_t size_of(Integer type) { return size_t(1) << (int(type) / 2); }

inline const char* name_of(Real type) {
    static const char* const names[] = {"f32", "f64", "bf16", "f16"};
    return names[int(type)];
}
inline const char* name_of(Integer type) {
    static const char* const names[] = {"i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"};
    return names[int(type)];
}

template <class T>
T load(const void* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

inline double decoded(Real type, const uint8_t* from) {
    if (type == Real::f32) return double(load<float>(from));
    if (type == Real::f64) return load<double>(from);
    const uint16_t bits = load<uint16_t>(from);
    if (type == Real::bf16) {
        const uint32_t wide = uint32_t(bits) << 16;
        return double(load<float>(&wide));
    }
    const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
    const double sign = bits & 0x8000 ? -1.0 : 1.0;
    if (exponent == 31) return fraction != 0 ? nan : sign * inf;
    if (exponent == 0) return sign * std::ldexp(fraction, -24);
    return sign * std::ldexp(1024 + fraction, exponent - 25);
}

inline void encode(Real type, double x, uint8_t* to) {
    if (type == Real::f64) {
        std::memcpy(to, &x, 8);
        return;
    }
    const float narrow = float(x);
    uint32_t wide;
    std::memcpy(&wide, &narrow, 4);
    if (type == Real::f32) {
        std::memcpy(to, &wide, 4);
        return;
    }
    uint16_t bits;
    if (type == Real::bf16) {
        bits = uint16_t(wide >> 16);  // cut off: any bf16 will do
        if (x != x) bits = 0x7fc1;
    } else if (x != x) {
        bits = 0x7e01;
    } else {
        const double size = std::abs(x);
        int exponent = 0;
        if (size >= 65520.0) {
            bits = 0x7c00;
        } else {
            std::frexp(size, &exponent);
            if (exponent < -13 || size == 0.0) exponent = -13;
            const int digits = int(std::nearbyint(std::ldexp(size, 11 - exponent)));
            bits = uint16_t(((exponent + 13) << 10) + digits);  // a carry goes where it belongs
        }
        if (std::signbit(x)) bits |= 0x8000;
    }
    std::memcpy(to, &bits, 2);
}

// rows x columns of elements at any strides; what lies between them is NaN or -1.
struct Grid {
    Memory memory;
    size_t size = 0;  // of an element
    int64_t rows = 0, columns = 0, row = 0, column = 0, first = 0;

    Grid() = default;
    Grid(Random& random, size_t size, int64_t rows, int64_t columns, int64_t row, int64_t column)
        : size(size), rows(rows), columns(columns), row(row), column(column) {
        int64_t elements = 0;
        if (rows > 0 && columns > 0) {
            const int64_t down = (rows - 1) * row, across = (columns - 1) * column;
            first = -(std::min<int64_t>(0, down) + std::min<int64_t>(0, across));
            elements = first + std::max<int64_t>(0, down) + std::max<int64_t>(0, across) + 1;
        }
        const int64_t head = random.chance(50) ? 0 : random.range(0, 64 / int64_t(size) - 1);
        memory = Memory(size_t(elements) * size, size_t(head) * size);
    }
    bool there() const { return memory.data() != nullptr; }
    uint8_t* at(int64_t i, int64_t j = 0) {
        return memory.data() + (first + i * row + j * column) * int64_t(size);
    }
    const uint8_t* at(int64_t i, int64_t j = 0) const {
        return memory.data() + (first + i * row + j * column) * int64_t(size);
    }
    const uint8_t* start() const { return there() ? at(0) : nullptr; }
};

struct RealGrid : Grid {
    Real type = Real::f32;
    RealGrid() = default;
    RealGrid(Random& random, Real type, int64_t rows, int64_t columns, int64_t row, int64_t column)
        : Grid(random, size_of(type), rows, columns, row, column), type(type) {}
    double get(int64_t i, int64_t j = 0) const { return decoded(type, at(i, j)); }
    void set(int64_t i, int64_t j, double x) { encode(type, x, at(i, j)); }
    Reals given(int64_t from = 0) const {
        if (!there()) return {};
        return {start() + from * row * int64_t(size), type, row, column};
    }
};

struct IntegerGrid : Grid {
    Integer type = Integer::i64;
    IntegerGrid() = default;
    IntegerGrid(Random& random, Integer type, int64_t rows, int64_t columns, int64_t row, int64_t column)
        : Grid(random, size_of(type), rows, columns, row, column), type(type) {}
    int64_t get(int64_t i, int64_t j = 0) const {  // of u64 beyond 2^63: negative
        const uint8_t* from = at(i, j);
        switch (type) {
            case Integer::i8: return load<int8_t>(from);
            case Integer::u8: return load<uint8_t>(from);
            case Integer::i16: return load<int16_t>(from);
            case Integer::u16: return load<uint16_t>(from);
            case Integer::i32: return load<int32_t>(from);
            case Integer::u32: return load<uint32_t>(from);
            default: return load<int64_t>(from);
        }
    }
    void set(int64_t i, int64_t j, int64_t x) { std::memcpy(at(i, j), &x, size); }  // little end first
    Integers given(int64_t from = 0) const {
        if (!there()) return {};
        return {start() + from * row * int64_t(size), type, row, column};
    }
};

inline Flags flags_of(const IntegerGrid& grid, int64_t from = 0) {
    if (!grid.there()) return {};
    return {grid.start() + from * grid.row, grid.row, grid.column};
}

// A row stride for `columns` elements `column` apart: tight, with a gap, repeated, or backwards.
inline int64_t row_stride(Random& random, int64_t columns, int64_t column) {
    const int64_t tight = columns * std::max<int64_t>(1, column);
    switch (random.range(0, 9)) {
        case 0: case 1: case 2: return tight + random.range(1, 40);
        case 3: return 0;
        case 4: return -tight - random.range(0, 5);
        default: return tight;
    }
}

inline Real any_real(Random& random) { return Real(random.range(0, 3)); }

// The bits, where every NaN is the same.
template <class T>
uint64_t bits_of(T x) {
    uint64_t bits = 0;
    if (x != x) return ~bits;
    std::memcpy(&bits, &x, sizeof x);
    return bits;
}

struct Mismatch : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class... Parts>
[[noreturn]] void fail(const char* format, Parts... parts) {
    char text[512];
    std::snprintf(text, sizeof text, format, parts...);
    throw Mismatch(text);
}
[[noreturn]] inline void fail(const char* text) { throw Mismatch(text); }

// What a call must leave as it was: how this thread rounds, and what it does with tiny numbers.
class Modes {
    int rounding_;
    unsigned control_ = 0;

   public:
    Modes() : rounding_(std::fegetround()) {
#if defined(__SSE2__)
        control_ = _mm_getcsr() & ~0x3fu;  // without the exceptions that were seen
#endif
    }
    void check() const {
        const Modes now;
        if (now.rounding_ != rounding_) fail("the rounding mode is %d and was %d", now.rounding_, rounding_);
        if (now.control_ != control_) fail("MXCSR is %x and was %x", now.control_, control_);
    }
};

// An odd mode, for one call; it may cost digits, and must still be there afterwards.
class OddMode {
    int rounding_ = std::fegetround();
#if defined(__SSE2__)
    unsigned control_ = _mm_getcsr();
#endif

   public:
    explicit OddMode(Random& random) {
        std::fesetround(random.of({FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}));
#if defined(__SSE2__)
        _mm_setcsr(_mm_getcsr() | random.of({0u, 0x40u, 0x8000u, 0x8040u}));
#endif
    }
    ~OddMode() {
        std::fesetround(rounding_);
#if defined(__SSE2__)
        _mm_setcsr(control_);
#endif
    }
};

}  // namespace fuzz

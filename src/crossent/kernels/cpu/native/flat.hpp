// Arrays of any layout and type as n elements side by side.
#pragma once

#include <algorithm>
#include <type_traits>

#include "simd.hpp"

namespace crossent::CROSSENT_UNIT {

// `to` becomes n elements of an array, `step` apart, in another type.
template <class M, class In>
inline void convert(M* to, const In* from, int64_t step, int64_t n) {
    auto one = [](In x) {
        if constexpr (std::is_integral_v<In>) {
            return M(x);
        } else {
            return M(widen(x));
        }
    };
    if (step == 0) {
        if (n > 0) std::fill(to, to + n, one(from[0]));
        return;
    }
    if (step != 1) {
        for (int64_t i = 0; i < n; ++i) to[i] = one(from[i * step]);
        return;
    }
    if constexpr (std::is_same_v<In, M>) {
        std::memcpy(to, from, size_t(n) * sizeof(M));
        return;
    }
    int64_t i = 0;
    if constexpr (sizeof(In) == 2 && !std::is_integral_v<In>) {
        constexpr int W = Vec<float>::width;
        for (; i + W <= n; i += W) {
            const auto x = Vec<float>::load(from + i);
            if constexpr (sizeof(M) == 4) {
                Vec<float>::store(to + i, x);
            } else {
                Vec<double>::type low, high;
                Vec<float>::widen(x, low, high);
                Vec<double>::store(to + i, low);
                Vec<double>::store(to + i + Vec<double>::width, high);
            }
        }
    }
    for (; i < n; ++i) to[i] = one(from[i]);
}

// Elements of arrays of so many classes a row, numbered row by row.
class Flat {
    int64_t classes_;

   public:
    explicit Flat(int64_t classes) : classes_(classes) {}

    // Where n elements lie side by side in an array; -1 for nowhere.
    template <class Array>
    int64_t find(const Array& array, int64_t from, int64_t n) const {
        if (array.data == nullptr || array.column != 1) return -1;
        if (array.row == classes_) return from;
        const int64_t i = from / classes_, j = from - i * classes_;
        return j + n <= classes_ ? i * array.row + j : -1;
    }

    // Calls use(done, position, n) for every stretch of elements that are `column` apart.
    template <class Use>
    void stretches(int64_t row, int64_t column, int64_t from, int64_t n, Use use) const {
        if (row == classes_ * column) return use(0, from * column, n);
        int64_t i = from / classes_, j = from % classes_;
        for (int64_t done = 0; done < n; ++i, j = 0) {
            const int64_t count = std::min(n - done, classes_ - j);
            use(done, i * row + j * column, count);
            done += count;
        }
    }

    template <class M>
    void read(M* to, const Reals& array, int64_t from, int64_t n) const {
        switch (array.type) {
            case Real::f32: return gather<M, float>(to, array, from, n);
            case Real::f64: return gather<M, double>(to, array, from, n);
            case Real::bf16: return gather<M, bf16>(to, array, from, n);
            case Real::f16: return gather<M, f16>(to, array, from, n);
        }
    }

    template <class M>
    void read(M* to, const Integers& array, int64_t from, int64_t n) const {
        switch (array.type) {
            case Integer::i8: return gather<M, int8_t>(to, array, from, n);
            case Integer::u8: return gather<M, uint8_t>(to, array, from, n);
            case Integer::i16: return gather<M, int16_t>(to, array, from, n);
            case Integer::u16: return gather<M, uint16_t>(to, array, from, n);
            case Integer::i32: return gather<M, int32_t>(to, array, from, n);
            case Integer::u32: return gather<M, uint32_t>(to, array, from, n);
            case Integer::i64: return gather<M, int64_t>(to, array, from, n);
            case Integer::u64: return gather<M, uint64_t>(to, array, from, n);
        }
    }

    void read(uint8_t* to, const Flags& array, int64_t from, int64_t n) const {
        gather<uint8_t, uint8_t>(to, array, from, n);
    }

   private:
    template <class M, class Given, class Array>
    void gather(M* to, const Array& array, int64_t from, int64_t n) const {
        const Given* data = static_cast<const Given*>(array.data);
        stretches(array.row, array.column, from, n, [=](int64_t done, int64_t at, int64_t count) {
            convert(to + done, data + at, array.column, count);
        });
    }
};

}  // namespace crossent::CROSSENT_UNIT

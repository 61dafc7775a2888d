// A stretch of one row that fits the first cache: its numbers, and e^(z - ref) into a scratch.
//
// The reference of a block is its second largest logit. Seen from there the sum without the
// largest is at least 1 however certain the row is, so nothing cancels and nothing underflows,
// and the differences that matter are small and nearly exact; e^(ref - m) follows in double.
#pragma once

#include <algorithm>
#include <limits>

#include "exp.hpp"
#include "sum.hpp"

namespace crossent::CROSSENT_UNIT {

constexpr int64_t block_size = 4096;  // elements: 16 KiB of float32 beside its scratch in 48

template <class T>
struct Block {
    T ref, top;       // the second largest and the largest logit; NaN is neither
    int64_t at;       // where the first largest is, in its row; -1 where there is none, or unasked
    double sum;       // of e^(z_j - ref), this largest left out
    double h;         // of e^(z_j - ref) (top - z_j)
    double below;     // of w_j (top - z_j), w as the table has it, or 1
    double share;     // e^(ref - m), m the largest of the row
};

// What `below` weighs with: nothing is asked for, 1, a table of weights.
enum class Weigh { none, evenly, table };

// Vectors at a time: eight fill the pipes where there are 32 registers.
template <class T>
constexpr int group = Vec<T>::width * sizeof(T) == 64 ? 8 : 4;

template <class T, class In>
inline void find_largest(const In* z, int64_t n, T& top, T& second) {
    using V = Vec<T>;
    constexpr int W = V::width;
    const auto lowest = V::set(-std::numeric_limits<T>::infinity());
    typename V::type first[4] = {lowest, lowest, lowest, lowest};
    typename V::type next[4] = {lowest, lowest, lowest, lowest};
    int64_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W) {
        for (int k = 0; k < 4; ++k) {
            const auto x = V::load(z + i + k * W);
            next[k] = V::max(V::min(x, first[k]), next[k]);
            first[k] = V::max(x, first[k]);
        }
    }
    for (int k = 0; i < n; i += W, k = (k + 1) & 3) {
        const auto x = i + W <= n ? V::load(z + i)
                                  : load_some<T>(z + i, n - i, -std::numeric_limits<T>::infinity());
        next[k] = V::max(V::min(x, first[k]), next[k]);
        first[k] = V::max(x, first[k]);
    }
    for (int k = 1; k < 4; ++k) {
        next[0] = V::max(V::min(first[0], first[k]), V::max(next[0], next[k]));
        first[0] = V::max(first[0], first[k]);
    }
    top = V::highest(first[0]);
    const auto at_top = V::equal(first[0], V::set(top));
    second = V::count(at_top) > 1 ? top : V::highest(V::choose(at_top, next[0], first[0]));
}

// Where the first `x` is; -1 for nowhere.
template <class T, class In>
inline int64_t find_first(const In* z, int64_t n, T x) {
    using V = Vec<T>;
    constexpr int W = V::width;
    const auto wanted = V::set(x);
    int64_t i = 0;
    for (; i + W <= n; i += W) {
        const auto found = V::equal(V::load(z + i), wanted);
        if (V::any(found)) return i + V::first(found);
    }
    for (; i < n; ++i) {
        if (T(widen(z[i])) == x) return i;
    }
    return -1;
}

// Reads a block; `scratch` and `table` have room for whole vectors; a null scratch is not written.
template <class T, Weigh weigh, bool entropy, class In>
inline Block<T> read_block(const In* z, int64_t n, T* scratch, const T* table, int64_t ahead) {
    using V = Vec<T>;
    constexpr int W = V::width, G = group<T>;
    constexpr T minus = -std::numeric_limits<T>::infinity();
    Block<T> block{};
    find_largest<T>(z, n, block.top, block.ref);
    if (block.ref == minus) block.ref = block.top;
    if (block.ref == minus) block.ref = T(0);  // nothing is live: seen from 0 all is infinitely far
    const auto ref = V::set(block.ref), top = V::set(block.top), zero = V::set(T(0));
    Sum<T> sum, below, spread;
    // The one logit above the reference counts as e^0 and is taken out again at the end.
    auto read = [&](const auto& x, int64_t i) {
        constexpr int count = int(sizeof(x) / sizeof(x[0]));
        typename V::type d[count], e[count], far[count];
        for (int k = 0; k < count; ++k) {
            d[k] = V::min(zero, V::sub(x[k], ref));
            if constexpr (weigh != Weigh::none || entropy) far[k] = V::sub(top, x[k]);
        }
        if constexpr (weigh == Weigh::evenly) add_all<T, count>(below, far);
        if constexpr (weigh == Weigh::table) {
            for (int k = 0; k < count; ++k) e[k] = V::mul(V::load(table + i + k * W), far[k]);
            add_all<T, count>(below, e);
        }
        exp_each<T, count>(d, e);
        if (scratch != nullptr) {
            for (int k = 0; k < count; ++k) V::store(scratch + i + k * W, e[k]);
        }
        add_all<T, count>(sum, e);
        if constexpr (entropy) {
            for (int k = 0; k < count; ++k) d[k] = V::mul(e[k], V::min(V::set(T(1e30)), far[k]));
            add_all<T, count>(spread, d);
        }
    };
    int64_t i = 0;
    for (; i + G * W <= n; i += G * W) {
        typename V::type x[G];
        for (int k = 0; k < G; ++k) {
            __builtin_prefetch(z + i + k * W + ahead, 0, 3);
            x[k] = V::load(z + i + k * W);
        }
        read(x, i);
    }
    auto rest = [&](auto size) {
        constexpr int count = decltype(size)::value;
        for (; i + count * W <= n; i += count * W) {
            typename V::type x[count];
            for (int k = 0; k < count; ++k) x[k] = V::load(z + i + k * W);
            read(x, i);
        }
    };
    rest(std::integral_constant<int, G / 2>());
    if constexpr (G == 8) rest(std::integral_constant<int, 2>());
    rest(std::integral_constant<int, 1>());
    if (i < n) {
        const typename V::type x[1] = {load_some<T>(z + i, n - i, minus)};
        const Sum<T> kept = below;  // what fills the vector is not below anything
        read(x, i);
        below = kept;
    }
    block.sum = sum.total();
    if (block.top != minus) block.sum -= 1.0;
    if constexpr (entropy) block.h = spread.total();
    if constexpr (weigh != Weigh::none) {
        block.below = below.total();
        for (; i < n; ++i) {
            const double w = weigh == Weigh::table ? double(table[i]) : 1.0;
            block.below += w * (double(block.top) - double(widen(z[i])));
        }
    }
    block.at = block.top == minus || scratch == nullptr ? -1 : find_first<T>(z, n, block.top);
    return block;
}

}  // namespace crossent::CROSSENT_UNIT

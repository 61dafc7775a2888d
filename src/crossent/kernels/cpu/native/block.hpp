// A stretch of one row that fits the first cache: its numbers, and e^(z - ref) into a scratch.
//
// The reference of a block is its second largest logit. Seen from there the sum without the
// largest is at least 1 however certain the row is, so nothing cancels and nothing underflows,
// and the differences that matter are small and nearly exact; e^(ref - m) follows in double.
#pragma once

#include <algorithm>

#include "exp.hpp"
#include "row.hpp"

namespace crossent::CROSSENT_UNIT {

constexpr int64_t block_size = 4096;  // elements: 16 KiB of float32 beside its scratch in 48

template <class T>
struct Block {
    T ref, top;       // the second largest and the largest logit; NaN is neither
    int64_t at;       // where the first largest is, in its row; -1 where there is none
    double sum;       // of e^(z_j - ref), this largest left out
    double below;     // of top - z_j
    double h;         // of e^(z_j - ref) (top - z_j)
};

// A sum in double of vectors of either type: float in fours, as a tree; double compensated.
template <class T>
class Sum;

template <>
class Sum<float> {
    using V = Vec<float>;
    using D = Vec<double>;
    D::type low_ = D::set(0.0), high_ = D::set(0.0);

   public:
    void add(V::type v) {
        D::type low, high;
        V::widen(v, low, high);
        low_ = D::add(low_, low);
        high_ = D::add(high_, high);
    }
    double total() const {
        double lanes[D::width], sum = 0.0;
        D::store(lanes, D::add(low_, high_));
        for (double lane : lanes) sum += lane;
        return sum;
    }
};

template <>
class Sum<double> {
    using D = Vec<double>;
    D::type sum_ = D::set(0.0), lost_ = D::set(0.0);

   public:
    void add(D::type v) {
        const auto sum = D::add(sum_, v), back = D::sub(sum, sum_);
        lost_ = D::add(lost_, D::add(D::sub(sum_, D::sub(sum, back)), D::sub(v, back)));
        sum_ = sum;
    }
    double total() const {
        double lanes[D::width], lost[D::width], sum = 0.0, rest = 0.0;
        D::store(lanes, sum_);
        D::store(lost, lost_);
        for (int i = 0; i < D::width; ++i) {
            const double next = sum + lanes[i], back = next - sum;
            rest += (sum - (next - back)) + (lanes[i] - back) + lost[i];
            sum = next;
        }
        const double whole = sum + rest;
        return rest == rest ? whole : sum;  // of infinities only the sum means something
    }
};

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

// Reads a block; `scratch` has room for whole vectors, or is null.
template <class T, bool Below, bool Entropy, class In>
inline Block<T> read_block(const In* z, int64_t n, T* scratch, int64_t ahead) {
    using V = Vec<T>;
    constexpr int W = V::width;
    constexpr T minus = -std::numeric_limits<T>::infinity();
    Block<T> block{};
    find_largest<T>(z, n, block.top, block.ref);
    if (block.ref == minus) block.ref = block.top;
    if (block.ref == minus) block.ref = T(0);  // nothing is live: seen from 0 all is infinitely far
    const auto ref = V::set(block.ref), top = V::set(block.top), zero = V::set(T(0));
    Sum<T> sum, below, spread;
    int64_t at = -1;
    auto group = [&](const typename V::type* x, int count, int64_t i) {
        typename V::type e[4], far[4], h[4];
        typename V::mask over[4];
        for (int k = 0; k < count; ++k) {
            const auto difference = V::sub(x[k], ref);
            over[k] = V::greater(difference, zero);
            e[k] = V::zero_where(over[k], exp_of<T>(difference));
            if (scratch != nullptr) V::store(scratch + i + k * W, e[k]);
            if constexpr (Below || Entropy) far[k] = V::sub(top, x[k]);
            if constexpr (Entropy) h[k] = V::mul(e[k], V::min(V::set(T(1e30)), far[k]));
        }
        if (count == 4) {
            sum.add(V::add(V::add(e[0], e[1]), V::add(e[2], e[3])));
            if constexpr (Below) below.add(V::add(V::add(far[0], far[1]), V::add(far[2], far[3])));
            if constexpr (Entropy) spread.add(V::add(V::add(h[0], h[1]), V::add(h[2], h[3])));
            const auto any = V::either(V::either(over[0], over[1]), V::either(over[2], over[3]));
            if (__builtin_expect(V::any(any), 0)) at = i;
        } else {
            sum.add(e[0]);
            if constexpr (Below) below.add(far[0]);
            if constexpr (Entropy) spread.add(h[0]);
            if (V::any(over[0])) at = i;
        }
    };
    int64_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W) {
        typename V::type x[4];
        for (int k = 0; k < 4; ++k) {
            __builtin_prefetch(z + i + k * W + ahead, 0, 2);
            x[k] = V::load(z + i + k * W);
        }
        group(x, 4, i);
    }
    for (; i + W <= n; i += W) {
        const auto x = V::load(z + i);
        group(&x, 1, i);
    }
    if (i < n) {
        const auto x = load_some<T>(z + i, n - i, minus);
        if constexpr (Below) {  // what fills the vector is not below anything
            for (int64_t j = i; j < n; ++j) block.below += double(block.top) - double(widen(z[j]));
            const Sum<T> kept = below;
            group(&x, 1, i);
            below = kept;
        } else {
            group(&x, 1, i);
        }
    }
    if constexpr (Below) block.below += below.total();
    if constexpr (Entropy) block.h = spread.total();
    block.sum = sum.total();
    block.at = -1;
    if (block.top != minus) {
        // ties: every largest one has the share 1, and the first is taken out again
        if (block.ref == block.top) block.sum -= 1.0, at = 0;
        for (block.at = at < 0 ? 0 : at; block.at < n; ++block.at) {
            if (T(widen(z[block.at])) == block.top) break;
        }
        if (block.at == n) block.at = -1;
    }
    return block;
}

}  // namespace crossent::CROSSENT_UNIT

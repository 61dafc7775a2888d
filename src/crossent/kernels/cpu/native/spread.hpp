// What a target has at every class: a dense part, a background of weights; block by block.
#pragma once

#include "block.hpp"
#include "buffer.hpp"

namespace crossent::CROSSENT_UNIT {

// What `read_block` leaves out: of one block, under the background and the dense part.
struct Measured {
    int64_t live;         // classes that are not removed
    double weight;        // of these, the sum of the background's weights w_j
    double below;         // and of w_j (top - z_j)
    double dense;         // the sum of the dense part d_j
    double dense_below;   // and of d_j (top - z_j)
};

template <class T, class In>
inline typename Vec<T>::type load_as(const In* p) {
    if constexpr (sizeof(In) <= sizeof(T) && (sizeof(T) == 4 || sizeof(In) == 8)) {
        return Vec<T>::load(p);
    } else {
        T lanes[Vec<T>::width];
        for (int i = 0; i < Vec<T>::width; ++i) lanes[i] = T(CROSSENT_UNIT::widen(p[i]));
        return Vec<T>::load(lanes);
    }
}

// n numbers times weights (null: 1) to `to`, which has room for whole vectors; returns their sum.
template <class T, class In>
inline double copy_weighted(const In* from, int64_t n, const T* weights, T* to) {
    using V = Vec<T>;
    constexpr int W = V::width;
    const auto zero = V::set(T(0));
    Sum<T> sum;
    for (int64_t i = 0; i < n; i += W) {
        __builtin_prefetch(from + i + n, 0, 2);
        auto q = i + W <= n ? load_as<T>(from + i) : load_some<T>(from + i, n - i, T(0));
        if (weights != nullptr) {  // no mass stays none: 0 * inf is NaN
            q = V::zero_where(V::equal(q, zero), V::mul(q, V::load(weights + i)));
        }
        V::store(to + i, q);
        sum.add(q);
    }
    return sum.total();
}

template <class T>
inline T part_at(const Reals& dense, int64_t row, int64_t j, const T* weights) {
    const T part = T(real_at(dense, row, j));
    return weights == nullptr || part == T(0) ? part : part * weights[j];
}

// The dense part at classes start .. start + n - 1, as numbers of type T.
template <class T>
inline double copy_dense(const Reals& dense, int64_t row, int64_t start, int64_t n,
                         const T* weights, T* to) {
    if (dense.column == 1) {
        const T* own = weights == nullptr ? nullptr : weights + start;
        const int64_t at = row * dense.row + start;
        const void* data = dense.data;
        switch (dense.type) {
            case Real::f32: return copy_weighted(static_cast<const float*>(data) + at, n, own, to);
            case Real::f64: return copy_weighted(static_cast<const double*>(data) + at, n, own, to);
            case Real::bf16: return copy_weighted(static_cast<const bf16*>(data) + at, n, own, to);
            case Real::f16: return copy_weighted(static_cast<const f16*>(data) + at, n, own, to);
        }
    }
    constexpr int W = Vec<T>::width;
    for (int64_t j = 0; j < (n + W - 1) / W * W; ++j) {
        to[j] = j < n ? part_at(dense, row, start + j, weights) : T(0);
    }
    return copy_weighted(to, n, static_cast<const T*>(nullptr), to);
}

// The class weights as numbers of type T, and their sums; as if not there until they are read.
template <class T>
class Weights {
    Buffer<T> of_classes_;
    Buffer<double> of_blocks_;

   public:
    void read(const Reals& given, int64_t classes) {
        constexpr int W = Vec<T>::width;
        const Reals line{given.data, given.type, 0, given.row};
        of_classes_.reserve((classes + W - 1) / W * W);
        of_blocks_.reserve(classes / block_size + 1);
        for (int64_t start = 0; start < classes; start += block_size) {
            const int64_t n = std::min(block_size, classes - start);
            of_blocks_[start / block_size] = copy_dense(line, 0, start, n, static_cast<const T*>(nullptr),
                                                        of_classes_.data() + start);
        }
    }
    const T* at(int64_t j) const {
        return of_classes_.data() == nullptr ? nullptr : of_classes_.data() + j;
    }
    double of_block(int64_t b) const { return of_blocks_[b]; }
};

// to_j = factor to_j + background w_j; removed classes (-inf) have none of the background.
template <class T, class In>
inline void add_background(T* to, T factor, T background, const T* weights, const In* z,
                           int64_t n) {
    using V = Vec<T>;
    constexpr int W = V::width;
    const auto minus = V::set(-std::numeric_limits<T>::infinity());
    for (int64_t i = 0; i < n; i += W) {
        const auto x = i + W <= n ? V::load(z + i) : load_some<T>(z + i, n - i, T(0));
        auto b = V::set(background);
        if (weights != nullptr) b = V::mul(b, V::load(weights + i));
        b = V::zero_where(V::equal(x, minus), b);
        if (factor != T(0)) b = V::fma(V::load(to + i), V::set(factor), b);
        V::store(to + i, b);
    }
}

struct Weighed {
    int64_t live;          // classes that are not removed
    double weight, below;  // of these the sum of w_j and of w_j (top - z_j)
    bool lost;             // a removed class has a weight
};

// What `read_block` cannot sum where classes are removed, and 0 * inf is 0.
template <class T, class In>
inline Weighed weigh_live(const In* z, int64_t n, const T* weights, T top_value) {
    using V = Vec<T>;
    constexpr int W = V::width;
    constexpr T minus_infinity = -std::numeric_limits<T>::infinity();
    const auto minus = V::set(minus_infinity), top = V::set(top_value), zero = V::set(T(0));
    Sum<T> weight, below;
    int64_t removed = 0;
    auto lost = V::greater(zero, zero);
    for (int64_t i = 0; i < n; i += W) {
        const bool full = i + W <= n;
        const auto x = full ? V::load(z + i) : load_some<T>(z + i, n - i, minus_infinity);
        auto w = V::set(T(1));
        if (weights != nullptr) {
            w = full ? V::load(weights + i) : load_some<T>(weights + i, n - i, T(0));
        }
        const auto gone = V::equal(x, minus);
        removed += V::count(gone);
        const auto astray = V::choose(gone, w, zero);
        lost = V::either(lost, V::either(V::greater(astray, zero), V::greater(zero, astray)));
        w = V::zero_where(gone, w);
        weight.add(w);
        below.add(V::mul(w, V::zero_where(gone, V::sub(top, x))));
    }
    const int64_t filled = (n + W - 1) / W * W - n;
    return {n - (removed - filled), weight.total(), below.total(), V::any(lost)};
}

}  // namespace crossent::CROSSENT_UNIT

// The link between scores and logits: temperature, then softcap. See core/link.py.
//
// Rows are linked into a scratch in the cache, read and sloped there as any others, and their
// slopes multiplied by the link's own on the way out.
#pragma once

#include <algorithm>

#include "dense.hpp"

namespace crossent::CROSSENT_UNIT {

// cap tanh(x / cap), and its derivative in x.
template <class T>
inline void capped(typename Vec<T>::type x, T cap, typename Vec<T>::type& y,
                   typename Vec<T>::type& slope) {
    using V = Vec<T>;
    using Table = ExpTable<T>;
    const auto zero = V::set(T(0)), one = V::set(T(1));
    const auto u = V::div(x, V::set(cap));
    const auto negative = V::greater(zero, u);
    // e^a and e^a - 1 for a = -2 |u|, from one polynomial: 1 - e^a would cancel near 0
    const auto a = V::mul(V::choose(negative, u, V::sub(zero, u)), V::set(T(2)));
    const auto kept = V::max(V::set(Table::lowest), a);
    const auto shifted = V::fma(kept, V::set(Table::log2e), V::set(Table::whole));
    const auto n = V::sub(shifted, V::set(Table::whole));
    auto f = V::fnma(n, V::set(Table::ln2_high), kept);
    f = V::fnma(n, V::set(Table::ln2_low), f);
    auto p = V::set(Table::p[0]);
    for (int i = 1; i < Table::terms; ++i) p = V::fma(p, f, V::set(Table::p[i]));
    const auto q = V::mul(V::fma(p, f, one), f);  // e^f - 1
    const auto power = V::scaled(one, shifted, n);
    const auto small = V::zero_where(V::greater(kept, a), V::fma(power, q, power));
    const auto risen = V::sub(zero, V::fma(power, q, V::sub(power, one)));
    const auto share = V::div(one, V::add(one, small));
    const auto ratio = V::mul(risen, share);
    y = V::mul(V::choose(negative, V::sub(zero, ratio), ratio), V::set(cap));
    // 1 - tanh^2 by e^a: it would cancel where the cap is reached
    slope = V::mul(V::mul(V::set(T(4)), V::mul(small, share)), share);
}

template <class In>
class Linked {
    using T = typename Compute<In>::type;
    using V = Vec<T>;
    static constexpr int W = V::width;
    static constexpr bool same_type = sizeof(In) == sizeof(T);

   public:
    static bool fit(const DenseTask& task) {
        return task.link.temperature != 1.0 || task.link.softcap != 0.0;
    }

    explicit Linked(const DenseTask& task) : task_(task), classes_(task.logits.classes) {
        padded_ = (classes_ + W - 1) / W * W;
        // Several long rows: one is written while the next is read. 1.7 times plain with one, 1.3 so.
        height_ = std::clamp<int64_t>((1 << 17) / std::max<int64_t>(1, classes_), 1, max_height);
        // With a temperature alone slopes are right as they come, and go straight to their place,
        // unless a class is removed: nothing moves it, though it may be a target.
        direct_ = same_type && task.link.softcap == 0.0;
    }

    void run() {
        const int64_t rows = task_.logits.rows;
        auto work = [this, rows](int64_t part) {
            thread_local Space space;
            const int64_t from = part * height_;
            batch(space, from, std::min(height_, rows - from));
        };
        for_each_part((rows + height_ - 1) / height_, task_.threads, work);
    }

   private:
    struct Space {
        Buffer<T> logits, derivatives, slopes;
    };

    void batch(Space& space, int64_t from, int64_t count) const {
        space.logits.reserve(padded_ * height_);
        if (task_.link.softcap != 0.0) space.derivatives.reserve(padded_ * height_);
        bool removed = false;
        for (int64_t i = 0; i < count; ++i) removed |= link_row(space, from + i, i * classes_);
        const bool direct = direct_ && !removed;
        if (!direct) {
            space.slopes.reserve(padded_ * height_);
        }
        DenseTask part = task_;
        part.link = Link{};
        part.threads = 1;
        const Real type = sizeof(T) == 8 ? Real::f64 : Real::f32;
        part.logits = {space.logits.data(), type, count, classes_, classes_};
        part.labels = labels_from(task_.labels, from);
        part.scale = task_.scale / task_.link.temperature;
        if (task_.row_scale != nullptr) part.row_scale = task_.row_scale + from;
        if (task_.losses != nullptr) part.losses = task_.losses + from;
        if (task_.numbers != nullptr) part.numbers = task_.numbers + from;
        if (task_.slopes != nullptr) {
            part.slopes = direct ? static_cast<void*>(out_at(from)) : space.slopes.data();
            part.stream = direct && task_.stream;
        }
        Dense<T>(part).run();
        if (task_.slopes == nullptr || direct) return;
        for (int64_t i = 0; i < count; ++i) {
            write_row(space, out_at(from + i), i * classes_);
        }
    }

    static Labels labels_from(Labels labels, int64_t row) {
        move(labels.index, row);
        move(labels.values, row);
        move(labels.dense, row);
        move(labels.sample_weight, row);
        if (labels.mask.data != nullptr) labels.mask.data += row * labels.mask.row;
        return labels;
    }

    static void move(Integers& array, int64_t row) {
        if (array.data == nullptr) return;
        const int64_t size = int64_t(1) << (int(array.type) / 2);
        array.data = static_cast<const char*>(array.data) + row * array.row * size;
    }

    static void move(Reals& array, int64_t row) {
        if (array.data == nullptr) return;
        const int64_t size = array.type == Real::f64 ? 8 : array.type == Real::f32 ? 4 : 2;
        array.data = static_cast<const char*>(array.data) + row * array.row * size;
    }

    // Whether a class of the row is removed.
    bool link_row(Space& space, int64_t row, int64_t to) const {
        const In* z = static_cast<const In*>(task_.logits.data) + row * task_.logits.stride;
        const bool caps = task_.link.softcap != 0.0, cools = task_.link.temperature != 1.0;
        const T cap = T(task_.link.softcap);
        const auto temperature = V::set(T(task_.link.temperature));
        const auto minus = V::set(-std::numeric_limits<T>::infinity());
        auto gone = V::greater(minus, minus);
        for (int64_t i = 0; i < classes_; i += W) {
            const int64_t n = std::min<int64_t>(W, classes_ - i);
            const auto score = n == W ? V::load(z + i) : load_some<T>(z + i, n, T(0));
            auto x = cools ? V::div(score, temperature) : score;
            const auto removed = V::equal(score, minus);
            gone = V::either(gone, removed);
            if (caps) {
                typename V::type y, slope;
                capped<T>(x, cap, y, slope);
                x = V::choose(removed, minus, y);
                put(space.derivatives.data() + to + i, V::zero_where(removed, slope), n);
            }
            put(space.logits.data() + to + i, x, n);
        }
        return V::any(gone);
    }

    void write_row(const Space& space, In* out, int64_t from) const {
        const bool caps = task_.link.softcap != 0.0;
        const auto zero = V::set(T(0)), minus = V::set(-std::numeric_limits<T>::infinity());
        for (int64_t i = 0; i < classes_; i += W) {
            const int64_t n = std::min<int64_t>(W, classes_ - i);
            auto slope = some(space.slopes.data() + from + i, n);
            if (caps) {  // a row that is left out has slope 0 whatever it holds
                const auto scaled = V::mul(slope, some(space.derivatives.data() + from + i, n));
                slope = V::zero_where(V::equal(slope, zero), scaled);
            }
            const auto removed = V::equal(some(space.logits.data() + from + i, n), minus);
            slope = V::choose(removed, V::mul(slope, zero), slope);  // NaN stays NaN
            if (n == W) {
                V::store(out + i, slope);
            } else {
                store_some<T>(out + i, slope, n);
            }
        }
    }

    static void put(T* to, typename V::type v, int64_t n) {
        if (n == W) {
            V::store(to, v);
        } else {
            store_some<T>(to, v, n);
        }
    }

    static typename V::type some(const T* from, int64_t n) {
        return n == W ? V::load(from) : load_some<T>(from, n, T(0));
    }

    In* out_at(int64_t row) const { return static_cast<In*>(task_.slopes) + row * classes_; }

    const DenseTask& task_;
    int64_t classes_, padded_, height_;
    bool direct_;
};

}  // namespace crossent::CROSSENT_UNIT

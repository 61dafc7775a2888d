// Rows of one block under one class each, the common case: read one by one, then finished side
// by side, a row a lane. The formulas are those of row.hpp; no lane sees another, so a row has
// the same bits wherever it stands.
#pragma once

#include <algorithm>

#include "block.hpp"
#include "log.hpp"
#include "row.hpp"
#include "target.hpp"
#include "threads.hpp"
#include "write.hpp"

namespace crossent::CROSSENT_UNIT {

constexpr int max_height = 64;

template <class In>
struct Compute {
    using type = float;
};
template <>
struct Compute<double> {
    using type = double;
};

// Slopes below this are scaled up, and down again in the last step: not lost before it.
template <class T>
constexpr double tiny_scale = sizeof(T) == 4 ? 0x1p-90 : 0x1p-960;

// Rows of a part: several batches, so that a thread reads on where it has been, but enough parts
// for every thread to end at the same time.
inline int64_t part_of(int64_t rows, int64_t height, int threads) {
    const int64_t batches = rows / (height * 8 * std::max(1, threads));
    return height * std::clamp<int64_t>(batches, 1, 8);
}

// A block of at most one vector, without memory in between.
template <class T, class In>
inline Block<T> read_vector(const In* z, int64_t n, T* scratch) {
    using V = Vec<T>;
    constexpr T minus = -std::numeric_limits<T>::infinity();
    const auto lowest = V::set(minus), x = load_some<T>(z, n, minus), live = V::max(x, lowest);
    Block<T> block{};
    block.top = V::highest(live);
    const auto at_top = V::equal(live, V::set(block.top));
    block.ref = V::count(at_top) > 1 ? block.top : V::highest(V::choose(at_top, lowest, live));
    block.at = block.top == minus ? -1 : V::first(at_top);
    if (block.ref == minus) block.ref = block.top;
    if (block.ref == minus) block.ref = T(0);
    const auto e = exp_of<T>(V::min(V::set(T(0)), V::sub(x, V::set(block.ref))));
    if (scratch != nullptr) V::store(scratch, e);
    Sum<T> sum;
    sum.add(e);
    block.sum = sum.total();
    if (block.top != minus) block.sum -= 1.0;
    return block;
}

template <class In>
class PlainRows {
    using T = typename Compute<In>::type;
    using V = Vec<T>;
    using D = Vec<double>;
    static constexpr int W = V::width;
    static constexpr T minus = -std::numeric_limits<T>::infinity();

   public:
    static bool fit(const DenseTask& task) {
        const Labels& labels = task.labels;
        return task.logits.classes <= block_size && labels.k == 1 && labels.smoothing == 0.0 &&
               labels.dense.data == nullptr && task.given == nullptr && !task.entropy;
    }

    explicit PlainRows(const DenseTask& task) : task_(task), classes_(task.logits.classes) {
        padded_ = (classes_ + W - 1) / W * W;
        height_ = std::clamp<int64_t>(16384 / std::max<int64_t>(1, classes_), 1, max_height);
    }

    void run() {
        const int64_t rows = task_.logits.rows, height = part_of(rows, height_, task_.threads);
        auto work = [this, rows, height](int64_t part) {
            thread_local Space spaces[2];
            const int64_t until = std::min(rows, (part + 1) * height);
            int64_t turn = 0, before = 0;
            Carry<T, In> carry;
            for (int64_t row = part * height; row < until; row += height_, turn ^= 1) {
                const int64_t count = std::min(height_, until - row);
                read_targets(spaces[turn], row, count);
                read(spaces[turn], row, count, spaces[turn ^ 1], before, carry);
                finish(spaces[turn], row, count);
                before = task_.slopes == nullptr ? 0 : count;
            }
            read(spaces[turn], until, 0, spaces[turn ^ 1], before, carry);
        };
        for_each_part((rows + height - 1) / height, task_.threads, work);
    }

   private:
    // Of a batch, row by row.
    struct Space {
        Buffer<T> scratch;
        int64_t target[max_height], at[max_height];  // the class, and the maximum's; -1: none
        alignas(64) double mass[max_height], m[max_height], ref[max_height], sum[max_height];
        double logit[max_height], e[max_height], near[max_height];  // at the target
        double share[max_height], r[max_height], gap[max_height], loss[max_height];
        double alpha[max_height], gamma[max_height];
        double factor[max_height], top[max_height], own[max_height];  // what is written
        bool tiny[max_height];
    };

    const In* row_at(int64_t row) const {
        return static_cast<const In*>(task_.logits.data) + row * task_.logits.stride;
    }

    void finish(Space& space, int64_t from, int64_t count) const {
        join(space, count);
        if (task_.numbers != nullptr) {
            for (int64_t i = 0; i < count; ++i) task_.numbers[from + i] = row_of(space, i);
        }
        if (task_.losses != nullptr) find_losses(space, from, count);
        if (task_.slopes != nullptr) find_slopes(space, from, count);
    }

    static Row row_of(const Space& space, int64_t i) {
        return {space.m[i], space.r[i], space.gap[i], space.mass[i], 0.0};
    }

    void read_targets(Space& space, int64_t from, int64_t count) const {
        const Labels& labels = task_.labels;
        for (int64_t i = 0; i < count; ++i) {
            const int64_t at = integer_at(labels.index, from + i);
            const bool real = at >= 0 && at < classes_ && at != labels.ignore;
            space.target[i] = real ? at : -1;
            space.mass[i] = real ? 1.0 : 0.0;
        }
        if (labels.values.data != nullptr) {
            for (int64_t i = 0; i < count; ++i) {
                if (space.target[i] >= 0) space.mass[i] = real_at(labels.values, from + i);
            }
        }
        if (labels.class_weight.data != nullptr) {
            for (int64_t i = 0; i < count; ++i) {
                if (space.target[i] < 0) continue;
                space.mass[i] = weighted(space.mass[i], weight_of(labels, space.target[i]));
            }
        }
        if (labels.sample_weight.data != nullptr) {
            for (int64_t i = 0; i < count; ++i) {
                if (space.target[i] < 0) continue;
                space.mass[i] = weighted(real_at(labels.sample_weight, from + i), space.mass[i]);
            }
        }
        if (labels.mask.data != nullptr) {
            for (int64_t i = 0; i < count; ++i) {
                if (flag_at(labels.mask, from + i)) continue;
                space.target[i] = -1;
                space.mass[i] = 0.0;
            }
        }
        for (int64_t i = count; i % D::width != 0; ++i) clear(space, i);
    }

    static void clear(Space& space, int64_t i) {
        space.target[i] = space.at[i] = -1;
        space.mass[i] = space.m[i] = space.ref[i] = space.sum[i] = 0.0;
        space.logit[i] = space.e[i] = space.near[i] = 0.0;
    }

    // Reads rows, and writes the `waiting` ones before them in turn: memory that only read or only
    // wrote for a while would stand half idle.
    void read(Space& space, int64_t from, int64_t count, const Space& before, int64_t waiting,
              Carry<T, In>& carry) const {
        if (task_.slopes != nullptr) space.scratch.reserve(padded_ * height_);
        bool any_tiny = false;
        {
            FlushToZero flush;
            for (int64_t i = 0; i < std::max(count, waiting); ++i) {
                if (i < waiting) any_tiny |= !write(before, i, from - waiting + i, carry);
                if (i < count) read_row(space, i, from + i);
            }
        }
        for (int64_t i = 0; any_tiny && i < waiting; ++i) write_tiny(before, i, from - waiting + i, carry);
    }

    void read_row(Space& space, int64_t i, int64_t row) const {
        const bool slopes = task_.slopes != nullptr;
        const int64_t target = space.target[i];
        if (space.mass[i] == 0.0 && task_.numbers == nullptr) return clear(space, i);
        const In* z = row_at(row);
        T* e = slopes ? space.scratch.data() + i * padded_ : nullptr;
        const Block<T> block =
            classes_ <= W ? read_vector<T>(z, classes_, e)
                          : read_block<T, Weigh::none, false>(z, classes_, e, nullptr, classes_);
        space.at[i] = block.at;
        space.m[i] = double(block.top);
        space.ref[i] = double(block.ref);
        space.sum[i] = block.sum;
        space.logit[i] = target < 0 ? 0.0 : double(widen(z[target]));
        space.e[i] = target < 0 || !slopes ? 0.0 : double(e[target]);
        space.near[i] = block.at == target ? 0.0 : space.mass[i];
    }

    // The row numbers: see `Dense::joined`.
    void join(Space& space, int64_t count) const {
        const auto zero = D::set(0.0), one = D::set(1.0), nan = D::set(not_a_number);
        const auto inf = D::set(infinity), least = D::set(-infinity);
        for (int64_t i = 0; i < count; i += D::width) {
            const auto m = D::load(space.m + i), ref = D::load(space.ref + i);
            const auto mass = D::load(space.mass + i), dead = D::equal(m, least);
            const auto base = D::zero_where(dead, m), d = D::sub(base, ref);
            const auto back = D::sub(d, base);
            const auto lost = D::sub(D::sub(base, D::sub(d, back)), D::add(ref, back));
            auto share = D::mul(exp_of<double>(D::sub(zero, d)), D::sub(one, lost));
            share = D::zero_where(D::equal(d, inf), share);
            D::store(space.share + i, share);
            if (!D::underflows && D::any(D::greater(d, D::set(700.0)))) {  // subnormal ones too
                for (int64_t k = i; k < i + D::width; ++k) {
                    const double own = space.m[k] == -infinity ? 0.0 : space.m[k];
                    if (own - space.ref[k] > 700.0) space.share[k] = exp_below(own, space.ref[k]);
                }
                share = D::load(space.share + i);
            }
            const auto far = D::sub(m, D::load(space.logit + i));
            auto gap = D::mul(mass, far), r = D::mul(D::load(space.sum + i), share);
            gap = D::choose(D::equal(far, inf), D::zero_where(D::equal(mass, zero), gap), gap);
            r = D::choose(dead, D::choose(D::greater(mass, zero), nan, r), r);
            D::store(space.gap + i, D::zero_where(dead, gap));
            D::store(space.r + i, D::choose(D::equal(m, inf), nan, r));
        }
    }

    void find_losses(Space& space, int64_t from, int64_t count) const {
        const Shape& shape = task_.shape;
        if (!is_plain(shape)) {
            for (int64_t i = 0; i < count; ++i) {
                task_.losses[from + i] = loss(row_of(space, i), shape);
            }
            return;
        }
        for (int64_t i = 0; i < count; i += D::width) {
            const auto mass = D::load(space.mass + i), log = log1p_of(D::load(space.r + i));
            auto value = D::add(D::mul(mass, log), D::load(space.gap + i));
            if (shape.z_loss != 0.0) {
                const auto lse = D::add(D::load(space.m + i), log);
                const auto square = D::mul(D::mul(D::set(shape.z_loss), lse), lse);
                value = D::add(value, D::mul(mass, square));
            }
            D::store(space.loss + i, D::zero_where(D::equal(mass, D::set(0.0)), value));
        }
        std::memcpy(task_.losses + from, space.loss, size_t(count) * sizeof(double));
    }

    // The coefficients, and what is written with them: see `Dense::make_patches`.
    void find_slopes(Space& space, int64_t from, int64_t count) const {
        const bool curved = !is_plain(task_.shape) || task_.shape.z_loss != 0.0;
        for (int64_t i = 0; i < count; ++i) {
            const double own = task_.row_scale == nullptr ? 1.0 : task_.row_scale[from + i];
            Slope slope{0.0, 0.0, space.mass[i] == 0.0 ? 0.0 : task_.scale * own};
            if (curved) slope = coefficients(row_of(space, i), task_.shape, task_.scale * own);
            space.alpha[i] = slope.alpha;
            space.gamma[i] = slope.gamma;
        }
        for (int64_t i = count; i % D::width != 0; ++i) space.alpha[i] = space.gamma[i] = 0.0;
        const auto zero = D::set(0.0), inf = D::set(infinity);
        for (int64_t i = 0; i < count; i += D::width) {
            const auto mass = D::load(space.mass + i), share = D::load(space.share + i);
            const auto r = D::load(space.r + i), whole = D::add(D::set(1.0), r);
            const auto alpha = D::load(space.alpha + i), gamma = D::load(space.gamma + i);
            const auto pull = D::mul(mass, gamma), factor = D::div(D::add(pull, alpha), whole);
            const auto rest = D::div(D::sub(alpha, D::mul(pull, r)), whole);
            const auto top = D::add(D::mul(gamma, D::load(space.near + i)), rest);
            const auto p = D::mul(D::load(space.e + i), share);
            auto own = D::mul(p, factor);
            own = D::choose(D::equal(p, zero), D::zero_where(D::equal(factor, inf), own), own);
            D::store(space.factor + i, D::mul(factor, share));
            D::store(space.top + i, top);
            D::store(space.own + i, D::sub(own, pull));
        }
        for (int64_t i = 0; i < count; ++i) {
            space.tiny[i] = std::abs(space.factor[i]) < tiny_scale<T>;
        }
    }

    bool written_as_nothing(const Space& space, int64_t i) const {
        return space.alpha[i] == 0.0 && space.gamma[i] == 0.0;
    }

    // Whether the row has been written: not if it is tiny.
    bool write(const Space& space, int64_t i, int64_t row, Carry<T, In>& carry) const {
        if (written_as_nothing(space, i)) {
            std::memset(static_cast<void*>(out_at(row)), 0, size_t(classes_) * sizeof(In));
            return true;
        }
        if (space.tiny[i]) return false;
        const auto a = V::set(T(space.factor[i]));
        write_row(space, i, row, carry, [=](auto e, int64_t, int64_t) { return V::mul(e, a); });
        return true;
    }

    void write_tiny(const Space& space, int64_t i, int64_t row, Carry<T, In>& carry) const {
        if (!space.tiny[i] || written_as_nothing(space, i)) return;
        const auto up = V::set(T(space.factor[i] / tiny_scale<T>)), down = V::set(T(tiny_scale<T>));
        write_row(space, i, row, carry,
                  [=](auto e, int64_t, int64_t) { return V::mul(V::mul(e, up), down); });
    }

    In* out_at(int64_t row) const { return static_cast<In*>(task_.slopes) + row * classes_; }

    template <class Value>
    void write_row(const Space& space, int64_t i, int64_t row, Carry<T, In>& carry,
                   Value value) const {
        Patch patches[2];
        int size = 0;
        const int64_t at = space.at[i], target = space.target[i];
        if (at >= 0) patches[size++] = {at, space.top[i]};
        if (target >= 0 && target != at) patches[size++] = {target, space.own[i]};
        const T* e = space.scratch.data() + i * padded_;
        if (task_.stream) {
            if (size == 2 && target < at) std::swap(patches[0], patches[1]);
            write_stream(out_at(row), classes_, e, value, patches, patches + size, 0, carry);
        } else {
            write_cached(out_at(row), classes_, e, value, patches, patches + size, 0);
        }
    }

    const DenseTask& task_;
    int64_t classes_, padded_, height_;
};

}  // namespace crossent::CROSSENT_UNIT

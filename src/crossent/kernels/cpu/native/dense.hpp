// Softmax rows: read, slope, loss, read_slope. See kernels/contract.py.
//
// A row is read from memory once, in blocks; e^(z - ref) of its blocks waits in a scratch that
// stays in the cache until the row numbers are known, and is then scaled and written.
#pragma once

#include <algorithm>

#include "plain.hpp"
#include "spread.hpp"

namespace crossent::CROSSENT_UNIT {

// What `read_block` leaves out: of one block, under the background and the dense part.
struct Measured {
    int64_t live;         // classes that are not removed
    double weight;        // of these, the sum of the background's weights w_j
    double below;         // and of w_j (top - z_j)
    double dense;         // the sum of the dense part d_j
    double dense_below;   // and of d_j (top - z_j)
};

template <class In>
class Dense {
    using T = typename Compute<In>::type;
    using V = Vec<T>;
    static constexpr int W = V::width;
    static constexpr T minus = -std::numeric_limits<T>::infinity();

   public:
    explicit Dense(const DenseTask& task) : task_(task), classes_(task.logits.classes) {
        blocks_ = std::max<int64_t>(1, (classes_ + block_size - 1) / block_size);
        padded_ = (classes_ + W - 1) / W * W;
        height_ = std::clamp<int64_t>(16384 / std::max<int64_t>(1, classes_), 1, max_height);
        if (task.labels.class_weight.data != nullptr && needs_weights()) read_weights();
    }

    void run() {
        if (PlainRows<In>::fit(task_)) return PlainRows<In>(task_).run();
        const int64_t rows = task_.logits.rows;
        auto work = [this, rows](int64_t part) {
            thread_local Space space;
            batch(space, part * height_, std::min(rows, (part + 1) * height_));
        };
        for_each_part((rows + height_ - 1) / height_, task_.threads, work);
    }

   private:
    // One thread's memory, for `height` rows at a time.
    struct Space {
        Buffer<T> scratch;
        Buffer<Block<T>> blocks;
        Buffer<Measured> measured;
        Buffer<T> table;  // q at every class of a block, its sparse part aside
        Target targets[max_height];
        Buffer<Patch> patches;
    };

    // One row at work.
    struct Place {
        int64_t row;
        const In* z;
        T* scratch;
        Block<T>* blocks;
        Measured* measured;
        T* table;
        Target& q;
    };

    bool needs_weights() const {
        return task_.labels.smoothing != 0.0 || task_.labels.dense.data != nullptr;
    }

    void read_weights() {
        weights_.reserve(padded_);
        weights_of_blocks_.reserve(blocks_);
        for (int64_t j = 0; j < padded_; ++j) {
            weights_[j] = j < classes_ ? T(real_at(task_.labels.class_weight, j)) : T(0);
        }
        for (int64_t b = 0; b < blocks_; ++b) {
            double sum = 0.0;
            for (int64_t j = start_of(b); j < start_of(b) + size_of(b); ++j) sum += double(weights_[j]);
            weights_of_blocks_[b] = sum;
        }
    }

    const T* weights() const { return weights_.data(); }  // null: 1
    const T* weights_at(int64_t start) const {
        return weights() == nullptr ? nullptr : weights() + start;
    }
    int64_t start_of(int64_t b) const { return b * block_size; }
    int64_t size_of(int64_t b) const { return std::min(block_size, classes_ - b * block_size); }

    Place place(Space& space, int64_t i, int64_t row) const {
        const In* z = static_cast<const In*>(task_.logits.data) + row * task_.logits.stride;
        T* scratch = task_.slopes == nullptr ? nullptr : space.scratch.data() + i * padded_;
        return {row, z, scratch, space.blocks.data() + i * blocks_,
                space.measured.data() + i * blocks_, space.table.data(), space.targets[i]};
    }

    void batch(Space& space, int64_t from, int64_t to) const {
        const int64_t count = to - from;
        const bool slopes = task_.slopes != nullptr;
        if (slopes) space.scratch.reserve(padded_ * height_);
        space.blocks.reserve(blocks_ * height_);
        space.measured.reserve(blocks_ * height_);
        space.table.reserve(block_size);
        Row rows[max_height];
        bool skipped[max_height];
        {
            FlushToZero flush;
            for (int64_t i = 0; i < count; ++i) {
                Target& q = space.targets[i];
                read_target(task_.labels, from + i, classes_, q);
                skipped[i] = q.empty() && task_.numbers == nullptr && task_.given == nullptr;
                if (!skipped[i]) read_row(place(space, i, from + i));
            }
        }
        for (int64_t i = 0; i < count; ++i) {
            const int64_t row = from + i;
            if (skipped[i]) {
                if (task_.losses != nullptr) task_.losses[row] = 0.0;
                continue;
            }
            rows[i] = joined(place(space, i, row));
            if (task_.numbers != nullptr) task_.numbers[row] = rows[i];
            if (task_.losses != nullptr) task_.losses[row] = loss(rows[i], task_.shape);
        }
        if (!slopes) return;
        for (int64_t i = 0; i < count; ++i) {
            const int64_t row = from + i;
            Slope slope{0.0, 0.0, 0.0};
            if (task_.given != nullptr) {
                slope = task_.given[row];
            } else if (!skipped[i]) {
                const double own = task_.row_scale == nullptr ? 1.0 : task_.row_scale[row];
                slope = coefficients(rows[i], task_.shape, task_.scale * own);
            }
            if (unused(slope)) {
                std::memset(static_cast<void*>(out_at(row)), 0, size_t(classes_) * sizeof(In));
            } else {
                make_patches(place(space, i, row), space.patches, rows[i], slope);
                write_row(place(space, i, row), space.patches, rows[i], slope);
            }
        }
    }

    void read_row(const Place& at) const {
        const bool even = at.q.background != 0.0 && weights() == nullptr && at.q.dense_factor == 0.0;
        for (int64_t b = 0; b < blocks_; ++b) {
            const int64_t start = start_of(b), n = size_of(b);
            Block<T>& block = at.blocks[b];
            Measured& measured = at.measured[b];
            measured = {n, 0.0, 0.0, 0.0, 0.0};
            const T* table = nullptr;
            if (at.q.dense_factor != 0.0) {
                table = at.table;
                measured.dense =
                    copy_dense(task_.labels.dense, at.row, start, n, weights(), at.table);
            } else if (at.q.background != 0.0) {
                table = weights_at(start);
            }
            block = table != nullptr ? read<Weigh::table>(at, start, n, table)
                    : even           ? read<Weigh::evenly>(at, start, n, table)
                                     : read<Weigh::none>(at, start, n, table);
            if (block.at >= 0) block.at += start;
            if (at.q.dense_factor != 0.0) measure_dense(at, b);
            if (at.q.background != 0.0) measure_background(at, b);
        }
    }

    template <Weigh weigh>
    Block<T> read(const Place& at, int64_t start, int64_t n, const T* table) const {
        T* to = at.scratch == nullptr ? nullptr : at.scratch + start;
        return task_.entropy ? read_block<T, weigh, true>(at.z + start, n, to, table, n)
                             : read_block<T, weigh, false>(at.z + start, n, to, table, n);
    }

    void measure_dense(const Place& at, int64_t b) const {
        const Block<T>& block = at.blocks[b];
        Measured& measured = at.measured[b];
        measured.dense_below = block.below;
        if (std::isfinite(block.below)) return;
        const Weighed found = weigh_live(at.z + start_of(b), size_of(b), at.table, block.top);
        measured.dense_below = found.lost ? infinity : found.below;
    }

    void measure_background(const Place& at, int64_t b) const {
        const Block<T>& block = at.blocks[b];
        Measured& measured = at.measured[b];
        if (at.q.dense_factor == 0.0 && std::isfinite(block.below)) {
            measured.weight = weights() == nullptr ? double(size_of(b)) : weights_of_blocks_[b];
            measured.below = block.below;
            return;
        }
        const int64_t start = start_of(b);
        const Weighed found = weigh_live(at.z + start, size_of(b), weights_at(start), block.top);
        measured.live = found.live;
        measured.weight = found.weight;
        measured.below = found.below;
    }

    // The row's numbers, its blocks joined.
    Row joined(const Place& at) const {
        Row found{-infinity, 0.0, 0.0, 0.0, 0.0};
        for (int64_t b = 0; b < blocks_; ++b) found.m = std::max(found.m, double(at.blocks[b].top));
        const double m = found.m, base = m == -infinity ? 0.0 : m;
        bool max_is_out = false;  // the one maximum that r leaves out
        double r = 0.0, r_lost = 0.0, h = 0.0;
        auto add = [&](double term) {
            const double next = r + term, back = next - r;
            r_lost += (r - (next - back)) + (term - back);
            r = next;
        };
        for (int64_t b = 0; b < blocks_; ++b) {
            Block<T>& block = at.blocks[b];
            const double top = double(block.top);
            const bool live = top != -infinity;
            block.share = exp_below(base, std::min(base, double(block.ref)));
            if (block.sum != 0.0) add(block.sum * (live ? block.share : 1.0));
            if (!live) continue;
            if (task_.entropy) h += block.share * (block.h + block.sum * (m - top));
            if (!max_is_out && top == m) {
                max_is_out = true;
            } else {
                const double share = exp_below(base, top);
                add(share);
                if (task_.entropy) h += times(share, m - top);
            }
        }
        found.r = r_lost == r_lost ? r + r_lost : r;
        if (m == infinity) found.r = not_a_number;
        found.h = h;
        found.mass = at.q.mass();
        for (const Pair& pair : at.q.sparse) {
            found.gap += times(pair.mass, m - double(widen(at.z[pair.at])));
        }
        add_spread(at, found);
        if (m == -infinity) {
            found.gap = 0.0;
            if (found.mass > 0.0) found.r = not_a_number;
        }
        return found;
    }

    // The background is shared by the live classes; q.background becomes its density.
    void add_spread(const Place& at, Row& found) const {
        Target& q = at.q;
        if (q.background == 0.0 && q.dense_factor == 0.0) return;
        Measured all{0, 0.0, 0.0, 0.0, 0.0};
        for (int64_t b = 0; b < blocks_; ++b) {
            const Measured& own = at.measured[b];
            const double drop = found.m - double(at.blocks[b].top);
            all.live += own.live;
            all.weight += own.weight;
            all.below += own.below + (own.weight == 0.0 ? 0.0 : own.weight * drop);
            all.dense += own.dense;
            all.dense_below += own.dense_below + (own.dense == 0.0 ? 0.0 : own.dense * drop);
        }
        q.background = all.live == 0 ? 0.0 : q.background / double(all.live);
        found.gap += times(q.background, all.below) + times(q.dense_factor, all.dense_below);
        found.mass += q.background * all.weight + q.dense_factor * all.dense;
    }

    // q at a class, its sparse part aside
    double spread_at(const Place& at, int64_t j) const {
        double value = 0.0;
        if (at.q.dense_factor != 0.0) {
            value = at.q.dense_factor * double(part_at(task_.labels.dense, at.row, j, weights()));
        }
        if (at.q.background != 0.0 && double(widen(at.z[j])) != -infinity) {
            value += at.q.background * (weights() == nullptr ? 1.0 : double(weights_[j]));
        }
        return value;
    }

    // Where the slope is not e times a factor: at the largest of each block and at the targets.
    void make_patches(const Place& at, Buffer<Patch>& patches, const Row& found,
                      const Slope& s) const {
        patches.clear();
        const double whole = 1.0 + found.r, base = found.m == -infinity ? 0.0 : found.m;
        const double factor = (found.mass * s.gamma + s.alpha) / whole;
        int64_t maximum = -1;
        for (int64_t b = 0; b < blocks_; ++b) {
            const Block<T>& block = at.blocks[b];
            if (block.at < 0) continue;
            if (maximum < 0 && double(block.top) == found.m) {
                maximum = block.at;
                double q_max = spread_at(at, maximum);
                for (const Pair& pair : at.q.sparse) {
                    if (pair.at == maximum) q_max += pair.mass;
                }
                // p = 1 - r / (1 + r) here: mass - q is exact, where p - 1 would cancel
                const double rest = (s.alpha - found.mass * s.gamma * found.r) / whole;
                patches.push_back({maximum, s.gamma * (found.mass - q_max) + rest});
            } else if (block.ref != block.top) {
                const double share = exp_below(base, double(block.top));
                const double far = s.beta == 0.0 ? 0.0 : s.beta / whole * (base - double(block.top));
                patches.push_back(
                    {block.at, share * (factor + far) - s.gamma * spread_at(at, block.at)});
            }
        }
        const int64_t tops = patches.size();
        for (const Pair& pair : at.q.sparse) {
            if (pair.at == maximum) continue;
            int64_t k = 0;
            while (k < patches.size() && patches[k].at != pair.at) ++k;
            if (k == patches.size()) {
                const double x = double(widen(at.z[pair.at]));
                const double share =
                    double(at.scratch[pair.at]) * at.blocks[pair.at / block_size].share;
                const double far =
                    s.beta == 0.0 || share == 0.0 ? 0.0 : s.beta / whole * (base - x);
                patches.push_back(
                    {pair.at, times(share, factor + far) - s.gamma * spread_at(at, pair.at)});
            }
            patches[k].value -= s.gamma * pair.mass;
        }
        if (patches.size() > tops || blocks_ > 1) {
            std::sort(patches.begin(), patches.end(),
                      [](const Patch& a, const Patch& b) { return a.at < b.at; });
        }
    }

    void write_row(const Place& at, const Buffer<Patch>& patches, const Row& found,
                   const Slope& s) const {
        const double base = found.m == -infinity ? 0.0 : found.m, whole = 1.0 + found.r;
        const double factor = (found.mass * s.gamma + s.alpha) / whole;
        double largest = 0.0;
        for (int64_t b = 0; b < blocks_; ++b) largest = std::max(largest, at.blocks[b].share);
        const bool tiny = largest * std::abs(factor) < tiny_scale<T> && s.beta == 0.0;
        const Patch* patch = patches.begin();
        for (int64_t b = 0; b < blocks_; ++b) {
            const int64_t start = start_of(b), n = size_of(b);
            const double share = at.blocks[b].share, slope = factor * share;
            const Patch* until = patch;
            while (until != patches.end() && until->at < start + n) ++until;
            auto write = [&](auto value) {
                In* out = out_at(at.row) + start;
                const T* e = at.scratch + start;
                if (task_.stream) {
                    write_stream(out, n, e, value, patch, until, start);
                } else {
                    write_cached(out, n, e, value, patch, until, start);
                }
            };
            if (tiny) {
                write_tiny(at, b, slope, s.gamma, write);
            } else {
                FlushToZero flush;
                write_normal(at, b, slope, s.beta / whole * share, base, s.gamma, write);
            }
            patch = until;
        }
    }

    // What is taken away: factor times a table, or everywhere the factor itself.
    struct Spread {
        const T* table;
        T factor;
    };

    Spread spread_of(const Place& at, int64_t b, double gamma, bool as_table) const {
        const Target& q = at.q;
        const int64_t start = start_of(b), n = size_of(b);
        const bool removed = at.measured[b].live < n;
        if (q.dense_factor == 0.0 && !removed) {
            const double factor = gamma * q.background;
            if (weights() != nullptr) return {weights() + start, T(factor)};
            if (!as_table) return {nullptr, T(factor)};
        }
        if (q.dense_factor != 0.0) {
            copy_dense(task_.labels.dense, at.row, start, n, weights(), at.table);
            if (q.background == 0.0) return {at.table, T(gamma * q.dense_factor)};
        }
        add_background(at.table, T(q.dense_factor), T(q.background), weights_at(start), at.z + start, n);
        return {at.table, T(gamma)};
    }

    template <class Write>
    void write_normal(const Place& at, int64_t b, double slope, double by_entropy, double base,
                      double gamma, Write write) const {
        const bool plain = at.q.background == 0.0 && at.q.dense_factor == 0.0;
        const auto a = V::set(T(slope));
        if (by_entropy != 0.0) {
            const Spread spread = spread_of(at, b, gamma, true);
            const auto by = V::set(T(by_entropy)), m = V::set(T(base)), far = V::set(T(1e30));
            const auto c = V::set(spread.factor);
            const T* table = spread.table;
            const In* z = at.z + start_of(b);
            write([=](auto e, int64_t i, int64_t count) {
                const auto x = count == W ? V::load(z + i) : load_some<T>(z + i, count, T(0));
                const auto below = V::min(far, V::sub(m, x));
                return V::fnma(c, V::load(table + i), V::mul(e, V::fma(by, below, a)));
            });
        } else if (plain) {
            write([=](auto e, int64_t, int64_t) { return V::mul(e, a); });
        } else {
            const Spread spread = spread_of(at, b, gamma, false);
            const auto c = V::set(spread.factor), down = V::set(-spread.factor);
            const T* table = spread.table;
            if (table == nullptr) {
                write([=](auto e, int64_t, int64_t) { return V::fma(e, a, down); });
            } else {
                write([=](auto e, int64_t i, int64_t) {
                    return V::fnma(c, V::load(table + i), V::mul(e, a));
                });
            }
        }
    }

    // Scaled up, and down again in the last step: otherwise lost below the smallest normal number.
    template <class Write>
    void write_tiny(const Place& at, int64_t b, double slope, double gamma, Write write) const {
        const Spread spread = spread_of(at, b, gamma, true);
        const auto up = V::set(T(slope / tiny_scale<T>)), down = V::set(T(tiny_scale<T>));
        const auto c = V::set(spread.factor);
        const T* table = spread.table;
        write([=](auto e, int64_t i, int64_t) {
            return V::fnma(c, V::load(table + i), V::mul(V::mul(e, up), down));
        });
    }

    In* out_at(int64_t row) const { return static_cast<In*>(task_.slopes) + row * classes_; }

    const DenseTask& task_;
    int64_t classes_, blocks_, padded_, height_;
    Buffer<T> weights_;
    Buffer<double> weights_of_blocks_;
};

}  // namespace crossent::CROSSENT_UNIT

// Softmax rows: read, slope, loss, read_slope. See kernels/contract.py.
//
// A row is read from memory once, in blocks; e^(z - ref) of its blocks waits in a scratch that
// stays in the cache until the row numbers are known, and is then scaled and written.
#pragma once

#include <algorithm>

#include "plain.hpp"
#include "spread.hpp"

namespace crossent::CROSSENT_UNIT {

template <class In>
class Dense {
    using T = typename Compute<In>::type;
    using V = Vec<T>;
    static constexpr int W = V::width;

   public:
    explicit Dense(const DenseTask& task) : task_(task), classes_(task.logits.classes) {
        blocks_ = std::max<int64_t>(1, (classes_ + block_size - 1) / block_size);
        padded_ = (classes_ + W - 1) / W * W;
        height_ = std::clamp<int64_t>(16384 / std::max<int64_t>(1, classes_), 1, max_height);
        if (needs_weights()) weights_.read(task.labels.class_weight, classes_);
    }

    void run() {
        if (PlainRows<In>::fit(task_)) return PlainRows<In>(task_).run();
        const int64_t rows = task_.logits.rows, height = part_of(rows, height_, task_.threads);
        auto work = [this, rows, height](int64_t part) {
            thread_local Space space;
            some_rows(space, part * height, std::min(rows, (part + 1) * height));
        };
        for_each_part((rows + height - 1) / height, task_.threads, work);
    }

   private:
    // One thread's memory: one row is written while the next is read.
    struct Space {
        Buffer<T> scratch;
        Buffer<Block<T>> blocks;      // of both rows
        Buffer<Measured> measured;
        Buffer<T> table;              // q at every class of a block, its sparse part aside
        Target targets[2];
        Buffer<Patch> patches, tops;
    };

    // A row at work.
    struct Place {
        int64_t row;
        const In* z;
        Block<T>* blocks;
        Measured* measured;
        Target* q;
    };

    // A row that waits to be written.
    struct Found {
        Place place;
        // e^(z - m) (slope + by_entropy (base - z)) - gamma q
        double slope, by_entropy, base, gamma;
        const Patch* patch;  // the next
    };

    bool needs_weights() const {
        const Labels& labels = task_.labels;
        return labels.class_weight.data != nullptr &&
               (labels.smoothing != 0.0 || labels.dense.data != nullptr);
    }

    const T* weights() const { return weights_.at(0); }  // null: 1
    const T* weights_at(int64_t start) const { return weights_.at(start); }
    int64_t start_of(int64_t b) const { return b * block_size; }
    int64_t size_of(int64_t b) const { return std::min(block_size, classes_ - b * block_size); }

    // Block by block, what waits is written, and its part of the scratch taken for the next row:
    // memory that only read or only wrote for a while would stand half idle.
    void some_rows(Space& space, int64_t from, int64_t to) const {
        if (task_.slopes != nullptr) space.scratch.reserve(padded_);
        space.blocks.reserve(2 * blocks_);
        space.measured.reserve(2 * blocks_);
        space.table.reserve(block_size);
        bool waits = false;
        Found before{};
        for (int64_t row = from; row < to; ++row) {
            const int64_t turn = row & 1;
            const In* z = static_cast<const In*>(task_.logits.data) + row * task_.logits.stride;
            const Place at{row, z, space.blocks.data() + turn * blocks_,
                           space.measured.data() + turn * blocks_, &space.targets[turn]};
            read_target(task_.labels, row, classes_, *at.q);
            const bool skipped =
                at.q->empty() && task_.numbers == nullptr && task_.given == nullptr;
            {
                FlushToZero flush;
                for (int64_t b = 0; b < blocks_; ++b) {
                    if (waits) write_block(space, before, b);
                    if (!skipped) read_block(space, at, b);
                }
            }
            waits = finish(space, at, skipped, before);
        }
        if (!waits) return;
        FlushToZero flush;
        for (int64_t b = 0; b < blocks_; ++b) write_block(space, before, b);
    }

    // What follows of a row that has been read; whether it waits to be written.
    bool finish(Space& space, const Place& at, bool skipped, Found& found) const {
        Row row{};
        if (!skipped) row = joined(at);
        if (task_.numbers != nullptr) task_.numbers[at.row] = row;
        if (task_.losses != nullptr) task_.losses[at.row] = skipped ? 0.0 : loss(row, task_.shape);
        if (task_.slopes == nullptr) return false;
        Slope slope{0.0, 0.0, 0.0};
        if (task_.given != nullptr) {
            slope = task_.given[at.row];
        } else if (!skipped) {
            const double own = task_.row_scale == nullptr ? 1.0 : task_.row_scale[at.row];
            slope = coefficients(row, task_.shape, task_.scale * own);
        }
        if (unused(slope)) {
            std::memset(static_cast<void*>(out_at(at.row)), 0, size_t(classes_) * sizeof(In));
            return false;
        }
        make_patches(space, at, row, slope);
        const double whole = 1.0 + row.r, factor = (row.mass * slope.gamma + slope.alpha) / whole;
        found = {at, factor, slope.beta / whole, row.m == -infinity ? 0.0 : row.m, slope.gamma,
                 space.patches.begin()};
        double largest = 0.0;
        for (int64_t b = 0; b < blocks_; ++b) largest = std::max(largest, at.blocks[b].share);
        if (slope.beta != 0.0 || !(largest * std::abs(factor) < tiny_scale<T>)) return true;
        for (int64_t b = 0; b < blocks_; ++b) write_block(space, found, b, true);
        return false;
    }

    void read_block(Space& space, const Place& at, int64_t b) const {
        const Target& q = *at.q;
        const int64_t start = start_of(b), n = size_of(b);
        Block<T>& block = at.blocks[b];
        Measured& measured = at.measured[b];
        measured = {n, 0.0, 0.0, 0.0, 0.0};
        T* to = task_.slopes == nullptr ? nullptr : space.scratch.data() + start;
        const In* z = at.z + start;
        if (q.dense_factor != 0.0) {
            T* table = space.table.data();
            measured.dense = copy_dense(task_.labels.dense, at.row, start, n, weights(), table);
            block = read<Weigh::table>(z, n, to, table);
            measured.dense_below = block.below;
            if (!std::isfinite(block.below)) {  // 0 * inf is 0 here
                const Weighed found = weigh_live(z, n, table, block.top);
                measured.dense_below = found.lost ? infinity : found.below;
            }
        } else if (q.background == 0.0) {
            block = read<Weigh::none>(z, n, to, nullptr);
        } else if (weights() != nullptr) {
            block = read<Weigh::table>(z, n, to, weights_at(start));
        } else {
            block = read<Weigh::evenly>(z, n, to, nullptr);
        }
        if (block.at >= 0) block.at += start;
        if (q.background != 0.0) measure_background(at, b);
    }

    template <Weigh weigh>
    Block<T> read(const In* z, int64_t n, T* to, const T* table) const {
        return task_.entropy ? CROSSENT_UNIT::read_block<T, weigh, true>(z, n, to, table, n)
                             : CROSSENT_UNIT::read_block<T, weigh, false>(z, n, to, table, n);
    }

    void measure_background(const Place& at, int64_t b) const {
        const Block<T>& block = at.blocks[b];
        Measured& measured = at.measured[b];
        if (at.q->dense_factor == 0.0 && std::isfinite(block.below)) {
            measured.weight = weights() == nullptr ? double(size_of(b)) : weights_.of_block(b);
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
        found.mass = at.q->mass();
        for (const Pair& pair : at.q->sparse) {
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
        Target& q = *at.q;
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
        if (at.q->dense_factor != 0.0) {
            value = at.q->dense_factor * double(part_at(task_.labels.dense, at.row, j, weights()));
        }
        if (at.q->background != 0.0 && double(widen(at.z[j])) != -infinity) {
            value += at.q->background * (weights() == nullptr ? 1.0 : double(weights()[j]));
        }
        return value;
    }

    // Where the slope is not e times a factor: at the largest of each block and at the targets.
    void make_patches(Space& space, const Place& at, const Row& found, const Slope& s) const {
        auto& patches = space.patches;
        patches.clear();
        const double whole = 1.0 + found.r, base = found.m == -infinity ? 0.0 : found.m;
        const double factor = (found.mass * s.gamma + s.alpha) / whole, by = s.beta / whole;
        int64_t maximum = -1;
        for (int64_t b = 0; b < blocks_; ++b) {
            const Block<T>& block = at.blocks[b];
            if (block.at < 0) continue;
            if (maximum < 0 && double(block.top) == found.m) {
                maximum = block.at;
                double q_max = spread_at(at, maximum);
                for (const Pair& pair : at.q->sparse) {
                    if (pair.at == maximum) q_max += pair.mass;
                }
                // p = 1 - r / (1 + r) here: mass - q is exact, where p - 1 would cancel
                const double rest = (s.alpha - found.mass * s.gamma * found.r) / whole;
                patches.push_back({maximum, s.gamma * (found.mass - q_max) + rest});
            } else if (block.ref != block.top) {
                const double share = exp_below(base, double(block.top));
                const double far = by == 0.0 ? 0.0 : by * (base - double(block.top));
                patches.push_back(
                    {block.at, share * (factor + far) - s.gamma * spread_at(at, block.at)});
            }
        }
        add_targets(space, at, maximum, s, factor, by, base);
    }

    // Adds the targets to the patches, which are in order of their classes and stay so.
    void add_targets(Space& space, const Place& at, int64_t maximum, const Slope& s, double factor,
                     double by, double base) const {
        auto &patches = space.patches, &tops = space.tops;
        Buffer<Pair>& pairs = at.q->sparse;
        tops.swap(patches);
        patches.clear();
        std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.at < b.at; });
        int64_t next = 0;
        for (const Pair& pair : pairs) {
            while (next < tops.size() && tops[next].at < pair.at) patches.push_back(tops[next++]);
            if (pair.at == maximum) continue;  // its own mass is in it
            if (next < tops.size() && tops[next].at == pair.at) patches.push_back(tops[next++]);
            if (patches.size() == 0 || patches[patches.size() - 1].at != pair.at) {
                const double x = double(widen(at.z[pair.at]));
                const double share =
                    double(space.scratch[pair.at]) * at.blocks[pair.at / block_size].share;
                const double far = by == 0.0 || share == 0.0 ? 0.0 : by * (base - x);
                patches.push_back(
                    {pair.at, times(share, factor + far) - s.gamma * spread_at(at, pair.at)});
            }
            patches[patches.size() - 1].value -= s.gamma * pair.mass;
        }
        while (next < tops.size()) patches.push_back(tops[next++]);
    }

    void write_block(Space& space, Found& found, int64_t b, bool tiny = false) const {
        const int64_t start = start_of(b), n = size_of(b);
        const Patch *patch = found.patch, *until = patch;
        while (until != space.patches.end() && until->at < start + n) ++until;
        found.patch = until;
        write_values(space, found, b, tiny, [&](auto value) {
            In* out = out_at(found.place.row) + start;
            const T* e = space.scratch.data() + start;
            if (task_.stream) {
                Carry<T, In> carry;
                write_stream(out, n, e, value, patch, until, start, carry);
            } else {
                write_cached(out, n, e, value, patch, until, start);
            }
        });
    }

    // What is taken away: factor times a table, or everywhere the factor itself.
    struct Spread {
        const T* table;
        T factor;
    };

    Spread spread_of(Space& space, const Found& found, int64_t b, bool as_table) const {
        const Place& at = found.place;
        const Target& q = *at.q;
        const int64_t start = start_of(b), n = size_of(b);
        T* table = space.table.data();
        if (q.dense_factor == 0.0 && at.measured[b].live == n) {
            const T factor = T(found.gamma * q.background);
            if (weights() != nullptr) return {weights_at(start), factor};
            if (!as_table) return {nullptr, factor};
        }
        if (q.dense_factor != 0.0) {
            copy_dense(task_.labels.dense, at.row, start, n, weights(), table);
            if (q.background == 0.0) return {table, T(found.gamma * q.dense_factor)};
        }
        add_background(table, T(q.dense_factor), T(q.background), weights_at(start), at.z + start,
                       n);
        return {table, T(found.gamma)};
    }

    template <class Write>
    void write_values(Space& space, const Found& found, int64_t b, bool tiny, Write write) const {
        const Target& q = *found.place.q;
        const double share = found.place.blocks[b].share, slope = found.slope * share;
        const auto a = V::set(T(slope));
        if (q.background == 0.0 && q.dense_factor == 0.0 && found.by_entropy == 0.0 && !tiny) {
            return write([=](auto e, int64_t, int64_t) { return V::mul(e, a); });
        }
        const bool as_table = tiny || found.by_entropy != 0.0;
        const Spread spread = spread_of(space, found, b, as_table);
        const auto c = V::set(spread.factor);
        const T* table = spread.table;
        if (tiny) {  // scaled up, and down again in the last step
            const auto up = V::set(T(slope / tiny_scale<T>)), down = V::set(T(tiny_scale<T>));
            write([=](auto e, int64_t i, int64_t) {
                return V::fnma(c, V::load(table + i), V::mul(V::mul(e, up), down));
            });
        } else if (found.by_entropy != 0.0) {
            const auto by = V::set(T(found.by_entropy * share)), m = V::set(T(found.base));
            const auto far = V::set(T(1e30));
            const In* z = found.place.z + start_of(b);
            write([=](auto e, int64_t i, int64_t count) {
                const auto x = count == W ? V::load(z + i) : load_some<T>(z + i, count, T(0));
                const auto below = V::min(far, V::sub(m, x));
                return V::fnma(c, V::load(table + i), V::mul(e, V::fma(by, below, a)));
            });
        } else if (table == nullptr) {
            const auto down = V::set(-spread.factor);
            write([=](auto e, int64_t, int64_t) { return V::fma(e, a, down); });
        } else {
            write([=](auto e, int64_t i, int64_t) {
                return V::fnma(c, V::load(table + i), V::mul(e, a));
            });
        }
    }

    In* out_at(int64_t row) const { return static_cast<In*>(task_.slopes) + row * classes_; }

    const DenseTask& task_;
    int64_t classes_, blocks_, padded_, height_;
    Weights<T> weights_;
};

}  // namespace crossent::CROSSENT_UNIT

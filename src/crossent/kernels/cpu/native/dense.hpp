// Softmax rows: read, slope, loss, read_slope. See kernels/contract.py.
//
// A row is read from memory once, in blocks; e^(z - ref) of its blocks waits in a scratch that
// stays in the cache until the row numbers are known, and is then scaled and written.
#pragma once

#include <algorithm>

#include "block.hpp"
#include "target.hpp"
#include "threads.hpp"

namespace crossent::CROSSENT_UNIT {

constexpr int max_height = 64;

template <class T>
struct Patch {
    int64_t at;
    double value;
};

// One thread's memory, for `height` rows at a time.
template <class T>
struct Workspace {
    Buffer<T> scratch;
    Buffer<Block<T>> blocks;
    Buffer<T> spread;  // q at every class of a block, its sparse part aside
    Target targets[max_height];
    Buffer<Patch<T>> patches;
};

template <class In>
struct Compute {
    using type = float;
};
template <>
struct Compute<double> {
    using type = double;
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
        weighted_ = task.labels.class_weight.data != nullptr && needs_weights();
        if (weighted_) {
            weights_.reserve(classes_);
            for (int64_t j = 0; j < classes_; ++j) {
                weights_[j] = T(real_at(task.labels.class_weight, j));
                all_weights_ += double(weights_[j]);
            }
        } else {
            all_weights_ = double(classes_);
        }
    }

    void run() {
        const int64_t rows = task_.logits.rows;
        auto work = [this, rows](int64_t part) {
            thread_local Workspace<T> space;
            batch(space, part * height_, std::min(rows, (part + 1) * height_));
        };
        for_each_part((rows + height_ - 1) / height_, task_.threads, work);
    }

   private:
    bool needs_weights() const {
        return task_.labels.smoothing != 0.0 || task_.labels.dense.data != nullptr;
    }

    const In* row_at(int64_t row) const {
        return static_cast<const In*>(task_.logits.data) + row * task_.logits.stride;
    }

    void batch(Workspace<T>& space, int64_t from, int64_t to) {
        const size_t count = size_t(to - from);
        const bool slopes = task_.slopes != nullptr;
        if (slopes) space.scratch.reserve(padded_ * height_);
        space.blocks.reserve(blocks_ * height_);
        space.spread.reserve(block_size);
        Row rows[max_height];
        bool skipped[max_height];
        {
            FlushToZero flush;
            for (size_t i = 0; i < count; ++i) {
                Target& q = space.targets[i];
                read_target(task_.labels, from + int64_t(i), classes_, q);
                skipped[i] = q.empty() && task_.numbers == nullptr && task_.given == nullptr;
                if (skipped[i]) continue;
                read_row(space, i, from + int64_t(i));
            }
        }
        for (size_t i = 0; i < count; ++i) {
            const int64_t row = from + int64_t(i);
            if (skipped[i]) {
                if (task_.losses != nullptr) task_.losses[row] = 0.0;
                continue;
            }
            rows[i] = joined(space, i, row);
            if (task_.numbers != nullptr) task_.numbers[row] = rows[i];
            if (task_.losses != nullptr) task_.losses[row] = loss(rows[i], task_.shape);
        }
        if (!slopes) return;
        for (size_t i = 0; i < count; ++i) {
            const int64_t row = from + int64_t(i);
            Slope slope{0.0, 0.0, 0.0};
            if (task_.given != nullptr) {
                slope = task_.given[row];
            } else if (!skipped[i]) {
                const double own = task_.row_scale == nullptr ? 1.0 : task_.row_scale[row];
                slope = coefficients(rows[i], task_.shape, task_.scale * own);
            }
            write_row(space, i, row, rows[i], slope);
        }
    }

    void read_row(Workspace<T>& space, size_t i, int64_t row) {
        const In* z = row_at(row);
        T* scratch = task_.slopes == nullptr ? nullptr : space.scratch.data() + int64_t(i) * padded_;
        Block<T>* blocks = space.blocks.data() + int64_t(i) * blocks_;
        const bool below = space.targets[i].background != 0.0 && !weighted_;
        for (int64_t b = 0; b < blocks_; ++b) {
            const int64_t start = b * block_size, n = std::min(block_size, classes_ - start);
            T* to = scratch == nullptr ? nullptr : scratch + start;
            if (task_.entropy) {
                blocks[b] = below ? read_block<T, true, true>(z + start, n, to, n)
                                  : read_block<T, false, true>(z + start, n, to, n);
            } else {
                blocks[b] = below ? read_block<T, true, false>(z + start, n, to, n)
                                  : read_block<T, false, false>(z + start, n, to, n);
            }
            if (blocks[b].at >= 0) blocks[b].at += start;
        }
    }

    // The row's numbers, its blocks joined.
    Row joined(Workspace<T>& space, size_t i, int64_t row) {
        const Block<T>* blocks = space.blocks.data() + int64_t(i) * blocks_;
        const In* z = row_at(row);
        Target& q = space.targets[i];
        Row found{-infinity, 0.0, 0.0, 0.0, 0.0};
        for (int64_t b = 0; b < blocks_; ++b) found.m = std::max(found.m, double(blocks[b].top));
        const double m = found.m, base = m == -infinity ? 0.0 : m;
        bool max_is_out = false;  // the one maximum that r leaves out
        double r = 0.0, r_lost = 0.0, h = 0.0;
        auto add = [&](double term) {
            const double next = r + term, back = next - r;
            r_lost += (r - (next - back)) + (term - back);
            r = next;
        };
        for (int64_t b = 0; b < blocks_; ++b) {
            const Block<T>& block = blocks[b];
            const bool live = double(block.top) != -infinity;
            const double scale = live ? exp_below(base, double(block.ref)) : 1.0;
            if (block.sum != 0.0) add(block.sum * scale);
            if (task_.entropy && live) h += scale * (block.h + block.sum * (m - double(block.top)));
            if (!live) continue;
            if (!max_is_out && double(block.top) == m) {
                max_is_out = true;
            } else {
                const double share = exp_below(base, double(block.top));
                add(share);
                if (task_.entropy) h += times(share, m - double(block.top));
            }
        }
        found.r = r_lost == r_lost ? r + r_lost : r;
        if (m == infinity) found.r = not_a_number;
        found.h = h;
        found.mass = q.mass();
        for (const Pair& pair : q.sparse) {
            found.gap += times(pair.mass, m - double(widen(z[pair.at])));
        }
        if (q.background != 0.0) add_background(blocks, z, q, found);
        if (q.dense_factor != 0.0) add_dense(z, row, q, found);
        if (m == -infinity) {
            found.gap = 0.0;
            if (found.mass > 0.0) found.r = not_a_number;
        }
        return found;
    }

    // The background is shared by the live classes; q.background becomes its density.
    void add_background(const Block<T>* blocks, const In* z, Target& q, Row& found) const {
        double below = 0.0, live = double(classes_), weight = all_weights_;
        const bool plain = !weighted_;
        for (int64_t b = 0; b < blocks_ && plain; ++b) {
            const int64_t start = b * block_size, n = std::min(block_size, classes_ - start);
            below += blocks[b].below + double(n) * (found.m - double(blocks[b].top));
        }
        if (!plain || !(below < infinity)) {  // weighted, or with removed classes: one by one
            below = live = weight = 0.0;
            for (int64_t j = 0; j < classes_; ++j) {
                const double x = double(widen(z[j]));
                if (x == -infinity) continue;
                const double w = !weighted_ ? 1.0 : double(weights_[j]);
                live += 1.0;
                weight += w;
                below += times(w, found.m - x);
            }
        }
        q.background = live == 0.0 ? 0.0 : q.background / live;
        found.gap += times(q.background, below);
        found.mass += q.background * weight;
    }

    void add_dense(const In* z, int64_t row, const Target& q, Row& found) const {
        double gap = 0.0, mass = 0.0;
        for (int64_t j = 0; j < classes_; ++j) {
            const double part = dense_at(row, j);
            mass += part;
            gap += times(part, found.m - double(widen(z[j])));
        }
        found.gap += times(q.dense_factor, gap);
        found.mass += q.dense_factor * mass;
    }

    double dense_at(int64_t row, int64_t j) const {
        const double part = real_at(task_.labels.dense, row, j);
        return !weighted_ ? part : weighted(part, double(weights_[j]));
    }

    // q at a class, its sparse part aside
    double spread_at(const In* z, int64_t row, const Target& q, int64_t j) const {
        double value = q.dense_factor == 0.0 ? 0.0 : q.dense_factor * dense_at(row, j);
        if (q.background != 0.0 && double(widen(z[j])) != -infinity) {
            value += q.background * (!weighted_ ? 1.0 : double(weights_[j]));
        }
        return value;
    }

    void write_row(Workspace<T>& space, size_t i, int64_t row, const Row& found, const Slope& s) {
        In* out = static_cast<In*>(task_.slopes) + row * classes_;
        if (unused(s)) {
            std::memset(static_cast<void*>(out), 0, size_t(classes_) * sizeof(In));
            return;
        }
        const In* z = row_at(row);
        const Target& q = space.targets[i];
        const Block<T>* blocks = space.blocks.data() + int64_t(i) * blocks_;
        T* scratch = space.scratch.data() + int64_t(i) * padded_;
        const double base = found.m == -infinity ? 0.0 : found.m;
        const double whole = 1.0 + found.r;
        const double factor = (found.mass * s.gamma + s.alpha) / whole;
        make_patches(space, blocks, scratch, z, row, q, found, s, factor);
        // A row so certain that its slopes would be lost below the smallest normal number is
        // scaled up, and down again in the last step.
        double largest = 0.0;
        for (int64_t b = 0; b < blocks_; ++b) {
            largest = std::max(largest, exp_below(base, std::min(base, double(blocks[b].ref))));
        }
        const bool tiny = largest * std::abs(factor) < tiny_scale && s.beta == 0.0;
        const Patch<T>* patch = space.patches.data();
        const Patch<T>* last = patch + space.patches.size();
        for (int64_t b = 0; b < blocks_; ++b) {
            const int64_t start = b * block_size, n = std::min(block_size, classes_ - start);
            const double share = exp_below(base, std::min(base, double(blocks[b].ref)));
            const Patch<T>* until = patch;
            while (until != last && until->at < start + n) ++until;
            const double a = factor * share;
            auto write = [&](auto value) {
                write_block(out + start, n, scratch + start, value, patch, until, start);
            };
            const bool has_spread = q.background != 0.0 || q.dense_factor != 0.0;
            if (s.beta != 0.0) {
                fill_spread(space, z + start, row, start, n, q, s.gamma);
                const auto slope = V::set(T(a)), by = V::set(T(s.beta / whole * share));
                const auto m = V::set(T(base)), far = V::set(T(1e30));
                const T* spread = space.spread.data();
                const In* own = z + start;
                FlushToZero flush;
                write([=](auto e, int64_t at, int64_t count) {
                    const auto x = count == W ? V::load(own + at) : load_some<T>(own + at, count, T(0));
                    const auto below = V::min(far, V::sub(m, x));
                    return V::sub(V::mul(e, V::fma(by, below, slope)), V::load(spread + at));
                });
            } else if (tiny) {
                fill_spread(space, z + start, row, start, n, q, s.gamma);
                const auto up = V::set(T(a / tiny_scale)), down = V::set(T(tiny_scale));
                const T* spread = space.spread.data();
                write([=](auto e, int64_t at, int64_t) {
                    return V::sub(V::mul(V::mul(e, up), down), V::load(spread + at));
                });
            } else if (has_spread) {
                fill_spread(space, z + start, row, start, n, q, s.gamma);
                const auto slope = V::set(T(a));
                const T* spread = space.spread.data();
                FlushToZero flush;
                write([=](auto e, int64_t at, int64_t) {
                    return V::sub(V::mul(e, slope), V::load(spread + at));
                });
            } else {
                const auto slope = V::set(T(a));
                FlushToZero flush;
                write([=](auto e, int64_t, int64_t) { return V::mul(e, slope); });
            }
            patch = until;
        }
    }

    static constexpr double tiny_scale = sizeof(T) == 4 ? 0x1p-90 : 0x1p-960;

    void fill_spread(Workspace<T>& space, const In* z, int64_t row, int64_t start, int64_t n,
                     const Target& q, double gamma) const {
        T* spread = space.spread.data();
        if (q.background == 0.0 && q.dense_factor == 0.0) {
            std::fill(spread, spread + (n + W - 1) / W * W, T(0));
            return;
        }
        for (int64_t j = 0; j < n; ++j) {
            double value = q.dense_factor == 0.0 ? 0.0 : q.dense_factor * dense_at(row, start + j);
            if (q.background != 0.0 && double(widen(z[j])) != -infinity) {
                value += q.background * (!weighted_ ? 1.0 : double(weights_[start + j]));
            }
            spread[j] = T(gamma * value);
        }
    }

    // Where the slope is not e times a factor: at the largest of each block and at the targets.
    void make_patches(Workspace<T>& space, const Block<T>* blocks, const T* scratch, const In* z,
                      int64_t row, const Target& q, const Row& found, const Slope& s,
                      double factor) {
        auto& patches = space.patches;
        patches.clear();
        const double whole = 1.0 + found.r, base = found.m == -infinity ? 0.0 : found.m;
        int64_t maximum = -1;
        for (int64_t b = 0; b < blocks_; ++b) {
            const Block<T>& block = blocks[b];
            if (block.at < 0) continue;
            if (maximum < 0 && double(block.top) == found.m) {
                maximum = block.at;
                double q_max = spread_at(z, row, q, maximum);
                for (const Pair& pair : q.sparse) {
                    if (pair.at == maximum) q_max += pair.mass;
                }
                // p = 1 - r / (1 + r) here: mass - q is exact, where p - 1 would cancel
                const double rest = (s.alpha - found.mass * s.gamma * found.r) / whole;
                patches.push_back({maximum, s.gamma * (found.mass - q_max) + rest});
            } else if (block.ref != block.top) {
                const double share = exp_below(base, double(block.top));
                const double far = s.beta == 0.0 ? 0.0 : s.beta / whole * (base - double(block.top));
                patches.push_back({block.at, share * (factor + far) -
                                                 s.gamma * spread_at(z, row, q, block.at)});
            }
        }
        const int64_t tops = patches.size();
        for (const Pair& pair : q.sparse) {
            if (pair.at == maximum) continue;
            int64_t k = 0;
            while (k < patches.size() && patches[k].at != pair.at) ++k;
            if (k == patches.size()) {
                const Block<T>& block = blocks[pair.at / block_size];
                const double x = double(widen(z[pair.at]));
                const double share =
                    double(scratch[pair.at]) * exp_below(base, std::min(base, double(block.ref)));
                const double far =
                    s.beta == 0.0 || share == 0.0 ? 0.0 : s.beta / whole * (base - x);
                patches.push_back({pair.at, times(share, factor + far) -
                                                s.gamma * spread_at(z, row, q, pair.at)});
            }
            patches[k].value -= s.gamma * pair.mass;
        }
        if (patches.size() > tops || blocks_ > 1) {
            std::sort(patches.begin(), patches.end(),
                      [](const Patch<T>& a, const Patch<T>& b) { return a.at < b.at; });
        }
    }

    template <class Value>
    void write_block(In* out, int64_t n, const T* e, Value value, const Patch<T>* patch,
                     const Patch<T>* until, int64_t start) const {
        constexpr int64_t align = W * int64_t(sizeof(In));
        const auto address = reinterpret_cast<uintptr_t>(out);
        int64_t i = 0;
        auto some = [&](int64_t count) {  // fewer than a vector, or one with patches
            T lanes[W];
            V::store(lanes, value(V::load(e + i), i, count));
            for (; patch != until && patch->at - start < i + count; ++patch) {
                lanes[patch->at - start - i] = T(patch->value);
            }
            store_some<T>(out + i, V::load(lanes), count);
            i += count;
        };
        const bool stream = task_.stream;
        if (stream && address % align != 0 && address % sizeof(In) == 0) {
            some(std::min<int64_t>(n, (align - int64_t(address % align)) / int64_t(sizeof(In))));
        }
        while (i < n) {
            const int64_t next = patch == until ? n : patch->at - start;
            if (stream) {
                for (; i + W <= next; i += W) V::stream(out + i, value(V::load(e + i), i, W));
            } else {
                for (; i + W <= next; i += W) V::store(out + i, value(V::load(e + i), i, W));
            }
            if (i >= n) break;
            if (i + W > n) {
                some(n - i);
                continue;
            }
            T lanes[W];
            V::store(lanes, value(V::load(e + i), i, W));
            for (; patch != until && patch->at - start < i + W; ++patch) {
                lanes[patch->at - start - i] = T(patch->value);
            }
            if (stream) {
                V::stream(out + i, V::load(lanes));
            } else {
                V::store(out + i, V::load(lanes));
            }
            i += W;
        }
    }

    const DenseTask& task_;
    int64_t classes_, blocks_, padded_, height_;
    Buffer<T> weights_;
    bool weighted_ = false;
    double all_weights_ = 0.0;
};

}  // namespace crossent::CROSSENT_UNIT

// Every kind of label, read row by row as the measure q. See core/target.py.
#pragma once

#include <cstdint>

#include "buffer.hpp"
#include "types.hpp"

namespace crossent::CROSSENT_UNIT {

struct Pair {
    int64_t at;
    double mass;
};

// The measure of one row, its dense part aside, which is `dense_factor` times what was given.
struct Target {
    double count = 0.0;         // how often the row counts
    double weight = 0.0;        // what a mean divides by; without the dense part
    double background = 0.0;    // spread evenly over the live classes, times their weights
    double dense_factor = 0.0;
    Buffer<Pair> sparse;

    double mass() const {
        double sum = 0.0;
        for (const Pair& pair : sparse) sum += pair.mass;
        return sum;
    }
    bool empty() const {  // for certain: no part of q has mass
        if (background != 0.0 || dense_factor != 0.0) return false;
        for (const Pair& pair : sparse) {
            if (pair.mass != 0.0) return false;
        }
        return true;
    }
};

inline double weight_of(const Labels& labels, int64_t j) {
    return labels.class_weight.data == nullptr ? 1.0 : real_at(labels.class_weight, j);
}

// mass * weight, and 0 where there is no mass: 0 * inf is NaN, of padding too
inline double weighted(double mass, double weight) { return mass == 0.0 ? 0.0 : mass * weight; }

inline void read_target(const Labels& labels, int64_t row, int64_t classes, Target& q) {
    q.sparse.clear();
    q.weight = q.background = q.dense_factor = q.count = 0.0;
    const bool kept = flag_at(labels.mask, row);
    if (!kept) return;
    q.count = labels.sample_weight.data == nullptr ? 1.0 : real_at(labels.sample_weight, row);
    const double sharp = 1.0 - labels.smoothing;
    if (labels.dense.data != nullptr) {
        q.dense_factor = q.count * sharp;
    } else {
        bool any = false;
        for (int64_t k = 0; k < labels.k; ++k) {
            const int64_t at = integer_at(labels.index, row, k);
            if (at < 0 || at >= classes || at == labels.ignore) continue;
            any = true;
            double mass = labels.values.data == nullptr ? 1.0 : real_at(labels.values, row, k);
            if (labels.class_weight.data != nullptr) mass = weighted(mass, weight_of(labels, at));
            mass = weighted(q.count, mass);
            q.weight += mass;
            q.sparse.push_back({at, labels.smoothing != 0.0 ? sharp * mass : mass});
        }
        if (!any) q.count = 0.0;
    }
    if (labels.smoothing != 0.0) q.background = labels.smoothing * q.count;
}

// Without `weights` the masses of dense targets, which take a pass over them, are left out.
inline Totals totals(const Labels& labels, int64_t rows, int64_t classes, bool weights) {
    Totals sum{0.0, 0.0};
    Target q;
    for (int64_t row = 0; row < rows; ++row) {
        read_target(labels, row, classes, q);
        if (weights && labels.dense.data != nullptr && q.count != 0.0) {
            double mass = 0.0;
            for (int64_t j = 0; j < classes; ++j) {
                mass += weighted(real_at(labels.dense, row, j), weight_of(labels, j));
            }
            q.weight = q.count * mass;
        }
        sum.weight += q.weight;
        sum.count += q.count;
    }
    return sum;
}

// The first row whose class is outside 0 .. classes - 1 and not to be left out; -1 for none.
inline int64_t first_outside(const Labels& labels, int64_t rows, int64_t classes, int64_t ignored) {
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t k = 0; k < labels.k; ++k) {
            const int64_t at = integer_at(labels.index, row, k);
            if (at >= 0 && at < classes) continue;
            if (at == ignored || !flag_at(labels.mask, row)) continue;
            return row;
        }
    }
    return -1;
}

}  // namespace crossent::CROSSENT_UNIT

// Row numbers of a slice of logits, what a loss makes of them, and its slope. See core/row.py
// and core/loss.py: the same names, one row at a time, in double.
#pragma once

#include <cmath>
#include <limits>

#include "shape.hpp"

namespace crossent::CROSSENT_UNIT {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

inline bool unused(const Slope& s) { return s.alpha == 0.0 && s.beta == 0.0 && s.gamma == 0.0; }

// mass * far with 0 * inf = 0
inline double times(double mass, double far) {
    return mass == 0.0 && far == infinity ? 0.0 : mass * far;
}

// e^-(a - b) for a >= b, with what a - b loses in rounding (Knuth's TwoSum).
inline double exp_below(double a, double b) {
    if (a == b) return 1.0;
    const double d = a - b;
    if (d == infinity) return 0.0;
    const double back = d - a;
    const double lost = (a - (d - back)) - (b + back);
    return std::exp(-d) * (1.0 - lost);
}

inline double cross_entropy(const Row& row) { return row.mass * std::log1p(row.r) + row.gap; }
inline double lse(const Row& row) { return row.m + std::log1p(row.r); }

inline double loss(const Row& row, const Shape& shape) {
    if (row.mass == 0.0) return 0.0;
    if (is_plain(shape)) {
        double value = cross_entropy(row);
        if (shape.z_loss != 0.0) {
            const double s = lse(row);
            value += row.mass * (shape.z_loss * s * s);
        }
        return value;
    }
    return row.mass * phi(cross_entropy(row) / row.mass, lse(row), shape);
}

// The slope's numbers for `scale` times the loss.
inline Slope coefficients(const Row& row, const Shape& shape, double scale) {
    if (row.mass == 0.0) return {0.0, 0.0, 0.0};
    Slope slope{0.0, 0.0, scale};
    if (!is_plain(shape)) slope.gamma *= phi_c(cross_entropy(row) / row.mass, shape);
    if (shape.z_loss != 0.0) slope.alpha = row.mass * scale * phi_lse(lse(row), shape);
    return slope;
}

}  // namespace crossent::CROSSENT_UNIT

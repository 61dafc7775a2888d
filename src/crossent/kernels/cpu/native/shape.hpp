// phi: what a row's loss makes of its cross-entropy and its log-partition. See core/shape.py.
#pragma once

#include <cmath>

#include "task.hpp"

namespace crossent::CROSSENT_UNIT {

inline bool is_plain(const Shape& s) {
    return s.gamma == 0.0 && s.poly_epsilon == 0.0 && s.generalised == 0.0;
}

constexpr double certain = 746.0;  // from here on 1 - e^-c is 1
constexpr double half = 0.5;
constexpr double poly_series[15] = {  // (-1)^n / n! for n = 16 .. 2
    1.0 / 20922789888000.0, -1.0 / 1307674368000.0, 1.0 / 87178291200.0, -1.0 / 6227020800.0,
    1.0 / 479001600.0,      -1.0 / 39916800.0,      1.0 / 3628800.0,     -1.0 / 362880.0,
    1.0 / 40320.0,          -1.0 / 5040.0,          1.0 / 720.0,         -1.0 / 120.0,
    1.0 / 24.0,             -1.0 / 6.0,             1.0 / 2.0};

// 1 - e^-x with all digits.
inline double risen(double x) { return -std::expm1(-x); }

// c / (e^c - 1): 1 at 0, 0 at infinity.
inline double odds(double c) {
    if (c > 0.0 && c < certain) return c * std::exp(-c) / risen(c);
    return c <= 0.0 ? 1.0 : 0.0 * std::exp(-c);
}

inline double phi(double c, double lse, const Shape& shape) {
    double value = c;
    if (shape.gamma != 0.0) {
        if (c <= 0.0) {
            value = 0.0;
        } else if (c < certain) {
            value = std::pow(risen(c), shape.gamma) * c;
        }
    } else if (shape.poly_epsilon != 0.0) {
        const double eps = shape.poly_epsilon;
        value = c + eps * risen(c);
        if (eps < -0.5 && c < half) {  // the two terms cancel to c^2 / 2 near -1
            double curved = 0.0;
            for (double factor : poly_series) curved = curved * c + factor;
            value = (1.0 + eps) * c - eps * (curved * c * c);
        }
    } else if (shape.generalised != 0.0) {
        value = risen(shape.generalised * c) / shape.generalised;
    }
    if (shape.z_loss != 0.0) value += shape.z_loss * lse * lse;
    return value;
}

inline double phi_c(double c, const Shape& shape) {
    if (shape.gamma != 0.0) {
        return std::pow(risen(c), shape.gamma) * (1.0 + shape.gamma * odds(c));
    }
    if (shape.poly_epsilon != 0.0) {
        const double eps = shape.poly_epsilon;
        return c > half ? 1.0 + eps * std::exp(-c) : (1.0 + eps) + eps * std::expm1(-c);
    }
    return shape.generalised != 0.0 ? std::exp(-shape.generalised * c) : 1.0;
}

inline double phi_lse(double lse, const Shape& shape) { return 2.0 * shape.z_loss * lse; }

}  // namespace crossent::CROSSENT_UNIT

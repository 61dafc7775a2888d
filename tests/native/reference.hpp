// The formulas of core/row.py, core/target.py and core/loss.py, one row at a time, in long double.
#pragma once

#include <cmath>
#include <vector>

#include "task.hpp"

namespace reference {

using crossent::Shape;
using crossent::Slope;
using real = long double;

constexpr real infinity = std::numeric_limits<real>::infinity();
constexpr real not_a_number = std::numeric_limits<real>::quiet_NaN();

inline real times(real a, real b) { return a == 0 || b == 0 ? 0 : a * b; }  // 0 inf = 0

inline bool is_plain(const Shape& s) {
    return s.gamma == 0.0 && s.poly_epsilon == 0.0 && s.generalised == 0.0;
}

inline real phi(real c, const Shape& s) {
    const real u = -std::expm1(-c);
    if (s.gamma != 0.0) return times(std::pow(u, real(s.gamma)), c);
    if (s.poly_epsilon != 0.0) return c + s.poly_epsilon * u;
    if (s.generalised != 0.0) return -std::expm1(-s.generalised * c) / s.generalised;
    return c;
}

inline real phi_c(real c, const Shape& s) {
    const real u = -std::expm1(-c);
    if (s.gamma != 0.0) {
        if (c == 0) return 0;
        const real odds = c == infinity ? 0 : c * std::exp(-c) / u;
        return std::pow(u, real(s.gamma)) * (1 + s.gamma * odds);
    }
    if (s.poly_epsilon != 0.0) return (1 + real(s.poly_epsilon)) + s.poly_epsilon * std::expm1(-c);
    if (s.generalised != 0.0) return std::exp(-s.generalised * c);
    return 1;
}

// How much of a relative error of c, or of its absolute value, the shape lets through.
inline real steepness(const Shape& s) {
    return 1 + real(s.gamma) + std::fabs(real(s.poly_epsilon)) + real(s.generalised);
}

// One row of softmax: z, and the target q at every class.
struct SoftmaxRow {
    std::vector<real> e;  // e^(z_j - m), 0 where z_j is -inf
    real m = -infinity, r = 0, gap = 0, gap_size = 0, mass = 0, h = 0;
    bool bad = false;  // its r, its loss and its slope are NaN

    SoftmaxRow(const double* z, const real* q, int64_t classes) : e(size_t(classes), 0) {
        int64_t at = -1;
        for (int64_t j = 0; j < classes; ++j) {
            mass += q[j];
            if (z[j] != z[j]) bad = true;
            if (z[j] > m) m = z[j], at = j;
        }
        if (m == infinity) bad = true;
        if (m == -infinity && mass != 0) bad = true;
        if (bad || m == -infinity) return;
        for (int64_t j = 0; j < classes; ++j) {
            const real far = m - real(z[j]);
            e[size_t(j)] = std::exp(-far);
            if (j != at) r += e[size_t(j)];
            h += times(e[size_t(j)], far);
            gap += times(q[j], far);
            gap_size += times(std::fabs(q[j]), far);
        }
    }
    real p(int64_t j) const { return e[size_t(j)] / (1 + r); }
    real cross_entropy() const { return mass * std::log1p(r) + gap; }
    real lse() const { return m + std::log1p(r); }
    real lse_size() const { return std::fabs(m) + std::log1p(r); }  // lse may cancel

    real loss(const Shape& s) const {
        if (mass == 0) return 0;
        if (bad) return not_a_number;
        const real l = lse();
        return mass * (phi(cross_entropy() / mass, s) + s.z_loss * l * l);
    }
    real loss_size(const Shape& s) const {  // what its error is a part of
        if (mass == 0 || bad) return 0;
        const real c = cross_entropy() / mass, l = lse_size();
        return std::fabs(mass) * (steepness(s) * (c + std::fabs(phi(c, s))) + 2 * s.z_loss * l * l);
    }
    Slope coefficients(const Shape& s, double scale) const {
        if (mass == 0) return {0.0, 0.0, 0.0};
        const real alpha = mass * scale * 2 * s.z_loss * lse();
        return {double(alpha), 0.0, double(scale * phi_c(cross_entropy() / mass, s))};
    }
};

// One element of sigmoid, with masses of one and of nought.
struct SigmoidElement {
    real loss = 0, slope = 0, loss_size = 0, slope_size = 0;

    SigmoidElement(real z, real one, real nought, const Shape& s, real scale) {
        const real mass = one + nought;
        if (mass == 0) return;
        if (z != z) {
            loss = not_a_number;
            slope = scale == 0 ? 0 : not_a_number;
            return;
        }
        const real r = std::exp(-std::fabs(z)), log = std::log1p(r);
        const real up = std::fmax(z, real(0)) + log, down = std::fmax(-z, real(0)) + log;
        const real c = (times(one, down) + times(nought, up)) / mass;
        const real p = z > 0 ? 1 / (1 + r) : r / (1 + r), rest = z > 0 ? r / (1 + r) : 1 / (1 + r);
        const real steep = phi_c(c, s);
        loss = mass * phi(c, s);
        loss_size = mass * steepness(s) * (c + std::fabs(phi(c, s)));
        if (scale == 0) return;
        slope = scale * times(steep, nought * p - one * rest);
        slope_size = std::fabs(scale) * steepness(s) * (1 + std::fmin(c, real(100))) * (nought * p + one * rest);
        slope_size *= std::fabs(steep);
    }
};

}  // namespace reference

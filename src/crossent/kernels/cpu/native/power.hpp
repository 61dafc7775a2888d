// Powers of vectors of doubles, about 2 ulp off however small they are.
#pragma once

#include <limits>

#include "exp.hpp"
#include "log.hpp"

namespace crossent::CROSSENT_UNIT {

// x^order for order > 0; 0 below the smallest normal number, NaN for x < 0, a NaN stays one.
// With x = m 2^k the exponent k order, of which an exponential would round the digits behind the
// point, is split: k has 11 bits, so that its product with the first 40 of `order` is exact.
inline Vec<double>::type power_of(Vec<double>::type x, double order) {
    using D = Vec<double>;
    constexpr double whole = 6755399441055744.0;  // 1.5 * 2^52: see Vec::scaled
    const double shifted = order * 0x1p13, first = (order + shifted) - shifted, rest = order - first;
    const auto zero = D::set(0.0);
    const auto small = D::greater(D::set(DBL_MIN), x);
    D::type mantissa = x, k = x;
    take_apart(D::choose(small, D::mul(x, D::set(0x1p64)), x), mantissa, k);
    k = D::choose(small, D::sub(k, D::set(64.0)), k);
    const auto high = D::mul(k, D::set(first));
    const auto moved = D::add(high, D::set(whole)), n = D::sub(moved, D::set(whole));
    const auto f = D::add(D::sub(high, n), D::mul(k, D::set(rest)));
    const auto log_2 = D::set(log_of_2_high + log_of_2_low);
    const auto log_m = log_near_1(D::sub(mantissa, D::set(1.0)), zero, zero);
    const auto g = D::fma(f, log_2, D::mul(D::set(order), log_m));
    const auto lowest = D::set(-1021.0), highest = D::set(1022.0);
    const auto kept = D::max(lowest, D::min(highest, n));
    auto value = D::scaled(exp_of<double>(g), D::add(kept, D::set(whole)), kept);
    value = D::choose(D::greater(lowest, n), zero, value);
    const auto infinite = D::set(std::numeric_limits<double>::infinity());
    value = D::choose(D::greater(n, highest), infinite, value);
    value = D::choose(D::equal(x, zero), zero, value);
    value = D::choose(D::greater(infinite, x), value, x);  // inf, and a NaN
    return D::choose(D::greater(zero, x), D::set(std::numeric_limits<double>::quiet_NaN()), value);
}

}  // namespace crossent::CROSSENT_UNIT

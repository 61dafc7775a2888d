// One vector of sigmoid elements: loss and slope. See sigmoid.hpp for the formulas.
#pragma once

#include "digits.hpp"
#include "exp.hpp"
#include "shape.hpp"

namespace crossent::CROSSENT_UNIT {

// What an element starts from: its logit, its masses, and what its slope is multiplied by.
template <class T>
struct Element {
    typename Vec<T>::type z, one, nought, factor;
};

template <class T>
struct Found {
    typename Vec<T>::type loss, slope;
};

// The masses as seen from the larger of (z, 0).
template <class T>
struct Sides {
    using V = Vec<T>;
    typename V::mask up;
    typename V::type side, own, mass;
    explicit Sides(const Element<T>& x)
        : up(V::greater(x.z, V::set(T(0)))), side(V::choose(up, x.nought, x.one)),
          own(V::choose(up, x.one, x.nought)), mass(V::add(x.one, x.nought)) {}
    // 0 where nothing counts: whatever the logit is
    Found<T> finished(const Element<T>& x, typename V::type loss, typename V::type share,
                      typename V::type factor) const {
        const auto zero = V::set(T(0));
        const auto empty = V::equal(mass, zero);
        const auto unused = V::either(empty, V::equal(x.factor, zero));
        const auto by = V::choose(up, factor, V::sub(zero, factor));
        return {V::zero_where(empty, loss), V::zero_where(unused, V::mul(share, by))};
    }
};

// In float, for r = e^-|z| normal. `left` becomes side - own r.
inline Found<float> narrow(const Element<float>& x, Vec<float>::type size, Vec<float>::type r,
                           Vec<float>::type& left) {
    using F = Vec<float>;
    const Sides<float> at(x);
    left = F::fnma(at.own, r, at.side);
    const auto gap = F::zero_where(F::equal(at.side, F::set(0.0f)), F::mul(at.side, size));
    const auto loss = F::fma(at.mass, log1p_unit(r), gap);
    return at.finished(x, loss, F::div(left, F::add(F::set(1.0f), r)), x.factor);
}

// r = e^x for x in [-87, 0], and what it lost in rounding.
inline void exp_with_rest(Vec<float>::type x, Vec<float>::type& r, Vec<float>::type& lost) {
    using F = Vec<float>;
    using Table = ExpTable<float>;
    const auto whole = F::set(1.0f);
    const auto kept = F::max(F::set(Table::lowest), x);
    const auto shifted = F::fma(kept, F::set(Table::log2e), F::set(Table::whole));
    const auto n = F::sub(shifted, F::set(Table::whole));
    auto f = F::fnma(n, F::set(Table::ln2_high), kept);
    f = F::fnma(n, F::set(Table::ln2_low), f);
    auto p = F::set(Table::p[0]);
    for (int i = 1; i < Table::terms; ++i) p = F::fma(p, f, F::set(Table::p[i]));
    p = F::fma(p, f, whole);
    const auto e = F::fma(p, f, whole), low = F::fma(p, f, F::sub(whole, e));
    r = F::scaled(e, shifted, n);
    lost = F::scaled(low, shifted, n);
}

// The focal loss of gamma 2 in float, for targets that are 0 or 1 and r^3 normal:
// mass u^2 c and mass u^2 (u + 2 c p), with u = 1 - p either r / (1 + r) or 1 / (1 + r), and p the
// other. What r and u lost in rounding is carried along: the powers would lose it three times.
inline Found<float> narrow_focal(const Element<float>& x, Vec<float>::type size,
                                 Vec<float>::type r, Vec<float>::type lost) {
    using F = Vec<float>;
    const auto zero = F::set(0.0f), whole = F::set(1.0f);
    const Sides<float> at(x);
    const auto right = F::equal(at.side, zero);
    const auto below = F::add(whole, r), near = F::div(whole, below), far = F::mul(r, near);
    const auto lost_below = F::add(F::sub(r, F::sub(below, whole)), lost);
    const auto u = F::choose(right, far, near), p = F::choose(right, near, far);
    auto rest = F::fnma(u, below, F::choose(right, r, whole));
    rest = F::fnma(u, lost_below, F::choose(right, F::add(rest, lost), rest));
    const auto low = F::mul(rest, near), twice = F::add(u, F::add(low, low));
    const auto log = F::fma(lost, near, log1p_unit(r));
    const auto c = F::choose(right, log, F::add(log, size));
    const auto loss = F::mul(F::mul(u, c), F::mul(twice, at.mass));
    const auto bent = F::mul(u, F::fma(F::add(c, c), p, u));
    const auto share = F::mul(bent, F::mul(F::add(twice, low), at.mass));
    return at.finished(x, loss, F::choose(right, F::sub(zero, share), share), x.factor);
}

// In double, for any shape.
template <class Digits>
class Wide {
    const Shape& shape_;
    const bool plain_;
    static constexpr bool exact = std::is_same_v<Digits, AllDigits>;  // the result stays double

   public:
    explicit Wide(const Shape& shape) : shape_(shape), plain_(is_plain(shape)) {}

    __attribute__((always_inline)) Found<double> of(const Element<double>& x) const {
        const Risen seen = seen_from(x.z);
        return element(x, seen, Digits::log1p(seen.exp));
    }

    // Two vectors, step by step for both: so their chains overlap.
    void of_both(const Element<double>* x, Found<double>* found) const {
        const Risen seen[2] = {seen_from(x[0].z), seen_from(x[1].z)};
        const D::type logs[2] = {Digits::log1p(seen[0].exp), Digits::log1p(seen[1].exp)};
        for (int k = 0; k < 2; ++k) found[k] = by_itself(x[k], seen[k], logs[k]);
    }

   private:
    static Risen seen_from(D::type z) {
        return risen_of<Digits>(D::sub(D::set(0.0), magnitude<double>(z)));
    }

    Found<double> by_itself(const Element<double>& x, const Risen& seen, D::type log) const {
        return element(x, seen, log);
    }

    __attribute__((always_inline)) Found<double> element(const Element<double>& x,
                                                         const Risen& seen, D::type log) const {
        const auto zero = D::set(0.0), whole = D::set(1.0);
        const auto size = magnitude<double>(x.z), r = seen.exp, risen = seen.risen;
        const Sides<double> at(x);
        const auto below = D::add(whole, r);
        const auto right = D::equal(at.side, zero);
        // side - own r, with its digits also where r is next to 1 and the masses are equal
        const auto left = D::choose(D::greater(D::set(half), risen),
                                    D::fma(at.own, risen, D::sub(at.side, at.own)),
                                    D::fnma(at.own, r, at.side));
        if (plain_) {
            const auto gap = D::zero_where(right, D::mul(at.side, size));
            return at.finished(x, D::fma(at.mass, log, gap), D::div(left, below), x.factor);
        }
        // c = log(1 + r) + g with g = side |z| / mass, and e^-c = e^-g / (1 + r)
        Risen far{D::choose(right, whole, r), D::zero_where(right, risen)};
        auto g = D::zero_where(right, size);
        const auto soft = D::greater(D::min(x.one, x.nought), zero);
        if (D::any(soft)) {
            g = D::choose(soft, D::div(D::mul(at.side, size), at.mass), g);
            const auto part = risen_of<Digits>(D::sub(zero, g));
            far.exp = D::choose(soft, part.exp, far.exp);
            far.risen = D::choose(soft, part.risen, far.risen);
        }
        D::type value, by;
        shaped(D::add(log, g), r, far, value, by);
        return at.finished(x, D::mul(at.mass, value), D::div(left, below), D::mul(x.factor, by));
    }

    // phi and its derivative at c, where e^-c is far.exp / (1 + r).
    void shaped(D::type c, D::type r, const Risen& far, D::type& value, D::type& by) const {
        const Shape& shape = shape_;
        const auto zero = D::set(0.0), whole = D::set(1.0);
        const auto below = D::add(whole, r), above = D::add(r, far.risen);
        const auto p = D::div(far.exp, below), u = D::div(above, below);  // u = 1 - p
        if (shape.gamma != 0.0) {
            // u^gamma c and u^gamma (1 + gamma c p / u), with one power of u in the brackets
            const auto none = D::equal(c, zero);
            auto power = power_of(u, shape.gamma - 1.0), last = u;
            if constexpr (exact) {  // what u lost in rounding, the power would lose gamma times
                const auto back = D::sub(above, r);
                const auto lost_above =
                    D::add(D::sub(r, D::sub(above, back)), D::sub(far.risen, back));
                const auto lost_below = D::sub(r, D::sub(below, whole));
                const auto rest =
                    D::fnma(u, lost_below, D::add(D::fnma(u, below, above), lost_above));
                const auto lost = D::div(rest, above);  // as a part of u
                power = D::fma(power, D::mul(D::set(shape.gamma - 1.0), lost), power);
                last = D::fma(u, lost, u);
            }
            const auto brought = D::zero_where(D::equal(p, zero), D::mul(c, p));
            value = D::zero_where(none, D::mul(D::mul(power, last), c));
            by = D::zero_where(none, D::mul(power, D::fma(D::set(shape.gamma), brought, last)));
        } else if (shape.poly_epsilon != 0.0) {
            const auto eps = D::set(shape.poly_epsilon), rest = D::set(1.0 + shape.poly_epsilon);
            const auto near = D::greater(D::set(half), c);
            value = D::fma(eps, u, c);
            if (shape.poly_epsilon < -0.5) {  // c - u is c^2 / 2 for small c
                auto curved = zero;
                for (double term : poly_series) curved = D::fma(curved, c, D::set(term));
                curved = D::mul(D::mul(curved, c), c);
                value = D::choose(near, D::fnma(eps, curved, D::mul(rest, c)), value);
            }
            by = D::choose(near, D::fnma(eps, u, rest), D::fma(eps, p, whole));
        } else {
            const auto part = risen_of<Digits>(D::mul(D::set(-shape.generalised), c));
            value = D::div(part.risen, D::set(shape.generalised));
            by = part.exp;
        }
    }

    static D::type power_of(D::type u, double power) {
        constexpr double most = 16.0;
        if (power < 0.0 || power > most || power != std::floor(power)) return Digits::pow(u, power);
        auto value = D::set(1.0), square = u;
        for (int left = int(power); left != 0; left >>= 1) {
            if (left & 1) value = D::mul(value, square);
            square = D::mul(square, square);
        }
        return value;
    }
};

}  // namespace crossent::CROSSENT_UNIT

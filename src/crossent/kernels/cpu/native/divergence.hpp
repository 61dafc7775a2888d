// Sums over rows of the terms of core/divergence.py, computed in double whatever the type.
#pragma once

#include <limits>

#include "exp.hpp"
#include "log.hpp"
#include "power.hpp"
#include "sum.hpp"
#include "threads.hpp"

namespace crossent::CROSSENT_UNIT {

using D = Vec<double>;
using Doubles = D::type;

// (atanh(s) / s - 1) / s^2 in powers of s^2 up to s = 1/2, as in core/divergence.py.
constexpr double curve[14] = {
    0.21098097885975797, -0.14450491183414468, 0.13557903913692299, 0.012292448728540531,
    0.05441915418234587, 0.05160769881147162,  0.05893099692590042, 0.06665886352701884,
    0.07692345940270638, 0.09090907881509189,  0.11111111133938968, 0.14285714285490106,
    0.20000000000000864, 0.3333333333333333};
// (e^y - 1 - y) / y^2 in powers of y for |y| <= 1, as in core/divergence.py.
constexpr double growth[14] = {
    7.746178593018827e-13, 1.1639194124150522e-11, 1.6057679623801638e-10, 2.0874435575864273e-09,
    2.5052117695907823e-08, 2.755733506893373e-07, 2.7557319191381816e-06, 2.4801587246096818e-05,
    0.00019841269841324198, 0.0013888888888981404, 0.008333333333333299, 0.04166666666666609,
    0.16666666666666666, 0.5};
constexpr double root_scale = 0x1p30;
constexpr double least = 0x1p-126, log_least = -87.33654475055310898657;  // of slopes at 0
constexpr double smallest = DBL_MIN, lift = 0x1p64, lift_log = 44.3614195558365;
constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

// log(x) of any x > 0, subnormal ones too; -inf at 0, NaN below.
inline Doubles log_any(Doubles x) {
    const auto small = D::greater(D::set(smallest), x);
    if (!D::any(small)) return log_of(x);
    const auto lifted = log_of(D::choose(small, D::mul(x, D::set(lift)), x));
    auto value = D::choose(small, D::sub(lifted, D::set(lift_log)), lifted);
    value = D::choose(D::equal(x, D::set(0.0)), D::set(-infinite), value);
    return D::choose(D::greater(D::set(0.0), x), D::set(nothing), value);
}

// At 0 the logarithm of `least`.
inline Doubles log_safe(Doubles x) {
    return log_any(D::choose(D::equal(x, D::set(0.0)), D::set(least), x));
}

inline Doubles absolute(Doubles x) { return D::max(D::sub(D::set(0.0), x), x); }

// e^y of any y, inf and NaN too. From 709.43 on exp_of's 2^1024 is none, where it is made of bits.
inline Doubles exp_any(Doubles y) {
    const auto large = D::greater(y, D::set(709.0));
    if (!D::any(large)) return exp_of<double>(y);
    const auto capped = D::min(D::set(700.0), D::sub(y, D::set(lift_log)));
    const auto lifted = D::mul(exp_of<double>(capped), D::set(lift));
    return D::choose(large, lifted, exp_of<double>(y));
}

// e^y - 1 - y
inline Doubles excess(Doubles y) {
    const auto square = D::mul(y, y);
    const auto near = D::mul(square, polynomial<double>(growth, y, square));
    const auto large = D::greater(square, D::set(1.0));
    if (!D::any(large)) return near;
    return D::choose(large, D::sub(D::sub(exp_any(y), D::set(1.0)), y), near);
}

inline Doubles expm1_of(Doubles y) {
    const auto near = D::add(y, excess(y));
    const auto large = D::greater(D::mul(y, y), D::set(1.0));
    if (!D::any(large)) return near;
    return D::choose(large, D::sub(exp_any(y), D::set(1.0)), near);
}

// What p and q have in common for every term of their quotient; see core/divergence.py.
struct Quotient {
    Doubles p, q, difference, s, bend;
    D::mask far;
    Doubles log = D::set(0.0);  // of p / q where they are far; at p = 0 that of a smallest quotient

    Quotient(Doubles p, Doubles q, Doubles difference) : p(p), q(q), difference(difference) {
        const auto zero = D::set(0.0), one = D::set(1.0);
        const auto total = D::add(p, q);
        s = D::div(difference, D::choose(D::equal(total, zero), one, total));
        const auto square = D::mul(s, s);
        far = D::greater(square, D::set(0.25));
        bend = polynomial<double>(curve, square, D::mul(square, square));
        if (!D::any(far)) return;
        // A quotient beyond the largest number is one of a subnormal q; one below the smallest,
        // of a p that counts for nothing beside its q.
        const auto above = D::choose(far, p, one), below = D::choose(far, q, one);
        const auto high = D::choose(D::greater(above, D::set(4.0 * smallest)), D::set(lift), one);
        const auto up = D::choose(D::greater(D::set(smallest), below), high, one);
        const auto quotient = D::max(D::div(above, D::mul(below, up)), D::set(smallest));
        log = D::add(log_of(quotient), D::choose(D::equal(up, one), zero, D::set(lift_log)));
    }
    // p log(p / q) - p + q
    Doubles kl() const {
        const auto zero = D::set(0.0), one = D::set(1.0);
        const auto bent = D::fma(D::mul(s, D::add(one, s)), bend, one);
        const auto beside = D::mul(D::mul(difference, s), bent);
        if (!D::any(far)) return beside;
        auto apart = D::sub(D::choose(D::equal(p, zero), zero, D::mul(p, log)), difference);
        apart = D::choose(D::equal(q, zero), D::set(infinite), apart);
        return D::choose(far, apart, beside);
    }
    // log(p / q), at p = 0 that of `least`, and meaningless at q = 0
    Doubles ratio() const {
        const auto cubed = D::mul(D::mul(s, s), D::mul(s, bend));
        const auto near = D::mul(D::set(2.0), D::add(s, cubed));
        if (!D::any(far)) return near;
        const auto apart = D::choose(D::equal(p, D::set(0.0)), D::set(log_least), log);
        return D::choose(far, apart, near);
    }
};

template <Term term>
inline Doubles term_of(Doubles p, Doubles q, double order) {
    const auto zero = D::set(0.0), half = D::set(0.5);
    if constexpr (term == Term::mass) {
        return D::choose(D::greater(zero, p), D::set(nothing), p);
    } else if constexpr (term == Term::entropy) {
        const auto value = D::mul(p, D::sub(zero, log_any(p)));
        return D::choose(D::equal(p, zero), zero, value);
    } else if constexpr (term == Term::cross_entropy) {
        const auto none = D::equal(q, zero);
        const auto within = D::choose(none, D::set(1.0), q);
        const auto outside = D::choose(D::equal(p, zero), zero, D::set(infinite));
        return D::choose(none, D::mul(p, outside), D::mul(p, D::sub(zero, log_any(within))));
    } else if constexpr (term == Term::kl) {
        return Quotient(p, q, D::sub(p, q)).kl();
    } else if constexpr (term == Term::js) {
        const auto scale = D::set(root_scale * root_scale);
        p = D::mul(p, scale), q = D::mul(q, scale);
        const auto middle = D::add(D::mul(half, p), D::mul(half, q));
        const auto apart = D::mul(half, D::sub(p, q));
        const auto first = Quotient(p, middle, apart);
        const auto second = Quotient(q, middle, D::sub(zero, apart));
        return D::mul(half, D::add(first.kl(), second.kl()));
    } else if constexpr (term == Term::hellinger) {
        const auto roots = D::add(D::sqrt(p), D::sqrt(q));
        const auto safe = D::choose(D::equal(roots, zero), D::set(1.0), roots);
        const auto apart = D::mul(D::sub(p, q), D::div(D::set(root_scale), safe));
        return D::mul(apart, apart);
    } else if constexpr (term == Term::affinity) {
        return D::mul(D::sqrt(p), D::sqrt(q));
    } else if constexpr (term == Term::variation) {
        return absolute(D::sub(p, q));
    } else if constexpr (term == Term::chi_square) {
        const auto apart = D::sub(p, q);
        const auto none = D::equal(q, zero);
        const auto part = D::div(apart, D::choose(none, D::set(1.0), q));
        const auto value = D::mul(apart, D::choose(none, D::set(infinite), part));
        return D::choose(D::equal(apart, zero), zero, value);
    } else if constexpr (term == Term::spread) {
        return D::mul(p, D::sub(D::set(1.0), p));
    } else if constexpr (term == Term::square) {
        return D::mul(p, p);
    } else if constexpr (term == Term::order_excess || term == Term::order_power) {
        const auto power = power_of(p, order);
        if constexpr (term == Term::order_power) return power;
        const auto exponent = D::mul(D::set(order - 1.0), log_safe(p));
        const auto far = D::greater(D::mul(exponent, exponent), D::set(1.0));
        return D::choose(far, D::sub(power, p), D::mul(p, expm1_of(exponent)));
    } else {
        const auto none = D::equal(q, zero);
        const Quotient pair(p, D::choose(none, p, q), D::choose(none, zero, D::sub(p, q)));
        const auto exponent = D::mul(D::set(order - 1.0), pair.ratio());
        Doubles value;
        double outside = 0.0;  // what p q^(1 - order) is, over p, where q is 0
        if constexpr (term == Term::renyi_power) {
            value = D::mul(p, exp_any(exponent));
            if (order > 1.0) outside = infinite;
        } else {
            const auto linear = D::mul(D::set(order - 1.0), pair.kl());
            const auto curved = D::mul(p, excess(exponent));
            value = D::add(linear, D::choose(D::equal(p, zero), zero, curved));
            const auto far = D::greater(D::mul(exponent, exponent), D::set(1.0));
            if (order < 1.0 && D::any(far)) {  // they would cancel
                const auto power = D::mul(p, D::sub(exp_any(exponent), D::set(order)));
                value = D::choose(far, D::sub(power, D::mul(D::set(1.0 - order), q)), value);
            }
            outside = order > 1.0 ? infinite : -order;
        }
        const auto beyond = D::choose(D::equal(p, zero), zero, D::mul(p, D::set(outside)));
        return D::choose(none, beyond, value);
    }
}

// a + b; what rounding takes of it is added to `lost`.
inline double add_keeping(double a, double b, double& lost) {
    const double sum = a + b, back = sum - a;
    lost += (a - (sum - back)) + (b - back);
    return sum;
}

// The sum of `count` doubles: compensated where they are many.
inline double sum_of(const double* values, int64_t count) {
    if (count > 64) {
        Sum<double> sum;
        int64_t i = 0;
        for (; i + D::width <= count; i += D::width) sum.add(D::load(values + i));
        if (i < count) sum.add(load_some<double>(values + i, count - i, 0.0));
        return sum.total();
    }
    auto sum = D::set(0.0);
    int64_t i = 0;
    for (; i + D::width <= count; i += D::width) sum = D::add(sum, D::load(values + i));
    if (i < count) sum = D::add(sum, load_some<double>(values + i, count - i, 0.0));
    return D::total(sum);
}

template <class In>
inline const In* row_at(const Logits& array, int64_t row) {
    return static_cast<const In*>(array.data) + row * array.stride;
}

// work(from, to) for runs of rows, of about so many elements each.
template <class Work>
inline void for_each_run(const DivergenceTask& task, int64_t elements, Work work) {
    const int64_t rows = task.p.rows, classes = task.p.classes;
    const int64_t height = classes < elements ? elements / (classes > 0 ? classes : 1) : 1;
    auto part = [&](int64_t number) {
        const int64_t from = number * height;
        work(from, from + height < rows ? from + height : rows);
    };
    for_each_part((rows + height - 1) / height, task.threads, part);
}

template <class In>
class Divergence {
    static constexpr int64_t chunk = 1024;         // terms that are kept before they are summed
    static constexpr int width = sizeof(In) == 8 ? D::width : Vec<float>::width;
    const DivergenceTask& task_;

    template <Term term>
    void store(double* to, Doubles p, Doubles q) const {
        D::store(to, term_of<term>(p, q, task_.order));
    }

    // Terms of `count` elements that lie side by side, up to a whole number of vectors.
    template <Term term>
    void terms(const In* p, const In* q, int64_t count, double* to) const {
        for (int64_t i = 0; i < count; i += width) {
            const bool whole = i + width <= count;
            if constexpr (sizeof(In) == 8) {
                const auto a = whole ? D::load(p + i) : load_some<double>(p + i, count - i, 0.0);
                const auto b = whole ? D::load(q + i) : load_some<double>(q + i, count - i, 0.0);
                store<term>(to + i, a, b);
            } else {
                using V = Vec<float>;
                const auto a = whole ? V::load(p + i) : load_some<float>(p + i, count - i, 0.0f);
                const auto b = whole ? V::load(q + i) : load_some<float>(q + i, count - i, 0.0f);
                Doubles a_low, a_high, b_low, b_high;
                V::widen(a, a_low, a_high);
                V::widen(b, b_low, b_high);
                store<term>(to + i, a_low, b_low);
                store<term>(to + i + D::width, a_high, b_high);
            }
        }
    }

    // Rows that lie one after the other in both arrays, several to a chunk.
    template <Term term>
    void short_rows(int64_t from, int64_t to) const {
        const int64_t classes = task_.p.classes, several = chunk / classes;
        double kept[chunk];
        for (int64_t row = from; row < to; row += several) {
            const int64_t rows = row + several < to ? several : to - row;
            terms<term>(row_at<In>(task_.p, row), row_at<In>(task_.q, row), rows * classes, kept);
            for (int64_t i = 0; i < rows; ++i) {
                task_.sums[row + i] = sum_of(kept + i * classes, classes);
            }
        }
    }

    template <Term term>
    void any_row(int64_t row) const {
        const int64_t classes = task_.p.classes;
        const In *p = row_at<In>(task_.p, row), *q = row_at<In>(task_.q, row);
        double kept[chunk];
        double sum = 0.0, lost = 0.0;
        for (int64_t from = 0; from < classes; from += chunk) {
            const int64_t count = from + chunk < classes ? chunk : classes - from;
            terms<term>(p + from, q + from, count, kept);
            sum = add_keeping(sum, sum_of(kept, count), lost);
        }
        task_.sums[row] = lost == lost ? sum + lost : sum;
    }

   public:
    explicit Divergence(const DivergenceTask& task) : task_(task) {}

    template <Term term>
    void run() const {
        const int64_t classes = task_.p.classes;
        const bool dense = task_.p.stride == classes && task_.q.stride == classes;
        for_each_run(task_, 1 << 15, [&](int64_t from, int64_t to) {
            if (dense && classes > 0 && classes <= chunk) return short_rows<term>(from, to);
            for (int64_t row = from; row < to; ++row) any_row<term>(row);
        });
    }
};

}  // namespace crossent::CROSSENT_UNIT

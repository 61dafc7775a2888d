// Slopes of the sums of divergence.hpp and logit_divergence.hpp, times what comes from above: the
// formulas of `slopes` in core/divergence.py and of `kl_slopes` in core/logit_divergence.py.
#pragma once

#include "logit_divergence.hpp"
#include "transport.hpp"

namespace crossent::CROSSENT_UNIT {

struct Slopes {
    Doubles p, q;
};

inline Doubles at_least(Doubles x) {
    return D::choose(D::equal(x, D::set(0.0)), D::set(least), x);
}

inline Doubles log_ratio(Doubles p, Doubles q) { return Quotient(p, q, D::sub(p, q)).ratio(); }

template <Term term>
inline Slopes slope_of(Doubles p, Doubles q, double order) {
    const auto zero = D::set(0.0), one = D::set(1.0), two = D::set(2.0), half = D::set(0.5);
    const auto scale = D::set(root_scale * root_scale);
    const auto gone = D::set(-1e4);  // the exponent of a power that is 0 in the limit
    if constexpr (term == Term::entropy) {
        const auto there = D::choose(D::equal(p, zero), zero, D::set(-1.0));
        return {D::sub(there, log_safe(p)), zero};
    } else if constexpr (term == Term::cross_entropy) {
        return {D::sub(zero, log_safe(q)), D::div(D::sub(zero, p), at_least(q))};
    } else if constexpr (term == Term::kl) {
        const auto over = at_least(q);
        return {log_ratio(p, over), D::div(D::sub(q, p), over)};
    } else if constexpr (term == Term::js) {
        const auto middle = D::add(D::mul(half, p), D::mul(half, q)), by = D::mul(half, scale);
        return {D::mul(by, log_ratio(p, middle)), D::mul(by, log_ratio(q, middle))};
    } else if constexpr (term == Term::hellinger || term == Term::affinity) {
        const auto a = D::sqrt(at_least(p)), b = D::sqrt(at_least(q));
        if constexpr (term == Term::affinity) {
            return {D::div(D::mul(half, b), a), D::div(D::mul(half, a), b)};
        }
        const auto apart = D::mul(scale, D::div(D::sub(p, q), D::add(a, b)));
        return {D::div(apart, a), D::sub(zero, D::div(apart, b))};
    } else if constexpr (term == Term::variation) {
        const auto under = D::choose(D::greater(q, p), D::set(-1.0), zero);
        const auto sign = D::choose(D::greater(p, q), one, under);
        return {sign, D::sub(zero, sign)};
    } else if constexpr (term == Term::chi_square) {
        const auto part = D::div(D::sub(p, q), at_least(q));
        return {D::mul(two, part), D::sub(zero, D::mul(part, D::add(part, two)))};
    } else if constexpr (term == Term::spread) {
        return {D::sub(one, D::mul(two, p)), zero};
    } else if constexpr (term == Term::square) {
        return {D::mul(two, p), zero};
    } else if constexpr (term == Term::order_excess || term == Term::order_power) {
        auto exponent = D::mul(D::set(order - 1.0), log_safe(p));
        if (order > 1.0) exponent = D::choose(D::equal(p, zero), gone, exponent);
        const auto slope = D::mul(D::set(order), exp_any(exponent));
        return {term == Term::order_power ? slope : D::sub(slope, one), zero};
    } else if constexpr (term == Term::renyi_excess || term == Term::renyi_power) {
        const auto ratio = log_ratio(p, at_least(q));
        const auto none = D::equal(p, zero), without = order > 1.0 ? none : D::equal(q, zero);
        const auto by_p = D::choose(without, gone, D::mul(D::set(order - 1.0), ratio));
        const auto by_q = D::choose(none, gone, D::mul(D::set(order), ratio));
        auto raised = [](Doubles y) {
            return term == Term::renyi_power ? exp_any(y) : expm1_of(y);
        };
        return {D::mul(D::set(order), raised(by_p)), D::mul(D::set(1.0 - order), raised(by_q))};
    } else {
        return {one, zero};
    }
}

template <class In>
class DivergenceSlopes {
    static constexpr int64_t chunk = 512;
    const DivergenceTask& task_;

    void read(const Logits& array, int64_t row, int64_t from, int64_t count, double* to) const {
        const In* values = row_at<In>(array, row) + from;
        for (int64_t i = 0; i < count; ++i) to[i] = double(widen(values[i]));
    }
    // Of the classes `from` on of a row: `slopes` times what comes from above.
    void write(void* slopes, int64_t row, int64_t from, int64_t count, const double* values) const {
        if (slopes == nullptr) return;
        In* to = static_cast<In*>(slopes) + row * task_.p.classes + from;
        const double upstream = task_.upstream[row];
        if (upstream == 0.0) {  // a slope may be inf
            for (int64_t i = 0; i < count; ++i) to[i] = narrowed<In>(0.0);
            return;
        }
        for (int64_t i = 0; i < count; ++i) to[i] = narrowed<In>(upstream * values[i]);
    }

   public:
    explicit DivergenceSlopes(const DivergenceTask& task) : task_(task) {}

    template <Term term>
    void run() const {
        const int64_t classes = task_.p.classes;
        if (classes == 0) return;
        const int64_t several = classes < chunk ? chunk / classes : 1;
        for_each_run(task_, 1 << 14, [&](int64_t first, int64_t end) {
            double p[chunk + D::width], q[chunk + D::width];
            for (int64_t row = first; row < end; row += several) {
                const int64_t here = row + several < end ? several : end - row;
                for (int64_t from = 0; from < classes; from += chunk) {
                    const int64_t count = from + chunk < classes ? chunk : classes - from;
                    for (int64_t i = 0; i < here; ++i) {
                        read(task_.p, row + i, from, count, p + i * count);
                        read(task_.q, row + i, from, count, q + i * count);
                    }
                    const int64_t all = here * count;
                    for (int64_t i = all; i < all + D::width; ++i) p[i] = q[i] = 1.0;
                    for (int64_t i = 0; i < all; i += D::width) {
                        const auto slopes =
                            slope_of<term>(D::load(p + i), D::load(q + i), task_.order);
                        D::store(p + i, slopes.p);
                        D::store(q + i, slopes.q);
                    }
                    for (int64_t i = 0; i < here; ++i) {
                        write(task_.slopes_p, row + i, from, count, p + i * count);
                        write(task_.slopes_q, row + i, from, count, q + i * count);
                    }
                }
            }
        });
    }

    // p (log(p / q) - KL) in the logits of p, q - p in those of q
    void run_softmax_kl() const {
        const int64_t classes = task_.p.classes;
        if (classes == 0) return;
        for_each_run(task_, 1 << 12, [&](int64_t first, int64_t end) {
            SoftmaxRow a, b;
            Buffer<double> by_a, by_b;
            for (int64_t row = first; row < end; ++row) {
                a.read(row_at<In>(task_.p, row), classes);
                b.read(row_at<In>(task_.q, row), classes);
                by_a.reserve(a.padded());
                by_b.reserve(a.padded());
                slopes_of(a, b, by_a.data(), by_b.data());
                write(task_.slopes_p, row, 0, classes, by_a.data());
                write(task_.slopes_q, row, 0, classes, by_b.data());
            }
        });
    }

    // Mass at a place passes every gap from there on: the sum of their signs times gaps.
    void run_carried() const {
        const int64_t classes = task_.p.classes;
        if (classes == 0) return;
        for_each_run(task_, 1 << 14, [&](int64_t first, int64_t end) {
            Buffer<double> ways;
            ways.reserve(classes);
            for (int64_t row = first; row < end; ++row) {
                const In *p = row_at<In>(task_.p, row), *q = row_at<In>(task_.q, row);
                double passing = 0.0, lost = 0.0;
                for (int64_t i = 0; i + 1 < classes; ++i) {
                    const double x = double(widen(p[i])), y = double(widen(q[i]));
                    passing = add_keeping(passing, add_keeping(x, -y, lost), lost);
                    const double now = passing + lost;
                    const double gap = task_.gaps == nullptr ? 1.0 : task_.gaps[i];
                    ways[i] = now > 0.0 ? gap : now < 0.0 ? -gap : now == 0.0 ? 0.0 : now;
                }
                double left = 0.0;
                for (int64_t i = classes - 1; i >= 0; --i) {
                    if (i + 1 < classes) left += ways[i];
                    ways[i] = left;
                }
                write(task_.slopes_p, row, 0, classes, ways.data());
                for (int64_t i = 0; i < classes; ++i) ways[i] = -ways[i];
                write(task_.slopes_q, row, 0, classes, ways.data());
            }
        });
    }

   private:
    static void slopes_of(const SoftmaxRow& a, const SoftmaxRow& b, double* by_a, double* by_b) {
        const auto zero = D::set(0.0), none = D::set(-infinite);
        const bool known = a.is_softmax() && b.is_softmax();
        const double all_a = known ? 1.0 + a.rest : nothing, all_b = 1.0 + b.rest;
        const auto share_a = D::set(1.0 / all_a), share_b = D::set(1.0 / all_b);
        const auto shift = D::set(std::log(all_a) - std::log(all_b));
        Sum<double> sum;
        for (int64_t i = 0; i < a.padded(); i += D::width) {
            const auto gone_a = D::equal(a.logits(i), none), gone_b = D::equal(b.logits(i), none);
            const auto p = D::mul(a.powers(i), share_a), q = D::mul(b.powers(i), share_b);
            const auto below_b = D::choose(gone_b, D::choose(gone_a, zero, none), b.below(i));
            const auto below_a = D::choose(gone_a, zero, a.below(i));
            const auto u = D::sub(D::sub(below_a, below_b), shift);
            sum.add(D::choose(gone_a, zero, D::mul(p, u)));
            D::store(by_a + i, u);
            D::store(by_b + i, D::sub(q, p));
        }
        const auto mean = D::set(sum.total());
        for (int64_t i = 0; i < a.padded(); i += D::width) {
            const auto gone = D::equal(a.logits(i), none);
            const auto slope = D::mul(D::mul(a.powers(i), share_a), D::sub(D::load(by_a + i), mean));
            D::store(by_a + i, D::choose(gone, zero, slope));
        }
    }
};

}  // namespace crossent::CROSSENT_UNIT

// Entropy of a softmax row, and KL of one from another, from logits and in double: the formulas of
// core/row.py and core/logit_divergence.py. A class of -inf is gone.
#pragma once

#include <cmath>

#include "buffer.hpp"
#include "divergence.hpp"

namespace crossent::CROSSENT_UNIT {

// a - b, and what rounding took of it.
inline Doubles two_difference(Doubles a, Doubles b, Doubles& lost) {
    const auto apart = D::sub(a, b), part = D::sub(apart, a);
    lost = D::sub(D::sub(a, D::sub(apart, part)), D::add(b, part));
    return apart;
}

// One row of logits as doubles, filled up with -inf to whole vectors, and its softmax.
class SoftmaxRow {
    Buffer<double> z_, powers_;
    int64_t padded_ = 0;

   public:
    double top = 0.0;   // the maximum
    double rest = 0.0;  // the sum of the powers of all but one maximum; NaN of no softmax
    int64_t at = 0;     // of that one

    template <class In>
    void read(const In* from, int64_t classes) {
        padded_ = (classes + D::width - 1) / D::width * D::width;
        z_.reserve(padded_);
        powers_.reserve(padded_);
        double* z = z_.data();
        for (int64_t i = 0; i < classes; ++i) z[i] = double(widen(from[i]));
        for (int64_t i = classes; i < padded_; ++i) z[i] = -infinite;
        top = -infinite;
        at = 0;
        for (int64_t i = 0; i < classes; ++i) {
            if (z[i] > top) top = z[i], at = i;
        }
        rest = nothing;
        if (std::fabs(top) == infinite) return;  // no class is left, or one is infinite
        const auto most = D::set(top), zero = D::set(0.0);
        for (int64_t i = 0; i < padded_; i += D::width) {
            auto lost = zero;  // NaN where a class is gone
            const auto power = exp_of<double>(two_difference(D::load(z + i), most, lost));
            const auto whole = D::fma(power, lost, power);
            D::store(powers_.data() + i, D::choose(D::equal(power, zero), zero, whole));
        }
        powers_[at] = 0.0;
        rest = sum_of(powers_.data(), padded_);
        powers_[at] = 1.0;
    }
    bool is_softmax() const { return rest == rest; }
    int64_t padded() const { return padded_; }
    double logit(int64_t i) const { return z_[i]; }
    Doubles logits(int64_t i) const { return D::load(z_.data() + i); }
    Doubles powers(int64_t i) const { return D::load(powers_.data() + i); }
    // log softmax but for log(1 + rest)
    Doubles below(int64_t i) const {
        auto lost = D::set(0.0);
        const auto apart = two_difference(logits(i), D::set(top), lost);
        return D::add(apart, lost);
    }

    double entropy() const {
        if (!is_softmax()) return nothing;
        Sum<double> sum;
        const auto zero = D::set(0.0);
        for (int64_t i = 0; i < padded_; i += D::width) {
            const auto power = powers(i), term = D::mul(power, D::sub(zero, below(i)));
            sum.add(D::choose(D::equal(power, zero), zero, term));
        }
        return std::log1p(rest) + sum.total() / (1.0 + rest);
    }
};

inline double kl_of(const SoftmaxRow& a, const SoftmaxRow& b) {
    if (!a.is_softmax() || !b.is_softmax()) return nothing;
    const auto zero = D::set(0.0), one = D::set(1.0), none = D::set(-infinite);
    const auto most = D::set(600.0);  // e^600 is finite still
    const double all_a = 1.0 + a.rest, all_b = 1.0 + b.rest;
    const bool shares = a.logit(b.at) > -infinite;
    auto shared_lost = zero;
    const auto shared = two_difference(D::set(shares ? a.logit(b.at) : 0.0),
                                       D::set(shares ? b.logit(b.at) : 0.0), shared_lost);
    // what the logits differ by, beyond what they share; 0 where a class is gone
    auto apart = [&](int64_t i) {
        const auto x = a.logits(i), y = b.logits(i);
        const auto gone = D::either(D::equal(x, none), D::equal(y, none));
        auto lost = zero;
        const auto whole = two_difference(D::choose(gone, zero, x), D::choose(gone, zero, y), lost);
        return D::choose(gone, zero, D::add(D::sub(whole, shared), D::sub(lost, shared_lost)));
    };
    Sum<double> moves;
    bool far = false;  // beyond e^600 a q that underflowed would hide what has moved
    for (int64_t i = 0; i < a.padded(); i += D::width) {
        const auto v = apart(i);
        far = far || D::any(D::greater(v, most));
        const auto grown = expm1_of(D::min(v, most));
        const auto gone = D::equal(a.logits(i), none);
        moves.add(D::mul(b.powers(i), D::choose(gone, D::sub(zero, one), grown)));
    }
    const double moved = moves.total() / all_b;
    const bool near = !far && std::fabs(moved) < 0.5;
    const auto shift = D::set(near ? std::log1p(moved) : std::log(all_a) - std::log(all_b));
    const auto share_a = D::set(1.0 / all_a), share_b = D::set(1.0 / all_b);
    Sum<double> sum;
    for (int64_t i = 0; i < a.padded(); i += D::width) {
        const auto gone_a = D::equal(a.logits(i), none), gone_b = D::equal(b.logits(i), none);
        const auto p = D::mul(a.powers(i), share_a), q = D::mul(b.powers(i), share_b);
        const auto from = near ? apart(i) : D::sub(D::choose(gone_a, zero, a.below(i)),
                                                   D::choose(gone_b, zero, b.below(i)));
        const auto u = D::sub(from, shift);
        const auto large = D::greater(D::mul(u, u), one);
        const auto close = D::mul(p, excess(D::sub(zero, D::choose(large, zero, u))));
        auto term = D::choose(large, D::sub(D::mul(p, u), D::sub(p, q)), close);
        term = D::choose(gone_b, D::set(infinite), term);
        term = D::choose(gone_a, q, term);
        sum.add(term);
    }
    return sum.total();
}

template <class In>
inline void softmax_rows(const DivergenceTask& task) {
    for_each_run(task, 1 << 12, [&](int64_t from, int64_t to) {
        SoftmaxRow a, b;
        for (int64_t row = from; row < to; ++row) {
            a.read(row_at<In>(task.p, row), task.p.classes);
            if (task.term == Term::softmax_entropy) {
                task.sums[row] = a.entropy();
                continue;
            }
            b.read(row_at<In>(task.q, row), task.p.classes);
            task.sums[row] = kl_of(a, b);
        }
    });
}

}  // namespace crossent::CROSSENT_UNIT

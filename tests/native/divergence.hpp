// Sums of divergence terms: textbook formulas in long double, cases at random, and what must not
// make a difference.
#pragma once

#include "dense.hpp"

namespace reference {

// A sum, and what its error is a part of: the terms themselves where none of them cancels.
struct Total {
    real value = 0, size = 0, slack = 0;
    bool overflows = false;  // a quotient or its power does, whatever it is multiplied by
    void add(real term, real own) { value += term, size += own; }
    void add(real term) { add(term, std::fabs(term)); }
};

// p log(p / q) - p + q for p = q + d; of x = d / q next to 0 by Taylor: q sum (-x)^k / (k (k - 1)).
inline real kl(real p, real q, real d) {
    if (p == 0) return q;
    if (q == 0) return infinity;
    const real x = d / q;
    if (std::fabs(x) >= 0.5L) return p * std::log(p / q) - d;
    real power = x * x, sum = 0;
    for (int k = 2; k < 90 && power != 0; ++k, power *= -x) {
        const real before = sum;
        sum += power / (k * (k - 1));
        if (sum == before) break;
    }
    return q * sum;
}

// p^a q^(1-a) - a p - (1-a) q; of x = p / q - 1 next to 0: q sum over k >= 2 of (a over k) x^k.
inline void add_renyi_excess(Total& sum, real p, real q, real a) {
    const real x = q == 0 ? 1 : (p - q) / q;
    if (std::fabs(x) < 0.5L) {
        real term = x * x * a * (a - 1) / 2, series = 0;
        for (int k = 2; k < 200; ++k, term *= x * (a - k + 1) / k) {
            const real before = series;
            series += term;
            if (series == before && k > a) break;
        }
        return sum.add(q * series, q * std::fabs(series) * a);
    }
    const real power = p == 0 ? 0 : q == 0 ? (a > 1 ? infinity : 0) : std::pow(p, a) * std::pow(q, 1 - a);
    const real lost = p == 0 || q == 0 ? 0 : (a - 1) * std::log(p / q);
    sum.overflows = sum.overflows || lost > 709.7L;
    sum.add(power - a * p - (1 - a) * q, power * (1 + std::fabs(lost)) + a * p + std::fabs(1 - a) * q);
}

inline void add_term(Total& sum, crossent::Term term, real a, real p, real q) {
    using crossent::Term;
    const real log_p = p == 0 ? 0 : std::log(p), scale = 0x1p60L;
    switch (term) {
        case Term::mass: return sum.add(p < 0 ? not_a_number : p);
        case Term::entropy: return sum.add(times(p, -log_p));
        case Term::cross_entropy: return sum.add(p == 0 ? 0 : q == 0 ? infinity : -p * std::log(q));
        case Term::kl: return sum.add(kl(p, q, p - q));
        case Term::js: {
            const real m = (p + q) / 2, d = (p - q) / 2;
            return sum.add(scale * (kl(p, m, d) + kl(q, m, -d)) / 2);
        }
        case Term::hellinger: {
            const real roots = std::sqrt(p) + std::sqrt(q), apart = roots == 0 ? 0 : (p - q) / roots;
            return sum.add(scale * apart * apart);
        }
        case Term::affinity: return sum.add(std::sqrt(p * q));
        case Term::variation: return sum.add(std::fabs(p - q));
        case Term::chi_square:
            sum.overflows = sum.overflows || p > q * 1.7e308L;
            return sum.add(p == q ? 0 : q == 0 ? infinity : (p - q) * (p - q) / q);
        case Term::spread: return sum.add(p * (1 - p));
        case Term::square: return sum.add(p * p);
        case Term::order_excess: {
            const real y = (a - 1) * log_p, raised = times(p, std::expm1(y));
            return sum.add(raised, std::fabs(raised) + times(p, std::exp(y)) * std::fabs(y));
        }
        case Term::order_power:
            return sum.add(p == 0 ? 0 : std::pow(p, a), p == 0 ? 0 : std::pow(p, a) * (1 + std::fabs((a - 1) * log_p)));
        case Term::renyi_excess: return add_renyi_excess(sum, p, q, a);
        case Term::renyi_power: {
            const real none = a > 1 ? infinity : 0;
            const real power = p == 0 ? 0 : q == 0 ? none : std::pow(p, a) * std::pow(q, 1 - a);
            const real lost = p == 0 || q == 0 ? 0 : (a - 1) * std::log(p / q);
            sum.overflows = sum.overflows || lost > 709.7L;
            // of a quotient below the smallest normal one, core/divergence.py says, nothing counts
            if (a < 1 && p < q * 2.3e-308L) sum.slack += power;
            return sum.add(power, power * (1 + std::fabs(lost)));
        }
        default: return;
    }
}

// The entropy of a softmax row, log(1 + rest) + sum of p times how far its logit is from the top.
inline Total softmax_entropy(const std::vector<double>& z) {
    Total sum;
    const std::vector<real> none(z.size(), 0);
    const SoftmaxRow row(z.data(), none.data(), int64_t(z.size()));
    sum.add(row.bad || row.m == -infinity ? not_a_number : std::log1p(row.r) + row.h / (1 + row.r));
    return sum;
}

// a - b, and what rounding took of it.
inline real difference(real a, real b, real& lost) {
    const real apart = a - b, part = apart - a;
    lost = (a - (apart - part)) - (b + part);
    return apart;
}

// The sum of p (e^-u - 1 + u), u = log(p / q) = (a - b) - log(sum q e^(a - b)): what all classes
// share of a - b is taken off first, as in core/logit_divergence.py; long double alone has not the
// digits of a u next to 0.
inline Total softmax_kl(const std::vector<double>& a, const std::vector<double>& b) {
    const int64_t classes = int64_t(a.size());
    const std::vector<real> none(a.size(), 0);
    const SoftmaxRow p(a.data(), none.data(), classes), q(b.data(), none.data(), classes);
    Total sum;
    if (p.bad || q.bad || p.m == -infinity || q.m == -infinity) {
        sum.add(not_a_number);
        return sum;
    }
    const auto both = [&](int64_t j) { return real(a[size_t(j)]) != -infinity && real(b[size_t(j)]) != -infinity; };
    int64_t top = -1;
    for (int64_t j = 0; j < classes; ++j) {
        if (both(j) && (top < 0 || q.e[size_t(j)] > q.e[size_t(top)])) top = j;
    }
    const auto beyond = [&](int64_t j) {  // what they share; a - b alone may need more digits
        real lost = 0, lost_shared = 0;
        const real own = difference(a[size_t(j)], b[size_t(j)], lost);
        const real shared = difference(a[size_t(top)], b[size_t(top)], lost_shared);
        return (own - shared) + (lost - lost_shared);
    };
    real moved = 0, most = 0;
    for (int64_t j = 0; j < classes; ++j) {
        if (both(j)) most = std::fmax(most, beyond(j));
        moved += q.p(j) * (both(j) ? std::expm1(std::fmin(beyond(j), 9000.0L)) : -1);
    }
    const bool near = std::fabs(moved) < 0.5L && most < 9000;
    for (int64_t j = 0; j < classes; ++j) {
        const bool gone_a = real(a[size_t(j)]) == -infinity, gone_b = real(b[size_t(j)]) == -infinity;
        if (gone_a || gone_b) {
            sum.add(gone_a ? q.p(j) : infinity);
            continue;
        }
        const real far_a = real(a[size_t(j)]) - p.m, far_b = real(b[size_t(j)]) - q.m;
        const real v = beyond(j);
        const real u = near ? v - std::log1p(moved) : (far_a - std::log1p(p.r)) - (far_b - std::log1p(q.r));
        const real share = p.p(j), other = q.p(j), way = near ? std::fabs(v) : std::fabs(far_a) + std::fabs(far_b);
        if (std::fabs(u) >= 1) {
            const real parts = share * std::fabs(u) + share + other;
            sum.add(share * u - share + other, parts + std::fabs(share - other) * way);
            continue;
        }
        real term = u * u / 2, series = 0;
        for (int k = 2; k < 30; ++k, term *= -u / k) series += term;
        sum.add(share * series, share * (series + std::fabs(std::expm1(-u)) * way));
    }
    return sum;
}

// Sum of |cumulated p - q| times gaps; long double keeps 11 bits more than double of what cancels.
inline Total carried(const std::vector<double>& p, const std::vector<double>& q, const std::vector<double>& gaps) {
    Total sum;
    real passing = 0, parts = 0;
    for (size_t j = 0; j + 1 < p.size(); ++j) {
        passing += real(p[j]) - real(q[j]);
        parts += std::fabs(real(p[j]) - real(q[j]));
        const real gap = gaps.empty() ? 1 : real(gaps[j]);
        sum.add(std::fabs(passing) * gap, (std::fabs(passing) + 0x1p-10L * parts) * gap);
    }
    return sum;
}

}  // namespace reference

namespace fuzz {

// How many 2^-53 of its size (see `Total`) a sum may be off. The worst of 18000 cases on three
// instruction sets: renyi_excess 14.9, carried 2.3, the others 3.6 to 7.3.
inline double most_off(Term term) {
    return term == Term::renyi_excess ? 24.0 : term == Term::carried ? 4.0 : 12.0;
}

inline const char* name_of(Term term) {
    static const char* const names[] = {
        "mass", "entropy", "cross_entropy", "kl", "js", "hellinger", "affinity", "variation", "chi_square",
        "spread", "square", "order_excess", "order_power", "renyi_excess", "renyi_power",
        "softmax_entropy", "softmax_kl", "carried"};
    return names[int(term)];
}

class DivergenceCase {
    Random random_;
    int64_t rows_ = 0, classes_ = 0;
    RealGrid p_, q_;
    Term term_ = Term::mass;
    double order_ = 1.0;
    std::vector<double> gaps_;

    bool of_logits() const { return term_ == Term::softmax_entropy || term_ == Term::softmax_kl; }
    bool has_q() const {
        switch (term_) {
            case Term::mass: case Term::entropy: case Term::spread: case Term::square: case Term::order_excess:
            case Term::order_power: case Term::softmax_entropy: return false;
            default: return true;
        }
    }

    // The next number of the type, up or down.
    double beside(double x, Real type) {
        if (!std::isfinite(x)) return x;
        uint8_t bytes[8] = {};
        encode(type, x, bytes);
        uint64_t bits = 0;
        std::memcpy(&bits, bytes, size_of(type));
        if (x != 0.0 && random_.chance(50)) --bits; else ++bits;
        std::memcpy(bytes, &bits, size_of(type));
        return decoded(type, bytes);
    }

    void fill_probabilities(int64_t i) {
        const int64_t n = classes_;
        const int style = int(random_.range(0, 9)), pairs = int(random_.range(0, 7));
        const double most = p_.type == Real::f64 ? 323.0 : p_.type == Real::f16 ? 8.0 : 45.0;
        const auto drawn = [&] {
            if (style < 4) return -std::log(1.0 - random_.unit()) / double(n);
            if (style < 6) return random_.chance(50) ? 0.0 : random_.unit();
            if (style < 8) return std::pow(10.0, -most * random_.unit());
            return style == 8 ? random_.unit() : std::pow(10.0, -most) * double(random_.range(0, 99));  // subnormal
        };
        for (int64_t j = 0; j < n; ++j) {
            p_.set(i, j, drawn());
            const double p = p_.get(i, j);
            double q = drawn();
            if (pairs == 1) q = p;
            if (pairs == 2) q = beside(p, q_.type);
            if (pairs == 3) q = p * (1.0 + random_.of({1e-15, 1e-8, 1e-3, 0.1}) * random_.normal());
            if (pairs == 4) q = p * std::pow(3.0, random_.of({-1.0, 1.0}) * (1.0 + 1e-9 * random_.normal()));
            q_.set(i, j, std::abs(q));
        }
        const auto some = [&](RealGrid& grid, double x) {
            for (int64_t k = random_.of<int64_t>({1, 1, 2, 1 + n / 2}); k > 0; --k) grid.set(i, random_.range(0, n - 1), x);
        };
        if (random_.chance(8)) {  // all of p in one class
            for (int64_t j = 0; j < n; ++j) p_.set(i, j, 0.0);
            p_.set(i, random_.range(0, n - 1), 1.0);
        }
        if (random_.chance(10)) some(p_, random_.of({0.0, -0.0}));
        if (random_.chance(6)) some(q_, random_.of({0.0, -0.0}));
        const auto bad = [&] { return random_.of({nan, inf, -inf, -0.25, -1e-30, 3.0}); };
        if (random_.chance(4)) some(p_, bad());
        if (random_.chance(4)) some(q_, bad());
    }

    void fill_pair_of_logits(int64_t i) {
        fill_logits(random_, p_, i);
        fill_logits(random_, q_, i);
        const int pairs = int(random_.range(0, 5));
        if (pairs > 3) return;
        const double shift = random_.chance(50) ? 0.0 : random_.normal(), wide = random_.of({1e-12, 1e-6, 1e-2, 1.0});
        for (int64_t j = 0; j < classes_; ++j) {
            const double z = p_.get(i, j);
            q_.set(i, j, pairs == 0 ? beside(z, q_.type) : pairs == 1 ? z + shift : z + shift + wide * random_.normal());
        }
        if (random_.chance(10)) p_.set(i, random_.range(0, classes_ - 1), -inf);
    }

    std::vector<double> row_of(const RealGrid& grid, int64_t i) const {
        std::vector<double> row(size_t(classes_), 0.0);
        for (int64_t j = 0; j < classes_; ++j) row[size_t(j)] = grid.get(i, j);
        return row;
    }

   public:
    DivergenceCase(uint64_t seed, uint64_t number, int64_t elements) : random_(seed, number) {
        term_ = Term(random_.range(0, int(Term::carried)));
        order_ = random_.of({0.5, 0.6, 0.75, 0.9, 0.999, 1.0, 1.001, 1.3, 2.0, 3.0, 7.5});
        classes_ = random_.chance(60) ? random_.of<int64_t>({0, 1, 2, 7, 8, 9, 10, 63, 64, 65, 66, 1023, 1024, 1025, 1026, 3000})
                                      : random_.range(1, 200);
        rows_ = any_rows(random_, classes_, elements / 3);
        if (classes_ > 0 && random_.chance(2)) rows_ = 100000 / classes_;  // more than three parts
        const Real type = any_real(random_);
        const auto grid = [&] {
            const int64_t row = random_.chance(50) ? classes_ : row_stride(random_, classes_, 1);
            return RealGrid(random_, type, rows_, classes_, row, 1);
        };
        p_ = grid();
        q_ = grid();
        for (int64_t i = 0; i < rows_ && classes_ > 0; ++i) of_logits() ? fill_pair_of_logits(i) : fill_probabilities(i);
        if (term_ == Term::carried && classes_ > 1 && random_.chance(60)) {
            gaps_ = std::vector<double>(size_t(classes_ - 1), 0.0);
            for (double& gap : gaps_) gap = random_.of({0.0, 1.0, 1e3, 1e-3}) * random_.unit();
        }
    }

    Random& random() { return random_; }
    int64_t rows() const { return rows_; }
    uint64_t digest() const { return p_.memory.digest() * 31 + q_.memory.digest(); }

    std::string name() const {
        char text[256];
        std::snprintf(text, sizeof text, "%s of order %g, %s %lld x %lld, strides %lld and %lld%s", name_of(term_), order_,
                      fuzz::name_of(p_.type), (long long)rows_, (long long)classes_, (long long)p_.row,
                      (long long)(has_q() ? q_.row : p_.row), gaps_.empty() ? "" : ", gaps");
        return text;
    }

    DivergenceTask task(Memory& to, int64_t from, int64_t count, int threads) {
        DivergenceTask task;
        task.term = term_;
        task.order = order_;
        const auto rows_from = [&](const RealGrid& grid) {
            return Logits{grid.start() + from * grid.row * int64_t(grid.size), grid.type, count, classes_, grid.row};
        };
        task.p = rows_from(p_);
        task.q = has_q() ? rows_from(q_) : task.p;
        task.gaps = gaps_.empty() ? nullptr : gaps_.data();
        to = Memory(size_t(count) * 8, size_t(8 * random_.range(0, 7)));
        task.sums = reinterpret_cast<double*>(to.data());
        task.threads = threads;
        return task;
    }

    static void same(const Memory& all, const Memory& got, int64_t from, const char* what) {
        if (!got.head_is_whole()) fail("%s: bytes before the sums were written", what);
        for (int64_t i = 0; i < int64_t(got.bytes()) / 8; ++i) {
            const double left = load<double>(all.data() + (from + i) * 8), right = load<double>(got.data() + i * 8);
            if (bits_of(left) != bits_of(right)) fail("%s: the sum of row %lld is %.17g and was %.17g", what, (long long)(from + i), right, left);
        }
    }

    void right(const Memory& got) const {
        if (!got.head_is_whole()) fail("bytes before the sums were written");
        for (int64_t i = 0; i < rows_; ++i) right_row(i, load<double>(got.data() + i * 8));
    }

   private:
    void right_row(int64_t i, double got) const {
        using reference::real;
        const std::vector<double> p = row_of(p_, i), q = row_of(has_q() ? q_ : p_, i);
        reference::Total want;
        if (term_ == Term::softmax_entropy) {
            want = reference::softmax_entropy(p);
        } else if (term_ == Term::softmax_kl) {
            want = reference::softmax_kl(p, q);
        } else {
            bool lost = false, unbounded = false, negative = false;
            for (int64_t j = 0; j < classes_ - (term_ == Term::carried); ++j) {
                for (double x : {p[size_t(j)], q[size_t(j)]}) {
                    lost = lost || x != x;
                    unbounded = unbounded || std::abs(x) == inf;
                    negative = negative || x < 0.0;
                }
            }
            if (negative && (term_ == Term::mass || term_ == Term::entropy)) lost = true;
            if (lost || unbounded) {
                if (lost ? got == got : std::isfinite(got)) fail("the sum of row %lld is %.17g, not nan", (long long)i, got);
                return;
            }
            if (negative) return;
            if (term_ == Term::carried) {
                want = reference::carried(p, q, gaps_);
            } else {
                for (size_t j = 0; j < p.size(); ++j) reference::add_term(want, term_, order_, p[j], q[j]);
            }
        }
        if (want.value != want.value) {
            if (got == got) fail("the sum of row %lld is %.17g, not nan", (long long)i, got);
            return;
        }
        if ((want.overflows || want.value > 1.7e308L) && got == inf) return;
        const real off = std::fmax(0.0L, std::fabs(got - want.value) - want.slack) / (want.size * 0x1p-53L + 1e-300L);
        if (off <= most_off(term_)) return;
        fail("the sum of row %lld is %.17g, not %.17g: %.1f times 2^-53 off", (long long)i, got,
             double(want.value), double(off));
    }
};

inline void check_divergence(const Unit& unit, uint64_t seed, uint64_t number, int64_t elements) {
    DivergenceCase made(seed, number, elements);
    Random& random = made.random();
    const uint64_t before = made.digest();
    const Modes modes;
    const auto call = [&](const DivergenceTask& task) {
        unit.divergence(task);
        modes.check();
    };
    Memory all, other;
    call(made.task(all, 0, made.rows(), 1));
    made.right(all);
    for (int threads = 2; threads <= 3; ++threads) {
        call(made.task(other, 0, made.rows(), threads));
        DivergenceCase::same(all, other, 0, threads == 2 ? "2 threads" : "3 threads");
    }
    for (int k = 0; k < 3 && made.rows() > 0; ++k) {  // fewer rows, which stand elsewhere in their batch
        const int64_t from = random.range(0, made.rows() - 1);
        const int64_t count = k == 0 ? 1 : random.range(1, made.rows() - from);
        call(made.task(other, from, count, 1));
        DivergenceCase::same(all, other, from, "some of the rows");
    }
    {
        const OddMode odd(random);
        const Modes now;
        unit.divergence(made.task(other, 0, made.rows(), 1));
        now.check();
    }
    if (made.digest() != before) fail("an input was written");
}

}  // namespace fuzz

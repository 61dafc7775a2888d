// Softmax rows: cases at random, what each has to give, and what must not make a difference.
#pragma once

#include "arrays.hpp"
#include "reference.hpp"

namespace fuzz {

enum class LabelKind : int { none, index, top_k, soft };

struct DenseOutput {
    Memory losses, numbers, slopes;
};

// Any of the sizes at which kernels change their ways: whole vectors, whole blocks of 4096.
inline int64_t any_classes(Random& random) {
    const int64_t kind = random.range(0, 99);
    if (kind < 1) return 0;
    if (kind < 55) return random.range(1, 70);
    if (kind < 75) return 16 * random.range(1, 20) + random.range(-1, 1);
    if (kind < 90) return random.range(71, 1500);
    if (kind < 98) return random.of<int64_t>({4095, 4096, 4097, 8191, 8192, 8200, 12289});
    return 33000;
}

inline int64_t any_rows(Random& random, int64_t classes, int64_t elements) {
    const int64_t most = std::max<int64_t>(2, elements / std::max<int64_t>(1, classes));
    if (most > 320 && random.chance(6)) return random.range(81, 320);
    return random.range(0, std::min<int64_t>(80, most));
}

inline Shape any_shape(Random& random, bool z_loss) {
    Shape shape;
    switch (random.range(0, 7)) {
        case 0: shape.gamma = random.of({0.5, 1.0, 2.0, 3.7}); break;
        case 1: shape.poly_epsilon = random.of({1.0, -1.0, 2.5, -0.3}); break;
        case 2: shape.generalised = random.of({0.7, 1.0, 0.05}); break;
        default: break;
    }
    if (z_loss && random.chance(20)) shape.z_loss = random.of({1e-4, 0.3});
    return shape;
}

// Logits of one row: plain, ties, nearly certain, far from 0, removed classes, not finite.
inline void fill_logits(Random& random, RealGrid& z, int64_t i) {
    const int64_t n = z.columns;
    if (n == 0) return;
    const double spread = random.of({1.0, 10.0, 100.0}), shift = random.chance(10) ? 1e4 : 0.0;
    const bool ties = random.chance(15);
    for (int64_t j = 0; j < n; ++j) {
        double x = ties ? double(random.range(-1, 1)) : spread * random.normal();
        z.set(i, j, x + shift);
    }
    const auto some = [&](double x) {
        for (int64_t k = random.of<int64_t>({1, 1, 2, 5, 1 + n / 2}); k > 0; --k) z.set(i, random.range(0, n - 1), x);
    };
    if (random.chance(20)) z.set(i, random.range(0, n - 1), shift + random.of({15.0, 60.0, 300.0, 2000.0}));
    if (random.chance(15)) some(-inf);
    if (random.chance(3)) some(nan);
    if (random.chance(2)) some(inf);
    if (random.chance(4)) {
        const double x = random.of({-inf, -inf, inf, nan, 0.0, -3.0});
        for (int64_t j = 0; j < n; ++j) z.set(i, j, x);
    }
    if (random.chance(2)) {  // one class left, or one and another
        for (int64_t j = 0; j < n; ++j) z.set(i, j, -inf);
        z.set(i, random.range(0, n - 1), 1.5);
        if (random.chance(50)) z.set(i, random.range(0, n - 1), -700.0);
    }
}

class DenseCase {
    Random random_;
    int64_t rows_ = 0, classes_ = 0;
    RealGrid logits_, values_, soft_, class_weight_, sample_weight_;
    IntegerGrid index_, mask_;
    LabelKind kind_ = LabelKind::none;
    int64_t k_ = 0, ignore_ = -1;
    double smoothing_ = 0.0, scale_ = 1.0;
    Shape shape_;
    Link link_;
    Memory row_scale_, given_;
    bool entropy_ = false, losses_ = false, numbers_ = false, slopes_ = false;

    double eps() const {  // a logit near its cap is a few ulp off, and e^z as many times as it is large
        return (logits_.type == Real::f64 ? 1e-11 : 2e-5) * (link_.softcap != 0.0 ? 5.0 : 1.0);
    }

    bool is_linked() const { return link_.temperature != 1.0 || link_.softcap != 0.0; }

    // A logit, and its slope in the score.
    double linked(double score, double& slope) const {
        slope = 1.0;
        if (!is_linked()) return score;
        if (score == -inf) {
            slope = link_.softcap != 0.0 ? 0.0 : 1.0 / link_.temperature;
            return score;
        }
        const bool wide = logits_.type == Real::f64;
        double x = wide ? score / link_.temperature : double(float(score) / float(link_.temperature));
        if (link_.softcap != 0.0) {
            const double small = std::exp(-2.0 * std::abs(x / link_.softcap));
            slope = 4.0 * small / ((1.0 + small) * (1.0 + small));
            x = link_.softcap * std::tanh(x / link_.softcap);
        }
        slope /= link_.temperature;
        return x;
    }

    RealGrid weights(int64_t count, double nothing) {
        RealGrid grid(random_, any_real(random_), count, 1, random_.of<int64_t>({1, 1, 1, 0, 3}), 0);
        for (int64_t i = 0; i < count; ++i) {
            grid.set(i, 0, random_.unit() < nothing ? 0.0 : 0.1 + 3.0 * random_.unit());
        }
        return grid;
    }

    // A class, or something that is none.
    int64_t any_class() {
        if (classes_ > 0 && !random_.chance(15)) return random_.range(0, classes_ - 1);
        return random_.of<int64_t>({-1, -100, classes_, classes_ + 1, 127, 255, 32767, 65535, INT32_MAX, UINT32_MAX,
                                    INT64_MAX, INT64_MIN, INT64_MIN + 5, int64_t(1) << 32, int64_t(1) << 33});
    }

    void make_labels() {
        const int64_t kind = random_.range(0, 99);
        kind_ = kind < 4 ? LabelKind::none : kind < 52 ? LabelKind::index : kind < 74 ? LabelKind::top_k : LabelKind::soft;
        if (kind_ == LabelKind::index || kind_ == LabelKind::top_k) {
            k_ = kind_ == LabelKind::index ? 1 : random_.of<int64_t>({1, 2, 3, 5, 8, 40});
            const auto type = Integer(random_.range(0, 7));
            const int64_t column = random_.of<int64_t>({1, 1, 2});
            index_ = IntegerGrid(random_, type, rows_, k_, row_stride(random_, k_, column), column);
            for (int64_t i = 0; i < rows_; ++i) {
                for (int64_t k = 0; k < k_; ++k) {
                    const bool again = k > 0 && random_.chance(20);
                    index_.set(i, k, again ? index_.get(i, random_.range(0, k - 1)) : any_class());
                }
            }
            if (random_.chance(k_ > 1 ? 90 : 10)) {
                values_ = RealGrid(random_, any_real(random_), rows_, k_, row_stride(random_, k_, column), column);
                for (int64_t i = 0; i < rows_; ++i) {
                    for (int64_t k = 0; k < k_; ++k) values_.set(i, k, random_.chance(10) ? 0.0 : random_.unit());
                }
            }
            if (random_.chance(25)) ignore_ = classes_ == 0 ? 0 : random_.range(0, std::min<int64_t>(3, classes_ - 1));
        } else if (kind_ == LabelKind::soft) {
            const bool across = random_.chance(15);  // the other axis side by side
            const int64_t column = across ? rows_ + random_.range(0, 2) : random_.of<int64_t>({1, 1, 1, 1, 2, 0});
            const int64_t row = across ? 1 : row_stride(random_, classes_, column);
            soft_ = RealGrid(random_, any_real(random_), rows_, classes_, row, column);
            const int style = int(random_.range(0, 2));
            for (int64_t i = 0; i < rows_; ++i) {
                for (int64_t j = 0; j < classes_; ++j) {
                    const double part = random_.unit() / double(classes_);
                    soft_.set(i, j, style == 0 ? part : style == 1 && random_.chance(90) ? 0.0 : random_.unit());
                }
                if (random_.chance(5)) {
                    for (int64_t j = 0; j < classes_; ++j) soft_.set(i, j, 0.0);
                }
            }
        }
        if (random_.chance(25)) class_weight_ = weights(classes_, 0.2);
        if (random_.chance(25)) sample_weight_ = weights(rows_, 0.2);
        if (random_.chance(25)) {
            mask_ = IntegerGrid(random_, Integer::u8, rows_, 1, random_.of<int64_t>({1, 1, 0, 2}), 0);
            for (int64_t i = 0; i < rows_; ++i) mask_.set(i, 0, random_.chance(70));
            // what belongs to a row that is left out is not looked at
            for (int64_t i = 0; i < rows_; ++i) {
                if (mask_.get(i) != 0 || !random_.chance(50)) continue;
                if (soft_.there() && soft_.row != 0 && classes_ > 0) soft_.set(i, random_.range(0, classes_ - 1), nan);
                if (sample_weight_.there() && sample_weight_.row != 0) sample_weight_.set(i, 0, nan);
            }
        }
        if (random_.chance(35)) smoothing_ = random_.of({0.1, 0.5, 1.0, 1e-3});
    }

    void make_outputs() {
        slopes_ = random_.chance(80);
        losses_ = random_.chance(70);
        numbers_ = random_.chance(40) || (!slopes_ && !losses_);
        entropy_ = numbers_ && random_.chance(50);
        scale_ = random_.of({1.0, 1.0, 0.37, 1.0 / 2048.0, 0.0, -2.0, 1e-42});
        if (random_.chance(25)) {
            row_scale_ = Memory(size_t(rows_) * 8, 8 * size_t(random_.range(0, 1)));
            for (int64_t i = 0; i < rows_; ++i) {
                encode(Real::f64, random_.chance(20) ? 0.0 : random_.normal(), row_scale_.data() + i * 8);
            }
        }
        if (slopes_ && random_.chance(20)) {
            given_ = Memory(size_t(rows_) * sizeof(Slope), 8 * size_t(random_.range(0, 1)));
            const bool beta = random_.chance(60);
            for (int64_t i = 0; i < rows_; ++i) {
                Slope slope{random_.normal(), beta ? random_.normal() : 0.0, random_.normal()};
                if (random_.chance(10)) slope.alpha = 0.0;
                if (random_.chance(10)) slope = {0.0, 0.0, 0.0};
                std::memcpy(given_.data() + i * int64_t(sizeof slope), &slope, sizeof slope);
            }
        }
    }

    void make_link() {
        if (given_.data() != nullptr || !random_.chance(20)) return;
        if (random_.chance(60)) link_.temperature = random_.of({0.5, 3.0, 10.0});
        if (random_.chance(60)) link_.softcap = random_.of({5.0, 30.0, 50.0});
    }

    const double* row_scale(int64_t from) const {
        return reinterpret_cast<const double*>(row_scale_.data()) + (row_scale_.data() == nullptr ? 0 : from);
    }
    const Slope* given(int64_t from) const {
        return reinterpret_cast<const Slope*>(given_.data()) + (given_.data() == nullptr ? 0 : from);
    }

    // q at every class of a row, and how often the row counts.
    double target(int64_t i, const double* z, std::vector<reference::real>& q, double& weight) const {
        q.assign(size_t(classes_), 0);
        weight = 0.0;
        if (mask_.there() && mask_.get(i) == 0) return 0.0;
        double count = sample_weight_.there() ? sample_weight_.get(i) : 1.0;
        const auto class_weight = [&](int64_t j) { return class_weight_.there() ? class_weight_.get(j) : 1.0; };
        bool any = kind_ == LabelKind::soft;
        for (int64_t j = 0; j < classes_ && kind_ == LabelKind::soft; ++j) {
            const double mass = count * soft_.get(i, j) * class_weight(j);
            weight += mass;
            q[size_t(j)] += (1.0 - smoothing_) * mass;
        }
        for (int64_t k = 0; k < k_; ++k) {
            const int64_t at = index_.get(i, k);
            if (at < 0 || at >= classes_ || at == ignore_) continue;
            any = true;
            const double mass = count * (values_.there() ? values_.get(i, k) : 1.0) * class_weight(at);
            weight += mass;
            q[size_t(at)] += (1.0 - smoothing_) * mass;
        }
        if (!any) return 0.0;
        int64_t live = 0;
        for (int64_t j = 0; j < classes_; ++j) live += z[j] != -inf;
        for (int64_t j = 0; j < classes_; ++j) {
            if (z[j] != -inf) q[size_t(j)] += smoothing_ * count / double(live) * class_weight(j);
        }
        return count;
    }

   public:
    DenseCase(uint64_t seed, uint64_t number, int64_t elements) : random_(seed, number) {
        classes_ = any_classes(random_);
        rows_ = any_rows(random_, classes_, elements);
        const Real type = any_real(random_);
        logits_ = RealGrid(random_, type, rows_, classes_, row_stride(random_, classes_, 1), 1);
        if (random_.chance(30)) logits_ = RealGrid(random_, type, rows_, classes_, classes_, 1);
        for (int64_t i = 0; i < rows_; ++i) fill_logits(random_, logits_, i);
        make_labels();
        shape_ = any_shape(random_, true);
        make_outputs();
        make_link();
    }

    Random& random() { return random_; }
    int64_t rows() const { return rows_; }
    bool can_be_in_place() const { return slopes_ && logits_.row == classes_; }

    std::string name() const {
        static const char* const kinds[] = {"no target", "index", "top-k", "soft target"};
        char text[512];
        std::snprintf(
            text, sizeof text,
            "%s %lld x %lld stride %lld, %s k %lld %s%s%s%s%s smoothing %g ignore %lld, "
            "gamma %g poly %g generalised %g z %g, temperature %g softcap %g, scale %g%s%s ->%s%s%s%s",
            name_of(logits_.type), (long long)rows_, (long long)classes_, (long long)logits_.row, kinds[int(kind_)],
            (long long)k_, k_ > 0 ? name_of(index_.type) : soft_.there() ? name_of(soft_.type) : "",
            values_.there() ? " values" : "", class_weight_.there() ? " class weight" : "",
            sample_weight_.there() ? " sample weight" : "", mask_.there() ? " mask" : "", smoothing_,
            (long long)ignore_, shape_.gamma, shape_.poly_epsilon, shape_.generalised, shape_.z_loss,
            link_.temperature, link_.softcap, scale_, row_scale_.data() ? " row scale" : "", given_.data() ? " given" : "", losses_ ? " losses" : "",
            numbers_ ? " numbers" : "", entropy_ ? " entropy" : "", slopes_ ? " slopes" : "");
        return text;
    }

    // Rows from .. from + count - 1, into new memory.
    DenseTask task(DenseOutput& to, int64_t from, int64_t count, int threads, bool stream) {
        DenseTask task;
        const int64_t size = int64_t(logits_.size);
        task.logits = {logits_.start() + from * logits_.row * size, logits_.type, count, classes_, logits_.row};
        task.labels.index = index_.given(from);
        task.labels.k = k_;
        task.labels.values = values_.given(from);
        task.labels.dense = soft_.given(from);
        task.labels.class_weight = class_weight_.given();
        task.labels.sample_weight = sample_weight_.given(from);
        task.labels.mask = flags_of(mask_, from);
        task.labels.ignore = ignore_;
        task.labels.smoothing = smoothing_;
        task.shape = shape_;
        task.link = link_;
        task.scale = scale_;
        task.row_scale = row_scale(from);
        task.given = given(from);
        task.entropy = entropy_;
        task.stream = stream;
        task.threads = threads;
        const auto fresh = [&](int64_t bytes, int64_t unit) {
            return Memory(size_t(count * bytes), size_t(unit * random_.range(0, 64 / unit - 1)));
        };
        to = DenseOutput();
        if (losses_) to.losses = fresh(8, 8);
        if (numbers_) to.numbers = fresh(sizeof(Row), 8);
        if (slopes_) to.slopes = fresh(classes_ * size, size);
        task.losses = reinterpret_cast<double*>(to.losses.data());
        task.numbers = reinterpret_cast<Row*>(to.numbers.data());
        task.slopes = to.slopes.data();
        return task;
    }

    // The logits' memory becomes the slopes.
    DenseTask task_in_place(DenseOutput& to, int threads, bool stream) {
        DenseTask own = task(to, 0, rows_, threads, stream);
        to.slopes = logits_.memory.copy(logits_.size * size_t(random_.range(0, 7)));
        own.logits.data = own.slopes = to.slopes.data();
        return own;
    }

    uint64_t digest() const {
        uint64_t sum = 0;
        for (const Grid* grid : {(const Grid*)&logits_, (const Grid*)&values_, (const Grid*)&soft_,
                                 (const Grid*)&class_weight_, (const Grid*)&sample_weight_, (const Grid*)&index_,
                                 (const Grid*)&mask_}) {
            sum = sum * 31 + grid->memory.digest();
        }
        return (sum * 31 + row_scale_.digest()) * 31 + given_.digest();
    }

    // `from`: where the rows of `got` start in those of `all`
    void same(const DenseOutput& all, const DenseOutput& got, int64_t from, const char* what) const {
        const auto compare = [&](const Memory& a, const Memory& b, Real type, int64_t a_row, const char* part) {
            if (a.data() == nullptr) return;
            if (!b.head_is_whole()) fail("%s: bytes before the %s were written", what, part);
            const int64_t size = int64_t(size_of(type)), n = int64_t(b.bytes()) / size;
            const uint8_t* x = a.data() + from * a_row * size;
            if (std::memcmp(x, b.data(), b.bytes()) == 0) return;
            for (int64_t k = 0; k < n; ++k) {
                const double left = decoded(type, x + k * size), right = decoded(type, b.data() + k * size);
                if (bits_of(left) == bits_of(right)) continue;
                fail("%s: %s[%lld, %lld] is %.17g and was %.17g", what, part, (long long)(from + k / a_row),
                     (long long)(k % a_row), right, left);
            }
        };
        compare(all.losses, got.losses, Real::f64, 1, "losses");
        compare(all.numbers, got.numbers, Real::f64, 5, "numbers");
        compare(all.slopes, got.slopes, logits_.type, std::max<int64_t>(1, classes_), "slopes");
    }

    void right(const DenseOutput& got) const {
        for (const Memory* memory : {&got.losses, &got.numbers, &got.slopes}) {
            if (!memory->head_is_whole()) fail("bytes before an output were written");
        }
        std::vector<double> z(size_t(classes_), 0.0), steep(size_t(classes_), 1.0);
        std::vector<reference::real> q;
        for (int64_t i = 0; i < rows_; ++i) {
            for (int64_t j = 0; j < classes_; ++j) z[size_t(j)] = linked(logits_.get(i, j), steep[size_t(j)]);
            double weight = 0.0;
            target(i, z.data(), q, weight);
            const reference::SoftmaxRow row(z.data(), q.data(), classes_);
            if (losses_) {
                near(load<double>(got.losses.data() + i * 8), row.loss(shape_),
                     row.loss_size(shape_) + row.mass * link_.softcap * reference::steepness(shape_), "loss", i, 0);
            }
            if (numbers_) check_numbers(load<Row>(got.numbers.data() + i * int64_t(sizeof(Row))), row, i);
            if (slopes_) check_slopes(got.slopes.data() + i * classes_ * int64_t(logits_.size), row, q, z, steep, i);
        }
    }

    void right_totals(const Unit& unit, int64_t classes_for_outside) {
        DenseOutput none;
        const DenseTask task = this->task(none, 0, rows_, 1, false);
        std::vector<double> z(size_t(classes_), 0.0);
        std::vector<reference::real> q;
        double weight = 0.0, count = 0.0;
        for (int64_t i = 0; i < rows_; ++i) {
            double own = 0.0;
            count += target(i, z.data(), q, own);
            weight += own;
        }
        const Totals found = unit.totals(task.labels, rows_, classes_, true);
        near_double(found.weight, weight, "total weight");
        near_double(found.count, count, "total count");
        if (k_ == 0) return;
        const int64_t ignored = random_.of<int64_t>({-100, -1, 0, 1, classes_});
        int64_t first = -1;
        for (int64_t i = 0; i < rows_ && first < 0; ++i) {
            if (mask_.there() && mask_.get(i) == 0) continue;
            for (int64_t k = 0; k < k_; ++k) {
                const int64_t at = index_.get(i, k);
                if ((at < 0 || at >= classes_for_outside) && at != ignored) first = i;
            }
        }
        const int64_t outside = unit.first_outside(task.labels, rows_, classes_for_outside, ignored);
        if (outside != first) fail("first_outside is %lld, not %lld", (long long)outside, (long long)first);
    }

   private:
    static void near_double(double got, double want, const char* what) {
        if (!(std::abs(got - want) <= 1e-12 * std::abs(want))) fail("%s is %.17g, not %.17g", what, got, want);
    }

    void near(double got, reference::real want, reference::real size, const char* what, int64_t i, int64_t j) const {
        if (want != want ? got != got : std::isinf(want) ? got == double(want)
                : std::fabs(got - want) <= eps() * size + 4 * (logits_.type == Real::f64 ? 1e-305L : 1.2e-38L)) {
            return;
        }
        fail("%s[%lld, %lld] is %.17g, not %.17g", what, (long long)i, (long long)j, got, double(want));
    }

    void check_numbers(const Row& got, const reference::SoftmaxRow& row, int64_t i) const {
        if (row.bad) {
            if (got.r == got.r) fail("r of row %lld is %.17g, not nan", (long long)i, got.r);
            return;
        }
        near(got.m, row.m, is_linked() ? std::fabs(row.m) : 0, "m", i, 0);
        near(got.r, row.r, row.r, "r", i, 0);
        if (row.m != -reference::infinity) near(got.gap, row.gap, row.gap_size + row.mass * link_.softcap, "gap", i, 0);
        near(got.mass, row.mass, row.mass, "mass", i, 0);
        if (!entropy_) return;
        const reference::real flushed = 100 * classes_ * (logits_.type == Real::f64 ? 2.3e-308L : 1.2e-38L);
        near(got.h, row.h, row.h + (1 + row.r) * link_.softcap + flushed / eps(), "h", i, 0);
    }

    void check_slopes(const uint8_t* got, const reference::SoftmaxRow& row, const std::vector<reference::real>& q,
                      const std::vector<double>& z, const std::vector<double>& linked, int64_t i) const {
        using reference::real;
        const Real type = logits_.type;
        const double own = row_scale_.data() == nullptr ? scale_ : scale_ * *row_scale(i);
        Slope s{0.0, 0.0, 0.0};
        real alpha_size = 0;
        if (given_.data() != nullptr) {
            s = *given(i);
            alpha_size = std::fabs(real(s.alpha));
        } else if (row.mass != 0) {
            if (row.bad && own == 0.0) return;  // 0 times NaN: either will do
            s = row.bad ? Slope{0.0, 0.0, 1.0} : row.coefficients(shape_, own);
            alpha_size = std::fabs(real(own)) * row.mass * 2 * shape_.z_loss * row.lse_size();
        }
        const bool nothing = s.alpha == 0.0 && s.beta == 0.0 && s.gamma == 0.0;
        const bool unused = nothing && (given_.data() != nullptr || row.mass == 0);
        const real pull = std::fabs(row.mass * s.gamma);
        const real own_eps = type == Real::bf16 ? 0.004L : type == Real::f16 ? 0.0005L : 0.0L;
        const real least = (type == Real::f64 ? 1e-305L : type == Real::f16 ? 1e-7L : 6e-38L) * (is_linked() ? 10 : 1);
        const real steep = given_.data() != nullptr ? 1 : reference::steepness(shape_);
        const real most = type == Real::f16 ? 65000.0L : type == Real::f64 ? 1e308L : 3e38L;
        for (int64_t j = 0; j < classes_; ++j) {
            const double value = decoded(type, got + j * int64_t(logits_.size));
            if (unused || row.bad) {
                const bool fine = unused ? value == 0.0 : value != value;
                if (!fine) fail("slopes[%lld, %lld] is %.17g, not %s", (long long)i, (long long)j, value, unused ? "0" : "nan");
                continue;
            }
            const real p = row.p(j), far = p == 0 ? 0 : row.m - real(z[size_t(j)]);
            const real by = linked[size_t(j)], near_cap = link_.softcap == 0.0 ? 1 : 1 - std::log(std::fmin(1.0L, std::fmax(by, 1e-30L)));
            const real want = by * (p * (row.mass * s.gamma + s.alpha + s.beta * far) - s.gamma * q[size_t(j)]);
            const real size = by * near_cap *
                (p * (pull + alpha_size + std::fabs(s.beta * far)) + std::fabs(s.gamma * q[size_t(j)]));
            // what is flushed to zero is flushed before it is scaled
            // core/link.py has 0 there, a temperature alone may as well be linear
            if (is_linked() && z[size_t(j)] == -inf && value == 0.0) continue;
            const real bound = (eps() * steep * 2 + own_eps) * size + least * (1 + pull + alpha_size + std::fabs(s.beta * far));
            if (std::fabs(value - want) <= bound || (std::isinf(value) && std::fabs(want) > most)) continue;
            fail("slopes[%lld, %lld] is %.17g, not %.17g", (long long)i, (long long)j, value, double(want));
        }
    }
};

inline void check_dense(const Unit& unit, uint64_t seed, uint64_t number, int64_t elements) {
    DenseCase made(seed, number, elements);
    Random& random = made.random();
    const uint64_t before = made.digest();
    const Modes modes;
    const auto call = [&](const DenseTask& task) {
        unit.dense(task);
        modes.check();
    };
    DenseOutput all, other;
    call(made.task(all, 0, made.rows(), 1, false));
    made.right(all);
    for (int threads = 1; threads <= 3; ++threads) {
        for (bool stream : {false, true}) {
            if (threads == 1 && !stream) continue;
            call(made.task(other, 0, made.rows(), threads, stream));
            made.same(all, other, 0, threads == 1 ? "streamed" : threads == 2 ? "2 threads" : "3 threads");
        }
    }
    for (int k = 0; k < 3 && made.rows() > 0; ++k) {  // fewer rows, which stand elsewhere in their batch
        const int64_t from = random.range(0, made.rows() - 1);
        const int64_t count = k == 0 ? 1 : random.range(1, made.rows() - from);
        call(made.task(other, from, count, 1, random.chance(30)));
        made.same(all, other, from, "some of the rows");
    }
    if (made.can_be_in_place()) {
        call(made.task_in_place(other, int(random.range(1, 3)), random.chance(50)));
        made.same(all, other, 0, "in place");
    }
    made.right_totals(unit, random.of<int64_t>({1, 5, 70}));
    modes.check();
    {
        const OddMode odd(random);
        const Modes now;
        unit.dense(made.task(other, 0, made.rows(), 1, random.chance(50)));
        now.check();
    }
    if (made.digest() != before) fail("an input was written");
}

}  // namespace fuzz

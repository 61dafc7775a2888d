// Sigmoid elements: as dense.hpp.
#pragma once

#include "dense.hpp"

namespace fuzz {

struct SigmoidOutput {
    Memory losses, slopes;
    double total = 0.0, count = 0.0;
};

class SigmoidCase {
    Random random_;
    int64_t rows_ = 0, classes_ = 0;
    RealGrid logits_, soft_, weight_, positive_, negative_, upstream_;
    IntegerGrid target_, mask_;
    bool has_ignore_ = false, losses_ = false, total_ = false, count_ = false, slopes_ = false;
    double ignore_ = 0.0, smoothing_ = 0.0, scale_ = 1.0;
    Shape shape_;

    bool wide() const { return logits_.type == Real::f64; }
    Real loss_type() const { return wide() ? Real::f64 : Real::f32; }

    // Strides of an array that broadcasts: whole, one a row, one a class, one, or transposed.
    void strides(int64_t& row, int64_t& column, int64_t& own_rows, int64_t& own_columns) {
        column = 1, row = row_stride(random_, classes_, 1);
        own_rows = rows_, own_columns = classes_;
        switch (random_.range(0, 9)) {
            case 0: row = random_.of<int64_t>({1, 2}), column = 0; break;
            case 1: row = 0, column = random_.of<int64_t>({1, 2}); break;
            case 2: row = column = 0, own_rows = own_columns = 1; break;  // also where there are no rows
            case 3: row = 1, column = rows_ + random_.range(0, 2); break;
            case 4: row = 2 * classes_ + random_.range(0, 1), column = 2; break;
            case 5: row = classes_; break;
            default: break;
        }
    }

    RealGrid reals(Real type) {
        int64_t row, column, own_rows, own_columns;
        strides(row, column, own_rows, own_columns);
        return RealGrid(random_, type, own_rows, own_columns, row, column);
    }

    template <class Value>
    void fill(RealGrid& grid, Value value) {
        for (int64_t i = 0; i < rows_; ++i) {
            for (int64_t j = 0; j < classes_; ++j) grid.set(i, j, value());
        }
    }

    RealGrid weights(int percent, double nothing) {
        if (!random_.chance(percent)) return {};
        RealGrid grid = reals(any_real(random_));
        fill(grid, [&] { return random_.unit() < nothing ? 0.0 : 0.1 + 3.0 * random_.unit(); });
        return grid;
    }

    void make_target() {
        if (random_.chance(50)) {
            // as the logits are, mostly: such a target is read without a detour
            soft_ = random_.chance(50) ? RealGrid(random_, logits_.type, rows_, classes_, classes_, 1)
                                       : reals(any_real(random_));
            const int style = int(random_.range(0, 2));
            fill(soft_, [&] { return style == 0 ? double(random_.range(0, 1)) : style == 1 ? random_.unit() : 0.5; });
        } else {
            int64_t row, column, own_rows, own_columns;
            strides(row, column, own_rows, own_columns);
            target_ = IntegerGrid(random_, Integer(random_.range(0, 7)), own_rows, own_columns, row, column);
            for (int64_t i = 0; i < rows_; ++i) {
                for (int64_t j = 0; j < classes_; ++j) target_.set(i, j, random_.range(0, 1));
            }
        }
        if (random_.chance(25)) {
            has_ignore_ = true;
            ignore_ = random_.of({-1.0, 0.0, 100.0});
            for (int64_t k = random_.range(0, 5); k > 0 && rows_ > 0 && classes_ > 0; --k) {
                const int64_t i = random_.range(0, rows_ - 1), j = random_.range(0, classes_ - 1);
                if (soft_.there()) soft_.set(i, j, ignore_);
                if (target_.there() && (ignore_ >= 0.0 || int(target_.type) % 2 == 0)) target_.set(i, j, int64_t(ignore_));
            }
        }
        if (random_.chance(25)) {
            int64_t row, column, own_rows, own_columns;
            strides(row, column, own_rows, own_columns);
            mask_ = IntegerGrid(random_, Integer::u8, own_rows, own_columns, row, column);
            for (int64_t i = 0; i < rows_; ++i) {
                for (int64_t j = 0; j < classes_; ++j) mask_.set(i, j, random_.chance(70));
            }
        }
    }

    double target(int64_t i, int64_t j) const { return soft_.there() ? soft_.get(i, j) : double(target_.get(i, j)); }

    // The masses of one and of nought; false: the element is left out.
    bool masses(int64_t i, int64_t j, double& one, double& nought) const {
        const double t = target(i, j);
        one = nought = 0.0;
        if (mask_.there() && mask_.get(i, j) == 0) return false;
        if (has_ignore_ && t == ignore_) return false;
        const double weight = weight_.there() ? weight_.get(i, j) : 1.0;
        one = weight * (positive_.there() ? positive_.get(i, j) : 1.0) * ((1.0 - smoothing_) * t + 0.5 * smoothing_);
        nought = weight * (negative_.there() ? negative_.get(i, j) : 1.0) *
                 ((1.0 - smoothing_) * (1.0 - t) + 0.5 * smoothing_);
        return true;
    }

    double factor(int64_t i, int64_t j) const { return scale_ * (upstream_.there() ? upstream_.get(i, j) : 1.0); }

   public:
    SigmoidCase(uint64_t seed, uint64_t number, int64_t elements) : random_(seed, number) {
        classes_ = any_classes(random_);
        rows_ = any_rows(random_, classes_, elements);
        if (random_.chance(2)) classes_ = 1000, rows_ = 70;  // more than two parts
        const Real type = any_real(random_);
        logits_ = RealGrid(random_, type, rows_, classes_, random_.chance(50) ? classes_ : row_stride(random_, classes_, 1), 1);
        for (int64_t i = 0; i < rows_; ++i) fill_logits(random_, logits_, i);
        make_target();
        weight_ = weights(25, 0.2);
        positive_ = weights(25, 0.1);
        negative_ = weights(15, 0.1);
        if (random_.chance(30)) smoothing_ = random_.of({0.1, 0.5, 1.0});
        shape_ = any_shape(random_, false);
        scale_ = random_.of({1.0, 1.0, 0.37, 1.0 / 4096.0, 0.0, -2.0, 1e-42});
        slopes_ = random_.chance(75), losses_ = random_.chance(60), total_ = random_.chance(40);
        count_ = random_.chance(40) || !(slopes_ || losses_ || total_);
        if (slopes_ && random_.chance(35)) {
            upstream_ = reals(random_.chance(60) ? loss_type() : any_real(random_));
            fill(upstream_, [&] { return random_.chance(10) ? 0.0 : random_.normal(); });
        }
    }

    Random& random() { return random_; }
    int64_t rows() const { return rows_; }
    bool can_be_in_place() const { return slopes_ && logits_.row == classes_; }

    std::string name() const {
        char text[512];
        const auto told = [](const Grid& grid, const char* what) {
            return grid.there() ? std::string(what) + " " + std::to_string(grid.row) + "/" + std::to_string(grid.column) : "";
        };
        std::snprintf(
            text, sizeof text,
            "%s %lld x %lld stride %lld, target %s %s%s%s%s%s%s%s ignore %g smoothing %g, "
            "gamma %g poly %g generalised %g, scale %g ->%s%s%s%s",
            name_of(logits_.type), (long long)rows_, (long long)classes_, (long long)logits_.row,
            soft_.there() ? name_of(soft_.type) : name_of(target_.type), told(soft_, "soft").c_str(),
            told(target_, "hard").c_str(), told(weight_, " weight").c_str(), told(positive_, " positive").c_str(),
            told(negative_, " negative").c_str(), told(mask_, " mask").c_str(), told(upstream_, " upstream").c_str(),
            has_ignore_ ? ignore_ : nan, smoothing_, shape_.gamma, shape_.poly_epsilon, shape_.generalised, scale_,
            losses_ ? " losses" : "", total_ ? " total" : "", count_ ? " count" : "", slopes_ ? " slopes" : "");
        return text;
    }

    SigmoidTask task(SigmoidOutput& to, int64_t from, int64_t count, int threads, bool stream) {
        SigmoidTask task;
        const int64_t size = int64_t(logits_.size);
        task.logits = {logits_.start() + from * logits_.row * size, logits_.type, count, classes_, logits_.row};
        task.target = soft_.given(from);
        task.target_integer = target_.given(from);
        task.weight = weight_.given(from);
        task.pos_weight = positive_.given(from);
        task.neg_weight = negative_.given(from);
        task.mask = flags_of(mask_, from);
        task.has_ignore = has_ignore_;
        task.ignore = ignore_;
        task.smoothing = smoothing_;
        task.shape = shape_;
        task.scale = scale_;
        task.upstream = upstream_.given(from);
        task.stream = stream;
        task.threads = threads;
        const auto fresh = [&](int64_t unit) {
            return Memory(size_t(count * classes_ * unit), size_t(unit * random_.range(0, 64 / unit - 1)));
        };
        to = SigmoidOutput();
        if (losses_) to.losses = fresh(int64_t(size_of(loss_type())));
        if (slopes_) to.slopes = fresh(size);
        task.losses = to.losses.data();
        task.slopes = to.slopes.data();
        task.total = total_ ? &to.total : nullptr;
        task.count = count_ ? &to.count : nullptr;
        return task;
    }

    SigmoidTask task_in_place(SigmoidOutput& to, int threads, bool stream) {
        SigmoidTask own = task(to, 0, rows_, threads, stream);
        to.slopes = logits_.memory.copy(logits_.size * size_t(random_.range(0, 7)));
        own.logits.data = own.slopes = to.slopes.data();
        return own;
    }

    uint64_t digest() const {
        uint64_t sum = 0;
        for (const Grid* grid : {(const Grid*)&logits_, (const Grid*)&soft_, (const Grid*)&weight_, (const Grid*)&positive_,
                                 (const Grid*)&negative_, (const Grid*)&upstream_, (const Grid*)&target_, (const Grid*)&mask_}) {
            sum = sum * 31 + grid->memory.digest();
        }
        return sum;
    }

    void same(const SigmoidOutput& all, const SigmoidOutput& got, int64_t from, const char* what) const {
        const auto compare = [&](const Memory& a, const Memory& b, Real type, const char* part) {
            if (a.data() == nullptr) return;
            if (!b.head_is_whole()) fail("%s: bytes before the %s were written", what, part);
            const int64_t size = int64_t(size_of(type)), n = int64_t(b.bytes()) / size;
            const uint8_t* x = a.data() + from * classes_ * size;
            if (std::memcmp(x, b.data(), b.bytes()) == 0) return;
            for (int64_t k = 0; k < n; ++k) {
                const double left = decoded(type, x + k * size), right = decoded(type, b.data() + k * size);
                if (bits_of(left) == bits_of(right)) continue;
                fail("%s: %s[%lld, %lld] is %.17g and was %.17g", what, part, (long long)(from + k / classes_),
                     (long long)(k % classes_), right, left);
            }
        };
        compare(all.losses, got.losses, loss_type(), "losses");
        compare(all.slopes, got.slopes, logits_.type, "slopes");
    }
    static void same_sums(const SigmoidOutput& all, const SigmoidOutput& got, const char* what) {
        if (bits_of(all.total) != bits_of(got.total)) fail("%s: the total is %.17g and was %.17g", what, got.total, all.total);
        if (all.count != got.count) fail("%s: the count is %.17g and was %.17g", what, got.count, all.count);
    }

    void right(const SigmoidOutput& got) const {
        using reference::real;
        if (!got.losses.head_is_whole() || !got.slopes.head_is_whole()) fail("bytes before an output were written");
        const Real type = logits_.type;
        const real eps = wide() ? 1e-11L : 2e-5L, least = wide() ? 1e-305L : 6e-38L;
        const real own_eps = type == Real::bf16 ? 0.004L : type == Real::f16 ? 0.0005L : 0.0L;
        const real least_slope = type == Real::f16 ? 1e-7L : least;
        real total = 0, total_size = 0;
        double count = 0.0;
        for (int64_t i = 0; i < rows_; ++i) {
            for (int64_t j = 0; j < classes_; ++j) {
                double one, nought;
                count += masses(i, j, one, nought);
                const reference::SigmoidElement want(logits_.get(i, j), one, nought, shape_, factor(i, j));
                total += want.loss, total_size += want.loss_size;
                const int64_t at = i * classes_ + j;
                if (losses_) {
                    const double loss = decoded(loss_type(), got.losses.data() + at * int64_t(size_of(loss_type())));
                    near(loss, want.loss, eps * want.loss_size + least, "losses", i, j);
                }
                // 0 times NaN: either will do, where the factor may underflow
                if (slopes_ && (want.slope == want.slope || std::abs(factor(i, j)) > 1e-37)) {
                    const double slope = decoded(type, got.slopes.data() + at * int64_t(logits_.size));
                    near(slope, want.slope, (eps + own_eps) * want.slope_size + least_slope, "slopes", i, j);
                }
            }
        }
        if (total_) near(got.total, total, eps * total_size + least, "total", 0, 0);
        if (count_ && got.count != count) fail("the count is %g, not %g", got.count, count);
    }

   private:
    static void near(double got, reference::real want, reference::real bound, const char* what, int64_t i, int64_t j) {
        if (want != want ? got != got : std::isinf(want) ? got == double(want) : std::fabs(got - want) <= bound) return;
        fail("%s[%lld, %lld] is %.17g, not %.17g", what, (long long)i, (long long)j, got, double(want));
    }
};

inline void check_sigmoid(const Unit& unit, uint64_t seed, uint64_t number, int64_t elements) {
    SigmoidCase made(seed, number, elements);
    Random& random = made.random();
    const uint64_t before = made.digest();
    const Modes modes;
    const auto call = [&](const SigmoidTask& task) {
        unit.sigmoid(task);
        modes.check();
    };
    SigmoidOutput all, other;
    call(made.task(all, 0, made.rows(), 1, false));
    made.right(all);
    for (int threads = 1; threads <= 3; ++threads) {
        for (bool stream : {false, true}) {
            if (threads == 1 && !stream) continue;
            const char* what = threads == 1 ? "streamed" : threads == 2 ? "2 threads" : "3 threads";
            call(made.task(other, 0, made.rows(), threads, stream));
            made.same(all, other, 0, what);
            SigmoidCase::same_sums(all, other, what);
        }
    }
    for (int k = 0; k < 2 && made.rows() > 0; ++k) {
        const int64_t from = random.range(0, made.rows() - 1);
        const int64_t count = k == 0 ? 1 : random.range(1, made.rows() - from);
        call(made.task(other, from, count, 1, random.chance(30)));
        made.same(all, other, from, "some of the rows");
    }
    if (made.can_be_in_place()) {
        call(made.task_in_place(other, int(random.range(1, 3)), random.chance(50)));
        made.same(all, other, 0, "in place");
        SigmoidCase::same_sums(all, other, "in place");
    }
    {
        const OddMode odd(random);
        const Modes now;
        unit.sigmoid(made.task(other, 0, made.rows(), 1, random.chance(50)));
        now.check();
    }
    if (made.digest() != before) fail("an input was written");
}

}  // namespace fuzz

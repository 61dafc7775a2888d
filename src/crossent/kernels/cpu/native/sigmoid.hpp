// Sigmoid elements: loss, slope, their sum. See core/row.py and core/loss.py.
//
// Seen from the larger of (z, 0) an element has r = e^-|z|, the mass `own` of the larger and the
// mass `side` of the smaller one, which is |z| away:
//
//     loss  = (own + side) log(1 + r) + side |z|
//     slope = +-(side - own r) / (1 + r)      + for z > 0
//
// Logits of float are computed in float, as exact as the larger of side and own r, unless that
// would lose digits: an element whose r is below the normal numbers, whose slope of half precision
// is a small difference, or whose loss is shaped (but for hard targets and a gamma of 2), is
// computed in double. All elements lie side by side, n = rows * classes of them, cut into parts
// whose sums are added in order.
#pragma once

#include "buffer.hpp"
#include "element.hpp"
#include "exp.hpp"
#include "masses.hpp"
#include "sum.hpp"
#include "threads.hpp"

namespace crossent::CROSSENT_UNIT {

template <class In>
class Sigmoid {
    using T = std::conditional_t<sizeof(In) == 8, double, float>;
    using Digits = std::conditional_t<sizeof(In) == 8, AllDigits, FloatDigits>;
    using V = Vec<T>;
    using Reader = MassReader<T, In>;
    static constexpr int W = V::width;
    static constexpr bool in_double = sizeof(In) == 8;
    static constexpr int64_t block = Reader::block, part_size = 32 * block;
    static constexpr float far = 87.0f;        // from e^-far on r may be no normal float
    static constexpr float focal_far = 28.0f;  // and r^3
    // How small side - own r may be in float for slopes of half precision, in parts of a mass.
    static constexpr float close = 0x1p-10f;

    struct Space {
        typename Reader::Space masses;
        alignas(64) T upstream[block];
        alignas(64) In logits[block];
        alignas(64) float shares[block], lost[block];  // e^-|z|, and its rest for a focal loss
    };

#if defined(__FMA__) || defined(__FP_FAST_FMA) || defined(__ARM_FEATURE_FMA)
    static constexpr bool fused = true;  // fma rounds once, and so tells what a product lost
#else
    static constexpr bool fused = false;
#endif

    // What a part adds to the total and the count.
    struct Part {
        double total, count;
    };

    // How a loss is computed, where logits are float.
    enum class Way { plain, focal, wide };

   public:
    explicit Sigmoid(const SigmoidTask& task)
        : task_(task), classes_(std::max<int64_t>(1, task.logits.classes)),
          size_(task.logits.rows * task.logits.classes), flat_(classes_), reader_(task, flat_),
          wide_(task.shape) {
        if (is_plain(task.shape)) {
            way_ = Way::plain;
        } else if (fused && task.shape.gamma == 2.0) {
            way_ = Way::focal;
        }
        const bool soft = task.target.data != nullptr || task.smoothing != 0.0;
        cancels_ = sizeof(In) == 2 && task.slopes != nullptr && soft;
    }

    void run() {
        const int64_t parts = (size_ + part_size - 1) / part_size;
        Buffer<Part> sums;
        sums.reserve(std::max<int64_t>(1, parts));
        auto work = [this, &sums](int64_t part) {
            sums[part] = whole_part(part * part_size, std::min(size_, (part + 1) * part_size));
        };
        for_each_part(parts, task_.threads, work);
        double total = 0.0, lost = 0.0, count = 0.0;
        for (int64_t part = 0; part < parts; ++part) {
            const double next = total + sums[part].total, back = next - total;
            lost += (total - (next - back)) + (sums[part].total - back);
            total = next;
            count += sums[part].count;
        }
        if (task_.total != nullptr) *task_.total = lost == lost ? total + lost : total;
        if (task_.count != nullptr) *task_.count = count;
    }

   private:
    Part whole_part(int64_t from, int64_t to) const {
        Space space;
        Sum<T> sum;
        int64_t count = 0;
        const bool count_only =
            task_.losses == nullptr && task_.total == nullptr && task_.slopes == nullptr;
        for (int64_t start = from; start < to; start += block) {
            const int64_t n = std::min(block, to - start), whole = n / W * W;
            if (count_only) {
                count += reader_.count(space.masses, start, n);
                continue;
            }
            if (whole > 0) count += piece(space, start, whole, sum);
            if (whole < n) count += piece(space, start + whole, n - whole, sum);
        }
        return {sum.total(), double(count)};
    }

    // Whole vectors, or less than one.
    int64_t piece(Space& space, int64_t start, int64_t n, Sum<T>& sum) const {
        const In* z = static_cast<const In*>(task_.logits.data);
        if (task_.logits.stride == classes_) {
            z += start;
        } else {
            flat_.stretches(task_.logits.stride, 1, start, n,
                            [&](int64_t done, int64_t at, int64_t m) {
                                std::memcpy(static_cast<void*>(space.logits + done), z + at,
                                            size_t(m) * sizeof(In));
                            });
            z = space.logits;
        }
        const T* upstream = nullptr;
        if (task_.upstream.data != nullptr && task_.slopes != nullptr) {
            upstream = reader_.find(task_.upstream, start, n, space.upstream);
        }
        return reader_.read(space.masses, start, n, [&](const auto& masses) {
            if (in_double || way_ == Way::wide) {
                elements<Way::wide>(masses, z, n, start, upstream, space, sum);
            } else if constexpr (!in_double) {
                if (way_ == Way::plain) {
                    elements<Way::plain>(masses, z, n, start, upstream, space, sum);
                } else {
                    elements<Way::focal>(masses, z, n, start, upstream, space, sum);
                }
            }
        });
    }

    // n elements from `start` of all on. (By value: what is local stays in registers.)
    template <Way way, class Given>
    void elements(const Given masses, const In* z, const int64_t n, int64_t start,
                  const T* upstream, Space& space, Sum<T>& total) const {
        In* slopes = task_.slopes == nullptr ? nullptr : static_cast<In*>(task_.slopes) + start;
        T* losses = task_.losses == nullptr ? nullptr : static_cast<T*>(task_.losses) + start;
        const bool stream_slopes = task_.stream && aligned(slopes, W * sizeof(In));
        const bool stream_losses = task_.stream && aligned(losses, W * sizeof(T));
        const auto scale = V::set(T(task_.scale));
        if constexpr (way != Way::wide) {  // by itself: more of these chains fit into a processor
            for (int64_t i = 0; i < n; i += W) {
                const auto down = V::sub(V::set(T(0)), magnitude<T>(load_up_to(z + i, n - i)));
                if constexpr (way == Way::plain) {
                    V::store(space.shares + i, exp_of<T>(down));
                } else {
                    typename V::type r, lost;
                    exp_with_rest(down, r, lost);
                    V::store(space.shares + i, r);
                    V::store(space.lost + i, lost);
                }
            }
        }
        Sum<T> sum = total;
        auto step = [&](int64_t i, int64_t count) __attribute__((always_inline)) {
            Element<T> x;
            x.z = load_up_to(z + i, count);
            x.factor = upstream == nullptr ? scale : V::mul(scale, V::load(upstream + i));
            const Found<T> found = element<way>(masses, i, x, space);
            sum.add(found.loss);
            if (losses != nullptr) put(losses + i, found.loss, count, stream_losses);
            if (slopes != nullptr) put(slopes + i, found.slope, count, stream_slopes);
        };
        int64_t i = 0;
        for (; i + W <= n; i += W) step(i, W);
        if (i < n) step(i, n - i);
        total = sum;
    }

    template <Way way, class Given>
    __attribute__((always_inline)) Found<T> element(const Given& masses, int64_t i, Element<T> x,
                                                    const Space& space) const {
        if constexpr (in_double) {
            masses.read(i, x.one, x.nought);
            return wide_.of(x);
        } else if constexpr (way == Way::wide) {
            return in_halves(masses, i, x.z, x.factor);
        } else {
            masses.read(i, x.one, x.nought);
            const auto size = magnitude<T>(x.z), r = V::load(space.shares + i);
            Found<T> found;
            auto lossy = V::greater(size, V::set(way == Way::plain ? far : focal_far));
            if constexpr (way == Way::plain) {
                typename V::type left;
                found = narrow(x, size, r, left);
                if (sizeof(In) == 2 && cancels_) {
                    const auto least = V::mul(V::set(close), V::min(x.one, x.nought));
                    lossy = V::either(lossy, V::greater(least, magnitude<T>(left)));
                }
            } else {
                const auto soft = V::greater(V::min(x.one, x.nought), V::set(T(0)));
                lossy = V::either(lossy, soft);
                if (V::count(soft) == W) return in_halves(masses, i, x.z, x.factor);
                found = narrow_focal(x, size, r, V::load(space.lost + i));
            }
            if (__builtin_expect(V::any(lossy), 0)) {
                const Found<T> better = in_halves(masses, i, x.z, x.factor);
                found.loss = V::choose(lossy, better.loss, found.loss);
                found.slope = V::choose(lossy, better.slope, found.slope);
            }
            return found;
        }
    }

    static typename V::type load_up_to(const In* z, int64_t count) {
        return count >= W ? V::load(z) : load_some<T>(z, count, T(0));
    }

    static bool aligned(const void* p, size_t bytes) {
        return reinterpret_cast<uintptr_t>(p) % bytes == 0;
    }

    template <class Out>
    static void put(Out* to, typename V::type v, int64_t count, bool stream) {
        if (count < W) {
            store_some<T>(to, v, count);
        } else if (stream) {
            V::stream(to, v);
        } else {
            V::store(to, v);
        }
    }

    // A vector of floats as two of doubles.
    template <class Given>
    __attribute__((noinline)) Found<float> in_halves(const Given masses, int64_t i,
                                                     Vec<float>::type z,
                                                     Vec<float>::type factor) const {
        D::type logits[2], one[2], nought[2], factors[2];
        Vec<float>::widen(z, logits[0], logits[1]);
        Vec<float>::widen(factor, factors[0], factors[1]);
        masses.read_wide(i, one, nought);
        Element<double> x[2];
        for (int k = 0; k < 2; ++k) x[k] = {logits[k], one[k], nought[k], factors[k]};
        Found<double> found[2];
        wide_.of_both(x, found);
        return {joined(found[0].loss, found[1].loss), joined(found[0].slope, found[1].slope)};
    }

    const SigmoidTask& task_;
    int64_t classes_, size_;
    Flat flat_;
    Reader reader_;
    Wide<Digits> wide_;
    Way way_ = Way::wide;
    bool cancels_ = false;  // a slope may be a small difference of masses
};

}  // namespace crossent::CROSSENT_UNIT

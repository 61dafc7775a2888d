// Sigmoid elements: loss, slope, their sum. See core/row.py and core/loss.py.
//
// Seen from the larger of (z, 0) an element has r = e^-|z|, the mass `own` of the larger and the
// mass `side` of the smaller one, which is |z| away:
//
//     loss  = (own + side) log(1 + r) + side |z|
//     slope = +-(side - own r) / (1 + r)      + for z > 0
//
// Logits of float are computed in float, unless that would lose digits: an element whose target
// is between 0 and 1 (side and own r may cancel), whose r is below the normal numbers, or whose
// loss is shaped, is computed in double. All elements lie side by side, n = rows * classes of
// them, cut into parts whose sums are added in order.
#pragma once

#include <algorithm>
#include <type_traits>

#include "block.hpp"
#include "buffer.hpp"
#include "log.hpp"
#include "shape.hpp"
#include "threads.hpp"

namespace crossent::CROSSENT_UNIT {

using D = Vec<double>;

// How many digits double keeps of e^x and log(1 + r): all, or 2^-35, of what is rounded to float.
struct AllDigits {
    static constexpr int terms = ExpTable<double>::terms;
    static constexpr const double (&p)[terms] = ExpTable<double>::p;
    static D::type log1p(D::type r) { return log1p_unit(r); }
    // one by one: what log u loses, e^(power log u) loses |power log u| times
    static D::type pow(D::type u, double power) {
        double lanes[D::width];
        D::store(lanes, u);
        for (double& lane : lanes) lane = std::pow(lane, power);
        return D::load(lanes);
    }
};

struct FloatDigits {
    static constexpr int terms = 7;  // at Chebyshev nodes, as in ExpTable
    static constexpr double p[terms] = {
        0x1.a1132015ba37ep-16, 0x1.a15179d80ae96p-13, 0x1.6c16858b7acb9p-10, 0x1.1110c632a3088p-7,
        0x1.5555555c87148p-5,  0x1.55555567532adp-3,  0.5};
    static D::type log1p(D::type r) {  // r times a polynomial at Chebyshev nodes
        constexpr double q[13] = {
            0x1.a0d0de7fa0aeap-11, -0x1.8cc7aa9740b75p-8, 0x1.62447f9e11576p-6,
            -0x1.923f3d450e431p-5, 0x1.5065a177b9a83p-4,  -0x1.cd9fcac54f9c7p-4,
            0x1.1cdfb9f191c54p-3,  -0x1.53b4260c5cffcp-3, 0x1.995f95ec7abe6p-3,
            -0x1.fffb1dd16699bp-3, 0x1.5555399fff040p-2,  -0x1.ffffff83090a7p-2,
            0x1.ffffffffd0cdcp-1};
        return D::mul(polynomial<double>(q, r, D::mul(r, r)), r);
    }
    static D::type pow(D::type u, double power) {
        const auto lowest = D::set(DBL_MIN), most = D::set(700.0);
        return exp_of<double>(D::min(most, D::mul(D::set(power), log_of(D::max(lowest, u)))));
    }
};

// e^x and 1 - e^x for x <= 0, neither of them a difference; a NaN stays one.
struct Risen {
    D::type exp, risen;
};

template <class Digits>
inline Risen risen_of(D::type x) {
    using Table = ExpTable<double>;
    const auto one = D::set(1.0), lowest = D::set(D::underflows ? Table::nothing : Table::lowest);
    const auto kept = D::max(lowest, x);
    const auto shifted = D::fma(kept, D::set(Table::log2e), D::set(Table::whole));
    const auto n = D::sub(shifted, D::set(Table::whole));
    auto f = D::fnma(n, D::set(Table::ln2_high), kept);
    f = D::fnma(n, D::set(Table::ln2_low), f);
    const auto square = D::mul(f, f);
    const auto p = D::fma(polynomial<double>(Digits::p, f, square), square, f);  // e^f - 1
    const auto power = D::scaled(one, shifted, n);
    const auto risen = D::fnma(power, p, D::sub(one, power));
    const auto e = D::scaled(D::add(one, p), shifted, n);
    if constexpr (D::underflows) return {e, risen};
    return {D::zero_where(D::greater(lowest, x), e), risen};
}

template <class T>
inline typename Vec<T>::type magnitude(typename Vec<T>::type x) {
    return Vec<T>::max(x, Vec<T>::sub(Vec<T>::set(T(0)), x));
}

inline Vec<float>::type joined(D::type low, D::type high) {
#if defined(__AVX512F__)
    const __m512 half = _mm512_castps256_ps512(_mm512_cvtpd_ps(low));
    return _mm512_insertf32x8(half, _mm512_cvtpd_ps(high), 1);
#elif defined(__AVX2__)
    return _mm256_set_m128(_mm256_cvtpd_ps(high), _mm256_cvtpd_ps(low));
#else
    Vec<float>::type v;
    for (int i = 0; i < D::width; ++i) v[i] = float(low[i]), v[i + D::width] = float(high[i]);
    return v;
#endif
}

// `to` becomes n elements of an array, `step` apart, in another type.
template <class M, class In>
inline void convert(M* to, const In* from, int64_t step, int64_t n) {
    if (step == 1) {
        int64_t i = 0;
        if constexpr (sizeof(In) == 2 && !std::is_integral_v<In>) {
            constexpr int W = Vec<float>::width;
            for (; i + W <= n; i += W) {
                const auto x = Vec<float>::load(from + i);
                if constexpr (sizeof(M) == 4) {
                    Vec<float>::store(to + i, x);
                } else {
                    D::type low, high;
                    Vec<float>::widen(x, low, high);
                    D::store(to + i, low);
                    D::store(to + i + D::width, high);
                }
            }
        }
        for (; i < n; ++i) {
            if constexpr (std::is_integral_v<In>) {
                to[i] = M(from[i]);
            } else {
                to[i] = M(widen(from[i]));
            }
        }
        return;
    }
    for (int64_t i = 0; i < n; ++i) {
        if constexpr (std::is_integral_v<In>) {
            to[i] = M(from[i * step]);
        } else {
            to[i] = M(widen(from[i * step]));
        }
    }
}

template <class In>
class Sigmoid {
    using T = std::conditional_t<sizeof(In) == 8, double, float>;
    using Digits = std::conditional_t<sizeof(In) == 8, AllDigits, FloatDigits>;
    using V = Vec<T>;
    static constexpr int W = V::width;
    static constexpr bool in_double = sizeof(In) == 8;
    static constexpr int64_t block = 1024, part_size = 32 * block;
    static constexpr float far = 87.0f;  // from e^-far on r may be no normal float
    // How small side - own r may be in float for slopes of half precision, in parts of a mass.
    static constexpr float close = 0x1p-10f;

    struct Space {
        alignas(64) double positive[block], negative[block], other[block], upstream[block];
        alignas(64) In logits[block];
        alignas(64) float shares[block];  // e^-|z|
        alignas(64) uint8_t kept[block];
    };

    // What a part adds to the total and the count.
    struct Part {
        double total, count;
    };

    // Masses that were worked out before; after n come zeros up to a whole vector.
    template <class M>
    struct Ready {
        const M *positive, *negative;
        void floats(int64_t i, Vec<float>::type& one, Vec<float>::type& nought) const {
            if constexpr (sizeof(M) == 4) {
                one = Vec<float>::load(positive + i);
                nought = Vec<float>::load(negative + i);
            } else {
                one = joined(D::load(positive + i), D::load(positive + i + D::width));
                nought = joined(D::load(negative + i), D::load(negative + i + D::width));
            }
        }
        void doubles(int64_t i, D::type* one, D::type* nought) const {
            if constexpr (sizeof(M) == 4) {
                Vec<float>::widen(Vec<float>::load(positive + i), one[0], one[1]);
                Vec<float>::widen(Vec<float>::load(negative + i), nought[0], nought[1]);
            } else {
                for (int k = 0; k < W / D::width; ++k) {
                    one[k] = D::load(positive + i + k * D::width);
                    nought[k] = D::load(negative + i + k * D::width);
                }
            }
        }
    };

    // Masses straight from the target, in whole vectors: factor (sharp t + flat), and the same
    // with 1 - t for nought.
    template <class Given>
    struct Direct {
        const Given* target;
        double one_sharp, one_flat, nought_sharp, nought_flat;
        float one_sharply, one_flatly, nought_sharply, nought_flatly;  // the same
        void floats(int64_t i, Vec<float>::type& one, Vec<float>::type& nought) const {
            if constexpr (sizeof(Given) == 8) {
                D::type ones[2], noughts[2];
                doubles(i, ones, noughts);
                one = joined(ones[0], ones[1]);
                nought = joined(noughts[0], noughts[1]);
            } else {
                using F = Vec<float>;
                const auto t = F::load(target + i);
                one = F::fma(F::set(one_sharply), t, F::set(one_flatly));
                nought = F::fma(F::set(nought_sharply), F::sub(F::set(1.0f), t),
                                F::set(nought_flatly));
            }
        }
        void doubles(int64_t i, D::type* one, D::type* nought) const {
            if constexpr (sizeof(Given) == 8) {
                for (int k = 0; k < W / D::width; ++k) one[k] = D::load(target + i + k * D::width);
            } else {
                Vec<float>::widen(Vec<float>::load(target + i), one[0], one[1]);
            }
            for (int k = 0; k < W / D::width; ++k) {
                nought[k] = D::fma(D::set(nought_sharp), D::sub(D::set(1.0), one[k]),
                                   D::set(nought_flat));
                one[k] = D::fma(D::set(one_sharp), one[k], D::set(one_flat));
            }
        }
    };

   public:
    explicit Sigmoid(const SigmoidTask& task)
        : task_(task), classes_(std::max<int64_t>(1, task.logits.classes)),
          size_(task.logits.rows * task.logits.classes), plain_(is_plain(task.shape)) {
        const double sharp = 1.0 - task.smoothing, flat = 0.5 * task.smoothing;
        double one = 1.0, nought = 1.0;
        for (const Reals* array : {&task.weight, &task.pos_weight, &task.neg_weight}) {
            if (array->data == nullptr) continue;
            if (array->row != 0 || array->column != 0) {
                varied_ = true;
                continue;
            }
            const double factor = real_at(*array, 0);
            if (array != &task.neg_weight) one *= factor;
            if (array != &task.pos_weight) nought *= factor;
        }
        one_sharp_ = one * sharp, one_flat_ = one * flat;
        nought_sharp_ = nought * sharp, nought_flat_ = nought * flat;
        const bool soft = task.target.data != nullptr || task.smoothing != 0.0;
        cancels_ = !in_double && task.slopes != nullptr && soft;
        selects_ = task.mask.data != nullptr || task.has_ignore;
        // an ignored target is told apart in double
        wide_masses_ = in_double || !plain_ || cancels_ || task.has_ignore;
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
    // Calls use(position, offset, n) for every stretch of elements that are `column` apart.
    template <class Use>
    void stretches(int64_t row, int64_t column, int64_t from, int64_t n, Use use) const {
        if (row == classes_ * column) return use(0, from * column, n);
        int64_t i = from / classes_, j = from % classes_;
        for (int64_t done = 0; done < n; ++i, j = 0) {
            const int64_t count = std::min(n - done, classes_ - j);
            use(done, i * row + j * column, count);
            done += count;
        }
    }

    template <class M, class Given, class Array>
    void gather(M* to, const Array& array, int64_t from, int64_t n) const {
        const Given* data = static_cast<const Given*>(array.data);
        stretches(array.row, array.column, from, n, [=](int64_t done, int64_t at, int64_t count) {
            convert(to + done, data + at, array.column, count);
        });
    }

    template <class M>
    void read(M* to, const Reals& array, int64_t from, int64_t n) const {
        switch (array.type) {
            case Real::f32: return gather<M, float>(to, array, from, n);
            case Real::f64: return gather<M, double>(to, array, from, n);
            case Real::bf16: return gather<M, bf16>(to, array, from, n);
            case Real::f16: return gather<M, f16>(to, array, from, n);
        }
    }

    template <class M>
    void read(M* to, const Integers& array, int64_t from, int64_t n) const {
        switch (array.type) {
            case Integer::i8: return gather<M, int8_t>(to, array, from, n);
            case Integer::u8: return gather<M, uint8_t>(to, array, from, n);
            case Integer::i16: return gather<M, int16_t>(to, array, from, n);
            case Integer::u16: return gather<M, uint16_t>(to, array, from, n);
            case Integer::i32: return gather<M, int32_t>(to, array, from, n);
            case Integer::u32: return gather<M, uint32_t>(to, array, from, n);
            case Integer::i64: return gather<M, int64_t>(to, array, from, n);
            case Integer::u64: return gather<M, uint64_t>(to, array, from, n);
        }
    }

    template <class M>
    void read_target(M* to, int64_t from, int64_t n) const {
        if (task_.target.data != nullptr) {
            read(to, task_.target, from, n);
        } else {
            read(to, task_.target_integer, from, n);
        }
    }

    // The masses of a block into `space`, and how many of its elements count.
    template <class M>
    int64_t work_out(Space& space, int64_t from, int64_t n, bool count_only) const {
        M* positive = reinterpret_cast<M*>(space.positive);
        M* negative = reinterpret_cast<M*>(space.negative);
        M* other = reinterpret_cast<M*>(space.other);
        uint8_t* kept = space.kept;
        if (!count_only || task_.has_ignore) read_target(positive, from, n);
        int64_t count = n;
        if (selects_) {
            if (task_.mask.data != nullptr) {
                const Flags& mask = task_.mask;
                stretches(mask.row, mask.column, from, n, [&](int64_t done, int64_t at, int64_t m) {
                    const uint8_t* flags = mask.data + at;
                    if (mask.column == 1) {
                        for (int64_t i = 0; i < m; ++i) kept[done + i] = flags[i] != 0;
                    } else {
                        for (int64_t i = 0; i < m; ++i) kept[done + i] = flags[i * mask.column] != 0;
                    }
                });
            } else {
                std::memset(kept, 1, size_t(n));
            }
            if (task_.has_ignore) {
                const M ignore = M(task_.ignore);
                for (int64_t i = 0; i < n; ++i) kept[i] &= uint8_t(!(positive[i] == ignore));
            }
            count = 0;
            for (int64_t i = 0; i < n; ++i) count += kept[i];
        }
        if (count_only) return count;
        const M one_sharp = M(one_sharp_), one_flat = M(one_flat_);
        const M nought_sharp = M(nought_sharp_), nought_flat = M(nought_flat_);
        for (int64_t i = 0; i < n; ++i) {
            const M t = positive[i];
            positive[i] = one_sharp * t + one_flat;
            negative[i] = nought_sharp * (M(1) - t) + nought_flat;
        }
        for (const Reals* array : {&task_.pos_weight, &task_.neg_weight, &task_.weight}) {
            if (array->data == nullptr || (array->row == 0 && array->column == 0)) continue;
            read(other, *array, from, n);
            if (array != &task_.neg_weight) {
                for (int64_t i = 0; i < n; ++i) positive[i] *= other[i];
            }
            if (array != &task_.pos_weight) {
                for (int64_t i = 0; i < n; ++i) negative[i] *= other[i];
            }
        }
        if (selects_) {
            for (int64_t i = 0; i < n; ++i) {
                positive[i] = kept[i] ? positive[i] : M(0);
                negative[i] = kept[i] ? negative[i] : M(0);
            }
        }
        for (int64_t i = n; i < (n + W - 1) / W * W; ++i) positive[i] = negative[i] = M(0);
        return count;
    }

    // Whether the masses can be read from the target without a detour.
    bool direct() const {
        const Reals& t = task_.target;
        if (t.data == nullptr || varied_ || selects_) return false;
        if (t.row != classes_ * t.column || t.column != 1) return false;
        return t.type == Real::f32 ? !in_double : t.type == task_.logits.type;
    }

    Part whole_part(int64_t from, int64_t to) const {
        Space space;
        Sum<T> sum;
        double count = 0.0;
        const bool count_only =
            task_.losses == nullptr && task_.total == nullptr && task_.slopes == nullptr;
        for (int64_t start = from; start < to; start += block) {
            const int64_t n = std::min(block, to - start);
            if (count_only) {
                count += double(wide_masses_ ? work_out<double>(space, start, n, true)
                                             : work_out<float>(space, start, n, true));
                continue;
            }
            const In* z = static_cast<const In*>(task_.logits.data);
            if (task_.logits.stride == classes_) {
                z += start;
            } else {
                stretches(task_.logits.stride, 1, start, n,
                          [&](int64_t done, int64_t at, int64_t m) {
                              std::memcpy(static_cast<void*>(space.logits + done), z + at,
                                          size_t(m) * sizeof(In));
                          });
                z = space.logits;
            }
            const T* upstream = nullptr;
            if (task_.upstream.data != nullptr && task_.slopes != nullptr) {
                T* read_up = reinterpret_cast<T*>(space.upstream);
                read(read_up, task_.upstream, start, n);
                std::fill(read_up + n, read_up + (n + W - 1) / W * W, T(0));
                upstream = read_up;
            }
            int64_t done = 0;
            if (direct()) {
                done = n / W * W;
                if (in_double || task_.target.type == Real::f32) {
                    elements(given<T>(start), z, done, start, upstream, space, sum);
                } else {
                    elements(given<In>(start), z, done, start, upstream, space, sum);
                }
                count += double(done);
            }
            if (done == n) continue;
            const T* up = upstream == nullptr ? nullptr : upstream + done;
            if (wide_masses_) {
                count += double(work_out<double>(space, start + done, n - done, false));
                const Ready<double> ready{space.positive, space.negative};
                elements(ready, z + done, n - done, start + done, up, space, sum);
            } else if constexpr (!in_double) {
                count += double(work_out<float>(space, start + done, n - done, false));
                const Ready<float> ready{reinterpret_cast<const float*>(space.positive),
                                         reinterpret_cast<const float*>(space.negative)};
                elements(ready, z + done, n - done, start + done, up, space, sum);
            }
        }
        return {sum.total(), count};
    }

    template <class Given>
    Direct<Given> given(int64_t start) const {
        return {static_cast<const Given*>(task_.target.data) + start,
                one_sharp_, one_flat_, nought_sharp_, nought_flat_,
                float(one_sharp_), float(one_flat_), float(nought_sharp_), float(nought_flat_)};
    }

    struct Found {
        typename V::type loss, slope;
    };

    // n elements from `start` of all on. (By value: what is local stays in registers.)
    template <class Masses>
    void elements(const Masses masses, const In* z, const int64_t n, int64_t start,
                  const T* upstream, Space& space, Sum<T>& total) const {
        In* slopes = task_.slopes == nullptr ? nullptr : static_cast<In*>(task_.slopes) + start;
        T* losses = task_.losses == nullptr ? nullptr : static_cast<T*>(task_.losses) + start;
        const bool stream_slopes = task_.stream && aligned(slopes, W * sizeof(In));
        const bool stream_losses = task_.stream && aligned(losses, W * sizeof(T));
        const auto scale = V::set(T(task_.scale));
        const bool plain = plain_;
        [[maybe_unused]] const bool cancels = cancels_;
        [[maybe_unused]] const float* shares = space.shares;
        if constexpr (!in_double) {  // by itself: more of these chains fit into a processor
            for (int64_t i = 0; plain && i < n; i += W) {
                const auto size = magnitude<T>(load_up_to(z + i, n - i));
                V::store(space.shares + i, exp_of<T>(V::sub(V::set(T(0)), size)));
            }
        }
        Sum<T> sum = total;
        auto write = [&](const Found& found, int64_t i, int64_t count)
                         __attribute__((always_inline)) {
            sum.add(found.loss);
            if (losses != nullptr) put(losses + i, found.loss, count, stream_losses);
            if (slopes != nullptr) put(slopes + i, found.slope, count, stream_slopes);
        };
        auto step = [&](int64_t i, int64_t count) __attribute__((always_inline)) {
            const auto x = load_up_to(z + i, count);
            const auto factor = upstream == nullptr ? scale : V::mul(scale, V::load(upstream + i));
            Found found;
            if constexpr (in_double) {
                D::type one, nought;
                masses.doubles(i, &one, &nought);
                const auto seen = seen_from(x);
                wide(x, seen, Digits::log1p(seen.exp), one, nought, factor, found.loss, found.slope);
            } else if (plain) {
                typename V::type one, nought;
                masses.floats(i, one, nought);
                const auto size = magnitude<T>(x);
                auto lossy = V::greater(size, V::set(far));
                if (sizeof(In) == 4 && cancels) {
                    lossy = V::either(lossy, V::greater(V::min(one, nought), V::set(T(0))));
                    if (V::count(lossy) == W) return write(in_halves(masses, i, x, factor), i, count);
                }
                const auto left = narrow_element(x, size, V::load(shares + i), one, nought, factor,
                                                 found.loss, found.slope);
                if (sizeof(In) == 2 && cancels) {
                    const auto least = V::mul(V::set(close), V::min(one, nought));
                    lossy = V::either(lossy, V::greater(least, magnitude<T>(left)));
                }
                if (__builtin_expect(V::any(lossy), 0)) {
                    const Found better = in_halves(masses, i, x, factor);
                    found.loss = V::choose(lossy, better.loss, found.loss);
                    found.slope = V::choose(lossy, better.slope, found.slope);
                }
            } else {
                found = in_halves(masses, i, x, factor);
            }
            write(found, i, count);
        };
        int64_t i = 0;
        for (; i + W <= n; i += W) step(i, W);
        if (i < n) step(i, n - i);
        total = sum;
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

    // Returns side - own r.
    static typename Vec<float>::type narrow_element(
        Vec<float>::type x, Vec<float>::type size, Vec<float>::type r, Vec<float>::type one,
        Vec<float>::type nought, Vec<float>::type factor, Vec<float>::type& loss,
        Vec<float>::type& slope) {
        using F = Vec<float>;
        const auto zero = F::set(0.0f);
        const auto up = F::greater(x, zero);
        const auto side = F::choose(up, nought, one), own = F::choose(up, one, nought);
        const auto mass = F::add(one, nought), left = F::fnma(own, r, side);
        const auto empty = F::equal(mass, zero);
        const auto gap = F::zero_where(F::equal(side, zero), F::mul(side, size));
        loss = F::zero_where(empty, F::fma(mass, log1p_unit(r), gap));
        const auto share = F::div(left, F::add(F::set(1.0f), r));
        const auto by = F::choose(up, factor, F::sub(zero, factor));
        slope = F::zero_where(F::either(empty, F::equal(factor, zero)), F::mul(share, by));
        return left;
    }

    // A vector of floats as two of doubles.
    template <class Masses>
    __attribute__((noinline)) Found in_halves(const Masses masses, int64_t i, Vec<float>::type x,
                                              Vec<float>::type factor) const {
        D::type z[2], one[2], nought[2], by[2], losses[2], slopes[2];
        Vec<float>::widen(x, z[0], z[1]);
        Vec<float>::widen(factor, by[0], by[1]);
        masses.doubles(i, one, nought);
        Risen seen[2];
        D::type logs[2];  // step by step for both: so their chains overlap
        for (int k = 0; k < 2; ++k) seen[k] = seen_from(z[k]);
        for (int k = 0; k < 2; ++k) logs[k] = Digits::log1p(seen[k].exp);
        for (int k = 0; k < 2; ++k) {
            wide(z[k], seen[k], logs[k], one[k], nought[k], by[k], losses[k], slopes[k]);
        }
        return {joined(losses[0], losses[1]), joined(slopes[0], slopes[1])};
    }

    static Risen seen_from(D::type z) {
        return risen_of<Digits>(D::sub(D::set(0.0), magnitude<double>(z)));
    }

    void wide(D::type z, const Risen& seen, D::type log, D::type one, D::type nought,
              D::type factor, D::type& loss, D::type& slope) const {
        const auto zero = D::set(0.0), whole = D::set(1.0);
        const auto size = magnitude<double>(z), r = seen.exp, risen = seen.risen;
        const auto up = D::greater(z, zero);
        const auto side = D::choose(up, nought, one), own = D::choose(up, one, nought);
        const auto mass = D::add(one, nought), below = D::add(whole, r);
        const auto empty = D::equal(mass, zero), right = D::equal(side, zero);
        const auto unused = D::either(empty, D::equal(factor, zero));
        // side - own r, with its digits also where r is next to 1 and the masses are equal
        const auto left = D::choose(D::greater(D::set(half), risen),
                                    D::fma(own, risen, D::sub(side, own)), D::fnma(own, r, side));
        if (plain_) {
            loss = D::fma(mass, log, D::zero_where(right, D::mul(side, size)));
        } else {
            // c = log(1 + r) + g with g = side |z| / mass, and e^-c = e^-g / (1 + r)
            Risen far{D::choose(right, whole, r), D::zero_where(right, risen)};
            auto g = D::zero_where(right, size);
            const auto soft = D::greater(D::min(one, nought), zero);
            if (D::any(soft)) {
                g = D::choose(soft, D::div(D::mul(side, size), mass), g);
                const auto part = risen_of<Digits>(D::sub(zero, g));
                far.exp = D::choose(soft, part.exp, far.exp);
                far.risen = D::choose(soft, part.risen, far.risen);
            }
            D::type value, by;
            shaped(D::add(log, g), r, far, value, by);
            loss = D::mul(mass, value);
            factor = D::mul(factor, by);
        }
        const auto share = D::div(left, below);
        loss = D::zero_where(empty, loss);
        slope = D::zero_where(unused, D::mul(share, D::choose(up, factor, D::sub(zero, factor))));
    }

    // phi and its derivative at c, where e^-c is far.exp / (1 + r).
    void shaped(D::type c, D::type r, const Risen& far, D::type& value, D::type& by) const {
        const Shape& shape = task_.shape;
        const auto zero = D::set(0.0), whole = D::set(1.0);
        const auto below = D::add(whole, r), above = D::add(r, far.risen);
        const auto p = D::div(far.exp, below), u = D::div(above, below);  // u = 1 - p
        if (shape.gamma != 0.0) {
            // u^gamma c and u^gamma (1 + gamma c p / u), with one power of u in the brackets
            const auto none = D::equal(c, zero);
            auto power = power_of(u, shape.gamma - 1.0), last = u;
            if constexpr (in_double) {  // what u lost in rounding, the power would lose gamma times
                const auto back = D::sub(above, r);
                const auto lost_above =
                    D::add(D::sub(r, D::sub(above, back)), D::sub(far.risen, back));
                const auto lost_below = D::sub(r, D::sub(below, whole));
                const auto rest = D::fnma(u, lost_below, D::add(D::fnma(u, below, above), lost_above));
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

    const SigmoidTask& task_;
    int64_t classes_, size_;
    bool plain_;              // the loss is not shaped
    bool varied_ = false;     // there are weights that are not one for all
    bool cancels_ = false;    // a slope may be a small difference of float masses
    bool selects_ = false;    // elements are left out
    bool wide_masses_ = false;
    double one_sharp_, one_flat_, nought_sharp_, nought_flat_;
};

}  // namespace crossent::CROSSENT_UNIT

// The masses of one and of nought of sigmoid elements, a vector at a time, straight from the
// arrays that make them where these lie side by side in the type of the computation.
#pragma once

#include "digits.hpp"
#include "flat.hpp"

namespace crossent::CROSSENT_UNIT {

// Lanes whose byte is 0.
template <class T>
inline typename Vec<T>::mask zero_bytes(const uint8_t* p) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        return _mm_testn_epi8_mask(bytes, bytes);
    } else {
        const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
        return __mmask8(_mm_testn_epi8_mask(bytes, bytes));
    }
#elif defined(__AVX2__)
    if constexpr (sizeof(T) == 4) {
        const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
        const __m256i lanes = _mm256_cvtepu8_epi32(bytes);
        return _mm256_castsi256_ps(_mm256_cmpeq_epi32(lanes, _mm256_setzero_si256()));
    } else {
        int32_t four;
        std::memcpy(&four, p, sizeof four);
        const __m256i lanes = _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(four));
        return _mm256_castsi256_pd(_mm256_cmpeq_epi64(lanes, _mm256_setzero_si256()));
    }
#else
    typename Vec<T>::mask m;
    for (int i = 0; i < Vec<T>::width; ++i) m[i] = p[i] == 0 ? -1 : 0;
    return m;
#endif
}

// The target t becomes sharp t + flat for one, and the same of 1 - t for nought.
template <class T>
struct Factors {
    T one_sharp, one_flat, nought_sharp, nought_flat;
};

// Whole vectors of masses; null pointers are not there. A `bare` target is all there is.
template <class T, class Given, bool bare>
struct Masses {
    using V = Vec<T>;
    const Given* target;
    const T* rest;  // 1 - t, where the target has more digits than T
    const T *weight, *pos_weight, *neg_weight;
    const uint8_t* kept;
    Factors<double> factors;
    Factors<T> rounded;

    void read(int64_t i, typename V::type& one, typename V::type& nought) const {
        const auto t = V::load(target + i);
        auto left = V::sub(V::set(T(1)), t);
        if (!bare && rest != nullptr) left = V::load(rest + i);
        one = V::fma(V::set(rounded.one_sharp), t, V::set(rounded.one_flat));
        nought = V::fma(V::set(rounded.nought_sharp), left, V::set(rounded.nought_flat));
        if constexpr (!bare) {
            if (pos_weight != nullptr) one = V::mul(one, V::load(pos_weight + i));
            if (neg_weight != nullptr) nought = V::mul(nought, V::load(neg_weight + i));
            if (weight != nullptr) {
                one = V::mul(one, V::load(weight + i));
                nought = V::mul(nought, V::load(weight + i));
            }
            if (kept != nullptr) {
                const auto out = zero_bytes<T>(kept + i);
                one = V::zero_where(out, one), nought = V::zero_where(out, nought);
            }
        }
    }

    // The same with the digits of double, of masses in float.
    void read_wide(int64_t i, D::type* one, D::type* nought) const {
        using F = Vec<float>;
        F::widen(F::load(target + i), one[0], one[1]);
        for (int k = 0; k < 2; ++k) nought[k] = D::sub(D::set(1.0), one[k]);
        if (!bare && rest != nullptr) F::widen(F::load(rest + i), nought[0], nought[1]);
        D::type weights[2];
        for (int k = 0; k < 2; ++k) {
            one[k] = D::fma(D::set(factors.one_sharp), one[k], D::set(factors.one_flat));
            nought[k] =
                D::fma(D::set(factors.nought_sharp), nought[k], D::set(factors.nought_flat));
        }
        if constexpr (!bare) {
            if (pos_weight != nullptr) {
                F::widen(F::load(pos_weight + i), weights[0], weights[1]);
                for (int k = 0; k < 2; ++k) one[k] = D::mul(one[k], weights[k]);
            }
            if (neg_weight != nullptr) {
                F::widen(F::load(neg_weight + i), weights[0], weights[1]);
                for (int k = 0; k < 2; ++k) nought[k] = D::mul(nought[k], weights[k]);
            }
            if (weight != nullptr) {
                F::widen(F::load(weight + i), weights[0], weights[1]);
                for (int k = 0; k < 2; ++k) one[k] = D::mul(one[k], weights[k]);
                for (int k = 0; k < 2; ++k) nought[k] = D::mul(nought[k], weights[k]);
            }
            for (int k = 0; kept != nullptr && k < 2; ++k) {
                const auto out = zero_bytes<double>(kept + i + k * D::width);
                one[k] = D::zero_where(out, one[k]), nought[k] = D::zero_where(out, nought[k]);
            }
        }
    }
};

// Finds or makes the masses of a block from a task's arrays.
template <class T, class In>
class MassReader {
    static constexpr int W = Vec<T>::width;
    static constexpr Real own_type = sizeof(T) == 8 ? Real::f64 : Real::f32;

   public:
    static constexpr int64_t block = 1024;

    struct Space {
        alignas(64) T target[block], rest[block], weight[block], pos_weight[block];
        alignas(64) T neg_weight[block];
        alignas(64) double wide[block];
        alignas(64) uint8_t kept[block];
    };

    MassReader(const SigmoidTask& task, const Flat& flat) : task_(task), flat_(flat) {
        const double sharp = 1.0 - task.smoothing, even = 0.5 * task.smoothing;
        double one = 1.0, nought = 1.0;
        for (const Reals* array : {&task.weight, &task.pos_weight, &task.neg_weight}) {
            if (array->data == nullptr) continue;
            if (varies(*array)) {
                varied_ = true;
                continue;
            }
            const double factor = real_at(*array, 0);
            if (array != &task.neg_weight) one *= factor;
            if (array != &task.pos_weight) nought *= factor;
        }
        factors_ = {one * sharp, one * even, nought * sharp, nought * even};
        rounded_ = {T(factors_.one_sharp), T(factors_.one_flat), T(factors_.nought_sharp),
                    T(factors_.nought_flat)};
        selects_ = task.mask.data != nullptr || task.has_ignore;
        // in float a t next to 1 loses 1 - t, and an integer may become the one that is ignored
        const bool loses = task.target.data != nullptr
                               ? task.target.type == Real::f64
                               : task.has_ignore && !(std::abs(task.ignore) < 0x1p24);
        wide_target_ = sizeof(T) == 4 && loses;
    }

    // n elements, from a task's array if they are whole vectors there (or from `room`, then
    // filled up with zeros).
    const T* find(const Reals& array, int64_t from, int64_t n, T* room) const {
        if (n % W == 0 && array.type == own_type) {
            const int64_t at = flat_.find(array, from, n);
            if (at >= 0) return static_cast<const T*>(array.data) + at;
        }
        flat_.read(room, array, from, n);
        fill_up(room, n);
        return room;
    }

    // How many of n elements count.
    int64_t count(Space& space, int64_t from, int64_t n) const {
        if (!selects_) return n;
        Target target{};
        if (task_.has_ignore) target = find_target(space, from, n);
        return count_kept(find_kept(space, target, from, n), n);
    }

    // Calls use(masses) for n elements, and returns how many of them count. Lanes that are no
    // whole vector have no mass.
    template <class Use>
    int64_t read(Space& space, int64_t from, int64_t n, Use use) const {
        const bool bare = !varied_ && !selects_ && !wide_target_ && n % W == 0;
        if constexpr (sizeof(In) == 2) {
            constexpr Real half = std::is_same_v<In, bf16> ? Real::bf16 : Real::f16;
            const Reals& given = task_.target;
            const int64_t at = bare && given.type == half ? flat_.find(given, from, n) : -1;
            if (at >= 0) {
                const In* data = static_cast<const In*>(given.data) + at;
                use(Masses<T, In, true>{data, nullptr, nullptr, nullptr, nullptr, nullptr, factors_,
                                        rounded_});
                return n;
            }
        }
        const Target target = find_target(space, from, n);
        if (bare) {
            use(Masses<T, T, true>{target.t, nullptr, nullptr, nullptr, nullptr, nullptr, factors_,
                                   rounded_});
            return n;
        }
        const uint8_t* kept = find_kept(space, target, from, n);
        use(Masses<T, T, false>{target.t, target.rest,
                                find_weight(task_.weight, from, n, space.weight),
                                find_weight(task_.pos_weight, from, n, space.pos_weight),
                                find_weight(task_.neg_weight, from, n, space.neg_weight), kept,
                                factors_, rounded_});
        return selects_ ? count_kept(kept, n) : n;
    }

   private:
    struct Target {
        const T *t, *rest;
        const double* wide;
    };

    static bool varies(const Reals& array) { return array.row != 0 || array.column != 0; }

    template <class M>
    static void fill_up(M* room, int64_t n) {
        for (int64_t i = n; i % W != 0; ++i) room[i] = M(0);
    }

    template <class M>
    void read_target(M* to, int64_t from, int64_t n) const {
        if (task_.target.data != nullptr) {
            flat_.read(to, task_.target, from, n);
        } else {
            flat_.read(to, task_.target_integer, from, n);
        }
    }

    Target find_target(Space& space, int64_t from, int64_t n) const {
        if (!wide_target_) {
            if (task_.target.data != nullptr) {
                return {find(task_.target, from, n, space.target), nullptr, nullptr};
            }
            read_target(space.target, from, n);
            fill_up(space.target, n);
            return {space.target, nullptr, nullptr};
        }
        const double* wide = space.wide;
        const int64_t at = flat_.find(task_.target, from, n);
        if (at >= 0) {
            wide = static_cast<const double*>(task_.target.data) + at;
        } else {
            read_target(space.wide, from, n);
        }
        for (int64_t i = 0; i < n; ++i) {
            const double t = wide[i];
            space.target[i] = T(t);
            space.rest[i] = T(1.0 - t);
        }
        fill_up(space.target, n);
        fill_up(space.rest, n);
        return {space.target, space.rest, wide};
    }

    const T* find_weight(const Reals& array, int64_t from, int64_t n, T* room) const {
        return array.data == nullptr || !varies(array) ? nullptr : find(array, from, n, room);
    }

    template <class M>
    void leave_out(uint8_t* kept, const M* t, int64_t n) const {
        const M ignore = M(task_.ignore);
        if (double(ignore) != task_.ignore) return;
        for (int64_t i = 0; i < n; ++i) kept[i] &= uint8_t(t[i] != ignore);
    }

    const uint8_t* find_kept(Space& space, const Target& target, int64_t from, int64_t n) const {
        const Flags& mask = task_.mask;
        if (!selects_ && n % W == 0) return nullptr;
        const bool whole = n % W == 0 && !task_.has_ignore;
        const int64_t at = whole ? flat_.find(mask, from, n) : -1;
        if (at >= 0) return mask.data + at;
        if (mask.data != nullptr) {
            flat_.read(space.kept, mask, from, n);
            for (int64_t i = 0; i < n; ++i) space.kept[i] = space.kept[i] != 0;
        } else {
            std::memset(space.kept, 1, size_t(n));
        }
        if (task_.has_ignore) {
            if (target.wide != nullptr) {
                leave_out(space.kept, target.wide, n);
            } else {
                leave_out(space.kept, target.t, n);
            }
        }
        fill_up(space.kept, n);
        return space.kept;
    }

    static int64_t count_kept(const uint8_t* kept, int64_t n) {
        int64_t count = 0;
        for (int64_t i = 0; i < n; i += 128) {  // a byte holds as many
            uint8_t some = 0;
            const int64_t end = std::min(n, i + 128);
            for (int64_t k = i; k < end; ++k) some = uint8_t(some + (kept[k] != 0));
            count += some;
        }
        return count;
    }

    const SigmoidTask& task_;
    const Flat& flat_;
    bool varied_ = false;   // there are weights that are not one for all
    bool selects_ = false;  // elements are left out
    bool wide_target_ = false;
    Factors<double> factors_;
    Factors<T> rounded_;
};

}  // namespace crossent::CROSSENT_UNIT

// Logarithms of vectors: log(1 + x) and log(x), at most 1 ulp off.
#pragma once

#include <limits>

#include "simd.hpp"

namespace crossent::CROSSENT_UNIT {

// p[0] x^(N-1) + .. + p[N-1] as two chains of multiplications, in even and in odd powers.
template <class T, int N>
inline typename Vec<T>::type polynomial(const T (&p)[N], typename Vec<T>::type x,
                                        typename Vec<T>::type square) {
    using V = Vec<T>;
    auto high = V::set(p[0]), low = V::set(p[1]);
    for (int i = 2; i + 1 < N; i += 2) {
        high = V::fma(high, square, V::set(p[i]));
        low = V::fma(low, square, V::set(p[i + 1]));
    }
    if constexpr (N % 2 == 0) return V::fma(high, x, low);
    high = V::fma(high, square, V::set(p[N - 1]));
    return V::fma(low, x, high);
}

// log(1 + x) = f - f^2 / 2 + s (f^2 / 2 + R(s^2)) with s = f / (2 + f), as in fdlibm.
constexpr double log_series[7] = {
    1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
    2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
    6.666666666666735130e-01};
constexpr double log_of_2_high = 6.93147180369123816490e-01;
constexpr double log_of_2_low = 1.90821492927058770002e-10;

// log(1 + f) + high + low for |f| < 1/2, `low` far below the last place of the result.
inline Vec<double>::type log_near_1(Vec<double>::type f, Vec<double>::type high,
                                    Vec<double>::type low) {
    using D = Vec<double>;
    const auto s = D::div(f, D::add(D::set(2.0), f)), square = D::mul(s, s);
    const auto series = polynomial<double>(log_series, square, D::mul(square, square));
    const auto halved = D::mul(D::mul(D::set(0.5), f), f);
    const auto curved = D::fma(s, D::fma(series, square, halved), low);
    return D::sub(high, D::sub(D::sub(halved, curved), f));
}

// log(1 + r) for 0 <= r <= 1; a NaN stays one.
inline Vec<double>::type log1p_unit(Vec<double>::type r) {
    using D = Vec<double>;
    const auto up = D::greater(r, D::set(0.41421356));
    const auto zero = D::set(0.0);
    const auto below = D::sub(r, D::set(1.0));
    const auto lost = D::sub(r, D::add(below, D::set(1.0)));  // of r < 1/2; 1 / (1 + f) is 1.38 there
    const auto f = D::choose(up, D::mul(below, D::set(0.5)), r);
    const auto low = D::fma(lost, D::set(0.69), D::set(log_of_2_low));
    return log_near_1(f, D::choose(up, D::set(log_of_2_high), zero), D::choose(up, low, zero));
}

// f + f^2 P(f) for f = r, or f = (r - 1) / 2 and log 2 more: P interpolates at Chebyshev nodes,
// 0.2 ulp off. From r = 1/2 on r - 1 is exact.
inline Vec<float>::type log1p_unit(Vec<float>::type r) {
    using V = Vec<float>;
    constexpr float p[10] = {0x1.431c5ap-5f, -0x1.7c984ep-4f, 0x1.dfe454p-4f, -0x1.0414f4p-3f,
                             0x1.244252p-3f, -0x1.5520e8p-3f, 0x1.999936p-3f, -0x1.000066p-2f,
                             0x1.555556p-2f, -0.5f};
    const auto up = V::greater(r, V::set(0.5f));
    const auto zero = V::set(0.0f);
    const auto f = V::choose(up, V::mul(V::sub(r, V::set(1.0f)), V::set(0.5f)), r);
    const auto square = V::mul(f, f), high = V::choose(up, V::set(0x1.62e43p-1f), zero);
    const auto curved = V::fma(square, polynomial<float>(p, f, square),
                               V::choose(up, V::set(-0x1.05c61p-29f), zero));
    const auto sum = V::add(high, f);
    return V::add(sum, V::add(curved, V::sub(f, V::sub(sum, high))));
}

// y = mantissa * 2^exponent, mantissa in [sqrt(1/2), sqrt(2)); of normal y > 0.
inline void take_apart(Vec<double>::type y, Vec<double>::type& mantissa,
                       Vec<double>::type& exponent) {
    using D = Vec<double>;
#if defined(__AVX512F__)
    exponent = _mm512_getexp_pd(y);
    mantissa = _mm512_getmant_pd(y, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_zero);
#elif defined(__AVX2__)
    const __m256i bits = _mm256_castpd_si256(y);
    const __m256i shifted = _mm256_or_si256(_mm256_srli_epi64(bits, 52),
                                            _mm256_set1_epi64x(0x4330000000000000));
    const __m256i rest = _mm256_and_si256(bits, _mm256_set1_epi64x(0xfffffffffffff));
    exponent = D::sub(_mm256_castsi256_pd(shifted), D::set(0x1p52 + 1023.0));
    mantissa = _mm256_castsi256_pd(_mm256_or_si256(rest, _mm256_set1_epi64x(0x3ff0000000000000)));
#else
    for (int i = 0; i < D::width; ++i) {
        const double lane = y[i];
        uint64_t bits;
        std::memcpy(&bits, &lane, sizeof bits);
        exponent[i] = double(int64_t(bits >> 52)) - 1023.0;
        bits = (bits & 0xfffffffffffff) | 0x3ff0000000000000;
        double whole;
        std::memcpy(&whole, &bits, sizeof whole);
        mantissa[i] = whole;
    }
#endif
    const auto large = D::greater(mantissa, D::set(1.4142135623730951));
    mantissa = D::choose(large, D::mul(mantissa, D::set(0.5)), mantissa);
    exponent = D::choose(large, D::add(exponent, D::set(1.0)), exponent);
}

// log(1 + x) for 0 <= x <= inf; a NaN stays one.
inline Vec<double>::type log1p_of(Vec<double>::type x) {
    using D = Vec<double>;
    constexpr double whole = 6755399441055744.0;  // 1.5 * 2^52: see Vec::scaled
    const auto one = D::set(1.0);
    const auto y = D::add(one, x), back = D::sub(y, one);
    const auto lost = D::add(D::sub(one, D::sub(y, back)), D::sub(x, back));
    D::type mantissa = one, k = one;
    take_apart(y, mantissa, k);
    const auto f = D::sub(mantissa, one);
    const auto down = D::max(D::set(-1000.0), D::sub(D::set(0.0), k));  // a normal 2^down
    // What 1 + x lost is a last place: 1 / mantissa as 1 - f + f^2 will do.
    const auto part = D::scaled(lost, D::add(down, D::set(whole)), down);
    const auto share = D::mul(part, D::fma(f, D::sub(f, one), one));
    const auto value = log_near_1(f, D::mul(k, D::set(log_of_2_high)),
                                  D::fma(k, D::set(log_of_2_low), share));
    const auto finite = D::greater(D::set(std::numeric_limits<double>::infinity()), x);
    return D::choose(finite, value, x);
}

// log(x) of normal x > 0; a NaN stays one.
inline Vec<double>::type log_of(Vec<double>::type x) {
    using D = Vec<double>;
    D::type mantissa = x, k = x;
    take_apart(x, mantissa, k);
    const auto value = log_near_1(D::sub(mantissa, D::set(1.0)), D::mul(k, D::set(log_of_2_high)),
                                  D::mul(k, D::set(log_of_2_low)));
    const auto finite = D::greater(D::set(std::numeric_limits<double>::infinity()), x);
    return D::choose(finite, value, x);
}

}  // namespace crossent::CROSSENT_UNIT

// What the elements of sigmoid.hpp are made of: powers of e and logarithms in double, with as many
// digits as the logits' type keeps, and vectors of float as two of double.
#pragma once

#include "log.hpp"

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

// Two vectors of double as one of float.
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

}  // namespace crossent::CROSSENT_UNIT

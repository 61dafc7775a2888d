// Sums in double of vectors of either type: of float exact but for double's rounding, of double
// compensated (Knuth's TwoSum), so that a row's numbers have all digits of its type.
#pragma once

#include "simd.hpp"

namespace crossent::CROSSENT_UNIT {

template <class T>
class Sum;

template <>
class Sum<float> {
    using V = Vec<float>;
    using D = Vec<double>;
    D::type low_ = D::set(0.0), high_ = D::set(0.0);

   public:
    void add(V::type v) {
        D::type low, high;
        V::widen(v, low, high);
        low_ = D::add(low_, low);
        high_ = D::add(high_, high);
    }
    double total() const { return D::total(D::add(low_, high_)); }
};

template <>
class Sum<double> {
    using D = Vec<double>;
    D::type sum_ = D::set(0.0), lost_ = D::set(0.0);

   public:
    void add(D::type v) {
        const auto sum = D::add(sum_, v), back = D::sub(sum, sum_);
        lost_ = D::add(lost_, D::add(D::sub(sum_, D::sub(sum, back)), D::sub(v, back)));
        sum_ = sum;
    }
    double total() const {
        double lanes[D::width], sum = 0.0, rest = D::total(lost_);
        D::store(lanes, sum_);
        for (double lane : lanes) {
            const double next = sum + lane, back = next - sum;
            rest += (sum - (next - back)) + (lane - back);
            sum = next;
        }
        const double whole = sum + rest;
        return rest == rest ? whole : sum;  // of infinities only the sum means something
    }
};

// The sum of `count` vectors: float in fours, as a tree, before it is widened.
template <class T, int count>
inline void add_all(Sum<T>& sum, const typename Vec<T>::type* v) {
    using V = Vec<T>;
    if constexpr (count % 4 == 0) {
        for (int k = 0; k < count; k += 4) {
            sum.add(V::add(V::add(v[k], v[k + 1]), V::add(v[k + 2], v[k + 3])));
        }
    } else {
        for (int k = 0; k < count; ++k) sum.add(v[k]);
    }
}

}  // namespace crossent::CROSSENT_UNIT

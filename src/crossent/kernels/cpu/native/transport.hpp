// How far mass has to be carried along a line: the formula of core/transport.py.
#pragma once

#include <cmath>

#include "divergence.hpp"

namespace crossent::CROSSENT_UNIT {

// The sum of |cumulated (p - q)| times gaps of a row, with the digits that cancelling leaves.
template <class In>
inline double carried(const In* p, const In* q, int64_t classes, const double* gaps) {
    double passing = 0.0, rest = 0.0, sum = 0.0, lost = 0.0;
    for (int64_t i = 0; i + 1 < classes; ++i) {
        const double moved = add_keeping(double(widen(p[i])), -double(widen(q[i])), rest);
        passing = add_keeping(passing, moved, rest);
        sum = add_keeping(sum, std::fabs(passing + rest) * (gaps == nullptr ? 1.0 : gaps[i]), lost);
    }
    return lost == lost ? sum + lost : sum;
}

template <class In>
inline void carried_rows(const DivergenceTask& task) {
    for_each_run(task, 1 << 14, [&](int64_t from, int64_t to) {
        for (int64_t row = from; row < to; ++row) {
            const In *p = row_at<In>(task.p, row), *q = row_at<In>(task.q, row);
            task.sums[row] = carried(p, q, task.p.classes, task.gaps);
        }
    });
}

}  // namespace crossent::CROSSENT_UNIT

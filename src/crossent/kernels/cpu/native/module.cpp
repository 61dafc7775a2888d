// The Python module: descriptions of arrays in, kernels called without the interpreter's lock.
#include <nanobind/nanobind.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "units.hpp"

namespace nb = nanobind;

namespace crossent {

namespace {

const Unit& best_unit() {
#if defined(CROSSENT_X86)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        return avx512::unit;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("f16c")) {
        return avx2::unit;
    }
#endif
    return baseline::unit;
}

const Unit* unit = &best_unit();

// Below so many elements a second thread takes longer to wake than the work lasts.
constexpr int64_t elements_a_thread = 1 << 14;

template <class T>
T* pointer(nb::handle address) {
    return reinterpret_cast<T*>(nb::cast<uintptr_t>(address));
}

// (address, type, stride, stride) as kernels/cpu/arrays.py describes an array, or None.
template <class Array, class Type>
Array described(nb::handle given) {
    Array array;
    if (given.is_none()) return array;
    const nb::tuple parts = nb::borrow<nb::tuple>(given);
    array.data = pointer<const void>(parts[0]);
    array.type = Type(nb::cast<int>(parts[1]));
    array.row = nb::cast<int64_t>(parts[2]);
    array.column = nb::cast<int64_t>(parts[3]);
    return array;
}

Reals reals(nb::handle given) { return described<Reals, Real>(given); }
Integers integers(nb::handle given) { return described<Integers, Integer>(given); }

Flags flags(nb::handle given) {
    const Integers array = integers(given);
    return {static_cast<const uint8_t*>(array.data), array.row, array.column};
}

Logits logits_of(const nb::tuple& given) {
    return {pointer<const void>(given[0]), Real(nb::cast<int>(given[1])),
            nb::cast<int64_t>(given[2]), nb::cast<int64_t>(given[3]), nb::cast<int64_t>(given[4])};
}

// (index, k, values, dense, class_weight, sample_weight, mask, ignore, smoothing)
Labels labels_of(const nb::tuple& given) {
    Labels labels;
    labels.index = integers(given[0]);
    labels.k = nb::cast<int64_t>(given[1]);
    labels.values = reals(given[2]);
    labels.dense = reals(given[3]);
    labels.class_weight = reals(given[4]);
    labels.sample_weight = reals(given[5]);
    labels.mask = flags(given[6]);
    labels.ignore = nb::cast<int64_t>(given[7]);
    labels.smoothing = nb::cast<double>(given[8]);
    return labels;
}

// (gamma, poly_epsilon, generalised, z_loss, temperature, softcap)
Shape shape_of(const nb::tuple& given) {
    return {nb::cast<double>(given[0]), nb::cast<double>(given[1]), nb::cast<double>(given[2]),
            nb::cast<double>(given[3])};
}

Link link_of(const nb::tuple& given) {
    return {nb::cast<double>(given[4]), nb::cast<double>(given[5])};
}

int threads_for(int64_t elements, int threads) {
    return int(std::max<int64_t>(1, std::min<int64_t>(threads, elements / elements_a_thread)));
}

template <class Work>
void unlocked(int64_t elements, Work work) {
    if (elements < elements_a_thread) return work();
    nb::gil_scoped_release release;
    work();
}

void dense(const nb::tuple& logits, const nb::tuple& labels, const nb::tuple& shape, double scale,
           uintptr_t row_scale, uintptr_t given, uintptr_t losses, uintptr_t numbers, bool entropy,
           uintptr_t slopes, bool stream, int threads) {
    DenseTask task;
    task.logits = logits_of(logits);
    task.labels = labels_of(labels);
    task.shape = shape_of(shape);
    task.link = link_of(shape);
    task.scale = scale;
    task.row_scale = reinterpret_cast<const double*>(row_scale);
    task.given = reinterpret_cast<const Slope*>(given);
    task.losses = reinterpret_cast<double*>(losses);
    task.numbers = reinterpret_cast<Row*>(numbers);
    task.entropy = entropy;
    task.slopes = reinterpret_cast<void*>(slopes);
    task.stream = stream;
    const int64_t elements = task.logits.rows * task.logits.classes;
    task.threads = threads_for(elements, threads);
    unlocked(elements, [&] { unit->dense(task); });
}

void sigmoid(const nb::tuple& logits, const nb::tuple& target, nb::handle weight,
             nb::handle pos_weight, nb::handle neg_weight, nb::handle mask, nb::handle ignore,
             double smoothing, const nb::tuple& shape, double scale, nb::handle upstream,
             uintptr_t losses, uintptr_t total, uintptr_t count, uintptr_t slopes, bool stream,
             int threads) {
    SigmoidTask task;
    task.logits = logits_of(logits);
    const int type = nb::cast<int>(target[1]);
    if (type >= 0) {
        task.target = reals(target);
    } else {  // -1 - the number of an integer type
        task.target_integer = integers(target);
        task.target_integer.type = Integer(-1 - type);
    }
    task.weight = reals(weight);
    task.pos_weight = reals(pos_weight);
    task.neg_weight = reals(neg_weight);
    task.mask = flags(mask);
    task.has_ignore = !ignore.is_none();
    if (task.has_ignore) task.ignore = nb::cast<double>(ignore);
    task.smoothing = smoothing;
    task.shape = shape_of(shape);
    task.scale = scale;
    task.upstream = reals(upstream);
    task.losses = reinterpret_cast<void*>(losses);
    task.total = reinterpret_cast<double*>(total);
    task.count = reinterpret_cast<double*>(count);
    task.slopes = reinterpret_cast<void*>(slopes);
    task.stream = stream;
    const int64_t elements = task.logits.rows * task.logits.classes;
    task.threads = threads_for(elements, threads);
    unlocked(elements, [&] { unit->sigmoid(task); });
}

void divergence(int term, double order, const nb::tuple& p, const nb::tuple& q,
                uintptr_t gaps, uintptr_t sums, int threads) {
    DivergenceTask task;
    task.term = Term(term);
    task.order = order;
    task.p = logits_of(p);
    task.q = logits_of(q);
    task.gaps = reinterpret_cast<const double*>(gaps);
    task.sums = reinterpret_cast<double*>(sums);
    const int64_t elements = task.p.rows * task.p.classes;
    task.threads = threads_for(elements, threads);
    unlocked(elements, [&] { unit->divergence(task); });
}

void divergence_slopes(int term, double order, const nb::tuple& p, const nb::tuple& q,
                       uintptr_t gaps, uintptr_t upstream, uintptr_t slopes_p, uintptr_t slopes_q, int threads) {
    DivergenceTask task;
    task.term = Term(term);
    task.order = order;
    task.p = logits_of(p);
    task.q = logits_of(q);
    task.gaps = reinterpret_cast<const double*>(gaps);
    task.upstream = reinterpret_cast<const double*>(upstream);
    task.slopes_p = reinterpret_cast<void*>(slopes_p);
    task.slopes_q = reinterpret_cast<void*>(slopes_q);
    const int64_t elements = task.p.rows * task.p.classes;
    task.threads = threads_for(elements, threads);
    unlocked(elements, [&] { unit->divergence(task); });
}

// 1 / x, and 0 where nothing is left to divide by: see core/reduction.py.
double reciprocal(double x) {
    return std::abs(x) < std::numeric_limits<double>::min() ? 0.0 : 1.0 / x;
}

double sum(const double* values, int64_t count) {
    double total = 0.0, lost = 0.0;
    for (int64_t i = 0; i < count; ++i) {
        const double next = total + values[i], back = next - total;
        lost += (total - (next - back)) + (values[i] - back);
        total = next;
    }
    return lost == lost ? total + lost : total;
}

// The losses' scaled sum, its slopes, and the scale: 1 / weight, 1 / rows, or as given.
nb::tuple reduce(const nb::tuple& logits, const nb::tuple& labels, const nb::tuple& shape, int by,
                 double scale, uintptr_t slopes, bool stream, int threads) {
    DenseTask task;
    task.logits = logits_of(logits);
    task.labels = labels_of(labels);
    task.shape = shape_of(shape);
    task.link = link_of(shape);
    task.slopes = reinterpret_cast<void*>(slopes);
    task.stream = stream;
    const int64_t rows = task.logits.rows, elements = rows * task.logits.classes;
    task.threads = threads_for(elements, threads);
    double value = 0.0;
    unlocked(elements, [&] {
        thread_local std::vector<double> losses;
        losses.resize(size_t(rows));
        task.losses = losses.data();
        if (by != 0) {
            const Totals totals = unit->totals(task.labels, rows, task.logits.classes, by == 1);
            scale = reciprocal(by == 1 ? totals.weight : totals.count);
        }
        task.scale = scale;
        unit->dense(task);
        value = sum(losses.data(), rows) * scale;
    });
    return nb::make_tuple(value, scale);
}

int64_t first_outside(nb::handle index, nb::handle mask, int64_t rows, int64_t classes,
                      int64_t ignored) {
    Labels labels;
    labels.index = integers(index);
    labels.mask = flags(mask);
    labels.k = 1;
    return unit->first_outside(labels, rows, classes, ignored);
}

nb::tuple totals(const nb::tuple& labels, int64_t rows, int64_t classes) {
    const Totals found = unit->totals(labels_of(labels), rows, classes, true);
    return nb::make_tuple(found.weight, found.count);
}

}  // namespace
}  // namespace crossent

NB_MODULE(_native, m) {
    using namespace crossent;
    m.doc() = "Row kernels of crossent on the CPU; called by crossent.kernels.cpu only.";
    m.def("dense", &dense);
    m.def("reduce", &reduce);
    m.def("sigmoid", &sigmoid, nb::arg("logits"), nb::arg("target"), nb::arg("weight").none(),
          nb::arg("pos_weight").none(), nb::arg("neg_weight").none(), nb::arg("mask").none(),
          nb::arg("ignore").none(), nb::arg("smoothing"), nb::arg("shape"), nb::arg("scale"),
          nb::arg("upstream").none(), nb::arg("losses"), nb::arg("total"), nb::arg("count"),
          nb::arg("slopes"), nb::arg("stream"), nb::arg("threads"));
    m.def("divergence", &divergence);
    m.def("divergence_slopes", &divergence_slopes);
    m.def("totals", &totals);
    m.def("first_outside", &first_outside, nb::arg("index").none(), nb::arg("mask").none(),
          nb::arg("rows"), nb::arg("classes"), nb::arg("ignored"));
    m.def("unit", [] { return unit->name; });
    m.def("units", [] {
        nb::list names;
        names.append("baseline");
#if defined(CROSSENT_X86)
        if (&best_unit() != &baseline::unit) names.append("avx2");
        if (&best_unit() == &avx512::unit) names.append("avx512");
#endif
        return names;
    });
    m.def("use", [](const char* name) {  // what another machine would run, for tests
        for (const Unit* other : {&baseline::unit,
#if defined(CROSSENT_X86)
                                  &avx2::unit, &avx512::unit
#endif
             }) {
            if (std::strcmp(other->name, name) == 0) unit = other;
        }
    });
}

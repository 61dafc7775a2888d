// Everything that is compiled once for each instruction set.
#include "link.hpp"
#include "sigmoid.hpp"

#define CROSSENT_TEXT(name) #name
#define CROSSENT_NAME(name) CROSSENT_TEXT(name)

namespace crossent::CROSSENT_UNIT {

template <class In>
static void rows_of(const DenseTask& task) {
    if (Linked<In>::fit(task)) return Linked<In>(task).run();
    Dense<In>(task).run();
}

static void dense(const DenseTask& task) {
    switch (task.logits.type) {
        case Real::f32: rows_of<float>(task); break;
        case Real::f64: rows_of<double>(task); break;
        case Real::bf16: rows_of<bf16>(task); break;
        case Real::f16: rows_of<f16>(task); break;
    }
}

static Totals all(const Labels& labels, int64_t rows, int64_t classes, bool weights) {
    return totals(labels, rows, classes, weights);
}

static int64_t outside(const Labels& labels, int64_t rows, int64_t classes, int64_t ignored) {
    return first_outside(labels, rows, classes, ignored);
}

static void sigmoid(const SigmoidTask& task) {
    switch (task.logits.type) {
        case Real::f32: Sigmoid<float>(task).run(); break;
        case Real::f64: Sigmoid<double>(task).run(); break;
        case Real::bf16: Sigmoid<bf16>(task).run(); break;
        case Real::f16: Sigmoid<f16>(task).run(); break;
    }
}

extern const Unit unit;
const Unit unit = {CROSSENT_NAME(CROSSENT_UNIT), dense, all, outside, sigmoid};

}  // namespace crossent::CROSSENT_UNIT

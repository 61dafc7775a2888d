// Everything that is compiled once for each instruction set.
#include "divergence_slope.hpp"
#include "link.hpp"
#include "sigmoid.hpp"
#include "transport.hpp"

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

// `rows.run<term>()` of the task's term.
template <class Rows>
static void run_term(const DivergenceTask& task, const Rows& rows) {
    switch (task.term) {
        case Term::mass: return rows.template run<Term::mass>();
        case Term::entropy: return rows.template run<Term::entropy>();
        case Term::cross_entropy: return rows.template run<Term::cross_entropy>();
        case Term::kl: return rows.template run<Term::kl>();
        case Term::js: return rows.template run<Term::js>();
        case Term::hellinger: return rows.template run<Term::hellinger>();
        case Term::affinity: return rows.template run<Term::affinity>();
        case Term::variation: return rows.template run<Term::variation>();
        case Term::chi_square: return rows.template run<Term::chi_square>();
        case Term::spread: return rows.template run<Term::spread>();
        case Term::square: return rows.template run<Term::square>();
        case Term::order_excess: return rows.template run<Term::order_excess>();
        case Term::order_power: return rows.template run<Term::order_power>();
        case Term::renyi_excess: return rows.template run<Term::renyi_excess>();
        case Term::renyi_power: return rows.template run<Term::renyi_power>();
        default: return;
    }
}

template <class In>
static void divergence_of(const DivergenceTask& task) {
    const bool slopes = task.upstream != nullptr;
    switch (task.term) {
        case Term::softmax_entropy: return softmax_rows<In>(task);
        case Term::softmax_kl:
            return slopes ? DivergenceSlopes<In>(task).run_softmax_kl() : softmax_rows<In>(task);
        case Term::carried:
            return slopes ? DivergenceSlopes<In>(task).run_carried() : carried_rows<In>(task);
        default: break;
    }
    if (slopes) return run_term(task, DivergenceSlopes<In>(task));
    run_term(task, Divergence<In>(task));
}

static void divergence(const DivergenceTask& task) {
    switch (task.p.type) {
        case Real::f32: return divergence_of<float>(task);
        case Real::f64: return divergence_of<double>(task);
        case Real::bf16: return divergence_of<bf16>(task);
        case Real::f16: return divergence_of<f16>(task);
    }
}

extern const Unit unit;
const Unit unit = {CROSSENT_NAME(CROSSENT_UNIT), dense, all, outside, sigmoid, divergence};

}  // namespace crossent::CROSSENT_UNIT

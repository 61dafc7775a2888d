// What crosses from the caller into a kernel: pointers, strides, numbers.
//
// Plain data only. A unit is compiled once for each instruction set, and a function with the same
// name in two units is kept once by the linker, from either: all functions of a unit, templates
// of the standard library over shared types too, live in its own namespace.
#pragma once

#include <cstdint>

namespace crossent {

struct bf16 { uint16_t bits; };
struct f16 { uint16_t bits; };

// The numbers are those of `kernels/cpu/arrays.py`.
enum class Real : int { f32, f64, bf16, f16 };
enum class Integer : int { i8, u8, i16, u16, i32, u32, i64, u64 };

// Arrays of one or two axes, strides in elements; a null pointer is an array that is not there.
struct Reals {
    const void* data = nullptr;
    Real type = Real::f32;
    int64_t row = 0, column = 0;
};

struct Integers {
    const void* data = nullptr;
    Integer type = Integer::i64;
    int64_t row = 0, column = 0;
};

struct Flags {  // booleans of one byte
    const uint8_t* data = nullptr;
    int64_t row = 0, column = 0;
};

struct Logits {
    const void* data = nullptr;
    Real type = Real::f32;
    int64_t rows = 0, classes = 0, stride = 0;  // from row to row; classes lie side by side
};

// A target as it was given. A class out of range is never read, and counts as padding.
struct Labels {
    Integers index;        // (N,) classes, or (N, K) of a top-k
    int64_t k = 0;         // how many a row; 0: no sparse part
    Reals values;          // (N, K) of a top-k; null: 1
    Reals dense;           // (N, V)
    Reals class_weight;    // (V,)
    Reals sample_weight;   // (N,)
    Flags mask;            // (N,)
    int64_t ignore = -1;   // a class that is left out; negative: none
    double smoothing = 0.0;
};

struct Shape {
    double gamma = 0.0, poly_epsilon = 0.0, generalised = 0.0, z_loss = 0.0;
};

// logits = softcap tanh(scores / temperature / softcap); a softcap of 0 is none.
struct Link {
    double temperature = 1.0, softcap = 0.0;
};

struct Row {
    double m, r, gap, mass, h;
};

// The numbers of a row's slope: p_j (mass gamma + alpha + beta (m - z_j)) - gamma q_j.
struct Slope {
    double alpha, beta, gamma;
};

// What a caller wants of softmax rows; null pointers are not wanted.
struct DenseTask {
    Logits logits;
    Labels labels;
    Shape shape;
    Link link;                          // not where the slope's numbers are `given`
    double scale = 1.0;                 // of every row's slope, times its own `row_scale`
    const double* row_scale = nullptr;  // (N,)
    const Slope* given = nullptr;       // (N,) the slope's numbers, instead of the shape's
    double* losses = nullptr;           // (N,)
    Row* numbers = nullptr;             // (N,)
    bool entropy = false;               // h of `numbers` as well
    void* slopes = nullptr;             // (N, V), contiguous, in the logits' type
    bool stream = false;                // the slopes are too many for the caches
    int threads = 1;
};

// What a caller wants of sigmoid elements, classes per row of all arrays alike; null pointers are
// not wanted. A stride of 0 repeats an array along that axis.
struct SigmoidTask {
    Logits logits;
    Reals target;                      // the probability of one; or
    Integers target_integer;           // booleans are u8
    Reals weight;                      // of an element
    Reals pos_weight, neg_weight;      // of the mass of one, and of nought
    Flags mask;                        // false leaves an element out
    bool has_ignore = false;
    double ignore = 0.0;               // the target that leaves an element out
    double smoothing = 0.0;            // the target becomes (1 - eps) t + eps / 2
    Shape shape;                       // without the z-loss
    double scale = 1.0;                // of every slope, times its own `upstream`
    Reals upstream;
    void* losses = nullptr;            // contiguous, float; double for logits of double
    double* total = nullptr;           // sum of the losses, whatever the number of threads
    double* count = nullptr;           // how many elements count
    void* slopes = nullptr;            // contiguous, in the logits' type; may be the logits
    bool stream = false;               // the outputs are too many for the caches
    int threads = 1;
};

// The numbers are those of `kernels/cpu/divergence.py`.
enum class Term : int {
    mass, entropy, cross_entropy, kl, js, hellinger, affinity, variation, chi_square,
    spread, square, order_excess, order_power, renyi_excess, renyi_power,
    softmax_entropy, softmax_kl, carried  // no sums of terms: of logits, and of cumulated sums
};

// Sums of terms of p and q, of one shape and type; q may be p where a term has none.
struct DivergenceTask {
    Term term = Term::mass;
    double order = 1.0;  // Renyi's
    Logits p, q;
    const double* gaps = nullptr;  // (C - 1,) between the places of `carried`; null: 1
    double* sums = nullptr;        // (N,); or, of each term by p and by q, times `upstream`:
    const double* upstream = nullptr;               // (N,)
    void *slopes_p = nullptr, *slopes_q = nullptr;  // (N, C), contiguous, in the type of p
    int threads = 1;
};

// What a mean divides by.
struct Totals {
    double weight, count;
};

// The verbs of one instruction set.
struct Unit {
    const char* name;
    void (*dense)(const DenseTask&);
    Totals (*totals)(const Labels&, int64_t rows, int64_t classes, bool weights);
    int64_t (*first_outside)(const Labels&, int64_t rows, int64_t classes, int64_t ignored);
    void (*sigmoid)(const SigmoidTask&);
    void (*divergence)(const DivergenceTask&);
};

}  // namespace crossent

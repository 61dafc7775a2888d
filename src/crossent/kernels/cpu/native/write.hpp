// Writing a block of slopes: whole vectors, past the caches or into them, and single elements.
#pragma once

#include "simd.hpp"

namespace crossent::CROSSENT_UNIT {

// An element of a row whose slope is not e times a factor.
struct Patch {
    int64_t at;
    double value;
};

// out_i = value(e_i, i) for a block that starts at class `start`; `e` has room for whole vectors.
template <class T, class Out, class Value>
inline void write_cached(Out* out, int64_t n, const T* e, Value value, const Patch* patch,
                         const Patch* until, int64_t start) {
    using V = Vec<T>;
    constexpr int W = V::width;
    int64_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W) {
        for (int k = 0; k < 4; ++k) {
            V::store(out + i + k * W, value(V::load(e + i + k * W), i + k * W, W));
        }
    }
    for (; i + W <= n; i += W) V::store(out + i, value(V::load(e + i), i, W));
    if (i < n) store_some<T>(out + i, value(V::load(e + i), i, n - i), n - i);
    for (; patch != until; ++patch) out[patch->at - start] = narrowed<Out>(T(patch->value));
}

// The last elements of a stretch, fewer than a vector, that wait for the first of the next: two
// ordinary stores to one line would fetch it from memory first.
template <class T, class Out>
struct Carry {
    Out* at = nullptr;
    int64_t count = 0;
    T lanes[Vec<T>::width] = {};

    void flush() {
        if (count != 0) store_some<T>(at, Vec<T>::load(lanes), count);
        count = 0;
    }
    ~Carry() { flush(); }
};

// As above past the caches. An ordinary store to a line on its way out would be slow: patches,
// in order of their classes, go into the vectors.
template <class T, class Out, class Value>
inline void write_stream(Out* out, int64_t n, const T* e, Value value, const Patch* patch,
                         const Patch* until, int64_t start, Carry<T, Out>& carry) {
    using V = Vec<T>;
    constexpr int W = V::width;
    constexpr int64_t align = W * int64_t(sizeof(Out));
    const auto address = reinterpret_cast<uintptr_t>(out);
    int64_t i = 0;
    auto patched = [&](int64_t count) {
        T lanes[W];
        V::store(lanes, value(V::load(e + i), i, count));
        for (; patch != until && patch->at - start < i + count; ++patch) {
            lanes[patch->at - start - i] = T(patch->value);
        }
        return V::load(lanes);
    };
    if (address % align != 0) {
        const int64_t count = (align - int64_t(address % align)) / int64_t(sizeof(Out));
        const int64_t most = count < n ? count : n;
        const auto head = patched(most);
        if (carry.count + most == W && carry.at + carry.count == out) {
            T lanes[W];
            V::store(lanes, head);
            for (int64_t k = 0; k < most; ++k) carry.lanes[carry.count + k] = lanes[k];
            V::stream(carry.at, V::load(carry.lanes));
            carry.count = 0;
        } else {
            store_some<T>(out, head, most);
        }
        i = most;
    }
    carry.flush();
    for (;;) {
        const int64_t end = patch == until ? n : patch->at - start;
        for (; i + W <= end; i += W) V::stream(out + i, value(V::load(e + i), i, W));
        if (i + W > n) break;
        V::stream(out + i, patched(W));
        i += W;
    }
    if (i < n) {
        carry.at = out + i;
        carry.count = n - i;
        V::store(carry.lanes, patched(n - i));
    }
}

}  // namespace crossent::CROSSENT_UNIT

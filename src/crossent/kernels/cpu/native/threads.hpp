// Work in parts, on as many threads as asked for.
#pragma once

#include <cstdint>

namespace crossent {

// Calls work(context, part) once for every part, on at most `threads` threads, and returns when
// all are done. Parts are handed out one after the other; no part may throw.
void in_parallel(int64_t parts, int threads, void (*work)(void*, int64_t), void* context);

template <class Work>
inline void for_each_part(int64_t parts, int threads, Work& work) {
    in_parallel(
        parts, threads, [](void* context, int64_t part) { (*static_cast<Work*>(context))(part); },
        &work);
}

}  // namespace crossent

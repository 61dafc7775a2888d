#include "threads.hpp"

#include <dlfcn.h>
#include <pthread.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace crossent {
namespace {

// Whether subnormal numbers are 0: helpers compute as the thread that asked them does.
#if defined(__SSE2__)
unsigned floating_mode() { return _mm_getcsr(); }
void set_floating_mode(unsigned mode) { _mm_setcsr(mode); }
#else
unsigned floating_mode() { return 0; }
void set_floating_mode(unsigned) {}
#endif

struct Job {
    std::atomic<int64_t> next{0};
    int64_t parts;
    void (*work)(void*, int64_t);
    void* context;
    unsigned mode;

    void run_as_asked() {
        set_floating_mode(mode);
        run();
    }
    void run() {
        for (int64_t part; (part = next.fetch_add(1, std::memory_order_relaxed)) < parts;) {
            work(context, part);
        }
    }
};

// Threads that sleep between jobs; one job at a time, a second caller works alone.
class Pool {
    std::mutex mutex_;
    std::condition_variable wake_, done_;
    std::vector<std::thread> threads_;
    Job* job_ = nullptr;
    int wanted_ = 0, running_ = 0;

    void serve() {
        std::unique_lock<std::mutex> lock(mutex_);
        for (;;) {
            wake_.wait(lock, [this] { return wanted_ > 0; });
            --wanted_;
            Job* job = job_;
            lock.unlock();
            job->run_as_asked();
            lock.lock();
            if (--running_ == 0) done_.notify_one();
        }
    }

   public:
    bool run(Job& job, int helpers) {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            if (job_ != nullptr) return false;
            while (int(threads_.size()) < helpers) threads_.emplace_back([this] { serve(); });
            job_ = &job;
            wanted_ = running_ = helpers;
        }
        wake_.notify_all();
        job.run();
        std::unique_lock<std::mutex> lock(mutex_);
        running_ -= wanted_;  // those that have not woken are not needed any more
        wanted_ = 0;
        done_.wait(lock, [this] { return running_ == 0; });
        job_ = nullptr;
        return true;
    }
};

// A child of fork has none of its parent's threads: it starts with a pool of its own, and the
// parent's is left as it is.
std::atomic<Pool*> pool{nullptr};
std::atomic<bool> is_child{false};

void watch_forks() {
    static const int registered = pthread_atfork(nullptr, nullptr, [] {
        pool.store(nullptr);
        is_child.store(true);
    });
    (void)registered;
}

Pool& own_pool() {
    Pool* found = pool.load();
    if (found == nullptr) {
        Pool* made = new Pool;
        if (pool.compare_exchange_strong(found, made)) return *made;
        delete made;
    }
    return *found;
}

// The OpenMP runtime that PyTorch has loaded. Its threads spin for a while after every operation:
// beside them a thread of another pool waits for a slice of the processor, some milliseconds.
using Parallel = void (*)(void (*)(void*), void*, unsigned, unsigned);

Parallel loaded_openmp() {
    static std::atomic<Parallel> found{nullptr};
    Parallel parallel = found.load();
    if (parallel == nullptr) {  // PyTorch may be loaded by the next call
        parallel = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
        found.store(parallel);
    }
    return parallel;
}

}  // namespace

void in_parallel(int64_t parts, int threads, void (*work)(void*, int64_t), void* context) {
    Job job;
    job.parts = parts;
    job.work = work;
    job.context = context;
    job.mode = floating_mode();
    if (threads > parts) threads = int(parts);
    if (threads > 1) {
        watch_forks();
        Parallel openmp = is_child.load() ? nullptr : loaded_openmp();  // it hangs in a child
        if (openmp != nullptr) {
            openmp([](void* own) { static_cast<Job*>(own)->run_as_asked(); }, &job, unsigned(threads), 0);
            return;
        }
        if (own_pool().run(job, threads - 1)) return;
    }
    job.run();
}

}  // namespace crossent

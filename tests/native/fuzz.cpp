// The units and the pool without Python, under the sanitizers: `make sanitize`.
//
//     fuzz WHAT SEED CASES [FIRST]    WHAT: all, or one of the parts below
//
// A failure names its case; `fuzz dense SEED 1 NUMBER` runs that one again.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include "dense.hpp"
#include "divergence.hpp"
#include "sigmoid.hpp"
#include "threads.hpp"
#include "units.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
extern "C" void __sanitizer_set_death_callback(void (*)());
#else
#define SANITIZED 0
#endif
#if defined(__SANITIZE_THREAD__)
#define THREAD_SANITIZED 1
#else
#define THREAD_SANITIZED 0
#endif

namespace fuzz {
namespace {

std::vector<const Unit*> units() {  // that this machine can run, as in module.cpp
    std::vector<const Unit*> found{&baseline::unit};
#if defined(CROSSENT_X86)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) {
        found.push_back(&avx2::unit);
    }
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        found.push_back(&avx512::unit);
    }
#endif
    return found;
}

// What a sanitizer or a signal ends is told as well.
char current[160] = "nothing yet";

void tell() {
    const char* const parts[] = {"\nin ", current, "\n"};
    for (const char* part : parts) (void)!write(2, part, std::strlen(part));
}

[[maybe_unused]] void on_signal(int number) {
    tell();
    std::signal(number, SIG_DFL);
    std::raise(number);
}

struct Arguments {
    uint64_t seed = 1;
    int64_t cases = 100, first = 0;
};

using Check = void (*)(const Unit&, uint64_t, uint64_t, int64_t);

template <class Case>
void each_case(const char* what, const Arguments& given, Check check) {
    const int64_t elements = THREAD_SANITIZED ? 12000 : 24000;
    for (int64_t number = given.first; number < given.first + given.cases; ++number) {
        for (const Unit* unit : units()) {
            std::snprintf(current, sizeof current, "%s %llu 1 %lld (%s)", what, (unsigned long long)given.seed,
                          (long long)number, unit->name);
            try {
                check(*unit, given.seed, uint64_t(number), elements);
            } catch (const Mismatch& mismatch) {
                const Case made(given.seed, uint64_t(number), elements);
                throw Mismatch(std::string(mismatch.what()) + "\n    of " + made.name());
            }
        }
    }
}

void dense(const Arguments& given) { each_case<DenseCase>("dense", given, check_dense); }
void sigmoid(const Arguments& given) { each_case<SigmoidCase>("sigmoid", given, check_sigmoid); }
void divergence(const Arguments& given) { each_case<DivergenceCase>("divergence", given, check_divergence); }

// A task of either kind whose result is known.
class Known {
    const Unit& unit_;
    DenseCase dense_;
    SigmoidCase sigmoid_;
    DenseOutput right_;
    SigmoidOutput right_elements_;

   public:
    Known(const Unit& unit, uint64_t seed, uint64_t number, int64_t elements)
        : unit_(unit), dense_(seed, number, elements), sigmoid_(seed, number, elements) {
        unit_.dense(dense_.task(right_, 0, dense_.rows(), 1, false));
        unit_.sigmoid(sigmoid_.task(right_elements_, 0, sigmoid_.rows(), 1, false));
    }
    void again(int threads, bool stream) {  // by one thread at a time: its random numbers are its own
        DenseOutput got;
        unit_.dense(dense_.task(got, 0, dense_.rows(), threads, stream));
        dense_.same(right_, got, 0, "again");
        SigmoidOutput elements;
        unit_.sigmoid(sigmoid_.task(elements, 0, sigmoid_.rows(), threads, stream));
        sigmoid_.same(right_elements_, elements, 0, "again");
        SigmoidCase::same_sums(right_elements_, elements, "again");
    }
};

// Several callers at once; each part of each job is done once, whoever gets the pool.
void callers(const Arguments& given) {
    std::snprintf(current, sizeof current, "callers %llu %lld", (unsigned long long)given.seed, (long long)given.cases);
    constexpr int count = 4;
    const auto all = units();
    std::string failures[count];
    std::vector<std::thread> threads;
    for (int own = 0; own < count; ++own) {
        threads.emplace_back([&, own] {
            try {
                Random random(given.seed, uint64_t(own));
                for (int64_t k = 0; k < given.cases; ++k) {
                    std::vector<int> done(size_t(random.range(0, 40)), 0);
                    const bool nested = random.chance(20);
                    auto work = [&](int64_t part) {
                        ++done[size_t(part)];
                        if (!nested) return;
                        std::atomic<int> inner{0};
                        auto add = [&](int64_t) { ++inner; };
                        for_each_part(3, 2, add);
                        if (inner != 3) done[size_t(part)] = -1000;
                    };
                    for_each_part(int64_t(done.size()), int(random.range(1, 5)), work);
                    for (int times : done) {
                        if (times != 1) fail("a part was done %d times", times);
                    }
                    const Unit& unit = *all[size_t(random.range(0, int64_t(all.size()) - 1))];
                    Known known(unit, given.seed, random.next(), 3000);
                    for (int again = 0; again < 3; ++again) known.again(int(random.range(2, 3)), random.chance(50));
                }
            } catch (const Mismatch& mismatch) {
                failures[own] = mismatch.what();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::string& failure : failures) {
        if (!failure.empty()) throw Mismatch(failure);
    }
}

// Children of a parent that has used its pool, and of one that is using it.
void forks(const Arguments& given) {
    std::snprintf(current, sizeof current, "fork %llu", (unsigned long long)given.seed);
    std::vector<Known> known;
    known.reserve(8);
    for (uint64_t k = 0; k < 8; ++k) known.emplace_back(*units().back(), given.seed, k, 20000);
    const auto use = [&] {
        for (Known& one : known) one.again(2, false);
    };
    const auto child = [&] {
        const pid_t pid = fork();
        if (pid < 0) fail("no fork");
        if (pid == 0) {
            alarm(60);
            int failed = 0;
            try {
                use();
                const pid_t grandchild = fork();
                if (grandchild == 0) {
                    alarm(60);
                    use();
                    _exit(0);
                }
                int status = 1;
                failed = waitpid(grandchild, &status, 0) != grandchild || status != 0;
                use();
            } catch (const Mismatch&) {
                failed = 1;
            }
            _exit(failed);  // no leak check: what the parent's pool held is not reached from here
        }
        int status = 1;
        if (waitpid(pid, &status, 0) != pid || status != 0) fail("a child ended with %d", status);
    };
    use();
    child();
    use();
    if (SANITIZED) return;  // AddressSanitizer's own locks are not made for what follows
    std::atomic<bool> stop{false};
    std::thread busy([&] {
        auto nothing = [](int64_t) {};
        while (!stop) for_each_part(8, 3, nothing);
    });
    try {
        for (int k = 0; k < 20; ++k) child();
    } catch (...) {
        stop = true;
        busy.join();
        throw;
    }
    stop = true;
    busy.join();
}

// A pool that was made while its caller flushed to zero does not do so ever after.
void modes(const Arguments&) {
#if defined(__SSE2__)
    std::snprintf(current, sizeof current, "modes");
    const pid_t pid = fork();  // with a pool of its own
    if (pid < 0) fail("no fork");
    if (pid == 0) {
        alarm(60);
        const unsigned before = _mm_getcsr() & ~0x3fu;
        std::atomic<int> odd{0};
        auto work = [&](int64_t) {
            if ((_mm_getcsr() & ~0x3fu) != before) ++odd;
            usleep(1000);  // so that every thread gets some
        };
        _mm_setcsr(before | 0x8040);
        for_each_part(9, 3, work);
        _mm_setcsr(before);
        odd = 0;
        for_each_part(9, 3, work);
        _exit(odd != 0);
    }
    int status = 1;
    if (waitpid(pid, &status, 0) != pid) fail("no child");
    if (status != 0) fail("threads of a pool flush to zero because their first caller did");
#endif
}

int64_t from_status(const char* key) {  // of /proc/self/status: kB, or a count
    std::FILE* file = std::fopen("/proc/self/status", "r");
    char line[256];
    long long value = -1;
    while (file != nullptr && std::fgets(line, sizeof line, file) != nullptr) {
        if (std::strncmp(line, key, std::strlen(key)) == 0) value = std::atoll(line + std::strlen(key));
    }
    if (file != nullptr) std::fclose(file);
    return value;
}

// 1e5 small calls, and callers that come and go, take no more memory than the first did.
void memory(const Arguments& given) {
    std::snprintf(current, sizeof current, "memory %llu", (unsigned long long)given.seed);
    std::vector<Known> known;
    known.reserve(64);
    for (uint64_t k = 0; k < 64; ++k) known.emplace_back(*units()[k % units().size()], given.seed, k, 400);
    const auto use = [&](int64_t calls) {
        for (int64_t k = 0; k < calls; k += 2) known[size_t(k / 2 % 64)].again(int(1 + k % 3), k % 5 == 0);
    };
    const auto come_and_go = [&](int times) {
        for (int k = 0; k < times; ++k) std::thread([&] { known[size_t(k % 64)].again(2, false); }).join();
    };
    use(10000);
    come_and_go(100);
    const int64_t before = from_status("VmRSS:"), threads = from_status("Threads:");
    use(100000);
    come_and_go(1000);
    const int64_t after = from_status("VmRSS:");
    if (after - before > 1024) fail("%lld kB before 1e5 calls, %lld kB after", (long long)before, (long long)after);
    if (from_status("Threads:") != threads) fail("the number of threads has grown");
}

// Elements beyond 2^31, in pages that are not there until they are written.
class Sparse {
    int64_t elements_;
    uint16_t* data_;

   public:
    explicit Sparse(int64_t elements) : elements_(elements) {
        void* found = mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (found == MAP_FAILED) fail("no address space for %lld elements", (long long)elements);
        data_ = static_cast<uint16_t*>(found);
    }
    ~Sparse() { munmap(data_, bytes()); }
    size_t bytes() const { return size_t(elements_) * 2; }
    void set(int64_t at, double x) { encode(Real::bf16, x, reinterpret_cast<uint8_t*>(data_ + at)); }
    const uint16_t* data() const { return data_; }
};

void far(const Arguments& given) {
    constexpr int64_t rows = 70000, classes = 32000, half = (int64_t(1) << 31) / classes;
    Sparse logits(rows * classes);
    std::vector<int64_t> index(size_t(rows), 0);
    std::vector<double> losses(size_t(rows), nan), want(size_t(rows), std::log(double(classes)));
    Random random(given.seed, 0);
    for (int64_t i : {int64_t(0), half - 1, half, half + 1, rows - 1}) {
        const int64_t at = random.range(0, classes - 1);
        index[size_t(i)] = at;
        logits.set(i * classes + at, 2.0 + double(i % 5));
        want[size_t(i)] = std::log1p(double(classes - 1) * std::exp(-2.0 - double(i % 5)));
    }
    DenseTask task;
    task.logits = {logits.data(), Real::bf16, rows, classes, classes};
    task.labels.index = {index.data(), Integer::i64, 1, 0};
    task.labels.k = 1;
    task.threads = 2;
    const auto run = [&](const Unit& unit, const char* what) {
        std::snprintf(current, sizeof current, "far %llu: %s, %s", (unsigned long long)given.seed, what, unit.name);
        std::fill(losses.begin(), losses.end(), nan);
        task.losses = losses.data();
        unit.dense(task);
        for (int64_t i = 0; i < task.logits.rows; ++i) {
            if (std::abs(losses[size_t(i)] - want[size_t(i)]) <= 1e-6 * want[size_t(i)]) continue;
            fail("the loss of row %lld is %.17g, not %.17g", (long long)i, losses[size_t(i)], want[size_t(i)]);
        }
    };
    run(*units().back(), "all rows");  // the others differ in what they do within a row

    // Three rows, more than 2^31 apart, of logits and of a soft target.
    constexpr int64_t few = 100, apart = (int64_t(1) << 31) + 77;
    Sparse wide(2 * apart + few), soft(2 * apart + few);
    std::vector<double> expected;
    for (int64_t i = 0; i < 3; ++i) {
        double sum = 0.0;
        for (int64_t j = 0; j < few; ++j) {
            const double x = double((7 * i + 3 * j) % 11) / 4.0;  // has few digits
            wide.set(i * apart + j, x);
            sum += std::exp(x);
        }
        soft.set(i * apart + 10 + i, 1.0);
        expected.push_back(std::log(sum) - double((7 * i + 3 * (10 + i)) % 11) / 4.0);
        index[size_t(i)] = 10 + i;
    }
    want = expected;
    task.logits = {wide.data(), Real::bf16, 3, few, apart};
    for (const Unit* unit : units()) {
        task.labels = Labels();
        task.labels.index = {index.data(), Integer::i64, 1, 0};
        task.labels.k = 1;
        run(*unit, "rows far apart");
        task.labels = Labels();
        task.labels.dense = {soft.data(), Real::bf16, apart, 1};
        run(*unit, "rows far apart with a soft target");

        SigmoidTask elements;
        elements.logits = task.logits;
        elements.target = task.labels.dense;
        double total = nan, sum = 0.0;
        elements.total = &total;
        for (int64_t i = 0; i < 3; ++i) {
            for (int64_t j = 0; j < few; ++j) {
                const double x = double((7 * i + 3 * j) % 11) / 4.0;
                sum += std::log1p(std::exp(x)) - (j == 10 + i ? x : 0.0);
            }
        }
        unit->sigmoid(elements);
        if (!(std::abs(total - sum) <= 1e-6 * sum)) fail("the total of the elements is %.17g, not %.17g", total, sum);
    }
}

struct Part {
    const char* name;
    void (*run)(const Arguments&);
    int percent;  // of the cases, in `all`
    bool wanted;
};

const Part parts[] = {
    {"dense", dense, 100, true},
    {"sigmoid", sigmoid, 50, true},
    {"divergence", divergence, 50, true},
    {"callers", callers, 30, true},
    {"fork", forks, 0, !THREAD_SANITIZED},  // ThreadSanitizer allows a child no threads
    {"modes", modes, 0, !THREAD_SANITIZED},
    {"memory", memory, 0, !SANITIZED},
    {"far", far, 0, !SANITIZED},
};

int main_of(int count, char** words) {
    const std::string what = count > 1 ? words[1] : "all";
    Arguments given;
    if (count > 2) given.seed = std::strtoull(words[2], nullptr, 10);
    if (count > 3) given.cases = std::atoll(words[3]);
    if (count > 4) given.first = std::atoll(words[4]);
#if SANITIZED
    __sanitizer_set_death_callback(tell);
#else
    for (int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) std::signal(number, on_signal);
#endif
    const auto start = std::chrono::steady_clock::now();
    bool found = false;
    std::string done;
    for (const Part& part : parts) {
        if (what == "all" ? !part.wanted : what != part.name) continue;
        found = true;
        Arguments own = given;
        if (what == "all") own.cases = given.cases * part.percent / 100;
        try {
            part.run(own);
        } catch (const Mismatch& mismatch) {
            std::fprintf(stderr, "%s\nin %s\n", mismatch.what(), current);
            return 1;
        }
        done += std::string(done.empty() ? "" : ", ") + part.name;
        if (own.cases != 0) done += " " + std::to_string(own.cases);
    }
    if (!found) {
        std::fprintf(stderr, "no part is called %s\n", what.c_str());
        return 2;
    }
    std::string names;
    for (const Unit* unit : units()) names += std::string(" ") + unit->name;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("%s: seed %llu, %s on%s: ok, %.0f s\n", BUILD, (unsigned long long)given.seed, done.c_str(),
                names.c_str(), seconds);
    return 0;
}

}  // namespace
}  // namespace fuzz

int main(int count, char** words) { return fuzz::main_of(count, words); }

// How far the vectors' exponential is off, in units in the last place: every float in [-104, 0]
// whose result is normal, and 20 million doubles. Fails beyond what each unit is held to.
#include <cmath>
#include <cstdio>

#include "exp.hpp"

using namespace crossent::CROSSENT_UNIT;

#define TEXT(name) #name
#define NAME(name) TEXT(name)

// Without a fused multiply-add each term of the polynomial is rounded once more.
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
constexpr double allowed = 1.0;
#else
constexpr double allowed = 1.25;
#endif

static double every_float() {
    using V = Vec<float>;
    const float lowest = -104.0f;
    uint32_t last;
    std::memcpy(&last, &lowest, sizeof last);
    double worst = 0.0;
    for (uint64_t bits = 0x80000000u; bits <= last; bits += V::width) {
        float x[V::width], e[V::width];
        for (int i = 0; i < V::width; ++i) {
            const uint32_t own = bits + i > last ? last : uint32_t(bits + i);
            std::memcpy(x + i, &own, sizeof own);
        }
        V::store(e, exp_of<float>(V::load(x)));
        for (int i = 0; i < V::width; ++i) {
            const double exact = std::exp(double(x[i]));
            if (exact < 0x1p-126) continue;
            int exponent;
            std::frexp(exact, &exponent);
            worst = std::fmax(worst, std::fabs(e[i] - exact) / std::ldexp(1.0, exponent - 24));
        }
    }
    return worst;
}

static double many_doubles() {
    using V = Vec<double>;
    uint64_t state = 88172645463325252ull;
    double worst = 0.0;
    for (int64_t k = 0; k < 20000000; k += V::width) {
        double x[V::width], e[V::width];
        for (int i = 0; i < V::width; ++i) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            const double u = double(state >> 11) * 0x1p-53;
            x[i] = (k & 1024) != 0 ? -u * 708.0 : -std::ldexp(u, -int(state & 31));
        }
        V::store(e, exp_of<double>(V::load(x)));
        for (int i = 0; i < V::width; ++i) {
            const long double exact = expl(x[i]);
            int exponent;
            frexpl(exact, &exponent);
            worst = std::fmax(worst, double(fabsl(e[i] - exact) / ldexpl(1.0L, exponent - 53)));
        }
    }
    return worst;
}

int main() {
    const double single = every_float(), wide = many_doubles();
    std::printf("digits: %s, exp of float %.3f ulp, of double %.3f ulp\n", NAME(CROSSENT_UNIT), single,
                wide);
    return single <= allowed && wide <= allowed ? 0 : 1;
}

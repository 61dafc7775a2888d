"""The distribution measures of given doubles in 80 digits by mpmath. Imports nothing from crossent.

Each is its documented function of the rounded numbers, whose sum is 1 up to a rounding; where that
matters there are two readings. Terms are summed by value, as long rows repeat theirs.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

import mpmath
from mpmath import mpf

DIGITS = 80  # two rows one ulp apart have divergences of 1e-32: 48 digits are left
LOGIT_DIGITS = 1000  # e^-700 beside 1, squared
NEAR = 0.3  # a sum this near to 1 has to be told by what it lacks

Row = Sequence[float]
Readings = list[mpf]  # of a sum that is 1 up to a rounding: as 1, and as it is


def _sum(term: Callable[..., mpf], *rows: Row) -> mpf:
    counted = Counter(zip(*map(tuple, rows), strict=True))
    return mpmath.fsum(n * term(*map(mpf, values)) for values, n in counted.items())


def _kl_term(p: mpf, q: mpf) -> mpf:
    if p == 0:
        return q
    return mpmath.inf if q == 0 else p * mpmath.log(p / q) - p + q


def information(p: float) -> mpf:
    with mpmath.workdps(DIGITS):
        return mpmath.inf if p == 0 else -mpmath.log(mpf(p))


def entropy(p: Row) -> mpf:
    with mpmath.workdps(DIGITS):
        return _sum(lambda x: -x * mpmath.log(x) if x else mpf(0), p)


def _cross_term(p: mpf, q: mpf) -> mpf:
    if p == 0:
        return mpf(0)
    return mpmath.inf if q == 0 else -p * mpmath.log(q)


def cross_entropy(p: Row, q: Row) -> mpf:
    with mpmath.workdps(DIGITS):
        return _sum(_cross_term, p, q)


def kl_divergence(p: Row, q: Row) -> mpf:
    """sum of p log(p / q) - p + q."""
    with mpmath.workdps(DIGITS):
        return _sum(_kl_term, p, q)


def kl_without_mass(p: Row, q: Row) -> mpf:
    """sum of p log(p / q), the textbook's."""
    with mpmath.workdps(DIGITS):
        return kl_divergence(p, q) + mpmath.fsum(p) - mpmath.fsum(q)


def js_divergence(p: Row, q: Row) -> mpf:
    """Half the sum of p log(2p / (p + q)) + q log(2q / (p + q))."""
    with mpmath.workdps(DIGITS):

        def term(x: mpf, y: mpf) -> mpf:
            middle = (x + y) / 2
            return (_kl_term(x, middle) + _kl_term(y, middle)) / 2

        return _sum(term, p, q)


def js_distance(p: Row, q: Row) -> mpf:
    with mpmath.workdps(DIGITS):
        return mpmath.sqrt(js_divergence(p, q))


def js_distance_condition(p: Row, q: Row) -> float:
    """How much of a rounding the root shows of a divergence that is a subnormal number."""
    value = js_divergence(p, q)
    return float(max(1, mpf(2) ** -1022 / value)) if value else 1.0


def total_variation(p: Row, q: Row) -> mpf:
    with mpmath.workdps(DIGITS):
        return _sum(lambda x, y: abs(x - y) / 2, p, q)


def hellinger_squared(p: Row, q: Row) -> mpf:
    with mpmath.workdps(DIGITS):
        return _sum(lambda x, y: (mpmath.sqrt(x) - mpmath.sqrt(y)) ** 2 / 2, p, q)


def hellinger(p: Row, q: Row) -> mpf:
    with mpmath.workdps(DIGITS):
        return mpmath.sqrt(hellinger_squared(p, q))


def bhattacharyya_coefficient(p: Row, q: Row) -> mpf:
    with mpmath.workdps(DIGITS):
        return _sum(lambda x, y: mpmath.sqrt(x * y), p, q)


def bhattacharyya_distance(p: Row, q: Row) -> Readings:
    """-log of the coefficient, which is 1 - H^2 where the sums of p and q count as 1."""
    with mpmath.workdps(DIGITS):
        logs = _logs(-hellinger_squared(p, q), bhattacharyya_coefficient(p, q))
        return [-log for log in logs]


def _logs(above: mpf, whole: mpf) -> Readings:
    """log of 1 + above; of the sum itself too, unless it is near 1."""
    logs = [mpmath.log1p(above)] if above > -1 else []
    if abs(above) > NEAR:
        logs.append(mpmath.log(whole) if whole else -mpmath.inf)
    return logs


@lru_cache(maxsize=10_000)  # every row meets its powers four times
def _power_term(p: mpf, q: mpf, alpha: mpf) -> mpf:
    if p == 0:
        return mpf(0)
    if q == 0:
        return mpmath.inf if alpha > 1 else mpf(0)
    return p**alpha * q ** (1 - alpha)


def renyi_divergence(p: Row, q: Row, alpha: float) -> Readings:
    """log(S) / (a - 1) of the sum S of p^a q^(1 - a).

    Where the sums of p and q count as 1, S is 1 + the sum of p^a q^(1 - a) - a p - (1 - a) q.
    """
    if alpha == 1:
        return [kl_divergence(p, q)]
    if list(p) == list(q):  # not the last rounding of the sums
        return [mpf(0)]
    with mpmath.workdps(DIGITS):
        if alpha == math.inf:
            pairs = {(x, y) for x, y in zip(p, q, strict=True) if x > 0}
            return [mpmath.log(max(mpf(x) / y if y else mpmath.inf for x, y in pairs))]
        a = mpf(alpha)
        whole = _sum(lambda x, y: _power_term(x, y, a), p, q)
        above = _sum(lambda x, y: _power_term(x, y, a) - a * x - (1 - a) * y, p, q)
        return [log / (a - 1) for log in _logs(above, whole)]


def renyi_condition(p: Row, q: Row, alpha: float) -> float:
    """How much of a relative error of its powers the divergence can show: 1 for none amplified.

    A power r^a, r = p / q, has a |log r| times the error of r; then the sum passes the logarithm.
    """
    if alpha in (1, math.inf):
        return 1.0

    def steep(x: mpf, y: mpf) -> mpf:
        return max(1, alpha * abs(mpmath.log(x / y))) if x and y else mpf(1)

    def above(x: mpf, y: mpf) -> mpf:
        return _power_term(x, y, mpf(alpha)) - alpha * x - (1 - mpf(alpha)) * y

    return _condition(above, lambda x, y: _power_term(x, y, mpf(alpha)), steep, p, q)


def _condition(
    above: Callable[..., mpf], power: Callable[..., mpf], steep: Callable[..., mpf], *rows: Row
) -> float:
    with mpmath.workdps(DIGITS):
        total = _sum(above, *rows)
        term = above if abs(total) < NEAR else power
        number = _sum(term, *rows)
        if number in (0, mpmath.inf):
            return 1.0
        spread = _sum(lambda *row: abs(term(*row)) * steep(*row), *rows)
        log = mpmath.log1p(total) if term is above else mpmath.log(number)
        return float(max(1, spread / abs((1 + total if term is above else number) * log)))


def renyi_entropy(p: Row, alpha: float) -> Readings:
    """log(S) / (1 - a) of the sum S of p^a; where that of p counts as 1, S is 1 + that of p^a - p.

    0 and inf are the limits: the logarithm of how many there are, -log of the largest.
    """
    if alpha == 1:
        return [entropy(p)]
    with mpmath.workdps(DIGITS):
        if alpha == math.inf:
            return [-mpmath.log(mpf(max(p)))]
        if alpha == 0:
            return [mpmath.log(sum(x > 0 for x in p))]
        a = mpf(alpha)
        whole = _sum(lambda x: x**a if x else mpf(0), p)
        above = _sum(lambda x: x**a - x if x else mpf(0), p)
        return [log / (1 - a) for log in _logs(above, whole)]


def renyi_entropy_condition(p: Row, alpha: float) -> float:
    """How much of a relative error of its powers the entropy can show."""
    if alpha in (0, 1, math.inf):
        return 1.0

    def power(x: mpf) -> mpf:
        return x ** mpf(alpha) if x else mpf(0)

    return _condition(lambda x: power(x) - x, power, lambda x: mpf(max(1, alpha)), p)


def wasserstein(p: Row, q: Row, positions: Row) -> mpf:
    """Sum over the gaps between neighbours of their width times the |p - q| gathered before."""
    moved, gaps, unit = _transport(p, q, positions)
    carried = sum(abs(x) * gap for x, gap in zip(accumulate(moved), gaps, strict=False))
    with mpmath.workdps(DIGITS):
        return mpf(carried) / unit


def wasserstein_condition(p: Row, q: Row, positions: Row) -> float:
    """How much larger the sums of |p - q| are than the |sums of p - q| that are measured."""
    moved, gaps, unit = _transport(p, q, positions)
    total = sum(x * gap for x, gap in zip(accumulate(map(abs, moved)), gaps, strict=False))
    return float(mpf(total) / unit / wasserstein(p, q, positions)) if total else 1.0


def _transport(p: Row, q: Row, positions: Row) -> tuple[list[int], list[int], int]:
    """p - q in order, the gaps, the unit: whole numbers, faster than mpmath's, and exact."""
    order = sorted(range(len(p)), key=lambda j: positions[j])
    rows, unit = _whole(p, q)
    (places,), step = _whole([positions[j] for j in order])
    moved = [rows[0][j] - rows[1][j] for j in order]
    return moved, [b - a for a, b in pairwise(places)], unit * step


def _whole(*rows: Row) -> tuple[list[list[int]], int]:
    """Doubles as whole numbers, and which of them is 1."""
    ratios = [[x.as_integer_ratio() for x in row] for row in rows]
    unit = max(below for row in ratios for _, below in row)  # a power of 2
    return [[above * (unit // below) for above, below in row] for row in ratios], unit


def perplexity(p: Row, q: Row | None = None) -> mpf:
    with mpmath.workdps(DIGITS):
        return mpmath.exp(entropy(p) if q is None else cross_entropy(p, q))


def entropy_from_logits(z: Row, digits: int = LOGIT_DIGITS) -> mpf:
    """Of softmax(z): log of the sum s of e^(z - top) plus the mean of top - z."""
    with mpmath.workdps(digits):
        top = mpf(max(z))
        live = Counter(x for x in z if x != -math.inf)
        masses = {x: n * mpmath.exp(mpf(x) - top) for x, n in live.items()}
        total = mpmath.fsum(masses.values())
        mean = mpmath.fsum(mass * (top - mpf(x)) for x, mass in masses.items()) / total
        return mpmath.log(total) + mean


def kl_from_logits(z: Row, w: Row, digits: int = LOGIT_DIGITS) -> mpf:
    """KL(softmax(z) || softmax(w)): the mean of z - w under softmax(z), less that of the lse."""
    with mpmath.workdps(digits):
        live = Counter((a, b) for a, b in zip(z, w, strict=True) if a != -math.inf)
        if any(b == -math.inf for _, b in live):
            return mpmath.inf
        top = mpf(max(z))
        masses = {(a, b): n * mpmath.exp(mpf(a) - top) for (a, b), n in live.items()}
        total = mpmath.fsum(masses.values())
        mean = mpmath.fsum(mass * (mpf(a) - mpf(b)) for (a, b), mass in masses.items()) / total
        high = mpf(max(w))
        other = mpmath.fsum(
            n * mpmath.exp(mpf(b) - high) for b, n in Counter(w).items() if b != -math.inf
        )
        value = mean - (mpmath.log(total) + top) + (mpmath.log(other) + high)
        return mpf(0) if abs(value) < mpf(10) ** (-digits // 2) else value

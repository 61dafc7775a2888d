"""Every distribution measure within 4 ulp of 80-digit results on plain rows, 16 ulp everywhere.

Of what is amplified whatever the algorithm, the bound is a multiple: an exponential of its
exponent, a power r^a of a |log r|, gathered differences of what they cancel.
"""

import math
from collections.abc import Callable
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

import jax
import mpmath
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mpmath import mpf
from scipy.spatial.distance import jensenshannon
from scipy.special import log_softmax
from scipy.stats import entropy as scipy_entropy

from crossent import measures
from tests.backends import BACKENDS, served_by
from tests.measures import reference_measures as exact
from tests.measures.libraries import LIBRARIES
from tests.measures.pairs import LONG, Pair, dyadic, logits, pairs
from tests.reference import ulps

PLAIN, ANY = 4.0, 16.0  # ulp
ALPHAS = (0.0, 0.3, 0.5, 1.0, 1 + 1e-6, 2.0, 20.0, math.inf)
ALPHAS_32 = (0.3, 2.0, math.inf)  # float32 rows are computed in float64
Rows = tuple[np.ndarray, ...]


class Measure(NamedTuple):
    """A measure, its exact value, how much it amplifies, and which rows it is of."""

    call: Callable[..., Any]
    exact: Callable[..., Any]
    condition: Callable[..., float] = lambda *rows: 1.0
    rows: Callable[[Pair], Rows] = lambda pair: (pair.p, pair.q)
    floor: float = 0.0  # a smaller error is none
    removed: float = 0.0  # what a class has that is not there


def first(pair: Pair) -> Rows:
    return (pair.p,)


def two(name: str, condition: Callable[..., float] = lambda p, q: 1.0) -> Measure:
    return Measure(lambda p, q: getattr(measures, name)(p, q), getattr(exact, name), condition)


def exponent(*rows: list[float]) -> float:
    """The condition of the exponential."""
    return max(1.0, float(mpmath.log(exact.perplexity(*rows))))


def positions(pair: Pair) -> np.ndarray:
    """Places in no order, with gaps of many sizes, exact in float32."""
    return (np.arange(len(pair.p)) * 7919 % 100_003 / 1024.0).astype(pair.p.dtype)


def on_a_line(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda p, q: function(p, q, range(len(p)))


def renyi(alpha: float) -> dict[str, Measure]:
    # Terms that are subnormal numbers have few digits, of which 1 / (alpha - 1) are shown.
    floor = 1e-316
    return {
        f"renyi_entropy-{alpha}": Measure(
            lambda p: measures.renyi_entropy(p, alpha),
            lambda p: exact.renyi_entropy(p, alpha),
            lambda p: exact.renyi_entropy_condition(p, alpha),
            first,
            floor,
        ),
        f"renyi_divergence-{alpha}": Measure(
            lambda p, q: measures.renyi_divergence(p, q, alpha),
            lambda p, q: exact.renyi_divergence(p, q, alpha),
            lambda p, q: exact.renyi_condition(p, q, alpha),
            floor=floor,
        ),
    }


MEASURES = {
    "entropy": Measure(measures.entropy, exact.entropy, rows=first),
    "cross_entropy": two("cross_entropy"),
    "kl_divergence": two("kl_divergence"),
    "js_divergence": two("js_divergence"),
    "js_distance": two("js_distance", exact.js_distance_condition),
    "total_variation": two("total_variation"),
    "hellinger": two("hellinger"),
    "bhattacharyya_coefficient": two("bhattacharyya_coefficient"),
    "bhattacharyya_distance": two("bhattacharyya_distance"),
    "perplexity": Measure(measures.perplexity, exact.perplexity, exponent, first),
    "perplexity-of-code": two("perplexity", exponent),
    "wasserstein": Measure(
        measures.wasserstein,
        on_a_line(exact.wasserstein),
        on_a_line(exact.wasserstein_condition),
    ),
    "wasserstein-positions": Measure(
        lambda p, q, x: measures.wasserstein(p, q, x[0]),
        exact.wasserstein,
        exact.wasserstein_condition,
        lambda pair: (pair.p, pair.q, positions(pair)),
    ),
    **{name: measure for alpha in ALPHAS for name, measure in renyi(alpha).items()},
    "entropy_from_logits": Measure(
        measures.entropy_from_logits, exact.entropy_from_logits, rows=first, removed=-math.inf
    ),
    "kl_from_logits": Measure(measures.kl_from_logits, exact.kl_from_logits, removed=-math.inf),
}
SINGLE = [name for alpha in ALPHAS_32 for name in renyi(alpha)]
CASES = [(name, "float64") for name in MEASURES]
CASES += [(n, "float32") for n in MEASURES if not n.startswith("renyi") or n in SINGLE]
SERVED = [("numpy", backend) for backend in BACKENDS]
SERVED += [("torch", backend) for backend in dict.fromkeys(["eager", [*BACKENDS][-1]])]


class Expected(NamedTuple):
    """A pair, its rows, their exact measure."""

    pair: Pair
    rows: Rows
    value: Any


@cache
def expected(name: str, dtype: str) -> list[Expected]:
    measure, found = MEASURES[name], []
    for pair in (logits if measure.removed else pairs)(dtype):
        rows = measure.rows(pair)
        digits = (exact.DIGITS,) if measure.removed and len(pair.p) == LONG else ()
        found.append(Expected(pair, rows, measure.exact(*(x.tolist() for x in rows), *digits)))
    return sorted(found, key=lambda one: len(one.pair.p))


def stacked(cases: list[Expected]) -> list[tuple[list[Expected], Rows]]:
    """Return the cases and their rows (N, C), one batch for each length."""
    batches = []
    for _, group in groupby(cases, lambda one: len(one.pair.p)):
        cases = list(group)
        columns = zip(*(one.rows for one in cases), strict=True)
        batches.append((cases, tuple(map(np.stack, columns))))
    return batches


def missed(
    name: str,
    dtype: str,
    cases: list[Expected],
    values: np.ndarray,
    floor: float = 0.0,
) -> list[str]:
    """Say which values are further from the exact ones than their bounds."""
    measure, far = MEASURES[name], []
    assert values.dtype == np.dtype(dtype)
    for one, value in zip(cases, values.tolist(), strict=True):
        error = distance(value, one.value, dtype)
        bound = PLAIN if one.pair.plain else ANY
        if not error <= bound:  # the condition costs as much as the value
            bound *= measure.condition(*(row.tolist() for row in one.rows))
        if not error <= bound and not absolute(value, one.value) <= max(floor, measure.floor):
            far.append(f"{one.pair.name}: {value!r} is {error:.3g} of {bound:.3g} ulp")
    return far


def distance(value: float, true: Any, dtype: str) -> float:
    """The distance in ulp from the nearest reading."""
    if isinstance(true, list):
        return min(distance(value, reading, dtype) for reading in true)
    if mpmath.isinf(true) or not math.isfinite(value):
        return 0.0 if value == float(true) else math.inf
    return ulps(value, true, np.dtype(dtype).type)


def absolute(value: float, true: Any) -> float:
    readings = true if isinstance(true, list) else [true]
    return min(abs(float(mpf(value) - x)) if math.isfinite(value) else math.inf for x in readings)


@pytest.mark.parametrize(("name", "dtype"), CASES)
@pytest.mark.parametrize(("library", "backend"), SERVED)
def test_exact_to_a_few_ulp(library, backend, name, dtype) -> None:
    of, far = LIBRARIES[library], []
    with served_by(backend):
        for cases, rows in stacked(expected(name, dtype)):
            values = of.numbers(MEASURES[name].call(*map(of.array, rows)))
            far += missed(name, dtype, cases, values)
    assert not far, "\n".join(far)


def least_of(pair: Pair) -> float:
    sizes = np.abs([pair.p, pair.q])
    return sizes[sizes > 0].min()


WIDTHS = (10, 1000, LONG)  # JAX compiles for each
# Rows of float32 are computed in float64, where there is float64.
IN_JAX = [(n, "float64") for n in MEASURES if not n.startswith("renyi") or n in SINGLE]
IN_JAX += [(f"renyi_{kind}-{1 + 1e-6}", "float64") for kind in ("entropy", "divergence")]
IN_JAX += [(name, "float32") for name in ("kl_divergence", "kl_from_logits")]


# With float64 switched off rows are computed in float32.
IN_FLOAT32 = [
    *("entropy", "cross_entropy", "kl_divergence", "js_divergence", "hellinger", "perplexity"),
    *("bhattacharyya_distance", "renyi_entropy-0.3", "renyi_divergence-0.3", "kl_from_logits"),
]


def widened(name: str, dtype: str) -> list[tuple[list[Expected], Rows]]:
    """Return the batches filled up with classes that are not there, to few lengths.

    Without subnormal numbers: compiled by XLA for a CPU they are 0.
    """
    least = np.finfo(dtype).smallest_normal
    usual = [one for one in expected(name, dtype) if least_of(one.pair) >= least]
    if name.startswith("wasserstein"):  # a place more would count
        return [batch for batch in stacked(usual) if batch[1][0].shape[1] in (10, LONG)]
    batches = []
    for width in WIDTHS[:2] if name.startswith("renyi") else WIDTHS:
        cases, columns = [], []
        for some, rows in stacked(usual):
            size = rows[0].shape[1]
            if next((w for w in WIDTHS if w >= size), 0) == width:
                fill = ((0, 0), (0, width - size))
                value = MEASURES[name].removed
                columns.append([np.pad(row, fill, constant_values=value) for row in rows])
                cases += some
        if cases:
            batches.append((cases, tuple(map(np.concatenate, zip(*columns, strict=True)))))
    return batches


@pytest.mark.parametrize(("name", "dtype"), IN_JAX)
def test_jax_is_exact_too(name, dtype) -> None:
    far, run = [], jax.jit(MEASURES[name].call)
    # What is subnormal on the way is 0 in XLA, and an order 1e-6 beside 1 multiplies that by 1e6.
    floor = 1e-306 if name.startswith("renyi") else 0.0
    for cases, rows in widened(name, dtype):
        values = np.asarray(run(*map(jax.numpy.asarray, rows)))
        far += missed(name, dtype, cases, values, floor=floor)
    assert not far, "\n".join(far)


@pytest.mark.parametrize("name", IN_FLOAT32)
def test_jax_without_float64(name) -> None:
    far = []
    with jax.enable_x64(False):
        run = jax.jit(MEASURES[name].call)
        for cases, rows in widened(name, "float32")[:1]:
            values = np.asarray(run(*map(jax.numpy.asarray, rows)))
            far += missed(name, "float32", cases, values, floor=1e-37)  # subnormal on the way
    assert not far, "\n".join(far)


def test_information_of_every_probability() -> None:
    for dtype in ("float64", "float32"):
        p = np.unique(np.concatenate([pair.p for pair in pairs(dtype)]))
        for name in ("numpy", "torch"):
            of = LIBRARIES[name]
            values = of.numbers(measures.information(of.array(p)))
            known = zip(values.tolist(), map(exact.information, p.tolist()), strict=True)
            assert max(distance(value, true, dtype) for value, true in known) <= PLAIN


HALF = math.sqrt(np.finfo(np.float64).eps)  # a relative error of half the digits


@pytest.mark.parametrize("moved", [1e-6, 1e-7, 1e-8, 1e-10, 1e-11])
def test_other_formulas_lose_half_the_digits_of_near_ones(moved) -> None:
    """PyTorch's from 1e-6 on; SciPy's, which takes log1p but no -p + q, from 1e-9 on."""
    p, q = dyadic("plain formulas", 10, "float64", moved)
    assert p.sum() == q.sum() == 1.0
    ours, kl = measures.kl_divergence(p, q), exact.kl_divergence(p.tolist(), q.tolist())
    assert ulps(ours, kl) <= ANY
    distances = exact.js_distance(p.tolist(), q.tolist())
    assert ulps(measures.js_distance(p, q), distances) <= ANY
    P, Q = torch.tensor(p), torch.tensor(q)
    others = [(P * (P.log() - Q.log())).sum().item(), F.kl_div(Q.log(), P, reduction="sum").item()]
    if moved < 1e-9:
        others.append(scipy_entropy(p, q))
        root = jensenshannon(p, q)  # of a negative number, or with half its error
        assert not abs(root / float(distances) - 1) <= HALF / 2
    assert all(abs(value / float(kl) - 1) > HALF for value in others)


def test_other_formulas_lose_half_the_digits_of_near_logits() -> None:
    z = next(pair.p for pair in logits("float64") if pair.name == "random10-1.0")
    w = z + 1e-6 * np.sin(np.arange(10.0))
    true = exact.kl_from_logits(z.tolist(), w.tolist())
    assert ulps(measures.kl_from_logits(z, w), true) <= ANY
    log_p, log_q = (torch.log_softmax(torch.tensor(x), 0) for x in (z, w))
    plain = F.kl_div(log_q, log_p, reduction="sum", log_target=True).item()
    by_numpy = (np.exp(log_softmax(z)) * (log_softmax(z) - log_softmax(w))).sum()
    for value in (plain, by_numpy):
        assert abs(value / float(true) - 1) > HALF


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("moved", [0.5, 1e-3, 1e-9])
def test_the_reference_is_the_textbook_where_sums_are_exactly_1(classes, moved) -> None:
    p, q = (x.tolist() for x in dyadic(f"textbook {classes}", classes, "float64", moved))
    with mpmath.workdps(exact.DIGITS):
        P, Q = [mpf(x) for x in p], [mpf(x) for x in q]
        both = list(zip(P, Q, strict=True))
        kl = mpmath.fsum(x * mpmath.log(x / y) for x, y in both)
        overlap = mpmath.fsum(mpmath.sqrt(x * y) for x, y in both)
        square = mpmath.fsum(x**2 / y for x, y in both)
        middle = [(x + y) / 2 for x, y in both]
        to = [
            mpmath.fsum(x * mpmath.log(x / m) for x, m in zip(row, middle, strict=True)) / 2
            for row in (P, Q)
        ]
        known = [
            (exact.kl_divergence(p, q), kl),
            (exact.js_divergence(p, q), sum(to)),
            (exact.bhattacharyya_distance(p, q)[0], -mpmath.log(overlap)),
            (exact.renyi_divergence(p, q, 0.5)[0], -2 * mpmath.log(overlap)),
            (exact.renyi_divergence(p, q, 2.0)[0], mpmath.log(square)),
            (exact.renyi_entropy(p, 3.0)[0], -mpmath.log(mpmath.fsum(x**3 for x in P)) / 2),
        ]
        assert all(abs(value / true - 1) < mpf(10) ** -40 for value, true in known)

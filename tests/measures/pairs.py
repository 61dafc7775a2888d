"""Pairs of distributions and of logits for the accuracy tests. No result is computed here.

Numbers come from Python's Mersenne Twister; each name seeds its own.
"""

import math
import random
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

LONG = 100_000
KINDS = 200  # different pairs of a long row: the reference sums them by value
CONCENTRATIONS = (0.01, 0.1, 1.0, 10.0)
NOISE = {
    "float64": (1e-3, 1e-6, 1e-9, 1e-12, 1e-15),
    "float32": (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7),
}
QUANTA = {"float64": 2**52, "float32": 2**20}  # whole numbers of them sum to exactly 1
TINY = {"float64": (1e-300, 5e-324, 1e-310), "float32": (1e-37, 1.4e-45, 1e-40)}
EDGES = (1 / 3, 1 / 2, 2.0, 3.0, math.e, 1 / math.e)  # of p / q, where a formula may change
INF = math.inf


class Pair(NamedTuple):
    """Two rows of one length; `plain` where nothing about them is extreme."""

    name: str
    p: np.ndarray
    q: np.ndarray
    plain: bool = False


def pairs(dtype: str) -> list[Pair]:
    """Return pairs of distributions, rounded to the type after they were normalised."""
    made = [*_random_pairs(), *_near(dtype), *_dyadic(dtype), *_sparse(dtype), *_edges(dtype)]
    made.append(_long(dtype))
    return [Pair(n, p.astype(dtype), q.astype(dtype), plain) for n, p, q, plain in made]


def logits(dtype: str) -> list[Pair]:
    """Return pairs of logits, rounded to the type."""
    made = [*_random_logits(), *_near_logits(dtype), *_extreme_logits(), _long_logits()]
    return [Pair(n, p.astype(dtype), q.astype(dtype), plain) for n, p, q, plain in made]


def dirichlet(seed: str, classes: int, concentration: float) -> np.ndarray:
    rng = random.Random(seed)
    while True:
        draws = np.array([rng.gammavariate(concentration, 1.0) for _ in range(classes)])
        if draws.sum() > 0:
            return draws / draws.sum()


def dyadic(seed: str, classes: int, dtype: str, moved: float) -> tuple[np.ndarray, np.ndarray]:
    """Return two distributions that sum to exactly 1, `moved` of the mass apart."""
    rng, quanta = random.Random(seed), QUANTA[dtype]
    cuts = sorted(rng.sample(range(1, quanta), classes - 1))
    p = np.diff([0, *cuts, quanta])
    q = p.copy()
    for j in range(0, classes - 1, 2):
        step = min(max(1, int(moved * p[j])), int(p[j]) - 1, int(p[j + 1]) - 1)
        q[j], q[j + 1] = q[j] + step, q[j + 1] - step
    return p / quanta, q / quanta


def _random_pairs() -> Iterator[Pair]:
    for classes in (2, 3, 10, 100):
        for concentration in CONCENTRATIONS:
            p = dirichlet(f"p {classes} {concentration}", classes, concentration)
            q = dirichlet(f"q {classes} {concentration}", classes, concentration)
            plain = concentration >= 1
            yield Pair(f"random{classes}-{concentration}", p, q, plain)
    p, q = dirichlet("p 1000", 1000, 0.1), dirichlet("q 1000", 1000, 1.0)
    yield Pair("random1000", p, q)
    yield Pair("to-uniform100", dirichlet("p 100", 100, 1.0), np.full(100, 0.01), True)
    yield Pair("to-mixture10", p[:10] / p[:10].sum(), 0.5 / 10 + 0.5 * p[:10] / p[:10].sum())


def _near(dtype: str) -> Iterator[Pair]:
    for classes, concentration in ((2, 1.0), (10, 1.0), (10, 0.1), (100, 10.0), (500, 1.0)):
        for noise in NOISE[dtype][:: 1 if classes == 10 else 3]:
            rng = random.Random(f"near {classes} {concentration} {noise}")
            p = dirichlet(f"near {classes} {concentration}", classes, concentration).astype(dtype)
            q = p * (1 + noise * np.array([rng.gauss(0, 1) for _ in range(classes)]))
            yield Pair(f"near{classes}-{concentration}-{noise}", p, q / q.sum())
        q = p.copy()
        q[classes // 2] = np.nextafter(q[classes // 2], q.dtype.type(1))
        yield Pair(f"one-ulp{classes}-{concentration}", p, q)
        yield Pair(f"same{classes}-{concentration}", p, p)


def _dyadic(dtype: str) -> Iterator[Pair]:
    for classes in (2, 10, 100):
        for moved in (0.5, *NOISE[dtype][1:]):
            p, q = dyadic(f"dyadic {classes}", classes, dtype, moved)
            yield Pair(f"dyadic{classes}-{moved}", p, q)


def _sparse(dtype: str) -> Iterator[Pair]:
    small, subnormal, above = TINY[dtype]
    some, other = np.array([0.2, 0.3, 0.0, 0.5]), np.array([0.1, 0.2, 0.3, 0.4])
    yield Pair("zero-in-p", some, other)
    yield Pair("zero-in-q", other, some)
    yield Pair("zero-in-both", some, np.array([0.5, 0.25, 0.0, 0.25]), True)
    yield Pair("zero-in-each", some, np.array([0.0, 0.3, 0.2, 0.5]))
    yield Pair("disjoint", np.array([0.5, 0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.25, 0.75]))
    yield Pair("one-hot-same", np.eye(4)[1], np.eye(4)[1])
    yield Pair("one-hot-other", np.eye(4)[1], np.eye(4)[2])
    yield Pair("one-hot-to-uniform", np.eye(4)[1], np.full(4, 0.25))
    yield Pair("uniform", np.full(4, 0.25), np.full(4, 0.25))
    gap = 1e-10 if dtype == "float64" else 1e-6
    sure = np.array([1 - gap, gap])
    yield Pair("sure-to-half", sure, np.array([0.5, 0.5]))
    yield Pair("half-to-sure", np.array([0.5, 0.5]), sure)
    yield Pair("sure-to-other", sure, sure[::-1].copy())
    yield Pair("sure-to-one-hot", sure, np.array([1.0, 0.0]))
    yield Pair("one-hot-to-sure", np.array([1.0, 0.0]), sure)
    for tiny in (small, subnormal, above):
        row = np.array([tiny, 1.0])
        yield Pair(f"half-to-{tiny}", np.array([0.5, 0.5]), row)
        yield Pair(f"{tiny}-to-half", row, np.array([0.5, 0.5]))
        yield Pair(f"{tiny}-to-one-hot", row, np.array([0.0, 1.0]))
        yield Pair(f"one-hot-to-{tiny}", np.array([0.0, 1.0]), row)
        yield Pair(f"{tiny}-to-double", row, np.array([2 * tiny, 1.0]))
    yield Pair("tiny-apart", np.array([small, 1.0, subnormal]), np.array([subnormal, 1.0, small]))


def _edges(dtype: str) -> Iterator[Pair]:
    for ratio in EDGES:
        for step in (-2, 0, 2):  # ulp
            y = np.array([0.21, 0.0], dtype)
            x = (y * ratio).astype(dtype)
            x += step * np.spacing(x[0])
            x[1], y[1] = 1 - x[0], 1 - y[0]
            yield Pair(f"ratio{ratio:.3f}{step:+}", x, y)


def _long(dtype: str) -> Pair:
    p = np.tile(dirichlet("long p", KINDS, 1.0), LONG // KINDS)
    q = np.tile(dirichlet("long q", KINDS, 1.0), LONG // KINDS)
    return Pair("long", p / p.sum(), q / q.sum())


def _gauss(seed: str, classes: int, scale: float) -> np.ndarray:
    rng = random.Random(seed)
    return np.array([rng.gauss(0, scale) for _ in range(classes)])


def _random_logits() -> Iterator[Pair]:
    for classes in (2, 10, 100):
        for scale in (0.1, 1.0, 10.0, 100.0):
            z, w = (_gauss(f"{k} {classes} {scale}", classes, scale) for k in "zw")
            yield Pair(f"random{classes}-{scale}", z, w, scale == 1.0)


def _near_logits(dtype: str) -> Iterator[Pair]:
    for noise in NOISE[dtype][:-1]:
        for shift in (0.0, 1000.0):
            z = (_gauss("near z", 10, 2.0) + shift).astype(dtype)
            w = z + noise * _gauss(f"near {noise}", 10, 1.0)
            yield Pair(f"near10-{noise}-{shift}", z, w)
    yield Pair("same", z, z)


def _extreme_logits() -> Iterator[Pair]:
    rows = {
        "far2": ([1e4, -1e4], [-1e4, 1e4]),
        "far3": ([1e4, -1e4, 9990.7], [1e4, 9999.0, -1e4]),
        "far-same-top": ([1e4, -1e4, 0.0], [1e4, 0.0, -1e4]),
        "ties": ([5.5, 5.5, 5.5], [5.5, 5.5, -5.5]),
        "ties-high": ([1e4, 1e4, -1e4], [1e4, -1e4, 1e4]),
        "ties-same": ([1234.567] * 3, [0.25] * 3),
        "margin20": ([20.0, 0.0], [21.0, 0.0]),
        "margin40": ([40.0, 0.0, 1.0], [41.0, 0.0, -1.0]),
        "masked": ([0.7, -INF, -1.9], [0.2, -INF, 3.0]),
        "masked-p": ([0.7, -INF, -1.9], [0.2, 1.0, 3.0]),
        "masked-q": ([0.2, 1.0, 3.0], [0.7, -INF, -1.9]),
        "alone": ([-INF, 12.3, -INF], [-INF, -4.5, -INF]),
    }
    for name, (z, w) in rows.items():
        yield Pair(name, np.array(z), np.array(w))


def _long_logits() -> Pair:
    step = np.arange(LONG)
    z = 10.0 * ((step * 7919 % 1009 - 504) / 504.0)
    return Pair("long", z, z[::-1].copy())

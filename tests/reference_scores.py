"""Textbook scores of predicted probabilities, row by row in float64. Imports nothing from crossent.

Sums are `math.fsum`: exact, rounded once. Nothing is clipped; what is undefined is NaN.
"""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

Row = Sequence[float]


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows of probabilities `p` and targets `q` (one-hot, or soft), labels and weights."""

    p: list[list[float]]
    q: list[list[float]]
    label: list[int]
    weight: list[float]

    @property
    def classes(self) -> int:
        return len(self.p[0])


def sample(label, p, weight=None, q=None) -> Sample:
    """Return the rows that count: those of weight 0 are left out."""
    size, classes = len(p), len(p[0])
    weight = [1.0] * size if weight is None else [float(w) for w in weight]
    if q is None:
        q = [[float(j == y) for j in range(classes)] for y in label]
    if label is None:
        label = [first_largest(row) for row in q]
    live = [i for i in range(size) if weight[i] > 0]
    return Sample(
        [[float(x) for x in p[i]] for i in live],
        [[float(x) for x in q[i]] for i in live],
        [int(label[i]) for i in live],
        [weight[i] for i in live],
    )


def first_largest(row: Row) -> int:
    """The place of the largest number, the first of equals."""
    return max(range(len(row)), key=lambda j: (row[j], -j))


def mean(values: Sequence[float], weight: Sequence[float]) -> float:
    """sum w v / sum w; NaN of no rows."""
    if not values:
        return math.nan
    total = math.fsum(w * v for w, v in zip(weight, values, strict=True))
    return total / math.fsum(weight)


def ratio(above: float, below: float) -> float:
    return above / below if below else math.nan


def surprise(p: Row, q: Row) -> float:
    """-sum q log p, with 0 log 0 = 0, a probability of 0 at the label infinitely surprising."""
    pairs = [(x, y) for x, y in zip(p, q, strict=True) if y > 0]
    if any(x == 0 for x, _ in pairs):
        return math.inf
    return 0.0 - math.fsum(y * math.log(min(x, 1.0)) for x, y in pairs)


@functools.cache
def losses(s: Sample) -> list[float]:
    return [surprise(p, q) for p, q in zip(s.p, s.q, strict=True)]


def log_loss(s: Sample) -> float:
    return mean(losses(s), s.weight)


def brier(s: Sample) -> float:
    """The mean of sum_j (p_j - q_j)^2, from 0 to 2."""
    squares = [
        math.fsum((x - y) ** 2 for x, y in zip(p, q, strict=True))
        for p, q in zip(s.p, s.q, strict=True)
    ]
    return mean(squares, s.weight)


@functools.cache
def predictions(s: Sample) -> list[int]:
    return [first_largest(row) for row in s.p]


def hits(s: Sample) -> list[float]:
    return [float(a == b) for a, b in zip(predictions(s), s.label, strict=True)]


def accuracy(s: Sample) -> float:
    return mean(hits(s), s.weight)


def rank(p: Row, label: int) -> int:
    """How many classes come before the label: the more probable, and the equal before it."""
    return sum((x > p[label]) or (x == p[label] and j < label) for j, x in enumerate(p))


def ranks(s: Sample) -> list[float]:
    """The weight of the rows whose label has rank 0, 1, ..., C - 1."""
    found = [rank(p, y) for p, y in zip(s.p, s.label, strict=True)]
    return [
        math.fsum(w for r, w in zip(found, s.weight, strict=True) if r == k)
        for k in range(s.classes)
    ]


def top_k(s: Sample, k: int) -> float:
    found = [float(rank(p, y) < k) for p, y in zip(s.p, s.label, strict=True)]
    return mean(found, s.weight)


def confusion(s: Sample) -> list[list[float]]:
    """Rows are true classes, columns predicted ones."""
    cells: dict[tuple[int, int], list[float]] = {}
    for cell, w in zip(zip(s.label, predictions(s), strict=True), s.weight, strict=True):
        cells.setdefault(cell, []).append(w)
    places = range(s.classes)
    return [[math.fsum(cells.get((i, j), ())) for j in places] for i in places]


def by_class(s: Sample, value: Callable[[float, float, float], float]) -> list[float]:
    """value(hits, rows of the class, rows predicted as it) of every class."""
    table = np.array(confusion(s))
    return [
        value(float(table[j, j]), float(table[j].sum()), float(table[:, j].sum()))
        for j in range(s.classes)
    ]


def precision(s: Sample) -> list[float]:
    return by_class(s, lambda hit, true, predicted: ratio(hit, predicted))


def recall(s: Sample) -> list[float]:
    return by_class(s, lambda hit, true, predicted: ratio(hit, true))


def f1(s: Sample) -> list[float]:
    return by_class(s, lambda hit, true, predicted: ratio(2 * hit, true + predicted))


def log_loss_by_class(s: Sample) -> list[float]:
    loss = losses(s)
    rows = [[i for i, y in enumerate(s.label) if y == j] for j in range(s.classes)]
    return [mean([loss[i] for i in mine], [s.weight[i] for i in mine]) for mine in rows]


def label_entropy(s: Sample) -> float:
    """The entropy of the labels' shares, in nats: the loss of predicting them in every row."""
    shares = [mean([q[j] for q in s.q], s.weight) for j in range(s.classes)]
    total = math.fsum(shares)
    return 0.0 - math.fsum(x / total * math.log(x / total) for x in shares if x > 0)


def information(s: Sample) -> float:
    return label_entropy(s) - log_loss(s)


# Calibration: of the confidence, the probability of the predicted class.


@dataclass(frozen=True)
class Bin:
    weight: float
    confidence: float
    accuracy: float


@functools.cache
def confidences(s: Sample) -> list[float]:
    return [max(row) for row in s.p]


def equal_width(s: Sample, bins: int) -> list[Bin]:
    """Bins [k / bins, (k + 1) / bins) of the confidence, the last one closed."""
    edges = [k / bins for k in range(bins)]
    place = [sum(edge <= c for edge in edges) - 1 for c in confidences(s)]
    return [of_rows(s, [i for i, k in enumerate(place) if k == b]) for b in range(bins)]


@functools.cache
def cell(confidence: float) -> Fraction:
    """The last of k / 25,200, and of 1 - 2^(-k / 4) above those, that a confidence reaches.

    Equal-mass bins are cut between such cells only: no row is kept to find a quantile.
    """
    last = Fraction(25_199, 25_200)
    if confidence < last:
        return Fraction(math.floor(Fraction(confidence) * 25_200), 25_200)
    above = [1.0 - 2.0 ** (-k / 4) for k in range(59, 213)]
    return max([last, *(Fraction(x) for x in above if x <= confidence)])


def equal_mass(s: Sample, bins: int) -> list[Bin]:
    """Bins cut where the weight below is nearest to k / bins of all, the lower of two."""
    return [of_rows(s, rows) for rows in equal_mass_rows(s, bins)]


@functools.cache
def equal_mass_rows(s: Sample, bins: int) -> list[list[int]]:
    cells = [cell(c) for c in confidences(s)]
    levels = sorted(set(cells))
    weight = [math.fsum(w for w, c in zip(s.weight, cells, strict=True) if c == x) for x in levels]
    below = [math.fsum(weight[:k]) for k in range(len(levels) + 1)]
    cuts = {0, len(levels)}
    for k in range(1, bins):
        wanted = below[-1] * k / bins
        cuts.add(min(range(len(below)), key=lambda j: (abs(below[j] - wanted), j)))
    edges = sorted(cuts)
    groups = [set(levels[a:b]) for a, b in pairwise(edges)]
    return [[i for i, c in enumerate(cells) if c in group] for group in groups]


def of_rows(s: Sample, rows: Sequence[int]) -> Bin:
    weight = [s.weight[i] for i in rows]
    sure = confidences(s)
    hit = [q[top] for q, top in zip(s.q, predictions(s), strict=True)]  # 0 or 1, or a soft share
    return Bin(
        math.fsum(weight),
        mean([sure[i] for i in rows], weight),
        mean([hit[i] for i in rows], weight),
    )


def expected_error(found: Sequence[Bin]) -> float:
    """sum of weight |accuracy - confidence| over the weight of all."""
    full = [b for b in found if b.weight]
    return mean([abs(b.accuracy - b.confidence) for b in full], [b.weight for b in full])


def largest_error(found: Sequence[Bin]) -> float:
    return max(abs(b.accuracy - b.confidence) for b in found if b.weight)


@dataclass(frozen=True)
class Split:
    log_loss_calibration: float
    log_loss_refinement: float
    brier_calibration: float
    brier_refinement: float


def split(s: Sample, bins: int) -> Split:
    """Scores as what moving each bin's mean confidence c to its accuracy a changes, and the rest.

    The other classes keep their shares of 1 - c. A row's Brier score then moves by
    (a - c)^2 (1 + s), s the sum of their squared shares (equal shares where they have nothing); a
    bin's by the harmonic mean of 1 + s, which is never more than its rows' scores.
    """
    first = predictions(s)
    total = math.fsum(s.weight)
    log_part, brier_part = [], []
    for rows in equal_mass_rows(s, bins):
        found = of_rows(s, rows)
        a, c = found.accuracy, min(found.confidence, 1.0)
        sums = []
        for i in rows:
            others = [x for j, x in enumerate(s.p[i]) if j != first[i]]
            rest = math.fsum(others)
            equal = [1 / max(len(others), 1)] * max(len(others), 1)
            shares = [x / rest for x in others] if rest else equal
            sums.append(1 / (1 + math.fsum(x * x for x in shares)))
        evenness = mean(sums, [s.weight[i] for i in rows])
        log_part.append(found.weight * (surprise([c, 1 - c], [a, 1 - a]) - binary_entropy(a)))
        brier_part.append(found.weight * (a - c) ** 2 / evenness)
    parts = math.fsum(log_part) / total, math.fsum(brier_part) / total
    return Split(parts[0], log_loss(s) - parts[0], parts[1], brier(s) - parts[1])


def binary_entropy(share: float) -> float:
    return 0.0 - math.fsum(x * math.log(x) for x in (share, 1 - share) if x > 0)


# Intervals.


def effective_rows(s: Sample) -> float:
    """(sum w)^2 / sum w^2 (Kish)."""
    return math.fsum(s.weight) ** 2 / math.fsum(w * w for w in s.weight)


def pairs(s: Sample) -> list[list[float]]:
    """[true, predicted, count, share of the true class, its interval, mean loss] by cell."""
    unit = effective_rows(s) / math.fsum(s.weight)
    table, loss, top = confusion(s), losses(s), predictions(s)
    found = []
    for i, row in enumerate(table):
        for j, count in enumerate(row):
            if count and i != j:
                rows = [
                    k for k, pair in enumerate(zip(s.label, top, strict=True)) if pair == (i, j)
                ]
                support = math.fsum(row)
                cost = mean([loss[k] for k in rows], [s.weight[k] for k in rows])
                ends = wilson(count / support, support * unit)
                found.append([i, j, count, count / support, *ends, cost])
    return found


def wilson(share: float, size: float, z: float = 1.959963984540054) -> tuple[float, float]:
    """The two shares x whose distance from `share` is z standard errors sqrt(x (1 - x) / size)."""
    middle = (share + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * math.sqrt(share * (1 - share) / size + (z / (2 * size)) ** 2)
    return max(0.0, middle - half), min(1.0, middle + half)


def exact_mean(values: Sequence[float], weight: Sequence[float]) -> Fraction:
    """sum w v / sum w without any rounding."""
    total = sum(
        (Fraction(w) * Fraction(v) for w, v in zip(weight, values, strict=True)), Fraction()
    )
    return total / sum(map(Fraction, weight))

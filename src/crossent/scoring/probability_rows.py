"""Where the label stands in each row of probabilities: one pass, nothing that cancels.

Rows of few classes are read column by column, rows of many one after the other.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Up to here a loop over the columns beats NumPy's reductions along a row (10 classes: 9 times).
FEW = 64
# Rows of a column at a time: ten vectors of 64 KiB stay in the second-level cache.
COLUMN_BLOCK = 8192
# Numbers of a block of rows of many classes: 4 MiB.
ROW_BLOCK = 1 << 19


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Numbers of N rows (N,), see `rows.Rows`; `total` and `negative` are for its checks."""

    loss: Floats
    probability: Floats
    confidence: Floats
    rest: Floats
    rest_squares: Floats
    brier: Floats
    total: Floats
    predicted: Integers
    rank: Integers
    negative: NDArray[np.bool_]


def standing(
    values: NDArray[np.floating], labels: Integers, kind: str, *, normalize: bool
) -> Standing:
    """Return the numbers of all rows of `values` (N, C), whatever they hold: nothing is checked."""
    size, classes = values.shape
    loss, probability, confidence, rest, others, squares, total = np.empty((7, size))
    predicted, rank = np.empty((2, size), dtype=np.int64)
    negative = np.empty(size, dtype=np.bool_)
    out = Standing(
        loss, probability, confidence, rest, others, squares, total, predicted, rank, negative
    )
    step = COLUMN_BLOCK if classes <= FEW else max(1, ROW_BLOCK // classes)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for start in range(0, size, step):
            part = slice(start, start + step)
            _block(out, part, values[part], labels[part], kind, normalize)
    return out


def _block(
    out: Standing,
    part: slice,
    values: NDArray[np.floating],
    labels: Integers,
    kind: str,
    normalize: bool,
) -> None:
    """Fill `part` of `out`.

    Logits are taken relative to the largest, whose exponential is 1: r, the sum of all others',
    keeps its digits, and the loss (m - z_y) + log(1 + r) does too (see `core.row`). Order is told
    from what was given: logits that differ by 1e-20, or whose exponentials are both 0, differ.
    """
    few = values.shape[1] <= FEW
    given: Any = np.ascontiguousarray(values.T if few else values, dtype=np.float64)
    axis = 0 if few else 1
    pick = np.arange(len(labels))
    relative = kind == "logits" or (kind == "logprobs" and normalize)
    if kind == "probs" and normalize:
        # By a power of two, which is exact: squares of 1e-200 and of 1e200 are no numbers.
        given = np.ldexp(given, -np.frexp(np.expand_dims(given.max(axis=axis), axis))[1])
    own = given[labels, pick] if few else given[pick, labels]
    top = given.max(axis=axis) if relative else None
    if kind == "probs":
        matrix = given if few else given.copy()
    else:
        matrix = np.exp(given if top is None else given - np.expand_dims(top, axis))
    look = _by_column(given, matrix) if few else _by_row(given, matrix, pick)
    best, predicted, rest, others = look
    probability = np.where(labels == predicted, best, 0.0)
    wrong = np.flatnonzero(labels != predicted)
    at = labels[wrong], wrong
    probability[wrong] = matrix[at] if few else matrix[at[::-1]]
    right = labels == predicted
    total = best + rest
    if top is not None:
        loss = np.where(right, 0.0, top - own) + np.log1p(rest)
    elif kind == "logprobs":
        loss = -np.minimum(own, 0.0)
    elif normalize:
        loss = np.where(right, np.log1p(rest / best), np.log(total / probability))
    else:
        # 1 + 1e-7 is rounding, not certainty beyond 1.
        loss = -np.log(np.minimum(probability, 1.0))
    missing = 1.0 - probability
    if top is not None or normalize:
        probability, best, rest = probability / total, best / total, rest / total
        others = others / (total * total)
        missing = np.where(right, rest, 1.0 - probability)
    # Without the label's own square: of right rows exactly, of the others beside best^2 >= it.
    squares = others + np.where(right, 0.0, best * best - probability * probability)
    squares += missing * missing
    out.loss[part] = loss + 0.0  # -0.0 becomes 0.0
    out.probability[part] = probability
    out.predicted[part] = predicted
    out.confidence[part] = best
    out.rest[part] = np.maximum(rest, np.where(right, 0.0, probability))
    out.rest_squares[part] = others
    out.rank[part] = _rank(given if few else given.T, labels, own, wrong)
    out.brier[part] = squares
    out.total[part] = total
    out.negative[part] = False if kind != "probs" else (given < 0).any(axis=axis)


def _by_column(given: Floats, matrix: Floats) -> tuple[Floats, Integers, Floats, Floats]:
    """Return for each column of a (C, N) matrix the entry where `given` is largest, its place,
    and of all others the sum and the sum of squares. NaN anywhere makes the sum NaN.
    """
    best = matrix[0].copy()
    largest = best if given is matrix else given[0].copy()
    predicted = np.zeros(len(best), dtype=np.int64)
    rest, others, lower = np.zeros_like(best), np.zeros_like(best), np.empty_like(best)
    above = np.empty(len(best), dtype=np.bool_)
    for code in range(1, len(matrix)):
        line = matrix[code]
        np.greater(given[code], largest, out=above)
        np.minimum(best, line, out=lower)
        np.maximum(best, line, out=best)
        if largest is not best:
            np.maximum(largest, given[code], out=largest)
        np.copyto(predicted, code, where=above)
        rest += lower
        np.multiply(lower, lower, out=lower)
        others += lower
    return best, predicted, rest, others


def _by_row(
    given: Floats, matrix: Floats, pick: Integers
) -> tuple[Floats, Integers, Floats, Floats]:
    """Return the same of each row of an (N, C) matrix, which is written to."""
    predicted = given.argmax(axis=1)
    best = matrix[pick, predicted]
    matrix[pick, predicted] = 0.0
    rest = matrix.sum(axis=1)
    others = np.einsum("ij,ij->i", matrix, matrix)
    return best, predicted, rest, others


def _rank(matrix: Floats, labels: Integers, own: Floats, wrong: Integers) -> Integers:
    """Return how many classes of a (C, N) matrix stand before the label; 0 but in `wrong` rows."""
    rank = np.zeros(len(labels), dtype=np.int64)
    if not len(wrong):
        return rank
    part, entry, code = matrix[:, wrong], own[wrong], labels[wrong]
    before = np.zeros(len(wrong), dtype=np.int64)
    if len(part) <= FEW:
        for place, line in enumerate(part):
            before += line > entry
            before += (line == entry) & (place < code)
    else:
        before += (part > entry).sum(axis=0)
        before += ((part == entry) & (np.arange(len(part))[:, None] < code)).sum(axis=0)
    rank[wrong] = before
    return rank

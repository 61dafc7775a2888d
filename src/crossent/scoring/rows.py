"""A batch of predictions as the numbers that meters are updated with, made once for all of them.

Owns every check of a row's probabilities, and the only formulas of the scores of a row.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from crossent.errors import InputError, quoted
from crossent.scoring.probability_rows import Standing, standing
from crossent.scoring.soft_rows import soft_loss, soft_squares

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Kind: TypeAlias = Literal["probs", "logits", "logprobs"]

# Probabilities that went through float16 or a text file with three digits still pass;
# unnormalised scores do not.
SUM_TOLERANCE = 1e-3
# A block of probabilities and what is made of it stay in the second-level cache.
BLOCK = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Scores of N rows; losses in nats. Rows of weight 0 are left out; `read` counts them too.

    label: int64 (N,) codes; of soft labels the largest. predicted: the most probable class, the
    first of equals. confidence: its probability; rest: the sum of all others', rest_squares: of
    their squares. rank: classes more probable than the label, earlier ones of equals too. brier:
    the Brier score, 0 to 2. soft: (N, C) soft labels. What the columns do not tell is None.
    """

    source: str
    read: int
    number: Integers
    label: Integers | None
    loss: Floats
    probability: Floats
    predicted: Integers | None = None
    confidence: Floats | None = None
    rest: Floats | None = None
    rest_squares: Floats | None = None
    rank: Integers | None = None
    brier: Floats | None = None
    weight: Floats | None = None
    soft: Floats | None = None
    words: Integers | None = None
    bytes: Integers | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """How a message names the rows: the file, its columns, and how its user mends it."""

    where: str = ""
    what: str = "probabilities"
    columns: tuple[str, ...] = ()
    normalize: str = "normalize=True"
    kind: str = 'kind="{}"'

    def kind_of(self, kind: Kind) -> str:
        """Return how the user says what the numbers are."""
        return self.kind.format(kind)

    def entry(self, column: int) -> str:
        """Return the name of a column of the probabilities."""
        return quoted(self.columns[column]) if self.columns else f"column {column}"


def score_rows(
    *,
    labels: Integers | None,
    values: NDArray[np.floating],
    kind: Kind = "probs",
    normalize: bool = False,
    weights: Floats | None = None,
    target_probs: Floats | None = None,
    numbers: Integers | None = None,
    source: str = "",
    place: Place | None = None,
) -> Rows:
    """Return the scores of N rows of `values` (N, C): probabilities, logits or log-probabilities.

    Probabilities are used as given, never clipped and, without `normalize`, never rescaled.

    Raises:
        InputError: naming the row, for NaN, negative or infinite entries, and rows that do not sum
            to 1 within 1e-3.
    """
    place = place or Place()
    if kind not in get_args(Kind):
        raise InputError(f"kind must be one of {', '.join(get_args(Kind))}; got {quoted(kind)}")
    size = len(values)
    numbers = np.arange(size) if numbers is None else numbers
    if target_probs is not None:
        check_soft(target_probs, numbers, place)
        labels = target_probs.argmax(axis=1) if labels is None else labels
    if labels is None:
        raise InputError("labels are needed unless target_probs are given; got neither.")
    if kind == "logits":
        _refuse_probabilities(values, place)
    found = standing(values, labels, kind, normalize=normalize)
    _check(found, values, numbers, kind, place, normalize=normalize)
    loss, brier = found.loss, found.brier
    if target_probs is not None:
        values = np.asarray(values, dtype=np.float64)
        loss = soft_loss(target_probs, values, kind, normalize=normalize)
        brier = soft_squares(target_probs, values, kind, normalize=normalize)
    keep = slice(None) if weights is None else weights > 0
    return Rows(
        source=source,
        read=size,
        number=numbers[keep],
        label=labels[keep],
        loss=loss[keep],
        probability=found.probability[keep],
        predicted=found.predicted[keep],
        confidence=found.confidence[keep],
        rest=found.rest[keep],
        rest_squares=found.rest_squares[keep],
        rank=found.rank[keep],
        brier=brier[keep],
        weight=None if weights is None else weights[keep],
        soft=None if target_probs is None else target_probs[keep],
    )


def score_logprobs(
    *,
    logprob: Floats,
    labels: Integers | None = None,
    predictions: Integers | None = None,
    weights: Floats | None = None,
    numbers: Integers | None = None,
    words: Integers | None = None,
    bytes: Integers | None = None,
    source: str = "",
    place: Place | None = None,
) -> Rows:
    """Return the scores of N rows of which only the label's log-probability (N,) is known.

    Raises:
        InputError: naming the row, for NaN, +inf, and log-probabilities above 0 by more than 1e-3.
    """
    with np.errstate(invalid="ignore"):
        bad = ~(logprob <= SUM_TOLERANCE)
    if bad.any():
        row = int(np.argmax(bad))
        number = row if numbers is None else numbers[row]
        raise InputError(
            f"{'' if place is None else place.where}row {number}: a log-probability is 0 at most; "
            f"got {logprob[row]:g}. If these are losses, change their sign"
        )
    keep = slice(None) if weights is None else weights > 0
    numbers = np.arange(len(logprob)) if numbers is None else numbers
    loss = 0.0 - np.minimum(logprob[keep], 0.0)
    return Rows(
        source=source,
        read=len(logprob),
        number=numbers[keep],
        label=None if labels is None else labels[keep],
        loss=loss,
        probability=np.exp(-loss),
        predicted=None if predictions is None else predictions[keep],
        weight=None if weights is None else weights[keep],
        words=None if words is None else words[keep],
        bytes=None if bytes is None else bytes[keep],
    )


def _refuse_probabilities(logits: NDArray[np.floating], place: Place) -> None:
    """Refuse rows of which every one is a distribution; logits of two rows and more never are."""
    for part in (logits[:100], logits):
        if len(part) < 2 or part.shape[1] < 2 or part.min() < 0:
            return
        if (np.abs(part.sum(axis=1, dtype=np.float64) - 1.0) > SUM_TOLERANCE).any():
            return
    raise InputError(
        f"{place.where}every row is at least 0 and sums to 1: these are probabilities, not logits; "
        f"give {place.kind_of('probs')}"
    )


def check_soft(target_probs: Floats, numbers: Integers, place: Place) -> None:
    """Refuse soft labels that are no distributions."""
    with np.errstate(invalid="ignore"):
        bad = ~(np.isfinite(target_probs) & (target_probs >= 0))
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise InputError(
            f"{place.where}soft labels must be finite numbers of 0 or more; row {numbers[row]}, "
            f"column {column} has {target_probs[row, column]}"
        )
    sums = target_probs.sum(axis=1)
    off = np.abs(sums - 1.0) > SUM_TOLERANCE
    if off.any():
        row = int(np.argmax(off))
        raise InputError(
            f"{place.where}soft labels must sum to 1 in every row (within {SUM_TOLERANCE:g}); "
            f"row {numbers[row]} sums to {sums[row]:.6g}"
        )


def _check(
    found: Standing,
    values: NDArray[np.floating],
    numbers: Integers,
    kind: Kind,
    place: Place,
    *,
    normalize: bool,
) -> None:
    """Refuse the first row that is no distribution, with what it holds and what may be meant."""
    with np.errstate(invalid="ignore"):
        good = np.isfinite(found.total) & (found.total > 0) & ~found.negative
        if not normalize and kind != "logits":
            good &= np.abs(found.total - 1.0) <= SUM_TOLERANCE
    if good.all():
        return
    row = int(np.argmin(good))
    line = np.asarray(values[row], dtype=np.float64)
    start = f"{place.where}row {numbers[row]}"
    allowed = np.isfinite(line) | ((line == -np.inf) if kind != "probs" else False)
    if not allowed.all():
        column = int(np.argmin(allowed))
        raise InputError(
            f"{start}, {place.entry(column)}: {place.what} must be finite numbers; "
            f"got {line[column]}"
        )
    if kind != "probs" and not np.isfinite(line).any():
        raise InputError(f"{start}: no class is possible, all {place.what} are -inf")
    if kind == "probs" and (line < 0).any():
        column = int(np.argmax(line < 0))
        raise InputError(
            f"{start}, {place.entry(column)}: {place.what} must not be negative; "
            f"got {line[column]:g}. If these are logits or log-probabilities, give "
            f"{place.kind_of('logits')} or {place.kind_of('logprobs')}"
        )
    if kind == "logprobs":
        total = float(np.log(np.exp(line - line.max()).sum()) + line.max())
        raise InputError(
            f"{start}: the exponentials of log-probabilities must sum to 1 (within "
            f"{SUM_TOLERANCE:g}); they sum to exp({total:.6g}). If these are logits, give "
            f"{place.kind_of('logits')}"
        )
    hint = (
        f"they cannot be divided by it, as {place.normalize} would"
        if line.sum() == 0
        else f"give {place.normalize} to divide by it, or {place.kind_of('logits')} for logits"
    )
    raise InputError(
        f"{start}: {place.what} must sum to 1 (within {SUM_TOLERANCE:g}); they sum to "
        f"{line.sum():.6g}; {hint}"
    )

"""Two sets of predictions of the same rows: what one gains over the other, row by row.

A paired difference is known far better than two scores apart, as hard rows are hard for both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossent.errors import InputError, quoted
from crossent.measures.intervals import Interval
from crossent.scoring.meters.resamples import Resamples
from crossent.scoring.paired_shares import mcnemar, paired_interval
from crossent.scoring.row_hash import GROUPS, groups_of
from crossent.scoring.rows import Rows
from crossent.scoring.sums.counts import Counts
from crossent.scoring.sums.exact_sums import ExactSums, to_float
from crossent.scoring.sums.masses import Masses

Floats = NDArray[np.float64]

# Places of a row among the four counts: 2 if the baseline is wrong, 1 if ours is.
BOTH, ONLY_BASELINE, ONLY_OURS, NEITHER = range(4)
SAME = 1e-6  # soft labels written as text or as float32 on one side


@dataclass(frozen=True, slots=True)
class Difference:
    """Ours less the baseline: below 0 in `log_loss` (nats) and above 0 in `accuracy` is a gain.

    `low` and `high` are the 95 % bootstrap interval of the log loss over 1,024 groups of rows, as
    `Scores.interval` has it; those of the accuracy are Newcombe's (`paired_interval`). Counts are
    sums of weights; `p_value` is of McNemar's exact test, NaN where weights are not whole. Without
    predictions all of them are NaN.

    `infinite_ours` and `infinite_baseline` rows have an infinite loss. On one side alone they make
    the difference inf or -inf; on both it is NaN, and so is its interval.
    """

    rows: int
    weight: float
    log_loss: float
    low: float
    high: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    both_right: float
    only_ours_right: float
    only_baseline_right: float
    neither: float
    p_value: float
    infinite_ours: int
    infinite_baseline: int


class Comparison:
    """Meter of the difference; `classes` are those of both, in one order."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        self._classes = classes
        self._mass = Masses(GROUPS)
        self._worse = ExactSums(GROUPS)
        self._better = ExactSums(GROUPS)
        self._right = Masses(4)
        self._squares = ExactSums(1)
        # Rows, infinite rows of ours, of the baseline, rows without a label or a prediction.
        self._counts = Counts(4)

    def update(self, rows: Rows, baseline: Rows) -> None:
        """Take in rows and the baseline's scores of the same rows, in the same order.

        Raises:
            InputError: naming the first row of both files that is not the same: another number,
                another label, another weight.
        """
        self._check(rows, baseline)
        if not len(rows.loss):
            return
        group = groups_of(rows.number, *_sorted(rows.loss, baseline.loss))
        self._mass.add(group, rows.weight)
        ours, theirs = np.isfinite(rows.loss), np.isfinite(baseline.loss)
        finite = ours & theirs
        difference = rows.loss[finite] - baseline.loss[finite]
        if rows.weight is not None:
            difference *= rows.weight[finite]
        self._worse.add(group[finite], np.maximum(difference, 0.0))
        self._better.add(group[finite], np.maximum(-difference, 0.0))
        weight = np.ones(len(group)) if rows.weight is None else rows.weight
        self._squares.add(0, weight * weight)
        known = not (rows.label is None or rows.predicted is None or baseline.predicted is None)
        if known:
            wrong = (rows.predicted != rows.label).astype(np.int64)
            wrong += 2 * (baseline.predicted != rows.label)
            self._right.add(wrong, rows.weight)
        found = (len(group), int((~ours).sum()), int((~theirs).sum()), 0 if known else len(group))
        self._counts.add(np.arange(4), np.array(found, dtype=np.int64))

    def merge(self, other: "Comparison") -> None:
        """Take in what `other` has taken in."""
        for name in ("_mass", "_worse", "_better", "_right", "_squares", "_counts"):
            getattr(self, name).merge(getattr(other, name))

    def result(self) -> Difference:
        """Return the difference of all rows so far; NaN without rows."""
        rows, infinite_ours, infinite_baseline, unknown = (int(n) for n in self._counts.array())
        weight = self._mass.total()
        total = to_float(sum(self._worse.wholes()) - sum(self._better.wholes()))
        total += np.inf if infinite_ours else 0.0
        total -= np.inf if infinite_baseline else 0.0
        log_loss = float(total / weight) if rows else np.nan
        interval = Interval(log_loss, log_loss)
        if np.isfinite(log_loss):
            sums = self._worse.array() - self._better.array()
            interval = Resamples(self._mass.array(), sums, np.zeros(GROUPS)).interval(sums)
        counts = np.full(4, np.nan) if unknown or not rows else self._right.array()
        # Shares of so many equally weighted rows move as those of the weighted rows do.
        squares = self._squares.total()
        equal = counts * (weight / squares if squares else np.nan)
        accuracy = paired_interval(*(equal[[BOTH, ONLY_OURS, ONLY_BASELINE, NEITHER]].tolist()))
        return Difference(
            rows=rows,
            weight=weight,
            log_loss=log_loss,
            low=interval.low,
            high=interval.high,
            accuracy=float(counts[ONLY_OURS] - counts[ONLY_BASELINE]) / weight if rows else np.nan,
            accuracy_low=accuracy.low,
            accuracy_high=accuracy.high,
            both_right=float(counts[BOTH]),
            only_ours_right=float(counts[ONLY_OURS]),
            only_baseline_right=float(counts[ONLY_BASELINE]),
            neither=float(counts[NEITHER]),
            p_value=mcnemar(float(counts[ONLY_OURS]), float(counts[ONLY_BASELINE])),
            infinite_ours=infinite_ours,
            infinite_baseline=infinite_baseline,
        )

    def _check(self, rows: Rows, baseline: Rows) -> None:
        names = quoted(rows.source), quoted(baseline.source)
        sizes = len(rows.number), len(baseline.number)
        shared = min(sizes)
        number, other = rows.number[:shared], baseline.number[:shared]
        at = _first(number != other)
        if at is not None:
            raise InputError(
                f"a baseline needs the same rows in the same order; row {number[at]} of {names[0]} "
                f"stands beside row {other[at]} of {names[1]}."
            )
        if sizes[0] != sizes[1]:
            longer = int(sizes[1] > sizes[0])
            extra = (rows.number, baseline.number)[longer][shared]
            raise InputError(
                f"a baseline needs the same rows; row {extra} of {names[longer]} "
                f"is not in {names[1 - longer]}."
            )
        if rows.label is not None and baseline.label is not None:
            at = _first(rows.label != baseline.label)
            if at is not None:
                ours = quoted(self._classes[int(rows.label[at])])
                theirs = quoted(self._classes[int(baseline.label[at])])
                raise InputError(
                    f"a baseline needs the same labels; row {number[at]} is {ours} in {names[0]} "
                    f"and {theirs} in {names[1]}."
                )
        if (rows.soft is None) != (baseline.soft is None):
            has, lacks = names if baseline.soft is None else names[::-1]
            raise InputError(
                f"a baseline needs the same labels; {has} has soft labels and {lacks} has none."
            )
        if rows.soft is not None and baseline.soft is not None:
            at = _first(np.abs(rows.soft - baseline.soft).max(axis=1) > SAME)
            if at is not None:
                raise InputError(
                    f"a baseline needs the same labels; the soft labels of row {number[at]} differ "
                    f"in {names[0]} and {names[1]}."
                )
        one, two = _weights(rows), _weights(baseline)
        at = _first(one != two)
        if at is not None:
            raise InputError(
                f"a baseline needs the same weights; row {number[at]} weighs {one[at]:g} in "
                f"{names[0]} and {two[at]:g} in {names[1]}."
            )


def _weights(rows: Rows) -> Floats:
    return np.ones(len(rows.number)) if rows.weight is None else rows.weight


def _first(different: NDArray[np.bool_]) -> int | None:
    return int(np.argmax(different)) if different.any() else None


def _sorted(ours: Floats, theirs: Floats) -> tuple[Floats, Floats]:
    """Return the smaller and the larger of both: the groups are those of the swapped comparison."""
    return np.minimum(ours, theirs), np.maximum(ours, theirs)

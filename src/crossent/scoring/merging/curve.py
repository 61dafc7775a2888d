"""Every step of an order of merges scored again, exactly, in one pass over the rows.

A step changes the loss of the rows of its two clusters and the prediction of the rows whose largest
sum is now another: only what changes is added and taken away, in exact sums.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from crossent.scoring.merging.order import Step
from crossent.scoring.rows import Kind
from crossent.scoring.soft_rows import log_probabilities
from crossent.scoring.sums.exact_sums import ExactSums, to_float

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

# Groups of the sums, each with one sum before any merge and one a step.
LOSS_IN, LOSS_OUT, HITS_IN, HITS_OUT = range(4)


class MergeCurve:
    """Meter of the log loss and the accuracy after every one of `steps`.

    The loss of a row is `-log` of the sum of the probabilities of its label's cluster, of a soft
    label `-sum q log p` over the clusters with their sums q; its prediction is the cluster of the
    largest sum, the first of equals. N rows of C classes take time
    in proportion to N (C + steps).
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = tuple(steps)
        size = len(self._steps) + 1
        self._sums = ExactSums(4 * size)
        self._weight = ExactSums(1)
        self._infinite = np.zeros(size, dtype=np.int64)

    def update(
        self,
        labels: Codes,
        values: Floats,
        weights: Floats | None = None,
        *,
        kind: Kind = "probs",
        normalize: bool = False,
        target_probs: Floats | None = None,
    ) -> None:
        """Take in rows: labels (N,), values (N, C) as `score_rows` takes them and has checked.

        With soft labels `target_probs` (N, C) `labels` serve the accuracy alone.
        """
        if weights is None:
            weights = np.ones(len(labels))
        elif not (weights > 0).all():
            keep = weights > 0
            labels, values, weights = labels[keep], values[keep], weights[keep]
            target_probs = None if target_probs is None else target_probs[keep]
        if not len(labels):
            return
        best = values.argmax(axis=1)
        table, logs = _table(values, kind, normalize=normalize)
        top = table[best, np.arange(len(best))]
        soft = None if target_probs is None else _SoftLosses(target_probs, table, logs)
        loss = _loss(table[labels, np.arange(len(labels))], logs) if soft is None else soft.losses()
        cluster = labels.copy()
        hit = best == cluster
        self._weight.add(0, weights)
        self._losses(0, LOSS_IN, loss, weights)
        self._hits(0, hit, np.zeros_like(hit), weights)
        columns: dict[int, Floats] = {}
        members = self._members(labels)
        for place, step in enumerate(self._steps, start=1):
            a, b = step.codes
            of_a, of_b = columns.pop(a, table[a]), columns.pop(b, table[b])
            column = columns[a] = np.logaddexp(of_a, of_b) if logs else of_a + of_b
            cluster[members[b]] = a
            rows = members[a] = np.concatenate([members[a], members.pop(b)])
            if soft is not None:
                rows = soft.merge(a, b, of_a, of_b, column)
            self._losses(place, LOSS_OUT, loss[rows], weights[rows])
            loss[rows] = _loss(column[rows], logs) if soft is None else soft.losses()[rows]
            self._losses(place, LOSS_IN, loss[rows], weights[rows])
            moved = (column > top) | ((column == top) & (best > a))  # b > a
            np.copyto(top, column, where=moved)
            np.copyto(best, a, where=moved)
            before, hit = hit, best == cluster
            self._hits(place, hit, before, weights)

    def merge(self, other: "MergeCurve") -> None:
        """Take in the rows of `other`, a curve of the same steps."""
        self._sums.merge(other._sums)
        self._weight.merge(other._weight)
        self._infinite += other._infinite

    def result(self) -> tuple[Step, ...]:
        """Return the steps with `log_loss`, `accuracy` and `infinite_rows` of the rows."""
        loss = self._between(LOSS_IN, LOSS_OUT)
        accuracy = np.minimum(self._between(HITS_IN, HITS_OUT), 1.0)
        infinite = self._infinite.cumsum()
        loss[infinite > 0] = np.inf
        return tuple(
            replace(
                step,
                log_loss=float(loss[place]),
                accuracy=float(accuracy[place]),
                infinite_rows=int(infinite[place]),
            )
            for place, step in enumerate(self._steps, start=1)
        )

    def _between(self, gained: int, lost: int) -> Floats:
        """Return the mean after every step: gained less lost, subtracted exactly."""
        size = len(self._infinite)
        sums = self._sums.wholes()
        parts = zip(sums[gained * size :][:size], sums[lost * size :][:size], strict=True)
        totals = [to_float(whole) for whole in accumulate(plus - minus for plus, minus in parts)]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.array(totals) / np.float64(self._weight.total())

    def _members(self, labels: Codes) -> dict[int, Codes]:
        """Return the rows of every class that a step names."""
        named = np.unique(np.array([step.codes for step in self._steps], dtype=np.int64))
        order = np.argsort(labels, kind="stable")
        ends = np.searchsorted(labels[order], np.stack([named, named + 1]))
        return {int(c): order[low:high] for c, low, high in zip(named, *ends, strict=True)}

    def _losses(self, place: int, group: int, loss: Floats, weights: Floats) -> None:
        finite = np.isfinite(loss)
        if not finite.all():
            infinite = len(loss) - int(np.count_nonzero(finite))
            self._infinite[place] += infinite if group == LOSS_IN else -infinite
            loss, weights = loss[finite], weights[finite]
        self._sums.add(group * len(self._infinite) + place, loss * weights)

    def _hits(
        self,
        place: int,
        now: NDArray[np.bool_],
        before: NDArray[np.bool_],
        weights: Floats,
    ) -> None:
        changed = np.flatnonzero(now != before)
        gained = now[changed]
        size = len(self._infinite)
        self._sums.add(HITS_IN * size + place, weights[changed[gained]])
        self._sums.add(HITS_OUT * size + place, weights[changed[~gained]])


class _SoftLosses:
    """Losses of soft labels (N,) as the sum of their finite terms and the count of the others."""

    def __init__(self, target_probs: Floats, table: Floats, logs: bool) -> None:
        self._q = target_probs.T.copy()
        self._logs = logs
        self._finite = np.zeros(len(target_probs))
        self._infinite = np.zeros(len(target_probs), dtype=np.int64)
        for q, column in zip(self._q, table, strict=True):
            self._add(q, column, 1)

    def losses(self) -> Floats:
        """Return the losses; inf where a class has a soft label and no probability."""
        return np.where(self._infinite > 0, np.inf, np.maximum(self._finite, 0.0))

    def merge(self, a: int, b: int, of_a: Floats, of_b: Floats, merged: Floats) -> Codes:
        """Put one term in the place of two; return the rows whose loss that may change."""
        self._add(self._q[a], of_a, -1)
        self._add(self._q[b], of_b, -1)
        self._q[a] += self._q[b]
        self._add(self._q[a], merged, 1)
        return np.flatnonzero(self._q[a])

    def _add(self, q: Floats, column: Floats, sign: int) -> None:
        loss = _loss(column, self._logs)
        finite = np.isfinite(loss)
        self._finite += sign * q * np.where(finite, loss, 0.0)
        self._infinite += sign * (~finite & (q > 0.0))


def _table(values: Floats, kind: Kind, *, normalize: bool) -> tuple[Floats, bool]:
    """Return probabilities by class, (C, N), or their logarithms, and which of the two."""
    if kind == "probs":
        return (values / values.sum(axis=1, keepdims=True) if normalize else values).T, False
    return log_probabilities(values, kind, normalize=normalize).T, True


def _loss(values: Floats, logs: bool) -> Floats:
    with np.errstate(divide="ignore"):
        return (-np.minimum(values, 0.0) if logs else -np.log(np.minimum(values, 1.0))) + 0.0

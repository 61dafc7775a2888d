"""The rows with the largest losses."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossent.scoring.meters.meter import Saved
from crossent.scoring.rows import Rows
from crossent.scoring.sums.counts import State

WORST_ROWS = 24


@dataclass(frozen=True, slots=True)
class WorstRow:
    """One row: its number in the source, its label, what was predicted, and its loss in nats.

    `probability` is what the model gave to the label, `confidence` what it gave to its prediction;
    label and prediction are "" and the confidence NaN where the columns do not tell.
    """

    row: int
    label: str
    prediction: str
    probability: float
    loss: float
    confidence: float
    source: str = ""


# Sorted by: largest loss first; among equals by file and number.
Entry = tuple[float, str, int, int, int, float, float]


class Worst:
    """Meter of the `WORST_ROWS` rows of largest loss."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def update(self, rows: Rows) -> None:
        """See `Meter.update`."""
        size = len(rows.loss)
        unknown = np.broadcast_to(np.int64(-1), size)
        label = unknown if rows.label is None else rows.label
        predicted = unknown if rows.predicted is None else rows.predicted
        none = np.broadcast_to(np.nan, size)
        confidence = none if rows.confidence is None else rows.confidence
        full = len(self._entries) == WORST_ROWS
        floor = -self._entries[-1][0] if full else -np.inf
        where = _largest(rows.loss, rows.number, floor)
        found: list[Entry] = [
            (
                -float(rows.loss[i]),
                rows.source,
                int(rows.number[i]),
                int(label[i]),
                int(predicted[i]),
                float(rows.probability[i]),
                float(confidence[i]),
            )
            for i in where
        ]
        self._take(found)

    def merge(self, other: "Worst") -> None:
        """See `Meter.merge`."""
        self._take(other._entries)

    def result(self, classes: tuple[str, ...]) -> tuple[WorstRow, ...]:
        """Return the rows, the largest loss first, equal ones in order of file and number."""
        names = (*classes, "")  # -1 stands for what is not known
        return tuple(
            WorstRow(number, names[label], names[predicted], probability, 0.0 - loss, top, source)
            for loss, source, number, label, predicted, probability, top in self._entries
        )

    def state(self) -> State:
        """See `Meter.state`."""
        columns = list(zip(*self._entries, strict=True)) or [()] * 7
        kinds = (np.float64, np.str_, np.int64, np.int64, np.int64, np.float64, np.float64)
        return {
            str(i): np.array(column, dtype=kind)
            for i, (column, kind) in enumerate(zip(columns, kinds, strict=True))
        }

    def load(self, state: Saved) -> None:
        """See `Meter.load`."""
        columns = [state[str(i)].tolist() for i in range(7)]
        self._take(list(zip(*columns, strict=True)))

    def _take(self, found: list[Entry]) -> None:
        self._entries = sorted([*self._entries, *found], key=_key)[:WORST_ROWS]


def _key(entry: Entry) -> tuple[float | str, ...]:
    """Return what rows are sorted by: all of an entry, NaN as -1, which has an order."""
    return (*entry[:-1], -1.0 if math.isnan(entry[-1]) else entry[-1])


def _largest(
    loss: NDArray[np.float64], number: NDArray[np.int64], floor: float
) -> NDArray[np.int64]:
    """Return the places of the largest losses of `floor` or more; of equals the first numbers."""
    where = np.flatnonzero(loss >= floor)
    if len(where) > WORST_ROWS:
        part = loss[where]
        least = np.partition(part, -WORST_ROWS)[-WORST_ROWS]
        above, equal = where[part > least], where[part == least]
        left = WORST_ROWS - len(above)
        if len(equal) > left:
            equal = equal[np.argsort(number[equal], kind="stable")[:left]]
        where = np.concatenate([above, equal])
    return where

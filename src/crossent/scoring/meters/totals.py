"""Meters of a few sums over all rows: how many there are, the labels' shares, ranks, tokens."""

import numpy as np
from numpy.typing import NDArray

from crossent.scoring.meters.meter import Saved, load_states, states
from crossent.scoring.rows import Rows
from crossent.scoring.sums.counts import Counts, State
from crossent.scoring.sums.exact_sums import ExactSums
from crossent.scoring.sums.masses import Masses

Floats = NDArray[np.float64]

WORDS, BYTES = 0, 1


class Totals:
    """Meter of the rows read, the words and bytes in them, and the squares of their weights."""

    def __init__(self) -> None:
        self._read = Counts(1)
        self._sizes = ExactSums(2)
        self._squares = ExactSums(1)

    def update(self, rows: Rows) -> None:
        """See `Meter.update`."""
        self._read.add(np.zeros(1, dtype=np.int64), np.array([rows.read], dtype=np.int64))
        for group, sizes in ((WORDS, rows.words), (BYTES, rows.bytes)):
            if sizes is not None:
                whole = sizes.astype(np.float64)
                self._sizes.add(group, whole if rows.weight is None else whole * rows.weight)
        count = np.array([len(rows.loss)], dtype=np.float64)
        with np.errstate(over="ignore"):  # weights above 1e154: no effective number
            squares = count if rows.weight is None else rows.weight * rows.weight
        self._squares.add(0, squares[np.isfinite(squares)])

    def merge(self, other: "Totals") -> None:
        """See `Meter.merge`."""
        self._read.merge(other._read)
        self._sizes.merge(other._sizes)
        self._squares.merge(other._squares)

    def read(self) -> int:
        """Return the rows read, those of weight 0 too."""
        return int(self._read.array()[0])

    def sizes(self) -> tuple[float, float]:
        """Return the words and the bytes, each as often as its row counts."""
        words, size = self._sizes.array().tolist()
        return words, size

    def effective(self, weight: float) -> float:
        """Return the effective number of rows, (sum w)^2 / sum w^2."""
        squares = self._squares.total()
        return weight / squares * weight if squares else 0.0

    def state(self) -> State:
        """See `Meter.state`."""
        return states(self._parts())

    def load(self, state: Saved) -> None:
        """See `Meter.load`."""
        load_states(self._parts(), state)

    def _parts(self) -> dict[str, Counts | ExactSums]:
        return {"read": self._read, "sizes": self._sizes, "squares": self._squares}


class Ranks:
    """Meter of the weight of the rows whose label has each rank, 0 the most probable class."""

    def __init__(self, classes: int) -> None:
        self._mass = Masses(classes)

    def update(self, rows: Rows) -> None:
        """See `Meter.update`."""
        if rows.rank is not None:
            self._mass.add(rows.rank, rows.weight)

    def merge(self, other: "Ranks") -> None:
        """See `Meter.merge`."""
        self._mass.merge(other._mass)

    def array(self) -> Floats:
        """Return the weights by rank, (C,)."""
        return self._mass.array()

    def state(self) -> State:
        """See `Meter.state`."""
        return self._mass.state()

    def load(self, state: Saved) -> None:
        """See `Meter.load`."""
        self._mass.load(state)


class SoftLabels:
    """Meter of the sum of weight times soft label, by class."""

    def __init__(self, classes: int) -> None:
        self._sums = ExactSums(classes)

    def update(self, rows: Rows) -> None:
        """See `Meter.update`."""
        if rows.soft is None:
            return
        row, code = np.nonzero(rows.soft)
        values = rows.soft[row, code]
        self._sums.add(code, values if rows.weight is None else values * rows.weight[row])

    def merge(self, other: "SoftLabels") -> None:
        """See `Meter.merge`."""
        self._sums.merge(other._sums)

    def array(self) -> Floats:
        """Return the sums by class, (C,)."""
        return self._sums.array()

    def state(self) -> State:
        """See `Meter.state`."""
        return self._sums.state()

    def load(self, state: Saved) -> None:
        """See `Meter.load`."""
        self._sums.load(state)

"""The confusion matrix and the loss in its cells: rows are true classes, columns predicted ones.

Kept by the cell: an array to 2,000 classes, the cells that occur above.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossent.scoring.meters.meter import Saved, load_states, states
from crossent.scoring.rows import Rows
from crossent.scoring.sums.counts import Counts, State
from crossent.scoring.sums.exact_sums import ExactSums
from crossent.scoring.sums.masses import Masses

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The cells that occur, by true class, then by predicted one; codes, each (K,).

    count: the weight of a cell's rows; loss: the sum of their weight times loss, in nats.
    """

    true: Integers
    predicted: Integers
    count: Floats
    loss: Floats

    def wrong(self) -> "Cells":
        """Return the cells off the diagonal."""
        keep = self.true != self.predicted
        true, predicted = self.true[keep], self.predicted[keep]
        return Cells(true, predicted, self.count[keep], self.loss[keep])

    def by_true(self, classes: int) -> tuple[Floats, Floats]:
        """Return the weight and the loss of the rows of every class, (C,)."""
        return _sums(self.true, self.count, classes), _sums(self.true, self.loss, classes)

    def by_predicted(self, classes: int) -> Floats:
        """Return the weight of the rows predicted as every class, (C,)."""
        return _sums(self.predicted, self.count, classes)

    def right(self, classes: int) -> Floats:
        """Return the weight of the right rows of every class, (C,)."""
        keep = self.true == self.predicted
        return _sums(self.true[keep], self.count[keep], classes)

    def matrix(self, classes: int) -> Floats:
        """Return the counts as a matrix, (C, C)."""
        matrix = np.zeros((classes, classes), dtype=np.float64)
        matrix[self.true, self.predicted] = self.count
        return matrix


class Confusion:
    """Meter of the cells. Rows without a prediction are counted under their label alone."""

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self._mass = Masses(classes * classes)
        self._loss = ExactSums(classes * classes)
        self._infinite = Counts(classes * classes)

    def update(self, rows: Rows) -> None:
        """See `Meter.update`."""
        if rows.label is None:
            return
        predicted = rows.label if rows.predicted is None else rows.predicted
        cell = rows.label * self.classes + predicted
        self._mass.add(cell, rows.weight)
        finite = np.isfinite(rows.loss)
        loss = rows.loss if rows.weight is None else rows.loss * rows.weight
        if finite.all():
            self._loss.add(cell, loss)
        else:
            self._loss.add(cell[finite], loss[finite])
            self._infinite.add(cell[~finite])

    def merge(self, other: "Confusion") -> None:
        """See `Meter.merge`."""
        self._mass.merge(other._mass)
        self._loss.merge(other._loss)
        self._infinite.merge(other._infinite)

    def cells(self) -> Cells:
        """Return the cells that occur."""
        keys, count = self._mass.items()
        loss = np.zeros(len(keys), dtype=np.float64)
        with_loss, sums = self._loss.items()
        loss[np.searchsorted(keys, with_loss)] = sums
        loss[np.searchsorted(keys, self._infinite.items()[0])] = np.inf
        true, predicted = np.divmod(keys, max(self.classes, 1))
        return Cells(true, predicted, count, loss)

    def state(self) -> State:
        """See `Meter.state`."""
        return states({"mass": self._mass, "loss": self._loss, "infinite": self._infinite})

    def load(self, state: Saved) -> None:
        """See `Meter.load`."""
        parts = {"mass": self._mass, "loss": self._loss, "infinite": self._infinite}
        load_states(parts, state)


def _sums(codes: Integers, values: Floats, classes: int) -> Floats:
    return np.bincount(codes, weights=values, minlength=classes).astype(np.float64)

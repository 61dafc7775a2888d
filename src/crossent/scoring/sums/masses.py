"""Sums of row weights by key: whole numbers while no row is weighted, exact sums once one is."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from crossent.scoring.sums.counts import Counts, Integers, State
from crossent.scoring.sums.exact_sums import ExactSums, Floats


class Masses:
    """The weight of the rows of every key from 0 to size - 1."""

    def __init__(self, size: int) -> None:
        self._counts = Counts(size)
        self._sums: ExactSums | None = None

    def add(self, keys: Integers, weights: Floats | None) -> None:
        """Count the rows of `keys` (N,), or add their weights."""
        if weights is None:
            self._counts.add(keys)
        else:
            self._weighted().add(keys, weights)

    def merge(self, other: "Masses") -> None:
        """Add all masses of `other`."""
        self._counts.merge(other._counts)
        if other._sums is not None:
            self._weighted().merge(other._sums)

    def items(self) -> tuple[Integers, Floats]:
        """Return the keys that have a mass, ascending, and the masses."""
        keys, counts = self._counts.items()
        if self._sums is None:
            return keys, counts.astype(np.float64)
        whole = ExactSums(self._counts.size)
        whole.merge(self._sums)
        whole.add(keys, counts.astype(np.float64))
        return whole.items()

    def array(self) -> Floats:
        """Return all masses, (size,)."""
        keys, masses = self.items()
        array = np.zeros(self._counts.size, dtype=np.float64)
        array[keys] = masses
        return array

    def total(self) -> float:
        """Return the mass of all keys."""
        counts = int(self._counts.items()[1].sum())
        if self._sums is None:
            return float(counts)
        whole = ExactSums(1)
        whole.add(0, np.array([counts], dtype=np.float64))
        whole.add(0, np.array([self._sums.total()], dtype=np.float64))
        return whole.total()

    def state(self) -> State:
        """Return what `load` takes."""
        counts = self._counts.state()
        if self._sums is None:
            return counts
        sums = self._sums.state()
        return {**counts, "sum_keys": sums["keys"], "sum_values": sums["values"]}

    def load(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Add the masses that `state` returned."""
        self._counts.load(state)
        if "sum_keys" in state:
            self._weighted().load({"keys": state["sum_keys"], "values": state["sum_values"]})

    def _weighted(self) -> ExactSums:
        if self._sums is None:
            self._sums = ExactSums(self._counts.size)
        return self._sums

"""What a meter is: a statistic that is updated with rows, merged, saved, and read at the end.

Its state is sums of whole numbers (`Counts`, `ExactSums`, `Masses`) and rows chosen by their own
numbers, so any order of updates and merges leaves the same state.
"""

from collections.abc import Mapping
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from crossent.scoring.rows import Rows
from crossent.scoring.sums.counts import State

Saved = Mapping[str, NDArray[np.generic]]


class Meter(Protocol):
    """A statistic of rows; a new one is that of no rows."""

    def update(self, rows: Rows) -> None:
        """Take in the rows of a batch."""
        ...

    def merge(self, other: Self) -> None:
        """Take in what `other` has taken in."""
        ...

    def state(self) -> State:
        """Return arrays that `load` takes: equal ones for equal rows."""
        ...

    def load(self, state: Saved) -> None:
        """Take in the rows whose `state` this is."""
        ...


class Parts(Protocol):
    """A sum that can be saved."""

    def state(self) -> State:
        """See `Meter.state`."""
        ...

    def load(self, state: Saved) -> None:
        """See `Meter.load`."""
        ...


def states(parts: Mapping[str, Parts]) -> State:
    """Return the states of several parts as one, each name behind that of its part."""
    return {
        f"{name}.{key}": array
        for name, part in parts.items()
        for key, array in part.state().items()
    }


def load_states(parts: Mapping[str, Parts], state: Saved) -> None:
    """Load every part from what `states` returned."""
    for name, part in parts.items():
        start = f"{name}."
        part.load({key[len(start) :]: a for key, a in state.items() if key.startswith(start)})

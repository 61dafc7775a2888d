"""Whole numbers added up by key: the state under every meter. Exact, so their order is free.

An array where there are few keys; sorted keys with their values where there are many, so that
100,000 classes cost memory for the cells that occur and not for all 10^10.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
State = dict[str, NDArray[np.generic]]

# 2,000 classes have 4 million cells: 32 MiB.
DENSE = 4_000_000
# Sparse additions are merged when there are as many as there are keys, and at least so many.
PENDING = 1 << 20


class Counts:
    """Sums of int64 values by key from 0 to size - 1."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._array = np.zeros(size, dtype=np.int64) if size <= DENSE else None
        self._keys = np.zeros(0, dtype=np.int64)
        self._values = np.zeros(0, dtype=np.int64)
        self._pending: list[tuple[Integers, Integers]] = []
        self._waiting = 0

    def add(self, keys: Integers, values: Integers | None = None) -> None:
        """Add `values`, or ones, to the sums of `keys` (N,)."""
        if self._array is None:
            self._wait(*_by_key(keys, values))
        else:  # 1 to 3 ns a key, where bincount takes 2 to 50
            np.add.at(self._array, keys, 1 if values is None else values)

    def merge(self, other: "Counts") -> None:
        """Add all sums of `other`."""
        if self._array is not None and other._array is not None:
            self._array += other._array
        else:
            self._wait(*other.items())

    def items(self) -> tuple[Integers, Integers]:
        """Return the keys whose sum is not 0, ascending, and the sums."""
        if self._array is not None:
            keys = np.flatnonzero(self._array)
            return keys, self._array[keys]
        self._compact()
        return self._keys, self._values

    def array(self) -> Integers:
        """Return all sums, (size,); for sizes that fit."""
        if self._array is not None:
            return self._array
        keys, values = self.items()
        array = np.zeros(self.size, dtype=np.int64)
        array[keys] = values
        return array

    def state(self) -> State:
        """Return what `load` takes: the same arrays for the same sums, however they came about."""
        keys, values = self.items()
        return {"keys": keys, "values": values}

    def load(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Add the sums that `state` returned."""
        keys = state["keys"].astype(np.int64)
        values = state["values"].astype(np.int64)
        if self._array is not None:
            self._array[keys] += values
        else:
            self._wait(keys, values)

    def _wait(self, keys: Integers, values: Integers) -> None:
        self._pending.append((keys, values))
        self._waiting += len(keys)
        if self._waiting > max(PENDING, len(self._keys)):
            self._compact()

    def _compact(self) -> None:
        if self._pending:
            parts = [(self._keys, self._values), *self._pending]
            self._pending, self._waiting = [], 0
            keys = np.concatenate([keys for keys, _ in parts])
            values = np.concatenate([values for _, values in parts])
            self._keys, self._values = _by_key(keys, values)


def _by_key(keys: Integers, values: Integers | None) -> tuple[Integers, Integers]:
    """Return the distinct keys, ascending, and the sums of their values without those of 0."""
    if not len(keys):
        return keys, np.zeros(0, dtype=np.int64)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    if values is None:
        sums = np.diff(np.append(starts, len(keys)))
    else:
        sums = np.add.reduceat(values[order], starts)
    counted = sums != 0
    return keys[starts][counted], sums[counted]

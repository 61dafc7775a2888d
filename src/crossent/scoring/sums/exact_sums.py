"""Exact sums of float64 numbers by group: the same bits in any order and after any merge.

A number is cut into 32-bit limbs of a fixed-point number; limbs are whole numbers, and `Counts`
adds them. Where sums of floats depend on the order of the files, these do not.
"""

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from crossent.scoring.sums.counts import Counts, Integers, State

Floats = NDArray[np.float64]

# From 2**-1088, below the smallest float64, to 2**1056, far above the largest: nothing is cut off.
LOW = 1088
LIMB = 32
LIMBS = 67

_MASK = (1 << LIMB) - 1
_FRACTION = (1 << 52) - 1
_BIAS = 1075 - LOW  # a float64 is a 53-bit integer times 2**(exponent - 1075)
_CHUNK = 1 << 14  # groups turned into floats at a time
# A number adds less than 2**33 to a limb of 63 bits; after so many the limbs are carried.
_MOST = 1 << 29


class ExactSums:
    """Sums of finite numbers of at least 0 by group from 0 to groups - 1."""

    def __init__(self, groups: int) -> None:
        self.groups = groups
        self._counts = Counts(groups * LIMBS)
        self._added = 0  # numbers since the limbs were below 2**32

    def add(self, group: Integers | int, values: Floats) -> None:
        """Add `values` (N,) to the sums of their groups (N,), or of the one group."""
        if not len(values):
            return
        self._make_room(len(values))
        bits = np.ascontiguousarray(values, dtype=np.float64).view(np.int64)
        exponent = bits >> 52
        normal = exponent > 0  # below, there is no hidden bit
        mantissa = (bits & _FRACTION) | (normal.astype(np.int64) << 52)
        shift = np.maximum(exponent, 1, out=exponent)
        shift -= _BIAS
        key = (shift >> 5) + np.asarray(group) * LIMBS
        shift &= LIMB - 1
        low = (mantissa & _MASK) << shift
        high = (mantissa >> LIMB) << shift
        self._counts.add(key, low & _MASK)
        low >>= LIMB
        low += high & _MASK
        key += 1
        self._counts.add(key, low)
        high >>= LIMB
        if high.any():
            key += 1
            self._counts.add(key, high)

    def merge(self, other: "ExactSums") -> None:
        """Add all sums of `other`."""
        self._make_room(other._added + 1)
        self._counts.merge(other._counts)

    def total(self) -> float:
        """Return the sum over all groups, correctly rounded; infinity above the largest float."""
        return to_float(sum(self.wholes()))

    def wholes(self) -> list[int]:
        """Return the sum of every group as a multiple of 2**-1088: for differences of sums."""
        keys, values = self._counts.items()
        sums = [0] * self.groups
        for key, value in zip(keys.tolist(), values.tolist(), strict=True):
            group, place = divmod(key, LIMBS)
            sums[group] += value << (LIMB * place)
        return sums

    def items(self) -> tuple[Integers, Floats]:
        """Return the groups whose sum is not 0, ascending, and the sums, within 1 ulp."""
        groups: list[Integers] = [np.zeros(0, dtype=np.int64)]
        totals: list[Floats] = [np.zeros(0, dtype=np.float64)]
        for found, first, limbs in self._carried():
            groups.append(found)
            totals.append(_rounded(limbs, first))
        return np.concatenate(groups), np.concatenate(totals)

    def array(self) -> Floats:
        """Return all sums, (groups,)."""
        groups, totals = self.items()
        array = np.zeros(self.groups, dtype=np.float64)
        array[groups] = totals
        return array

    def state(self) -> State:
        """Return what `load` takes: the same arrays for the same sums, however they came about."""
        keys: list[Integers] = [np.zeros(0, dtype=np.int64)]
        values: list[Integers] = [np.zeros(0, dtype=np.int64)]
        for groups, first, limbs in self._carried():
            row, place = np.nonzero(limbs)
            keys.append(groups[row] * LIMBS + place + first)
            values.append(limbs[row, place])
        return {"keys": np.concatenate(keys), "values": np.concatenate(values)}

    def load(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Add the sums that `state` returned."""
        self._make_room(1)
        self._counts.load(state)

    def _make_room(self, numbers: int) -> None:
        """Carry the limbs before so many more numbers could overflow one."""
        if self._added + numbers > _MOST:
            state = self.state()
            self._counts = Counts(self.groups * LIMBS)
            self._counts.load(state)
            self._added = 1
        self._added += numbers

    def _carried(self) -> Iterator[tuple[Integers, int, Integers]]:
        """Yield groups, the first limb that any of them has, and their limbs from there.

        Each limb is below 2**32, so that equal sums are equal limbs.
        """
        keys, values = self._counts.items()
        groups, starts = np.unique(keys // LIMBS, return_index=True)
        ends = np.append(starts, len(keys))
        for start in range(0, len(groups), _CHUNK):
            stop = min(start + _CHUNK, len(groups))
            part = slice(ends[start], ends[stop])
            place = keys[part] % LIMBS
            first = int(place.min())
            width = min(int(place.max()) + 3, LIMBS) - first  # a sum of int64 carries two limbs up
            limbs = np.zeros((stop - start, width), dtype=np.int64)
            row = np.repeat(np.arange(stop - start), np.diff(ends[start : stop + 1]))
            limbs[row, place - first] = values[part]
            for i in range(width - 1):
                limbs[:, i + 1] += limbs[:, i] >> LIMB
                limbs[:, i] &= _MASK
            yield groups[start:stop], first, limbs


def to_float(whole: int) -> float:
    """Return a multiple of 2**-1088 as a float, correctly rounded."""
    try:
        return whole / (1 << LOW)
    except OverflowError:
        return math.inf if whole > 0 else -math.inf


def _rounded(limbs: Integers, first: int) -> Floats:
    """Return each row of limbs as a float; smallest first, so that little is rounded away."""
    totals = np.zeros(len(limbs), dtype=np.float64)
    with np.errstate(over="ignore"):
        for i in range(limbs.shape[1]):
            totals += np.ldexp(limbs[:, i].astype(np.float64), LIMB * (i + first) - LOW)
    return totals

"""Some rows behind every confusion: up to ten a cell, drawn at random and the same in any order.

A row is drawn by a hash of its file and number: the ten smallest hashes of a cell stay.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossent.scoring.meters.meter import Saved
from crossent.scoring.row_hash import hashed, seed_of
from crossent.scoring.rows import Rows
from crossent.scoring.sums.counts import DENSE, State

EXAMPLES = 10
PENDING = 1 << 13

_ALL = np.iinfo(np.uint64).max


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Rows drawn from the confusions of C classes: `rows` by cell, `sources` the files' names."""

    classes: int
    sources: tuple[str, ...]
    rows: NDArray[np.void]

    def of(self, true: int, predicted: int) -> tuple[tuple[str, int], ...]:
        """Return (source, number) of the rows drawn from one cell, by source, then by number."""
        cell = true * self.classes + predicted
        start, stop = np.searchsorted(self.rows["cell"], [cell, cell + 1])
        found = self.rows[start:stop]
        return tuple(sorted((self.sources[row["source"]], int(row["number"])) for row in found))


class Examples:
    """Meter of a seeded sample of the wrong rows of every cell (label, prediction)."""

    def __init__(self, classes: int, seed: int = 0) -> None:
        self.classes = classes
        self.seed = seed
        self._sources: dict[str, int] = {}
        self._kept = _empty()
        self._pending: list[NDArray[np.void]] = []
        self._waiting = 0
        # The hash that a row must be below to be drawn, by cell, where there are few: 49 -> 5 ns.
        few = classes * classes <= DENSE
        self._limit = np.full(classes * classes, _ALL, dtype=np.uint64) if few else None

    def update(self, rows: Rows) -> None:
        """See `Meter.update`."""
        if rows.label is None or rows.predicted is None:
            return
        wrong = np.flatnonzero(rows.label != rows.predicted)
        if not len(wrong):
            return
        number = rows.number[wrong]
        cell = rows.label[wrong] * self.classes + rows.predicted[wrong]
        drawn = hashed(number, seed_of(rows.source, self.seed))
        if self._limit is not None:
            below = drawn <= self._limit[cell]
            number, cell, drawn = number[below], cell[below], drawn[below]
        found = np.empty(len(number), dtype=_empty().dtype)
        found["cell"], found["hash"], found["number"] = cell, drawn, number
        found["source"] = self._sources.setdefault(rows.source, len(self._sources))
        self._wait(_smallest(found))

    def merge(self, other: "Examples") -> None:
        """See `Meter.merge`."""
        names = list(other._sources)
        self._take(other.kept(), names)

    def kept(self) -> NDArray[np.void]:
        """Return the drawn rows: by cell, then by hash; `source` counts `sources`."""
        self._compact()
        return self._kept

    def result(self) -> "Drawn":
        """Return the drawn rows."""
        return Drawn(self.classes, tuple(self._sources), self.kept())

    def state(self) -> State:
        """See `Meter.state`."""
        kept = self.kept()
        names = sorted(self._sources)
        place = np.array([names.index(name) for name in self._sources], dtype=np.int64)
        source = place[kept["source"]] if len(kept) else np.zeros(0, dtype=np.int64)
        order = np.lexsort((kept["number"], source, kept["hash"], kept["cell"]))
        return {
            "cell": kept["cell"][order],
            "hash": kept["hash"][order],
            "source": source[order],
            "number": kept["number"][order],
            "sources": np.array(names, dtype=np.str_),
        }

    def load(self, state: Saved) -> None:
        """See `Meter.load`."""
        found = np.empty(len(state["cell"]), dtype=_empty().dtype)
        for name in ("cell", "hash", "source", "number"):
            found[name] = state[name]
        self._take(found, [str(name) for name in state["sources"].tolist()])

    def _take(self, found: NDArray[np.void], names: list[str]) -> None:
        """Wait for rows whose sources are counted in `names`."""
        codes = [self._sources.setdefault(name, len(self._sources)) for name in names]
        found = found.copy()
        if len(found):
            found["source"] = np.array(codes, dtype=np.int32)[found["source"]]
        self._wait(found)

    def _wait(self, found: NDArray[np.void]) -> None:
        self._pending.append(found)
        self._waiting += len(found)
        if self._waiting > max(PENDING, len(self._kept)):
            self._compact()

    def _compact(self) -> None:
        if self._pending:
            whole = np.concatenate([self._kept, *self._pending])
            self._pending, self._waiting = [], 0
            self._kept = _smallest(whole)
            if self._limit is not None:
                cell = self._kept["cell"]
                last = np.flatnonzero(np.concatenate([cell[1:] != cell[:-1], [True]]))
                full = last[np.diff(last, prepend=-1) == EXAMPLES]
                self._limit[cell[full]] = self._kept["hash"][full]


def _smallest(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Return the rows of the ten smallest hashes of every cell."""
    rows = rows[np.lexsort((rows["number"], rows["hash"], rows["cell"]))]
    cell = rows["cell"]
    starts = np.flatnonzero(np.concatenate([[True], cell[1:] != cell[:-1]])[: len(cell)])
    place = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows))))
    return rows[place < EXAMPLES]


def _empty() -> NDArray[np.void]:
    return np.zeros(
        0,
        dtype=[("cell", np.int64), ("hash", np.uint64), ("source", np.int32), ("number", np.int64)],
    )

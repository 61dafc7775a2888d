"""How far a mean would move in another sample of rows: the bootstrap over groups of rows.

Rows fall into 1,024 groups by a hash of their number, so that the state is small, merges exactly,
and no row is kept. Resampled are the groups.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from crossent.errors import InputError
from crossent.measures.intervals import Interval
from crossent.scoring.meters.meter import Saved, load_states, states
from crossent.scoring.row_hash import GROUPS, groups_of
from crossent.scoring.rows import Rows
from crossent.scoring.sums.counts import Counts, State
from crossent.scoring.sums.exact_sums import ExactSums
from crossent.scoring.sums.masses import Masses

Floats = NDArray[np.float64]

DRAWS = 2000
SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class Resamples:
    """The weight of the rows of each group, and their weight times score, (1024,)."""

    weight: Floats
    log_loss: Floats
    brier: Floats

    def interval(self, total: Floats, level: float = 0.95) -> Interval:
        """Return the percentile interval of sum total / sum weight over resampled groups."""
        if not 0.0 < level < 1.0:
            raise InputError(f"level must be between 0 and 1, as 0.95; got {level}")
        # Of one group alone every draw is the same: its spread is not known.
        if np.count_nonzero(self.weight) < 2 or np.isnan(total).any():
            return Interval(np.nan, np.nan)
        if np.isinf(total).any():
            return Interval(np.inf, np.inf)
        drawn = _drawn()
        weight = drawn @ self.weight
        means = (drawn @ total)[weight > 0] / weight[weight > 0]
        low, high = np.quantile(means, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
        return Interval(float(low), float(high))


@cache
def _drawn() -> Floats:
    """Return how often each group is drawn, (DRAWS, 1024): the same in every call."""
    drawn = np.random.default_rng(SEED).integers(0, GROUPS, size=(DRAWS, GROUPS))
    drawn += np.arange(DRAWS)[:, None] * GROUPS
    counts = np.bincount(drawn.ravel(), minlength=DRAWS * GROUPS)  # 15 ms; multinomial takes 120
    return counts.reshape(DRAWS, GROUPS).astype(np.float64)


class Groups:
    """Meter of the sums by group."""

    def __init__(self) -> None:
        self._mass = Masses(GROUPS)
        self._loss = ExactSums(GROUPS)
        self._brier = ExactSums(GROUPS)
        self._infinite = Counts(GROUPS)

    def update(self, rows: Rows) -> None:
        """See `Meter.update`."""
        group = groups_of(rows.number, rows.loss)
        self._mass.add(group, rows.weight)
        loss = rows.loss if rows.weight is None else rows.loss * rows.weight
        finite = np.isfinite(loss)
        if finite.all():
            self._loss.add(group, loss)
        else:
            self._loss.add(group[finite], loss[finite])
            self._infinite.add(group[~finite])
        if rows.brier is not None:
            squares = rows.brier if rows.weight is None else rows.brier * rows.weight
            self._brier.add(group, squares)

    def merge(self, other: "Groups") -> None:
        """See `Meter.merge`."""
        self._mass.merge(other._mass)
        self._loss.merge(other._loss)
        self._brier.merge(other._brier)
        self._infinite.merge(other._infinite)

    def result(self) -> Resamples:
        """Return the sums by group."""
        loss = self._loss.array()
        loss[self._infinite.items()[0]] = np.inf
        return Resamples(self._mass.array(), loss, self._brier.array())

    def totals(self) -> tuple[float, float, float, int]:
        """Return the weight, the loss, the Brier score of all rows, and how many are infinite."""
        infinite = int(self._infinite.items()[1].sum())
        loss = np.inf if infinite else self._loss.total()
        return self._mass.total(), loss, self._brier.total(), infinite

    def state(self) -> State:
        """See `Meter.state`."""
        return states(self._parts())

    def load(self, state: Saved) -> None:
        """See `Meter.load`."""
        load_states(self._parts(), state)

    def _parts(self) -> dict[str, Masses | ExactSums | Counts]:
        return {
            "mass": self._mass,
            "loss": self._loss,
            "brier": self._brier,
            "infinite": self._infinite,
        }

"""Meter of how sure predictions were and how often they were right, in a fine histogram.

25,200 bins of equal width; the last is cut further towards 1, where most rows of a good model lie.
Every binning into a divisor of 25,200 is read off exactly.
"""

import numpy as np
from numpy.typing import NDArray

from crossent.scoring.calibration import FINE, Calibration
from crossent.scoring.meters.meter import Saved, load_states, states
from crossent.scoring.rows import Rows
from crossent.scoring.sums.counts import State
from crossent.scoring.sums.exact_sums import ExactSums
from crossent.scoring.sums.masses import Masses

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# 1 - 1/25,200 is about 1 - 2^-14.6; from there four bins an octave to 1 - 2^-53, the last float64.
TAIL = 1.0 - 2.0 ** -np.arange(14.75, 53.25, 0.25)
CELLS = FINE + len(TAIL)

SMALLEST_REST = 1e-150  # its square is still a normal number


def edges() -> Floats:
    """Return the lower ends of all fine bins and 1, (CELLS + 1,)."""
    return np.concatenate([np.arange(FINE) / FINE, TAIL, [1.0]])


def fine_bins(confidence: Floats) -> Integers:
    """Return the fine bin of every confidence: its lower end is the largest of at most that.

    Confidences above 1 by rounding lie in the last bin, as 1 does.
    """
    place = np.minimum((confidence * FINE).astype(np.int64), FINE - 1)
    # The product is rounded: compare with the ends themselves.
    place -= place / FINE > confidence
    place += (place < FINE - 1) & ((place + 1) / FINE <= confidence)
    last = np.flatnonzero(place == FINE - 1)
    if len(last):
        place[last] += np.searchsorted(TAIL, confidence[last], side="right")
    return place


class Confidence:
    """Meter of `Calibration`; sums are of weights times the number, by fine bin."""

    def __init__(self, classes: int) -> None:
        self._equal = 1.0 / max(classes - 1, 1)  # each other class's share where none has any
        self._mass = Masses(CELLS)
        self._right = Masses(CELLS)
        self._confidence = ExactSums(CELLS)
        self._evenness = ExactSums(CELLS)

    def update(self, rows: Rows) -> None:
        """See `Meter.update`."""
        if rows.confidence is None or rows.rest is None or rows.rest_squares is None:
            return
        assert rows.predicted is not None
        place = fine_bins(rows.confidence)
        self._mass.add(place, rows.weight)
        if rows.soft is None:
            right = np.flatnonzero(rows.label == rows.predicted)
            self._right.add(place[right], None if rows.weight is None else rows.weight[right])
        else:
            hit = rows.soft[np.arange(len(place)), rows.predicted]
            # A soft label of 1 - 1e-16 in all is rounding, not an error of a certain prediction.
            self._right.add(place, _times(hit / rows.soft.sum(axis=1), rows.weight))
        self._confidence.add(place, _times(rows.confidence, rows.weight))
        with np.errstate(divide="ignore", invalid="ignore"):
            squares = rows.rest_squares / (rows.rest * rows.rest)
        squares = np.where(rows.rest > SMALLEST_REST, np.minimum(squares, 1.0), self._equal)
        self._evenness.add(place, _times(1.0 / (1.0 + squares), rows.weight))

    def merge(self, other: "Confidence") -> None:
        """See `Meter.merge`."""
        self._mass.merge(other._mass)
        self._right.merge(other._right)
        self._confidence.merge(other._confidence)
        self._evenness.merge(other._evenness)

    def result(self, log_loss: float, brier: float, effective: float) -> Calibration:
        """Return what the histogram tells; see `Calibration` for what is given."""
        return Calibration(
            edges=edges(),
            fine=FINE,
            weight=self._mass.array().astype(np.float64),
            right=self._right.array().astype(np.float64),
            confidence=self._confidence.array(),
            evenness=self._evenness.array(),
            log_loss=log_loss,
            brier=brier,
            effective=effective,
        )

    def state(self) -> State:
        """See `Meter.state`."""
        return states(self._parts())

    def load(self, state: Saved) -> None:
        """See `Meter.load`."""
        load_states(self._parts(), state)

    def _parts(self) -> dict[str, Masses | ExactSums]:
        return {
            "mass": self._mass,
            "right": self._right,
            "confidence": self._confidence,
            "evenness": self._evenness,
        }


def _times(values: Floats, weight: Floats | None) -> Floats:
    return values if weight is None else values * weight

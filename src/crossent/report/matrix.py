"""Which part of a confusion matrix is shown, and how strongly each cell is coloured.

Shares stay shares of the whole true class, however few of its columns are shown.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossent.scoring.scores import Scores

# Sixty classes leave 10 px a cell in a column of 600 px; of more than that, the forty that hold
# the most frequent confusions are shown.
ALL_UP_TO = 60
MOST_CONFUSED = 40

# A matrix whose largest error is 0.1% of a class must not look like one with 30%.
SMALLEST_TOP = 0.02


@dataclass(frozen=True, slots=True)
class MatrixView:
    """The shown classes (positions in `evaluation.classes`), their cells, and the scale's end."""

    shown: tuple[int, ...]
    counts: NDArray[np.float64]
    shares: NDArray[np.float64]
    top: float
    whole: bool

    def strength(self, share: float) -> float:
        """Return 0 to 1: the square root of the share on the scale, so that rare errors show."""
        return float(min(1.0, share / self.top) ** 0.5)


def matrix_view(evaluation: Scores) -> MatrixView:
    """Return the matrix whole up to 60 classes, above that its 40 most confused classes."""
    size, cells = len(evaluation.classes), evaluation.cells
    shown = tuple(range(size)) if size <= ALL_UP_TO else _most_confused(evaluation)
    place = np.full(size, -1)
    place[list(shown)] = np.arange(len(shown))
    true, predicted = place[cells.true], place[cells.predicted]
    inside = (true >= 0) & (predicted >= 0)
    counts = np.zeros((len(shown), len(shown)))
    counts[true[inside], predicted[inside]] = cells.count[inside]
    support = cells.by_true(size)[0][list(shown)][:, None]
    shares = np.divide(counts, support, out=np.zeros_like(counts), where=support > 0)
    errors = shares[~np.eye(len(shown), dtype=np.bool_)]
    top = float(max(errors.max(initial=0.0), SMALLEST_TOP))
    return MatrixView(shown, counts, shares, top, len(shown) == size)


def _most_confused(evaluation: Scores) -> tuple[int, ...]:
    wrong = evaluation.cells.wrong()
    shares = wrong.count / evaluation.cells.by_true(len(evaluation.classes))[0][wrong.true]
    order = np.lexsort((wrong.predicted, wrong.true, -shares, -wrong.count))[:MOST_CONFUSED]
    chosen: dict[int, None] = {}
    for cell in order:
        if len(chosen) >= MOST_CONFUSED:
            break
        chosen.update({int(wrong.true[cell]): None, int(wrong.predicted[cell]): None})
    # Too few errors: the first classes fill up what is left.
    chosen.update(dict.fromkeys(range(MOST_CONFUSED)))
    return tuple(sorted(list(chosen)[:MOST_CONFUSED]))

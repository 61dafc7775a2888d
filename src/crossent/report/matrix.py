"""Which part of a confusion matrix is shown, and how strongly each cell is coloured.

Shares stay shares of the whole true class, however few of its columns are shown.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossent.scoring.evaluation import Evaluation

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


def row_shares(confusion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each cell as a share of its true class; rows of classes that never occur are 0."""
    support = confusion.sum(axis=1, keepdims=True)
    return np.divide(confusion, support, out=np.zeros_like(confusion), where=support > 0)


def matrix_view(evaluation: Evaluation) -> MatrixView:
    """Return the matrix whole up to 60 classes, above that its 40 most confused classes."""
    size = len(evaluation.classes)
    shown = tuple(range(size)) if size <= ALL_UP_TO else _most_confused(evaluation)
    shares = row_shares(evaluation.confusion)
    pick = np.ix_(shown, shown)
    part = shares[pick]
    errors = part[~np.eye(len(shown), dtype=np.bool_)]
    top = float(max(errors.max(initial=0.0), SMALLEST_TOP))
    return MatrixView(shown, evaluation.confusion[pick], part, top, len(shown) == size)


def _most_confused(evaluation: Evaluation) -> tuple[int, ...]:
    wrong = evaluation.confusion.copy()
    np.fill_diagonal(wrong, 0.0)
    order = np.argsort(-wrong, axis=None, kind="stable")
    chosen: dict[int, None] = {}
    for cell in order[: MOST_CONFUSED * MOST_CONFUSED]:
        pair = divmod(int(cell), len(wrong))
        if wrong[pair] == 0 or len(chosen) >= MOST_CONFUSED:
            break
        chosen.update(dict.fromkeys(pair))
    # Too few errors: the first classes fill up what is left.
    chosen.update(dict.fromkeys(range(MOST_CONFUSED)))
    return tuple(sorted(list(chosen)[:MOST_CONFUSED]))

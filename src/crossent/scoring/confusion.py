"""The confusion matrix and the directed pairs read off it.

Rows are true classes, columns predicted ones; entries are sums of row weights.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Pair:
    """One directed confusion: rows of class `true` that were predicted as `predicted`."""

    true: str
    predicted: str
    count: float
    share_of_true: float


def confusion_matrix(
    codes: NDArray[np.int64],
    predicted: NDArray[np.int64],
    classes: int,
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the (C, C) sums of weights (of ones without weights) by true and predicted class."""
    flat = np.bincount(codes * classes + predicted, weights=weights, minlength=classes * classes)
    return flat.reshape(classes, classes).astype(np.float64)


def confused_pairs(
    confusion: NDArray[np.float64], classes: tuple[str, ...], limit: int | None = None
) -> tuple[Pair, ...]:
    """Return off-diagonal cells above 0: by count, then share of the true class, then order."""
    support = confusion.sum(axis=1)
    true, predicted = np.nonzero(confusion)
    wrong = true != predicted
    true, predicted = true[wrong], predicted[wrong]
    counts = confusion[true, predicted]
    shares = counts / support[true]
    order = np.lexsort((predicted, true, -shares, -counts))[:limit]
    return tuple(
        Pair(classes[true[i]], classes[predicted[i]], float(counts[i]), float(shares[i]))
        for i in order
    )

"""Precision, recall, F1 and loss of each class.

What is undefined is NaN, never 0: the precision of a class that was never predicted, the recall
and the loss of a class that never occurs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClassRow:
    """Scores of one class; `support` is the weight of its rows, `log_loss` their mean in nats."""

    name: str
    support: float
    precision: float
    recall: float
    f1: float
    log_loss: float


def per_class_rows(
    classes: tuple[str, ...],
    confusion: Floats,
    codes: NDArray[np.int64],
    losses: Floats,
    weights: Floats | None,
) -> tuple[ClassRow, ...]:
    """Return one row per class, in the order of `classes`."""
    hits = confusion.diagonal()
    support, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    counted = slice(None) if weights is None else weights > 0
    share = losses[counted] if weights is None else losses[counted] * weights[counted]
    totals = np.bincount(codes[counted], weights=share, minlength=len(classes)).astype(np.float64)
    columns = (
        support,
        _ratio(hits, predicted),
        _ratio(hits, support),
        _ratio(2 * hits, support + predicted),
        _ratio(totals, support),
    )
    return tuple(
        ClassRow(name, *(float(column[i]) for column in columns)) for i, name in enumerate(classes)
    )


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0)

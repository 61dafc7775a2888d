"""Precision, recall, F1 and loss of each class.

What is undefined is NaN, never 0: the precision of a class that was never predicted, the recall
and the loss of a class that never occurs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossent.scoring.meters.confusion import Cells

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
    classes: tuple[str, ...], cells: Cells, *, predictions: bool = True
) -> tuple[ClassRow, ...]:
    """Return one row per class, in the order of `classes`; without predictions the loss alone."""
    size = len(classes)
    support, loss = cells.by_true(size)
    hits, predicted = cells.right(size), cells.by_predicted(size)
    columns = [
        _ratio(hits, predicted),
        _ratio(hits, support),
        _ratio(2 * hits, support + predicted),
    ]
    if not predictions:
        columns = [np.full(size, np.nan)] * 3
    rows = zip(support, *columns, _ratio(loss, support), strict=True)
    return tuple(
        ClassRow(name, *(float(value) for value in row))
        for name, row in zip(classes, rows, strict=True)
    )


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0)

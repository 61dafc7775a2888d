"""Which classes are taken for which: the confusions, the most frequent first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossent.scoring.meters.confusion import Cells
from crossent.scoring.wilson import wilson

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Rows of class `true` predicted as `predicted`; of either as the other where `both` is true.

    count: their weight; share_of_true: of the rows of class `true` (of both classes), with Wilson's
    95 % interval; log_loss: their mean loss, in nats.
    """

    true: str
    predicted: str
    count: float
    share_of_true: float
    low: float
    high: float
    log_loss: float
    both: bool = False


def directed_pairs(
    cells: Cells, classes: tuple[str, ...], effective: float, limit: int | None = None
) -> tuple[Pair, ...]:
    """Return the cells off the diagonal: by count, then share of the true class, then order.

    `effective`: effective rows a unit of weight, for the intervals.
    """
    support = cells.by_true(len(classes))[0]
    wrong = cells.wrong()
    return _pairs(wrong, support[wrong.true], classes, effective, limit, both=False)


def symmetric_pairs(
    cells: Cells, classes: tuple[str, ...], effective: float, limit: int | None = None
) -> tuple[Pair, ...]:
    """Return both directions together: by count, then share of both classes, then order."""
    support = cells.by_true(len(classes))[0]
    wrong = cells.wrong()
    first, second = np.minimum(wrong.true, wrong.predicted), np.maximum(wrong.true, wrong.predicted)
    keys, place = np.unique(first * len(classes) + second, return_inverse=True)
    count = np.bincount(place, weights=wrong.count, minlength=len(keys))
    loss = np.bincount(place, weights=wrong.loss, minlength=len(keys))
    first, second = np.divmod(keys, max(len(classes), 1))
    both = Cells(first, second, count.astype(np.float64), loss.astype(np.float64))
    return _pairs(both, support[first] + support[second], classes, effective, limit, both=True)


def _pairs(
    cells: Cells,
    of: Floats,
    classes: tuple[str, ...],
    effective: float,
    limit: int | None,
    *,
    both: bool,
) -> tuple[Pair, ...]:
    shares = cells.count / of
    order = np.lexsort((cells.predicted, cells.true, -shares, -cells.count))[:limit]
    found: list[Pair] = []
    for i in order:
        share = float(shares[i])
        low, high = wilson(share, float(of[i]) * effective)
        found.append(
            Pair(
                classes[cells.true[i]],
                classes[cells.predicted[i]],
                float(cells.count[i]),
                share,
                low,
                high,
                float(cells.loss[i] / cells.count[i]),
                both,
            )
        )
    return tuple(found)

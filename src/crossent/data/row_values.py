"""Checks of numbers that belong to a row: weights, and probabilities over the classes.

Changes no value: soft labels and probabilities are used as given.
"""

import numpy as np
from numpy.typing import NDArray

from crossent.errors import InputError

SUM_TOLERANCE = 1e-3  # probabilities written with three digits still pass


def check_distributions(
    values: NDArray[np.float64], where: str, names: tuple[str, ...]
) -> NDArray[np.float64]:
    """Return `values` (N, C) if each row is finite, not negative and sums to 1 within 1e-3.

    `names` are the columns' names, for the message.

    >>> check_distributions(np.array([[0.5, 0.6]]), "'f.csv'", ("p_a", "p_b"))
    Traceback (most recent call last):
    crossent.errors.InputError: 'f.csv', row 0: p_a ... p_b must sum to 1 (within 0.001); got 1.1

    """
    with np.errstate(invalid="ignore"):
        bad = ~(np.isfinite(values) & (values >= 0))
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise InputError(
            f"{where}, row {row}: {short_name(names[column])} must be a probability, 0 or more; "
            f"got {values[row, column]:g}"
        )
    sums = values.sum(axis=1)
    off = np.abs(sums - 1.0) > SUM_TOLERANCE
    if off.any():
        row = int(np.argmax(off))
        raise InputError(
            f"{where}, row {row}: {short_name(names[0])} ... {short_name(names[-1])} must sum to 1 "
            f"(within {SUM_TOLERANCE:g}); got {sums[row]:.6g}"
        )
    return values


def check_weights(
    values: NDArray[np.float64], where: str, rows: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Return `values` (N,) if all are finite and none is negative.

    `rows` are their numbers, of a part of the rows; of all of them, at least one must not be 0.
    """
    with np.errstate(invalid="ignore"):
        bad = ~(np.isfinite(values) & (values >= 0))
    if bad.any():
        row = int(np.argmax(bad))
        number = row if rows is None else rows[row]
        raise InputError(
            f"{where}: a weight must be a number of 0 or more; row {number} has {values[row]:g}"
        )
    if rows is None and len(values) and not values.any():
        raise InputError(f"{where}: all weights are 0; at least one row must count")
    return values


def short_name(name: str) -> str:
    """Return the name of a column without quotes, one line of 40 characters at most."""
    text = repr(name)[1:-1]
    return text if len(text) <= 40 else text[:37] + "..."

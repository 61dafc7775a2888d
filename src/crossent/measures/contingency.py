"""How often each pair of values of two sequences occurs: the cells above 0 only.

Any values: numbers, text, booleans, None. What is missing (None, NaN) is one value of its own.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crossent.core.array import is_torch

Codes = NDArray[np.int64]


class Cells(NamedTuple):
    """The cells above 0 of a table of counts: at most as many as there are rows of data."""

    x: Codes
    y: Codes
    counts: NDArray[np.float64]
    x_values: NDArray[Any]
    y_values: NDArray[Any]


def contingency(x: Any, y: Any, sample_weight: Any = None, *, names: tuple[str, str]) -> Cells:
    """Return the cells of two sequences, `names` being what a message calls them."""
    (x_values, x_codes), (y_values, y_codes) = codes(x, names[0]), codes(y, names[1])
    if len(x_codes) != len(y_codes):
        raise ValueError(
            f"{names[0]} and {names[1]} must have one value a row each; got {len(x_codes)} values "
            f"of {names[0]} and {len(y_codes)} of {names[1]}"
        )
    if not len(x_codes):
        raise ValueError(f"{names[0]} and {names[1]} must have at least one row; got none")
    flat = x_codes * len(y_values) + y_codes  # below rows^2, so within int64
    if sample_weight is None:
        cells, counts = np.unique(flat, return_counts=True)
    else:
        weights = as_weights(sample_weight, len(flat))
        cells, inverse = np.unique(flat, return_inverse=True)
        counts = np.bincount(inverse, weights)
        cells, counts = cells[counts > 0.0], counts[counts > 0.0]
    rows, columns = np.divmod(cells, len(y_values))
    return Cells(rows, columns, counts.astype(np.float64), x_values, y_values)


def codes(values: Any, name: str) -> tuple[NDArray[Any], Codes]:
    """Return the distinct values, sorted where they can be, and the place of each row's value."""
    array = _array(values)
    if array.ndim != 1:
        raise ValueError(
            f"{name} must have one value a row, shape (rows,); got shape {array.shape}"
        )
    if array.dtype.kind in "biufcmM":
        distinct, places = np.unique(array, return_inverse=True)
        return distinct, places.astype(np.int64, copy=False)
    return _hashed(array.tolist(), name)


def is_missing(value: Any) -> bool:
    """Say whether a value is None, NaN, NaT or pandas' NA."""
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def as_weights(sample_weight: Any, rows: int) -> NDArray[np.float64]:
    """Return the weight of each row; raise ValueError for what is none."""
    weights = _array(sample_weight).astype(np.float64)
    if weights.shape != (rows,):
        raise ValueError(
            f"sample_weight must have one weight a row, shape ({rows},); got shape {weights.shape}"
        )
    bad = ~(np.isfinite(weights) & (weights >= 0.0))
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            f"sample_weight must be finite and at least 0; row {row} has {weights[row]}"
        )
    with np.errstate(over="ignore"):
        total = float(weights.sum())
    if not 0.0 < total < np.inf:
        raise ValueError(f"sample_weight must have a finite sum above 0; got {total}")
    return weights


def _array(values: Any) -> NDArray[Any]:
    if is_torch(values):
        return values.detach().cpu().numpy()
    if isinstance(values, np.ma.MaskedArray):
        return np.fromiter(values.tolist(), dtype=object, count=len(values))  # masked: None
    if hasattr(values, "__array__") or not isinstance(values, Sequence):
        return np.asarray(values)
    if len({type(value) for value in values}) == 1 and not isinstance(values[0], str):
        try:
            array = np.asarray(values)
            # Integers above 2^63 beside negative ones become floats there, and neighbours one.
            if not (array.dtype.kind == "f" and isinstance(values[0], int)):
                return array
        except ValueError:  # rows of different lengths
            pass
    # NumPy would make text of what stands beside text: 1 and "1" would be one value.
    return np.fromiter(values, dtype=object, count=len(values))


def _hashed(values: list[Any], name: str) -> tuple[NDArray[Any], Codes]:
    """Return `codes` of any hashable values; as in Python 1, 1.0 and True are one."""
    try:
        seen = dict.fromkeys(values)
    except TypeError as error:
        raise ValueError(
            f"{name} must hold numbers, text, booleans or None; got {error}"
        ) from error
    present = [value for value in seen if not is_missing(value)]
    try:
        present.sort()
    except TypeError:  # text beside numbers: in the order of first appearance
        present = [value for value in seen if not is_missing(value)]
    place: dict[Any, int] = dict.fromkeys(seen, len(present))
    place.update((value, i) for i, value in enumerate(present))
    distinct = present if len(present) == len(seen) else [*present, None]
    places = np.fromiter((place[value] for value in values), np.int64, len(values))
    return np.fromiter(distinct, dtype=object, count=len(distinct)), places

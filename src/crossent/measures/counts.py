"""From counts to a distribution: the one place where anything is normalised."""

from typing import Any

import numpy as np

from crossent.core.array import Array, constant
from crossent.measures.rows import check_axis, only
from crossent.ops.values import is_transformed


def from_counts(counts: Array, *, axis: int = -1) -> Any:
    """Return counts, or any weights, divided by their sum along `axis`.

    Equivalent: ``counts / counts.sum(axis, keepdims=True)``.

    Args:
        counts: numbers of at least 0: a list, or an array of NumPy, torch or JAX.
        axis: the axis of the outcomes.

    Raises:
        ValueError: a negative or infinite count, a sum of 0 or beyond the largest number, or an
            axis that is not there.

    >>> from_counts([3, 1]).tolist()
    [0.75, 0.25]

    """
    xp, counts = only("counts", counts)
    check_axis("counts", tuple(counts.shape), axis)
    with np.errstate(over="ignore"):  # said below
        sums = xp.sum(counts, axis=axis, keepdims=True)
    if not is_transformed(counts):
        fixed = constant(counts)
        if not bool(xp.all(xp.isfinite(fixed) & (fixed >= 0.0))):
            raise ValueError("counts must be finite and at least 0")
        if bool(xp.any(constant(sums) == 0.0)):
            raise ValueError(f"counts must not all be 0 along axis {axis}: nothing to divide by")
        if not bool(xp.all(xp.isfinite(constant(sums)))):
            raise ValueError(
                f"counts must add up to a finite number along axis {axis}; the sum is beyond "
                f"{float(xp.finfo(counts.dtype).max):.2g}. Divide them by a number first."
            )
    return counts / sums

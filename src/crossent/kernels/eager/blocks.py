"""Rows in blocks whose temporaries stay in the cache: the text of core makes about twenty.

Whole, 2048 rows of 32,000 classes would move twenty times 262 MB through fresh memory. Traced
arrays (JAX) stay whole: their compiler decides.
"""

from collections.abc import Iterator

import numpy as np

from crossent.core.array import Array, is_torch
from crossent.core.target import Measure

CPU_BYTES = 1 << 18  # of float32 logits a block: measured best of 2^17 to 2^22 in 2 MiB of cache
DEVICE_BYTES = 1 << 28  # elsewhere a block is a round of kernel launches, and only memory counts


def blocks(logits: Array) -> Iterator[slice] | None:
    """Return slices of rows to be worked on one after the other, or None where whole is best."""
    count, width = logits.shape
    if not is_torch(logits):
        if not isinstance(logits, np.ndarray):
            return None
        budget = CPU_BYTES
    else:
        budget = CPU_BYTES if logits.device.type == "cpu" else DEVICE_BYTES
    height = max(1, budget // (4 * max(1, width)))
    if count <= height:
        return None
    return (slice(start, min(start + height, count)) for start in range(0, count, height))


def rows_of(q: Measure, rows: slice) -> Measure:
    """Return the measure of some of the rows."""

    def cut(part: Array | None) -> Array | None:
        return None if part is None else part[rows]

    return Measure(
        cut(q.indices),
        cut(q.values),
        cut(q.dense),
        cut(q.background),
        q.class_weight,
        q.weight[rows],
        q.count[rows],
    )

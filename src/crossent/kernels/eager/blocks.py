"""Rows, or elements, in blocks whose temporaries stay in the cache: core makes about twenty.

Whole, 2048 rows of 32,000 classes would move twenty times 262 MB through fresh memory. Traced
arrays (JAX) stay whole: their compiler decides.
"""

import math
from collections.abc import Iterator

import numpy as np

from crossent.core.array import Array, is_torch
from crossent.core.target import Labels

# Of float32 logits a block. On one thread 2^18 was the best of 2^17 to 2^22 in 2 MiB of cache. On
# several, PyTorch's threads wait for each other after every operation: beside two other busy
# processes blocks of 2^18 took fifty times longer than whole arrays, blocks of 2^22 twice, and
# half as long as whole arrays on an idle machine.
CPU_BYTES = 1 << 18
THREADED_BYTES = 1 << 22
DEVICE_BYTES = 1 << 28  # elsewhere a block is a round of kernel launches, and only memory counts


def blocks(logits: Array) -> Iterator[slice] | None:
    """Return slices of rows to be worked on one after the other, or None where whole is best."""
    count, width = logits.shape
    budget = _elements(logits)
    if budget is None:
        return None
    height = max(1, budget // max(1, width))
    return None if count <= height else _slices(count, height)


def tiles(logits: Array) -> Iterator[tuple[slice, ...]] | None:
    """Return indices of blocks of elements, of any shape, or None where whole is best.

    Axes are cut from the first on, so that an array of any layout is only sliced.
    """
    budget = _elements(logits)
    if budget is None or math.prod(logits.shape) <= budget:
        return None
    return _tiles(tuple(logits.shape), budget)


def flat(*arrays: Array) -> tuple[Array, ...]:
    """Return the arrays, numbers aside, as flat views, or as they are where one had to be copied.

    The blocks of a flat view are a power of two of elements: torch's power takes the last
    numel % 16 elements of a call with another routine, and here these are the array's own last.
    """
    if not all(array.ndim == 0 or _is_contiguous(array) for array in arrays):
        return arrays
    return tuple(array.reshape(-1) if array.ndim else array for array in arrays)


def _is_contiguous(array: Array) -> bool:
    return array.is_contiguous() if is_torch(array) else array.flags.c_contiguous


def _tiles(shape: tuple[int, ...], budget: int) -> Iterator[tuple[slice, ...]]:
    count, inner = shape[0], math.prod(shape[1:])
    if inner <= budget:
        for rows in _slices(count, budget // inner):
            yield (rows,)
        return
    for row in _slices(count, 1):
        for rest in _tiles(shape[1:], budget):
            yield (row, *rest)


def _elements(logits: Array) -> int | None:
    """Return how many elements a block may have, None for as many as there are."""
    if not is_torch(logits):
        return CPU_BYTES // 4 if isinstance(logits, np.ndarray) else None
    if logits.device.type != "cpu":
        return DEVICE_BYTES // 4
    import torch

    return (CPU_BYTES if torch.get_num_threads() == 1 else THREADED_BYTES) // 4


def _slices(count: int, height: int) -> Iterator[slice]:
    return (slice(start, min(start + height, count)) for start in range(0, count, height))


def rows_of(labels: Labels, rows: slice) -> Labels:
    """Return the labels of some of the rows."""

    def cut(part: Array | None) -> Array | None:
        return None if part is None else part[rows]

    return labels._replace(
        indices=cut(labels.indices),
        values=cut(labels.values),
        dense=cut(labels.dense),
        sample_weight=cut(labels.sample_weight),
        mask=cut(labels.mask),
    )

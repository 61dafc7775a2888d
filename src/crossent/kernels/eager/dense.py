"""Softmax rows with the array library's own operations: `core` on whole tensors."""

from crossent.core import loss as losses
from crossent.core import row as rows
from crossent.core.array import Array, compute_dtype, device_of, namespace
from crossent.core.row import Row
from crossent.core.shape import Shape
from crossent.core.target import Measure
from crossent.kernels.eager.blocks import blocks, rows_of


def read(logits: Array, q: Measure, *, entropy: bool = False) -> Row:
    """See `kernels.contract.DenseKernels.read`."""
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    return rows.whole(xp, rows.read(xp, wide, q, entropy=entropy))


def slope(
    logits: Array, q: Measure, row: Row, alpha: Array, beta: Array | None, gamma: Array
) -> Array:
    """See `kernels.contract.DenseKernels.slope`."""
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    return xp.astype(rows.slope(xp, wide, q, row, alpha, beta, gamma), logits.dtype, copy=False)


def loss(logits: Array, q: Measure, shape: Shape) -> Array:
    """See `kernels.contract.DenseKernels.loss`."""
    xp = namespace(logits)
    parts = blocks(logits)
    if parts is None:
        return losses.loss(xp, read(logits, q), shape)
    return xp.concat([losses.loss(xp, read(logits[b], rows_of(q, b)), shape) for b in parts])


def read_slope(logits: Array, q: Measure, shape: Shape, row_scale: Array) -> tuple[Array, Array]:
    """See `kernels.contract.DenseKernels.read_slope`."""
    xp = namespace(logits)
    parts = blocks(logits)
    if parts is None:
        return _read_slope(logits, q, shape, row_scale)
    slopes = xp.empty(logits.shape, dtype=logits.dtype, device=device_of(logits))
    values: list[Array] = []
    for block in parts:
        scale = row_scale[block] if row_scale.ndim else row_scale
        value, slopes[block] = _read_slope(logits[block], rows_of(q, block), shape, scale)
        values.append(value)
    return xp.concat(values), slopes


def _read_slope(logits: Array, q: Measure, shape: Shape, row_scale: Array) -> tuple[Array, Array]:
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    seen = rows.view(xp, wide)
    row = rows.whole(xp, rows.read(xp, wide, q, seen=seen))
    alpha, gamma = losses.coefficients(xp, row, shape, row_scale)
    slopes = rows.slope(xp, wide, q, row, alpha, None, gamma, seen=seen)
    return losses.loss(xp, row, shape), xp.astype(slopes, logits.dtype, copy=False)

"""Sigmoid elements with the array library's own operations: `core` on whole tensors."""

from crossent.core import loss as losses
from crossent.core import row as rows
from crossent.core.array import Array, compute_dtype, namespace
from crossent.core.shape import Shape


def loss(logits: Array, positive: Array, negative: Array, shape: Shape) -> Array:
    """See `kernels.contract.SigmoidKernels.loss`."""
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    return losses.loss(xp, rows.read_sigmoid(xp, wide, positive, negative), shape)


def read_slope(
    logits: Array, positive: Array, negative: Array, shape: Shape, scale: Array
) -> tuple[Array, Array]:
    """See `kernels.contract.SigmoidKernels.read_slope`."""
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    row = rows.read_sigmoid(xp, wide, positive, negative)
    alpha, gamma = losses.coefficients(xp, row, shape, scale)
    slope = rows.slope_sigmoid(xp, wide, row, positive, alpha, gamma)
    return losses.loss(xp, row, shape), xp.astype(slope, logits.dtype, copy=False)

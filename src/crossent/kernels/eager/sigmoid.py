"""Sigmoid elements with the array library's own operations: `core` on blocks of elements."""

from crossent.core import loss as losses
from crossent.core import row as rows
from crossent.core.array import Array, compute_dtype, device_of, namespace, sum_dtype
from crossent.core.shape import Shape
from crossent.kernels.eager.blocks import flat, tiles


def loss(logits: Array, positive: Array, negative: Array, shape: Shape) -> Array:
    """See `kernels.contract.SigmoidKernels.loss`."""
    if tiles(logits) is None:
        return _loss(logits, positive, negative, shape)
    xp = namespace(logits)
    values = xp.empty(logits.shape, dtype=sum_dtype(xp, logits), device=device_of(logits))
    z, ones, noughts, into = flat(logits, positive, negative, values)
    for at in tiles(z) or ():
        into[at] = _loss(z[at], ones[at], noughts[at], shape)
    return values


def read_slope(
    logits: Array, positive: Array, negative: Array, shape: Shape, scale: Array
) -> tuple[Array, Array]:
    """See `kernels.contract.SigmoidKernels.read_slope`."""
    if tiles(logits) is None:
        return _read_slope(logits, positive, negative, shape, scale)
    xp = namespace(logits)
    values = xp.empty(logits.shape, dtype=sum_dtype(xp, logits), device=device_of(logits))
    slopes = xp.empty(logits.shape, dtype=logits.dtype, device=device_of(logits))
    z, ones, noughts, by, *into = flat(logits, positive, negative, scale, values, slopes)
    for at in tiles(z) or ():
        own = by[at] if by.ndim else by
        into[0][at], into[1][at] = _read_slope(z[at], ones[at], noughts[at], shape, own)
    return values, slopes


def _loss(logits: Array, positive: Array, negative: Array, shape: Shape) -> Array:
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    return losses.loss(xp, rows.read_sigmoid(xp, wide, positive, negative), shape)


def _read_slope(
    logits: Array, positive: Array, negative: Array, shape: Shape, scale: Array
) -> tuple[Array, Array]:
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    row = rows.read_sigmoid(xp, wide, positive, negative)
    alpha, gamma = losses.coefficients(xp, row, shape, scale)
    slope = rows.slope_sigmoid(xp, wide, row, positive, alpha, gamma)
    return losses.loss(xp, row, shape), xp.astype(slope, logits.dtype, copy=False)

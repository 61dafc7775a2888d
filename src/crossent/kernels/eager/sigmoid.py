"""Sigmoid elements with the array library's own operations: `core` on blocks of elements."""

from typing import Any

from crossent.core import loss as losses
from crossent.core import reduction
from crossent.core import row as rows
from crossent.core.array import Array, compute_dtype, device_of, namespace, sum_dtype
from crossent.core.reduction import By
from crossent.core.shape import Shape
from crossent.core.target import BinaryLabels, elements, masses
from crossent.kernels.contract import Reduced
from crossent.kernels.eager.blocks import flat, tiles


def loss(logits: Array, labels: BinaryLabels, shape: Shape) -> Array:
    """See `kernels.contract.SigmoidKernels.loss`."""
    if tiles(logits) is None:
        return _loss(logits, labels, shape)
    xp = namespace(logits)
    values = xp.empty(logits.shape, dtype=sum_dtype(xp, logits), device=device_of(logits))
    z, into, *arrays = flat(logits, values, *_broadcast(labels, logits))
    for at in tiles(z) or ():
        into[at] = _loss(z[at], _cut(labels, arrays, at), shape)
    return values


def read_slope(
    logits: Array, labels: BinaryLabels, shape: Shape, scale: Array
) -> tuple[Array, Array]:
    """See `kernels.contract.SigmoidKernels.read_slope`."""
    if tiles(logits) is None:
        return _read_slope(logits, labels, shape, scale)
    xp = namespace(logits)
    values = xp.empty(logits.shape, dtype=sum_dtype(xp, logits), device=device_of(logits))
    slopes = xp.empty(logits.shape, dtype=logits.dtype, device=device_of(logits))
    z, by, into, onto, *arrays = flat(logits, scale, values, slopes, *_broadcast(labels, logits))
    for at in tiles(z) or ():
        own = by[at] if by.ndim else by
        into[at], onto[at] = _read_slope(z[at], _cut(labels, arrays, at), shape, own)
    return values, slopes


def reduce(logits: Array, labels: BinaryLabels, shape: Shape, by: By, *, slope: bool) -> Reduced:
    """See `kernels.contract.SigmoidKernels.reduce`."""
    xp = namespace(logits)
    count = elements(xp, labels, logits)
    scale = reduction.scale(xp, by, count, count)
    if not slope:
        return Reduced(xp.sum(loss(logits, labels, shape)) * scale, None, scale)
    value, slopes = read_slope(logits, labels, shape, scale)
    return Reduced(xp.sum(value) * scale, slopes, scale)


def _broadcast(labels: BinaryLabels, logits: Array) -> list[Array]:
    """Return the arrays of labels that there are, each in the logits' shape, copying nothing."""
    xp, shape = namespace(logits), tuple(logits.shape)
    given = [array for array in labels.arrays if array is not None]
    return [a if tuple(a.shape) == shape else xp.broadcast_to(a, shape) for a in given]


def _cut(labels: BinaryLabels, arrays: list[Array], at: tuple[slice, ...]) -> BinaryLabels:
    """Return the labels of some elements, from what `_broadcast` made of them."""
    rest = iter(arrays)
    cut: Any = [None if array is None else next(rest)[at] for array in labels.arrays]
    return BinaryLabels(*cut, *labels.numbers)  # pyright: ignore[reportCallIssue]


def _loss(logits: Array, labels: BinaryLabels, shape: Shape) -> Array:
    xp = namespace(logits)
    positive, negative, *_ = masses(xp, labels, logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    return losses.loss(xp, rows.read_sigmoid(xp, wide, positive, negative), shape)


def _read_slope(
    logits: Array, labels: BinaryLabels, shape: Shape, scale: Array
) -> tuple[Array, Array]:
    xp = namespace(logits)
    positive, negative, *_ = masses(xp, labels, logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    row = rows.read_sigmoid(xp, wide, positive, negative)
    alpha, gamma = losses.coefficients(xp, row, shape, scale)
    slope = rows.slope_sigmoid(xp, wide, row, positive, alpha, gamma)
    return losses.loss(xp, row, shape), xp.astype(slope, logits.dtype, copy=False)

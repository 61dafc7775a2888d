"""Sigmoid elements by the C++ kernels."""

import math

from crossent.core.array import Array, namespace
from crossent.core.reduction import By, reciprocal
from crossent.core.shape import Shape
from crossent.core.target import BinaryLabels
from crossent.kernels.contract import Reduced
from crossent.kernels.cpu import native
from crossent.kernels.cpu.arrays import address, integers, numbers, reals, rows_of
from crossent.kernels.cpu.memory import (
    as_number,
    doubles,
    empty_like,
    empty_losses,
    goes_past_caches,
    threads_for,
)


def loss(logits: Array, labels: BinaryLabels, shape: Shape) -> Array:
    """See `kernels.contract.SigmoidKernels.loss`."""
    losses = empty_losses(logits)
    _sigmoid(logits, labels, shape, losses=losses)
    return losses


def read_slope(
    logits: Array, labels: BinaryLabels, shape: Shape, scale: Array
) -> tuple[Array, Array]:
    """See `kernels.contract.SigmoidKernels.read_slope`."""
    losses, slopes = empty_losses(logits), empty_like(logits)
    if scale.ndim:
        _sigmoid(logits, labels, shape, losses=losses, slopes=slopes, upstream=scale)
    else:
        _sigmoid(logits, labels, shape, losses=losses, slopes=slopes, scale=float(scale))
    return losses, slopes


def reduce(logits: Array, labels: BinaryLabels, shape: Shape, by: By, *, slope: bool) -> Reduced:
    """See `kernels.contract.SigmoidKernels.reduce`."""
    found = doubles(logits, (2,))  # the total, and how many elements count
    total, count = address(found), address(found) + 8
    if isinstance(by, str):
        by = math.prod(logits.shape)
        if labels.mask is not None or labels.ignore_index is not None:
            _sigmoid(logits, labels, shape, count=count)
            by = float(found[1])
    scale, slopes = reciprocal(as_number(by)), empty_like(logits) if slope else None
    _sigmoid(logits, labels, shape, total=total, slopes=slopes, scale=scale)
    return Reduced(float(found[0]) * scale, slopes, scale)


def _sigmoid(
    logits: Array,
    labels: BinaryLabels,
    shape: Shape,
    *,
    scale: float = 1.0,
    upstream: Array | None = None,
    losses: Array | None = None,
    total: int = 0,
    count: int = 0,
    slopes: Array | None = None,
) -> None:
    xp, size = namespace(logits), tuple(logits.shape)
    wide = (-1, size[-1]) if size and size[-1] else (1, -1)

    def plane(array: Array | None) -> Array | None:
        """Return an array like the logits as (rows, columns), a view where strides allow."""
        if array is None:
            return None
        whole = array if tuple(array.shape) == size else xp.broadcast_to(array, size)
        return xp.reshape(whole, wide)

    target, weight, pos_weight, neg_weight, mask, ignore, smoothing = labels
    outputs = [out for out in (losses, slopes) if out is not None]
    native.sigmoid(
        rows_of(plane(logits)),
        numbers(plane(target)),
        reals(plane(weight)),
        reals(plane(pos_weight)),
        reals(plane(neg_weight)),
        integers(plane(mask)),
        None if ignore is None else float(ignore),
        smoothing,
        shape.numbers,
        scale,
        reals(plane(upstream)),
        0 if losses is None else address(losses),
        total,
        count,
        0 if slopes is None else address(slopes),
        any(goes_past_caches(out) for out in outputs),
        threads_for(logits),
    )

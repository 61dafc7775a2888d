"""Softmax rows with the array library's own operations: `core` on whole tensors."""

from crossent.core import loss as losses
from crossent.core import reduction, statistics
from crossent.core import row as rows
from crossent.core.array import Array, compute_dtype, device_of, namespace
from crossent.core.link import link, link_slope
from crossent.core.reduction import By
from crossent.core.row import Row
from crossent.core.shape import Shape
from crossent.core.target import Labels, measure, totals
from crossent.kernels.contract import Reduced
from crossent.kernels.eager.blocks import blocks, rows_of


def read(logits: Array, labels: Labels, *, entropy: bool = False) -> Row:
    """See `kernels.contract.DenseKernels.read`."""
    xp = namespace(logits)
    parts = blocks(logits)
    if parts is None:
        return _read(logits, labels, entropy=entropy)
    found = [_read(logits[b], rows_of(labels, b), entropy=entropy) for b in parts]
    return Row(*(None if part[0] is None else xp.concat(part) for part in zip(*found, strict=True)))


def slope(
    logits: Array, labels: Labels, row: Row, alpha: Array, beta: Array | None, gamma: Array
) -> Array:
    """See `kernels.contract.DenseKernels.slope`."""
    xp = namespace(logits)
    parts = blocks(logits)
    if parts is None:
        return _slope(logits, labels, row, alpha, beta, gamma)
    slopes = xp.empty(logits.shape, dtype=logits.dtype, device=device_of(logits))
    for b in parts:
        own = Row(*(None if number is None else number[b] for number in row))
        by_entropy = None if beta is None else beta[b]
        slopes[b] = _slope(logits[b], rows_of(labels, b), own, alpha[b], by_entropy, gamma[b])
    return slopes


def loss(logits: Array, labels: Labels, shape: Shape) -> Array:
    """See `kernels.contract.DenseKernels.loss`."""
    xp = namespace(logits)
    parts = blocks(logits)
    if parts is None:
        return _loss(logits, labels, shape)
    return xp.concat([_loss(logits[b], rows_of(labels, b), shape) for b in parts])


def read_slope(
    logits: Array, labels: Labels, shape: Shape, row_scale: Array
) -> tuple[Array, Array]:
    """See `kernels.contract.DenseKernels.read_slope`."""
    xp = namespace(logits)
    parts = blocks(logits)
    if parts is None:
        return _read_slope(logits, labels, shape, row_scale)
    slopes = xp.empty(logits.shape, dtype=logits.dtype, device=device_of(logits))
    values: list[Array] = []
    for block in parts:
        scale = row_scale[block] if row_scale.ndim else row_scale
        value, slopes[block] = _read_slope(logits[block], rows_of(labels, block), shape, scale)
        values.append(value)
    return xp.concat(values), slopes


def reduce(logits: Array, labels: Labels, shape: Shape, by: By, *, slope: bool) -> Reduced:
    """See `kernels.contract.DenseKernels.reduce`."""
    xp = namespace(logits)
    weight, count = totals(xp, labels, logits)
    scale = reduction.scale(xp, by, weight, count)
    if not slope:
        return Reduced(xp.sum(loss(logits, labels, shape)) * scale, None, scale)
    value, slopes = read_slope(logits, labels, shape, scale)
    return Reduced(xp.sum(value) * scale, slopes, scale)


def standing(logits: Array, index: Array) -> tuple[Array, Array]:
    """See `kernels.contract.DenseKernels.standing`."""
    xp = namespace(logits)
    parts = blocks(logits)
    if parts is None:
        return statistics.standing(xp, logits, index)
    found = [statistics.standing(xp, logits[b], index[b]) for b in parts]
    predicted, rank = zip(*found, strict=True)
    return xp.concat(predicted), xp.concat(rank)


def _read(logits: Array, labels: Labels, *, entropy: bool = False) -> Row:
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    return rows.whole(xp, rows.read(xp, wide, measure(xp, labels, logits), entropy=entropy))


def _loss(logits: Array, labels: Labels, shape: Shape) -> Array:
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    linked = link(xp, wide, **shape.link._asdict())
    return losses.loss(xp, _read(linked, labels), shape)


def _slope(
    logits: Array, labels: Labels, row: Row, alpha: Array, beta: Array | None, gamma: Array
) -> Array:
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    q = measure(xp, labels, logits)
    return xp.astype(rows.slope(xp, wide, q, row, alpha, beta, gamma), logits.dtype, copy=False)


def _read_slope(
    logits: Array, labels: Labels, shape: Shape, row_scale: Array
) -> tuple[Array, Array]:
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    linked = link(xp, wide, **shape.link._asdict())
    seen, q = rows.view(xp, linked), measure(xp, labels, linked)
    row = rows.whole(xp, rows.read(xp, linked, q, seen=seen))
    alpha, gamma = losses.coefficients(xp, row, shape, row_scale)
    slopes = rows.slope(xp, linked, q, row, alpha, None, gamma, seen=seen)
    if shape.link:  # a row that is left out has slope 0 whatever it holds
        by_link = link_slope(xp, wide, **shape.link._asdict())
        slopes = xp.where(slopes == 0.0, 0.0, slopes * by_link)
    return losses.loss(xp, row, shape), xp.astype(slopes, logits.dtype, copy=False)

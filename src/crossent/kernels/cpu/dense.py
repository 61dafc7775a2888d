"""Softmax rows by the C++ kernels."""

from typing import Any

from crossent.core.array import Array, is_torch, namespace
from crossent.core.reduction import By
from crossent.core.row import Row
from crossent.core.shape import Shape
from crossent.core.target import Labels
from crossent.kernels import eager
from crossent.kernels.contract import Reduced
from crossent.kernels.cpu import native
from crossent.kernels.cpu.arrays import (
    address,
    integer_type,
    integers,
    real_type,
    reals,
    strides,
)
from crossent.kernels.cpu.memory import STREAM_BYTES, doubles, empty_like, number, threads_for

WEIGHT, ROWS, GIVEN = 1, 2, 0  # what `native.reduce` divides by


def read(logits: Array, labels: Labels, *, entropy: bool = False) -> Row:
    """See `kernels.contract.DenseKernels.read`."""
    numbers = doubles(logits, (logits.shape[0], 5))
    _dense(logits, labels, numbers=address(numbers), entropy=entropy)
    m, r, gap, mass, h = (numbers[:, k] for k in range(5))
    return Row(m, r, gap, mass, h if entropy else None)


def slope(
    logits: Array, labels: Labels, row: Row, alpha: Array, beta: Array | None, gamma: Array
) -> Array:
    """See `kernels.contract.DenseKernels.slope`; the row numbers are read again."""
    del row
    xp = namespace(logits)
    given = doubles(logits, (logits.shape[0], 3))
    for place, part in enumerate((alpha, beta, gamma)):
        given[:, place] = 0.0 if part is None else part
    slopes = empty_like(logits, tuple(logits.shape))
    del xp
    _dense(logits, labels, given=address(given), slopes=slopes)
    return slopes


def loss(logits: Array, labels: Labels, shape: Shape) -> Array:
    """See `kernels.contract.DenseKernels.loss`."""
    losses = doubles(logits, (logits.shape[0],))
    _dense(logits, labels, shape, losses=address(losses))
    return losses


def read_slope(
    logits: Array, labels: Labels, shape: Shape, row_scale: Array
) -> tuple[Array, Array]:
    """See `kernels.contract.DenseKernels.read_slope`."""
    losses = doubles(logits, (logits.shape[0],))
    slopes = empty_like(logits, tuple(logits.shape))
    if row_scale.ndim:
        scales = doubles(logits, (logits.shape[0],))
        scales[:] = row_scale
        given: dict[str, Any] = {"row_scale": address(scales)}
    else:
        given = {"scale": float(row_scale)}
    _dense(logits, labels, shape, losses=address(losses), slopes=slopes, **given)
    return losses, slopes


def reduce(logits: Array, labels: Labels, shape: Shape, by: By, *, slope: bool) -> Reduced:
    """See `kernels.contract.DenseKernels.reduce`."""
    slopes = empty_like(logits, tuple(logits.shape)) if slope else None
    if by == "weight" or by == "rows":
        kind, scale = WEIGHT if by == "weight" else ROWS, 1.0
    else:
        kind, scale = GIVEN, _reciprocal(by)
    value, scale = native.reduce(
        _rows(logits),
        _labels(labels),
        _numbers(shape),
        kind,
        scale,
        0 if slopes is None else address(slopes),
        slopes is not None and slopes.nbytes >= STREAM_BYTES,
        threads_for(logits),
    )
    return Reduced(number(logits, value), slopes, number(logits, scale))


standing = eager.dense.standing


def _reciprocal(by: Any) -> float:
    from crossent.core.reduction import reciprocal

    return reciprocal(float(by))


def _dense(
    logits: Array,
    labels: Labels,
    shape: Shape | None = None,
    *,
    scale: float = 1.0,
    row_scale: int = 0,
    given: int = 0,
    losses: int = 0,
    numbers: int = 0,
    entropy: bool = False,
    slopes: Array | None = None,
) -> None:
    native.dense(
        _rows(logits),
        _labels(labels),
        PLAIN if shape is None else _numbers(shape),
        scale,
        row_scale,
        given,
        losses,
        numbers,
        entropy,
        0 if slopes is None else address(slopes),
        slopes is not None and slopes.nbytes >= STREAM_BYTES,
        threads_for(logits),
    )


PLAIN = (0.0, 0.0, 0.0, 0.0)


def _numbers(shape: Shape) -> tuple[float, float, float, float]:
    return shape.gamma, shape.poly_epsilon, shape.generalised, shape.z_loss


def _rows(logits: Array) -> tuple[Any, ...]:
    """Describe rows (N, V), in memory of their own where the classes of a row lie apart."""
    rows, classes = logits.shape
    steps = strides(logits)
    if steps[1] != 1 and classes > 1:
        logits = logits.contiguous() if is_torch(logits) else logits.copy(order="C")
        steps = strides(logits)
    return address(logits), real_type(logits), rows, classes, steps[0], logits


def _labels(labels: Labels) -> tuple[Any, ...]:
    index, dense = labels.index, labels.dense
    count = 0 if index is None else 1 if index.ndim == 1 else index.shape[1]
    ignore = -1 if labels.ignore_index is None else labels.ignore_index
    return (
        integers(index),
        count,
        reals(labels.values),
        reals(dense),
        reals(labels.class_weight),
        reals(labels.sample_weight),
        integers(labels.mask),
        ignore if ignore >= 0 else -1,
        labels.label_smoothing,
    )


def first_outside(
    index: Array, classes: int, ignore_index: int | None, mask: Array | None
) -> int | None:
    """Return the first row whose class is not in 0 .. classes - 1, None where there is none."""
    if integer_type(index) is None:
        return None
    row = native.first_outside(
        integers(index), integers(mask), index.shape[0], classes, ignore_index
    )
    return None if row < 0 else row

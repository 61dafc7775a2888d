"""Softmax rows by the C++ kernels."""

from typing import Any

from crossent.core.array import Array
from crossent.core.reduction import By, reciprocal
from crossent.core.row import Row
from crossent.core.shape import PLAIN, Shape
from crossent.core.target import Labels
from crossent.kernels import eager
from crossent.kernels.contract import Reduced
from crossent.kernels.cpu import native
from crossent.kernels.cpu.arrays import address, integers, reals, rows_of
from crossent.kernels.cpu.memory import (
    as_number,
    doubles,
    empty_like,
    goes_past_caches,
    threads_for,
)

WIDEST, UINT64 = (1 << 63) - 1, 7
GIVEN, WEIGHT, ROWS = 0, 1, 2  # what `native.reduce` divides by


def read(logits: Array, labels: Labels, *, entropy: bool = False) -> Row:
    """See `kernels.contract.DenseKernels.read`."""
    numbers = doubles(logits, (logits.shape[0], 5))
    _dense(logits, labels, numbers=address(numbers), entropy=entropy)
    m, r, gap, mass, h = (numbers[:, k] for k in range(5))
    return Row(m, r, gap, mass, h if entropy else None)


def slope(
    logits: Array, labels: Labels, row: Row, alpha: Array, beta: Array | None, gamma: Array
) -> Array:
    """See `kernels.contract.DenseKernels.slope`; the row's numbers are found again."""
    del row
    given = doubles(logits, (logits.shape[0], 3))
    for place, part in enumerate((alpha, beta, gamma)):
        given[:, place] = 0.0 if part is None else part
    slopes = empty_like(logits)
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
    losses, slopes = doubles(logits, (logits.shape[0],)), empty_like(logits)
    if not row_scale.ndim:
        scale = float(row_scale)
        _dense(logits, labels, shape, losses=address(losses), slopes=slopes, scale=scale)
        return losses, slopes
    scales = doubles(logits, (logits.shape[0],))
    scales[:] = row_scale
    each = address(scales)
    _dense(logits, labels, shape, losses=address(losses), slopes=slopes, row_scale=each)
    return losses, slopes


def reduce(logits: Array, labels: Labels, shape: Shape, by: By, *, slope: bool) -> Reduced:
    """See `kernels.contract.DenseKernels.reduce`."""
    slopes, kind, scale = empty_like(logits) if slope else None, GIVEN, 1.0
    if isinstance(by, str):
        kind = WEIGHT if by == "weight" else ROWS
    else:
        scale = reciprocal(as_number(by))
    value, scale = native.reduce(
        rows_of(logits), _labels(labels), shape.numbers, kind, scale,
        *_output(slopes), threads_for(logits),
    )  # fmt: skip
    return Reduced(value, slopes, scale)


standing = eager.dense.standing


def first_outside(
    index: Array, classes: int, ignore_index: int | None, mask: Array | None
) -> int | None:
    """Return the first row whose class is not in 0 .. classes - 1, None where there is none."""
    described = integers(index)
    assert described is not None
    unsigned = described[1] % 2 == 1
    # Class 0 is there and never outside: it stands for a number that the type does not have.
    ignored = 0 if ignore_index is None or (unsigned and ignore_index < 0) else ignore_index
    ignored = int(ignored)
    if ignored > WIDEST and described[1] == UINT64:  # as the kernels read it
        ignored -= 2 * (WIDEST + 1)
    ignored = ignored if -WIDEST <= ignored <= WIDEST else 0
    row = native.first_outside(described, integers(mask), len(index), classes, ignored)
    return None if row < 0 else row


def _dense(
    logits: Array,
    labels: Labels,
    shape: Shape = PLAIN,
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
        rows_of(logits), _labels(labels), shape.numbers, scale, row_scale, given,
        losses, numbers, entropy, *_output(slopes), threads_for(logits),
    )  # fmt: skip


def _output(slopes: Array | None) -> tuple[int, bool]:
    """Return where slopes go, and whether past the caches."""
    return (0, False) if slopes is None else (address(slopes), goes_past_caches(slopes))


def _labels(labels: Labels) -> tuple[Any, ...]:
    index, values, dense, class_weight, sample_weight, mask, ignore, smoothing = labels
    return (
        integers(index),
        0 if index is None else 1 if index.ndim == 1 else index.shape[1],
        reals(values),
        reals(dense),
        reals(class_weight),
        reals(sample_weight),
        integers(mask),
        -1 if ignore is None or not 0 <= ignore <= WIDEST else int(ignore),
        smoothing,
    )

"""Every kind of label, as one measure q over the classes of each row.

A class index, smoothing, class weights, soft labels, a teacher's top-k, an ignored row: all
become `Measure`. This is the only file that knows label kinds. It checks nothing (the doors
do): an index out of range is never read, and counts as padding.
"""

from typing import NamedTuple

from crossent.core.array import Array, Namespace, index_dtype, sum_dtype


class Measure(NamedTuple):
    """q, row by row: a sparse part, a dense part, a background; all of them add.

    indices, values (N, K) mass `values` at classes `indices`; a negative index is padding
    dense          (N, V)  mass at every class
    background     (N,)    mass eps, spread evenly over the live classes, times `class_weight`
    class_weight   (V,)    relative density of the background; None: even
    weight, count  (N,)    what a mean divides by: target weight, and rows; no part of q
    """

    indices: Array | None
    values: Array | None
    dense: Array | None
    background: Array | None
    class_weight: Array | None
    weight: Array
    count: Array


def from_index(
    xp: Namespace,
    target: Array,
    logits: Array,
    *,
    ignore_index: int | None = -100,
    label_smoothing: float = 0.0,
    class_weight: Array | None = None,
    sample_weight: Array | None = None,
    mask: Array | None = None,
) -> Measure:
    """Return the measure of class indices (N,): (1 - eps) w_y at y, eps / V w_j everywhere."""
    index = xp.astype(
        target, index_dtype(xp, target), copy=False
    )  # uint8 == -100 is true at 156 in torch
    counted = (index >= 0) & (index < logits.shape[-1])
    if ignore_index is not None and ignore_index >= 0:
        counted = counted & (index != ignore_index)
    if mask is not None:
        counted = counted & mask
    dtype = sum_dtype(xp, logits)
    count = xp.astype(counted, dtype)
    if sample_weight is not None:
        count = xp.where(counted, xp.astype(sample_weight, dtype, copy=False), count)
    index = xp.where(counted, index, -1)
    weight = count
    if class_weight is not None:
        weight = count * xp.astype(xp.take(class_weight, _read(xp, index), axis=0), dtype)
    return Measure(
        indices=index[:, None],
        values=((1.0 - label_smoothing) * weight if label_smoothing else weight)[:, None],
        dense=None,
        background=label_smoothing * count if label_smoothing else None,
        class_weight=class_weight if label_smoothing else None,
        weight=weight,
        count=count,
    )


def from_dense(
    xp: Namespace,
    target: Array,
    logits: Array,
    *,
    label_smoothing: float = 0.0,
    class_weight: Array | None = None,
    sample_weight: Array | None = None,
    mask: Array | None = None,
) -> Measure:
    """Return the measure of soft labels (N, V): (1 - eps) w_j q_j + eps / V w_j, as given."""
    count = _row_count(xp, target, logits, sample_weight, mask)
    dense = target
    if mask is not None:
        dense = xp.where(mask[:, None], dense, 0.0)  # a masked row may hold NaN
    if class_weight is not None:
        dense = xp.astype(dense, count.dtype) * xp.astype(class_weight, count.dtype)
    weight = count * xp.sum(dense, axis=-1, dtype=count.dtype)
    if label_smoothing:
        dense = (1.0 - label_smoothing) * xp.astype(dense, count.dtype, copy=False)
    if sample_weight is not None:
        dense = count[:, None] * xp.astype(dense, count.dtype, copy=False)
    return Measure(
        indices=None,
        values=None,
        dense=dense,
        background=label_smoothing * count if label_smoothing else None,
        class_weight=class_weight if label_smoothing else None,
        weight=weight,
        count=count,
    )


def from_top_k(
    xp: Namespace,
    indices: Array,
    values: Array,
    logits: Array,
    *,
    label_smoothing: float = 0.0,
    class_weight: Array | None = None,
    sample_weight: Array | None = None,
    mask: Array | None = None,
) -> Measure:
    """Return the measure of sparse soft labels, (N, K) classes and (N, K) values.

    A negative class is padding; a class named twice gets both values; a row of padding alone
    has no target and does not count.
    """
    index = xp.astype(indices, index_dtype(xp, indices), copy=False)
    real = (index >= 0) & (index < logits.shape[-1])
    if mask is not None:
        real = real & mask[:, None]
    index = xp.where(real, index, -1)
    count = _row_count(xp, indices, logits, sample_weight, xp.any(real, axis=-1))
    value = xp.where(real, xp.astype(values, count.dtype, copy=False), 0.0)
    if class_weight is not None:
        flat = xp.reshape(_read(xp, index), (-1,))
        value = value * xp.astype(
            xp.reshape(xp.take(class_weight, flat, axis=0), index.shape), value.dtype
        )
    value = count[:, None] * value
    return Measure(
        indices=index,
        values=(1.0 - label_smoothing) * value if label_smoothing else value,
        dense=None,
        background=label_smoothing * count if label_smoothing else None,
        class_weight=class_weight if label_smoothing else None,
        weight=xp.sum(value, axis=-1),
        count=count,
    )


def from_binary(
    xp: Namespace,
    target: Array,
    logits: Array,
    *,
    pos_weight: Array | None = None,
    weight: Array | None = None,
    mask: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Return each element's mass of one and of nought, and the number of elements that count.

    The masses are w pos_weight t and w (1 - t); both are 0 where the mask is False.
    """
    dtype = sum_dtype(xp, logits)
    positive = xp.astype(target, dtype)
    negative = 1.0 - positive
    if pos_weight is not None:
        positive = positive * xp.astype(pos_weight, dtype)
    if weight is not None:
        positive = positive * xp.astype(weight, dtype)
        negative = negative * xp.astype(weight, dtype)
    count = xp.sum(xp.ones_like(positive))
    if mask is not None:
        positive = xp.where(mask, positive, 0.0)
        negative = xp.where(mask, negative, 0.0)
        count = xp.sum(xp.astype(mask, dtype))
    return positive, negative, count


def background_at(xp: Namespace, q: Measure, logits: Array) -> Array | None:
    """Return the background's density at every class (N, V), or None; 0 at removed classes.

    Removed classes (-inf) take no share: eps / V counts the live ones.
    """
    if q.background is None:
        return None
    live = logits != -xp.inf
    dtype = q.background.dtype
    alive = xp.astype(xp.count_nonzero(live, axis=-1), dtype)
    share = q.background / xp.where(alive == 0.0, 1.0, alive)
    density = xp.where(live, share[:, None], 0.0)
    if q.class_weight is None:
        return density
    return density * xp.astype(q.class_weight, dtype, copy=False)


def has_mass(xp: Namespace, q: Measure) -> Array:
    """Return for every row (N,) whether any part of q is not 0."""
    found = xp.zeros_like(q.count) != 0.0
    for part in (q.values, q.dense):
        if part is not None:
            found = found | xp.any(part != 0.0, axis=-1)
    return found if q.background is None else found | (q.background != 0.0)


def _read(xp: Namespace, index: Array) -> Array:
    """Return `index` with padding moved to class 0, which any table of classes has."""
    return xp.where(index < 0, 0, index)


def _row_count(
    xp: Namespace, rows: Array, logits: Array, sample_weight: Array | None, mask: Array | None
) -> Array:
    dtype = sum_dtype(xp, logits)
    count = xp.ones_like(rows[:, 0], dtype=dtype)
    if sample_weight is not None:
        count = xp.astype(sample_weight, dtype, copy=False)
    if mask is not None:
        count = xp.where(mask, count, 0.0)
    return count

"""Every kind of label, as one measure q over the classes of each row.

A class index, smoothing, class weights, soft labels, a teacher's top-k, an ignored row: as given
they are `Labels`, and all become `Measure`. This is the only file that knows label kinds. It
checks nothing (the doors do): an index out of range is never read, and counts as padding.
"""

import math
from typing import Any, NamedTuple

from crossent.core.array import (
    Array,
    Namespace,
    device_of,
    index_dtype,
    is_jax,
    namespace,
    sum_dtype,
)


class Labels(NamedTuple):
    """The target of rows as it was given, and what makes a measure of it.

    indices        (N,) classes of any integer type; with `values` (N, K), negative is padding
    values         (N, K) mass at the K classes of a row
    dense          (N, V) mass at every class; instead of an index
    class_weight   (V,)   multiplies the mass at each class
    sample_weight  (N,)   multiplies a row
    mask           (N,)   False leaves a row out
    """

    indices: Array | None = None
    values: Array | None = None
    dense: Array | None = None
    class_weight: Array | None = None
    sample_weight: Array | None = None
    mask: Array | None = None
    ignore_index: int | None = -100
    label_smoothing: float = 0.0

    @property
    def arrays(self) -> tuple[Array | None, ...]:
        """The parts that are arrays, in order."""
        return self[:ARRAYS]

    @property
    def numbers(self) -> tuple[int | None, float]:
        """The parts that are numbers: `Labels(*arrays, *numbers)` is the same again."""
        return self[ARRAYS:]  # type: ignore[return-value]

    @property
    def is_soft(self) -> bool:
        """Whether a row has more than one class index: a mean divides by rows then."""
        return self.values is not None or self.dense is not None


ARRAYS = 6


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


def measure(xp: Namespace, labels: Labels, logits: Array) -> Measure:
    """Return the measure of labels for rows of logits (N, V)."""
    common: dict[str, Any] = {
        "label_smoothing": labels.label_smoothing,
        "class_weight": labels.class_weight,
        "sample_weight": labels.sample_weight,
        "mask": labels.mask,
    }
    if labels.dense is not None:
        return from_dense(xp, labels.dense, logits, **common)
    if labels.values is not None:
        return from_top_k(xp, labels.indices, labels.values, logits, **common)
    return from_index(xp, labels.indices, logits, ignore_index=labels.ignore_index, **common)


def counts(xp: Namespace, labels: Labels, logits: Array) -> Array:
    """Return how often each row counts (N,)."""
    if labels.dense is not None:
        return _row_count(xp, labels.dense, logits, labels.sample_weight, labels.mask)
    return measure(xp, labels._replace(label_smoothing=0.0), logits).count


def totals(xp: Namespace, labels: Labels, logits: Array) -> tuple[Array, Array]:
    """Return what a mean divides by, row by row: weight and count (N,)."""
    if labels.dense is None:
        q = measure(xp, labels._replace(label_smoothing=0.0), logits)
        return q.weight, q.count
    count, dense = counts(xp, labels, logits), labels.dense
    if labels.mask is not None:
        dense = xp.where(labels.mask[:, None], dense, 0.0)  # a masked row may hold NaN
    if labels.class_weight is not None:
        weight = xp.astype(labels.class_weight, count.dtype)
        dense = _times(xp, xp.astype(dense, count.dtype), weight)
    return count * xp.sum(dense, axis=-1, dtype=count.dtype), count


def signed(target: Array) -> Array:
    """Return integers in the widest signed type; what of an unsigned type it lacks is negative.

    To be compared before they are narrowed: as an int32, 2^32 is class 0. In the target's own
    library, because JAX narrows what it takes of NumPy's.
    """
    xp = namespace(target)
    if target.dtype == xp.int64:  # without jax_enable_x64 there may still be one
        return target
    return xp.astype(target, xp.asarray(0).dtype if is_jax(target) else xp.int64, copy=False)


def at_class(xp: Namespace, target: Array, index: Array, number: int) -> Array | None:
    """Return where a target, `index` as `signed` gives it, is this number; None for nowhere.

    The number counts in the target's own type: as a uint8, -100 would be 156.
    """
    least, most = 0, 1
    if not xp.isdtype(target.dtype, "bool"):
        info = xp.iinfo(target.dtype)
        least, most = info.min, info.max
    if not least <= number <= most:
        return None
    top = xp.iinfo(index.dtype).max
    return index == (number if number <= top else number - 2 * (top + 1))


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
    index = signed(target)
    counted = (index >= 0) & (index < logits.shape[-1])
    if ignore_index is not None and ignore_index >= 0:
        ignored = at_class(xp, target, index, ignore_index)
        counted = counted if ignored is None else counted & ~ignored
    if mask is not None:
        counted = counted & mask
    dtype = sum_dtype(xp, logits)
    count = xp.astype(counted, dtype)
    if sample_weight is not None:
        count = xp.where(counted, xp.astype(sample_weight, dtype, copy=False), count)
    index = _narrow(xp, counted, index)
    weight = count
    if class_weight is not None:
        own = xp.astype(xp.take(class_weight, readable(xp, index), axis=0), dtype)
        weight = _times(xp, count, own)
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
        dense = _times(xp, xp.astype(dense, count.dtype), xp.astype(class_weight, count.dtype))
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
    index = signed(indices)
    real = (index >= 0) & (index < logits.shape[-1])
    if mask is not None:
        real = real & mask[:, None]
    index = _narrow(xp, real, index)
    count = _row_count(xp, indices, logits, sample_weight, xp.any(real, axis=-1))
    value = xp.where(real, xp.astype(values, count.dtype, copy=False), 0.0)
    if class_weight is not None:
        flat = xp.reshape(readable(xp, index), (-1,))
        own = xp.reshape(xp.take(class_weight, flat, axis=0), index.shape)
        value = _times(xp, value, xp.astype(own, value.dtype))
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


class BinaryLabels(NamedTuple):
    """The target of elements of a sigmoid as it was given; weights broadcast to the logits.

    target        the logits' shape, of any type: the probability of one
    weight        multiplies an element
    pos_weight    multiplies the mass of one; neg_weight that of nought
    mask          the logits' shape; False leaves an element out
    ignore_index  a value of the target that leaves an element out
    """

    target: Array
    weight: Array | None = None
    pos_weight: Array | None = None
    neg_weight: Array | None = None
    mask: Array | None = None
    ignore_index: float | None = None
    label_smoothing: float = 0.0

    @property
    def arrays(self) -> tuple[Array | None, ...]:
        """The parts that are arrays, in order."""
        return self[:BINARY_ARRAYS]

    @property
    def numbers(self) -> tuple[float | None, float]:
        """The parts that are numbers: `BinaryLabels(*arrays, *numbers)` is the same again."""
        return self[BINARY_ARRAYS:]  # type: ignore[return-value]


BINARY_ARRAYS = 5


class Masses(NamedTuple):
    """Each element's mass of one and of nought, which elements count (None: all), how many."""

    positive: Array
    negative: Array
    kept: Array | None
    count: Array


def kept_elements(xp: Namespace, labels: BinaryLabels, wide: Array) -> Array | None:
    """Return which elements count, None for all; `wide` is the target in floating point.

    Compared there: in torch a uint8 == -100 is true at 156.
    """
    if labels.ignore_index is None:
        return labels.mask
    there = wide != float(labels.ignore_index)
    return there if labels.mask is None else labels.mask & there


def elements(xp: Namespace, labels: BinaryLabels, logits: Array) -> Array:
    """Return how many elements count: what a mean divides by."""
    dtype, wide = sum_dtype(xp, logits), labels.target
    if labels.ignore_index is None and labels.mask is None:
        return xp.full((), math.prod(logits.shape), dtype=dtype, device=device_of(logits))
    if not xp.isdtype(wide.dtype, "real floating"):
        wide = xp.astype(wide, dtype)
    kept: Array = kept_elements(xp, labels, wide)
    return xp.astype(xp.count_nonzero(kept), dtype)


def masses(xp: Namespace, labels: BinaryLabels, logits: Array) -> Masses:
    """Return w pos_weight t and w neg_weight (1 - t), both 0 where an element is left out."""
    dtype = sum_dtype(xp, logits)
    positive = xp.astype(labels.target, dtype)
    kept = kept_elements(xp, labels, positive)
    if labels.label_smoothing:
        eps = labels.label_smoothing
        positive = (1.0 - eps) * positive + 0.5 * eps
    negative = 1.0 - positive
    if labels.pos_weight is not None:
        positive = positive * xp.astype(labels.pos_weight, dtype)
    if labels.neg_weight is not None:
        negative = negative * xp.astype(labels.neg_weight, dtype)
    if labels.weight is not None:
        positive = positive * xp.astype(labels.weight, dtype)
        negative = negative * xp.astype(labels.weight, dtype)
    count = elements(xp, labels, logits)
    if kept is None:
        return Masses(positive, negative, None, count)
    return Masses(xp.where(kept, positive, 0.0), xp.where(kept, negative, 0.0), kept, count)


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
    return _times(xp, density, xp.astype(q.class_weight, dtype, copy=False))


def has_mass(xp: Namespace, q: Measure) -> Array:
    """Return for every row (N,) whether any part of q is not 0."""
    found = xp.zeros_like(q.count) != 0.0
    for part in (q.values, q.dense):
        if part is not None:
            found = found | xp.any(part != 0.0, axis=-1)
    return found if q.background is None else found | (q.background != 0.0)


def _narrow(xp: Namespace, real: Array, index: Array) -> Array:
    """Return the classes in the type they are read in, with -1 where they are not real."""
    return xp.astype(xp.where(real, index, -1), index_dtype(xp, index), copy=False)


def _times(xp: Namespace, mass: Array, weight: Array) -> Array:
    """Return mass * weight, and 0 where there is no mass: 0 * inf is NaN, of padding too."""
    return mass * xp.where((mass == 0.0) & ~xp.isfinite(weight), 0.0, weight)


def readable(xp: Namespace, index: Array) -> Array:
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

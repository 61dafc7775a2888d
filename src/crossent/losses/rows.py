"""From logits and any kind of target to rows (N, V) and the measure q: the first half of a door.

Checks, the class axis, the shift of a causal language model, the link; no loss is computed here.
"""

from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from crossent.core.array import (
    Array,
    Namespace,
    device_of,
    index_dtype,
    is_floating,
    is_torch,
)
from crossent.core.link import DIRECT, Link
from crossent.core.reduction import By, NormalizeBy, Reduction, scale
from crossent.core.shape import Shape
from crossent.core.target import Labels, Measure, measure, totals
from crossent.kernels.select import is_indices, is_readable
from crossent.losses import check, engine, lint
from crossent.losses.layout import class_axis, shifted, to_rows, without


class Options(NamedTuple):
    """What the doors share: which rows and classes count, and how the logits are read."""

    ignore_index: int | None = -100
    label_smoothing: float = 0.0
    sample_weight: Array | None = None
    mask: Array | None = None
    temperature: float | Array | None = None
    softcap: float | None = None
    axis: int | None = None
    shift: bool = False
    validate: bool | None = None


class Rows(NamedTuple):
    """Scores as rows (N, V), the link that makes logits of them, their target, their shape."""

    scores: Array
    link: Link
    labels: Labels
    lead: tuple[int, ...]
    shift: bool

    @property
    def logits(self) -> Array:
        """The logits (N, V): for what is not done by a kernel."""
        return engine.linked(self.scores, self.labels, *self.link)

    def measure(self, xp: Namespace) -> Measure:
        """Return the target as a measure: for what is not done by a kernel."""
        return measure(xp, self.labels, self.scores)

    def shaped(self, xp: Namespace, value: Array) -> Array:
        """Return one number a row in the rows' shape; a shift has one row less."""
        value = xp.reshape(value, self.lead)
        return value[..., :-1] if self.shift else value

    def scale(
        self,
        xp: Namespace,
        reduction: Reduction,
        normalize_by: NormalizeBy | float | None = None,
    ) -> Array | None:
        """Return what the sum of the losses is multiplied by, or None to keep them apart."""
        by = self.by(reduction, normalize_by)
        return None if by is None else scale(xp, by, *totals(xp, self.labels, self.scores))

    def by(
        self, reduction: Reduction, normalize_by: NormalizeBy | float | None = None
    ) -> By | None:
        """Return what the sum of the losses is divided by, or None to keep them apart."""
        if normalize_by is None:
            normalize_by = "rows" if self.labels.is_soft else "weight"
        return engine.by_of(reduction, normalize_by)

    def loss(
        self, shape: Shape, reduction: Reduction, normalize_by: NormalizeBy | float | None = None
    ) -> Array:
        """Return the reduced loss of the rows, the last step of a door."""
        by = self.by(reduction, normalize_by)
        value = engine.softmax_loss(self.scores, self.labels, self.linked(shape), by)
        return value if by is not None else self.shaped(engine.namespace(self.scores), value)

    def linked(self, shape: Shape) -> Shape:
        """Return the shape with the link of these rows: what a kernel takes beside the scores."""
        return shape.linked(self.link) if self.link else shape


def plain(logits: Array, target: Any, options: Options) -> Rows | None:
    """Return the rows of (N, V) logits under (N,) class indices, all else left as it is by default.

    None unless these are what `read` would make of them; it asks for more than such a call, the
    one most made, can have, and that takes 4 of the 12 us of PyTorch at 128 rows of 10 classes.
    """
    ignored, smoothing, each, mask, temperature, softcap, axis, shift, validate = options
    if not (each is mask is temperature is softcap is axis is validate is None) or shift:
        return None
    if not (is_torch(logits) and is_torch(target)) or smoothing != 0.0:
        return None
    if not check.wants_values(None, target):  # first: a compiler does not follow what comes next
        return None
    if not (is_readable(logits) and is_indices(target) and logits.ndim == 2 and logits.shape[1]):
        return None
    if target.ndim != 1 or len(target) != len(logits):
        return None
    check.index_values(None, target, logits.shape[1], ignored, None)
    return Rows(logits, DIRECT, Labels(target, ignore_index=ignored), tuple(target.shape), False)


def read(
    logits: Array,
    target: Array | tuple[Array, Array],
    weight: Array | None,
    options: Options,
    name: str = "logits",
) -> Rows:
    """Return the rows that a door works on, or raise for what cannot be read as such."""
    found = plain(logits, target, options) if weight is None else None
    if found is not None:
        return found
    xp = engine.namespace(logits, name)
    axis = class_axis(logits, options.axis, last=options.shift, name=name)
    classes, lead = logits.shape[axis], without(tuple(logits.shape), axis)
    if classes == 0:
        raise ValueError(f"{name} must have at least one class; got {tuple(logits.shape)}")
    if options.shift and not lead:
        raise ValueError(f"shift needs {name} (..., T, V); got shape {tuple(logits.shape)}")
    _check_options(xp, logits, weight, options, classes, lead)
    rows = to_rows(xp, logits, axis)
    if options.validate and check.wants_values(True, logits) and name == "logits":
        lint.logits(xp, rows)
    mask = _flat(xp, options.mask, options.shift)
    if options.shift:
        mask = _but_last(xp, mask, lead, logits)
    each, smoothing = _flat(xp, options.sample_weight, options.shift), options.label_smoothing

    def result(
        indices: Array | None, values: Array | None, dense: Array | None, ignored: int | None
    ) -> Rows:
        labels = Labels(indices, values, dense, weight, each, mask, ignored, smoothing)
        temperature = options.temperature
        if temperature is None and options.softcap is None:
            return Rows(rows, DIRECT, labels, lead, options.shift)
        check.temperature(temperature)
        check.positive("softcap", options.softcap)
        if isinstance(temperature, np.ndarray):
            temperature = float(temperature.reshape(()))
        if temperature is None or isinstance(temperature, Real):
            number: Any = temperature
            cooled = None if number is None else float(number)
            return Rows(rows, Link(cooled, options.softcap), labels, lead, options.shift)
        linked = engine.linked(rows, labels, temperature, options.softcap)  # it may be learned
        return Rows(linked, DIRECT, labels, lead, options.shift)

    if isinstance(target, tuple):
        check.no_ignore_index(options.ignore_index)
        if options.shift and len(target) == 2 and target[0].ndim == logits.ndim:
            target = _shifted_pair(xp, target)
        indices, values = check.top_k(xp, target, lead, classes, options.validate)
        return result(indices, values, None, None)
    check.same_library("target", target, logits)
    if tuple(target.shape) == tuple(logits.shape) and is_floating(xp, target):
        check.no_ignore_index(options.ignore_index)
        dense = to_rows(xp, shifted(xp, target, -2) if options.shift else target, axis)
        if check.wants_values(options.validate, target):
            check.soft_values(xp, dense, mask=None if mask is None else mask[:, None])
        if options.validate:
            lint.soft_labels(xp, dense, mask)
        return result(None, None, dense, None)
    check.index_target(xp, target, lead, logits, axis, name)
    if not options.shift:
        lint.class_axis(logits, target, options.axis)
    index = target
    if options.shift or target.ndim != 1:
        index = xp.reshape(shifted(xp, target, -1) if options.shift else target, (-1,))
    if check.wants_values(options.validate, target):
        check.index_values(xp, index, classes, options.ignore_index, mask)
    return result(index, None, None, options.ignore_index)


def _check_options(
    xp: Namespace,
    logits: Array,
    weight: Array | None,
    options: Options,
    classes: int,
    lead: tuple[int, ...],
) -> None:
    check.smoothing(options.label_smoothing)
    if weight is not None:
        check.same_library("weight", weight, logits)
        check.per_class("weight", weight, classes)
    if options.sample_weight is not None:
        check.same_library("sample_weight", options.sample_weight, logits)
        check.per_row("sample_weight", options.sample_weight, lead)
    if options.mask is not None:
        check.same_library("mask", options.mask, logits)
        check.per_row("mask", options.mask, lead)
        check.boolean(xp, options.mask)


def _flat(xp: Namespace, values: Array | None, shift: bool) -> Array | None:
    if values is None:
        return None
    return xp.reshape(shifted(xp, values, -1) if shift else values, (-1,))


def _shifted_pair(xp: Namespace, pair: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return a top-k target one step earlier, its last step padding: nothing comes next there."""
    indices, values = (shifted(xp, part, -2) for part in pair)
    steps = xp.arange(indices.shape[-2], device=device_of(indices))[:, None]
    wide = xp.astype(indices, index_dtype(xp, indices), copy=False)
    return xp.where(steps < indices.shape[-2] - 1, wide, -1), values


def _but_last(xp: Namespace, mask: Array | None, lead: tuple[int, ...], logits: Array) -> Array:
    """Return the mask without the last step of every sequence, which has no next label."""
    steps = xp.arange(lead[-1], device=device_of(logits)) < lead[-1] - 1
    kept = xp.reshape(xp.broadcast_to(steps, lead), (-1,))
    return kept if mask is None else kept & mask

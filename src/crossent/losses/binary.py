"""Binary and multi-label losses from logits: every element is a two-class problem."""

import math
from typing import Any, NamedTuple

from crossent.core.array import Array, Namespace, sum_dtype
from crossent.core.reduction import Reduction, check_reduction
from crossent.core.shape import Shape
from crossent.core.target import from_binary
from crossent.losses import check, engine


def binary_cross_entropy_with_logits(
    logits: Array,
    target: Array,
    weight: Array | None = None,
    *,
    reduction: Reduction = "mean",
    pos_weight: Array | None = None,
    mask: Array | None = None,
    normalize_by: float | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    temperature: float | Array | None = None,
    softcap: float | None = None,
    gamma: float = 0.0,
    poly_epsilon: float = 0.0,
    validate: bool | None = None,
) -> Any:
    """Return the binary cross-entropy of a target under sigmoid(logits), in nats.

    Equivalent, with the digits kept that this loses::

        p = torch.sigmoid(logits)
        loss = -(pos_weight * target * p.log() + (1 - target) * (1 - p).log()).mean()

    An element's gradient is ``sigmoid(z) - target`` (``pos_weight`` aside).

    Args:
        logits: any shape, any floating type: torch, NumPy or JAX.
        target: the logits' shape, probabilities of one; any type, values 0 to 1.
        weight: broadcasts to the logits; multiplies an element's loss.
        reduction: "none" | "sum" | "mean"; a mean divides by the number of elements that count.
        pos_weight: broadcasts to the logits; multiplies the positive part of the target.
        mask: the logits' shape, boolean; False leaves the element out.
        normalize_by: a number for a mean to divide by instead.
        ignore_index: a value of the target, such as -1, that marks a missing label; left out.
        label_smoothing: eps; the target becomes (1 - eps) t + eps / 2.
        temperature: the logits are divided by it. softcap: then c * tanh(z / c).
        gamma: focal, (1 - e^-c)^gamma c of each element.
        poly_epsilon: poly-1, c + epsilon (1 - e^-c) of each element.
        validate: read the values of the target; by default only where they are in CPU memory.

    Returns:
        A scalar, or with "none" an array of the logits' shape. float32 for half precision.

    Raises:
        ValueError: shapes that differ, or a target outside 0..1.
        TypeError: logits that are not floating.

    >>> import numpy as np
    >>> float(binary_cross_entropy_with_logits(np.array([0.0]), np.array([1.0])))  # log 2
    0.6931471805599453

    """
    check_reduction(reduction, normalize_by)
    xp = engine.namespace(logits)
    shape = Shape(gamma=gamma, poly_epsilon=poly_epsilon)
    check.weights_are_fixed(shape, weight=weight, pos_weight=pos_weight)
    elements = read_elements(
        xp,
        logits,
        target,
        weight,
        pos_weight=pos_weight,
        mask=mask,
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
        validate=validate,
    )
    scale = elements.scale(xp, reduction, normalize_by)
    masses = elements.positive, elements.negative
    logits = engine.linked_elements(logits, *masses, temperature, softcap)
    return engine.sigmoid_loss(logits, *masses, shape, scale)


class Elements(NamedTuple):
    """Each element's mass of one and of nought, which elements count, and how many."""

    positive: Array
    negative: Array
    kept: Array | None  # None: all of them
    count: Array

    def scale(self, xp: Namespace, reduction: Reduction, normalize_by: float | None) -> Any:
        """Return what the sum of the losses is multiplied by, or None to keep them apart."""
        if isinstance(normalize_by, str):
            raise ValueError(f"normalize_by must be a number of elements; got {normalize_by!r}")
        by = "rows" if normalize_by is None else normalize_by
        return engine.scale_of(xp, reduction, by, self.count, self.count)


def read_elements(
    xp: Namespace,
    values: Array,
    target: Array,
    weight: Array | None,
    *,
    mask: Array | None,
    ignore_index: int | None,
    label_smoothing: float,
    validate: bool | None,
    pos_weight: Array | None = None,
    name: str = "logits",
) -> Elements:
    """Return the masses that a binary door works on, or raise for what cannot be read as such."""
    shape = tuple(values.shape)
    named = {"target": target, "weight": weight, "pos_weight": pos_weight, "mask": mask}
    for what, array in named.items():
        check.same_library(what, array, values, name)
    if tuple(target.shape) != shape:
        same = math.prod(target.shape) == math.prod(shape)
        hint = f" Use target.reshape({name}.shape)." if same else ""
        raise ValueError(
            f"target must have the shape of {name} {shape}; got {tuple(target.shape)}.{hint}"
        )
    check.same_shape("mask", mask, shape, name)
    check.boolean(xp, mask)
    check.broadcasts("weight", weight, shape, name)
    check.broadcasts("pos_weight", pos_weight, shape, name)
    check.smoothing(label_smoothing)
    wide = xp.astype(target, sum_dtype(xp, values))  # uint8 == -100 is true at 156 in torch
    if ignore_index is not None:
        there = wide != float(ignore_index)
        mask = there if mask is None else mask & there
    if check.wants_values(validate, target):
        check.binary_values(xp, wide, mask)
    if label_smoothing:
        wide = (1.0 - label_smoothing) * wide + 0.5 * label_smoothing
    positive, negative, count = from_binary(
        xp, wide, values, pos_weight=pos_weight, weight=weight, mask=mask
    )
    return Elements(positive, negative, mask, count)

"""Binary and multi-label losses from logits: every element is a two-class problem."""

import math
from typing import Any

from crossent.core.array import Array, Namespace
from crossent.core.reduction import By, Reduction, check_reduction
from crossent.core.shape import shape_of
from crossent.core.target import BinaryLabels
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
    shape = shape_of(gamma=gamma, poly_epsilon=poly_epsilon)
    check.weights_are_fixed(shape, weight=weight, pos_weight=pos_weight)
    labels = read_elements(
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
    logits = engine.linked_elements(logits, labels, temperature, softcap)
    return engine.sigmoid_loss(logits, labels, shape, by_of(reduction, normalize_by))


def by_of(reduction: Reduction, normalize_by: Any) -> By | None:
    """Return what the sum of the losses is divided by, or None to keep them apart."""
    if isinstance(normalize_by, str):
        raise ValueError(f"normalize_by must be a number of elements; got {normalize_by!r}")
    return engine.by_of(reduction, "rows" if normalize_by is None else normalize_by)


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
) -> BinaryLabels:
    """Return the labels that a binary door works on, or raise for what cannot be read as such."""
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
    if check.wants_values(validate, target):
        check.binary_values(xp, target, mask, ignore_index)
    return BinaryLabels(
        target,
        weight=weight,
        pos_weight=pos_weight,
        mask=mask,
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
    )

"""Binary and multi-label losses from logits: every element is a two-class problem."""

import math
from typing import Any

from crossent.core.array import Array, sum_dtype
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
    temperature: float | Array | None = None,
    softcap: float | None = None,
    gamma: float = 0.0,
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
        reduction: "none" | "sum" | "mean"; a mean divides by the number of unmasked elements.
        pos_weight: broadcasts to the logits; multiplies the positive part of the target.
        mask: the logits' shape, boolean; False leaves the element out.
        normalize_by: a number for a mean to divide by instead.
        temperature: the logits are divided by it. softcap: then c * tanh(z / c).
        gamma: focal, (1 - e^-c)^gamma c of each element.
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
    xp, shape = engine.namespace(logits), tuple(logits.shape)
    named = {"target": target, "weight": weight, "pos_weight": pos_weight, "mask": mask}
    for name, values in named.items():
        check.same_library(name, values, logits)
    if tuple(target.shape) != shape:
        same = math.prod(target.shape) == math.prod(shape)
        hint = " Use target.reshape(logits.shape)." if same else ""
        raise ValueError(
            f"target must have the shape of logits {shape}; got {tuple(target.shape)}.{hint}"
        )
    check.same_shape("mask", mask, shape)
    check.boolean(xp, mask)
    check.broadcasts("weight", weight, shape)
    check.broadcasts("pos_weight", pos_weight, shape)
    if isinstance(normalize_by, str):
        raise ValueError(f"normalize_by must be a number of elements; got {normalize_by!r}")
    if check.wants_values(validate, target):
        check.binary_values(xp, xp.astype(target, sum_dtype(xp, logits)), mask)
    logits = engine.linked(logits, temperature, softcap)
    positive, negative, count = from_binary(
        xp, target, logits, pos_weight=pos_weight, weight=weight, mask=mask
    )
    by = "rows" if normalize_by is None else normalize_by
    scale = engine.scale_of(xp, reduction, by, count, count)
    return engine.sigmoid_loss(logits, positive, negative, Shape(gamma=gamma), scale)

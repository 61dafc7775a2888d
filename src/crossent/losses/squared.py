"""Squared errors for classes, three different losses: for comparison, by plain composition.

On raw scores; on probabilities (Brier); on sigmoid outputs. Only after a squashing function does
the slope vanish where the model is surely wrong: at z = -10 with target 1 it is -11 on raw
scores, -4.5e-5 after a sigmoid, and -0.99995 for cross-entropy.
"""

from typing import Any

from crossent.core.array import (
    Array,
    Namespace,
    compute_dtype,
    device_of,
    index_dtype,
    sum_dtype,
)
from crossent.core.reduction import Reduction, check_reduction
from crossent.losses import check, engine


def squared_error(
    logits: Array,
    target: Array,
    weight: Array | None = None,
    *,
    sample_weight: Array | None = None,
    reduction: Reduction = "mean",
) -> Any:
    """Return sum_j (z_j - t_j)^2 / 2 of each row: squared error on raw scores.

    Equivalent: ``((logits - one_hot(target)) ** 2).sum(1).mean() / 2``. Its gradient is
    ``z - t``. logits (N, C); target: class indices (N,) or soft labels (N, C); weight (C,)
    multiplies the rows of a class, sample_weight (N,) its row; a mean divides by the weights.
    Raises what `cross_entropy` raises.

    >>> import numpy as np
    >>> float(squared_error(np.array([[0.5, -1.0, -3.0]]), np.array([1])))
    6.625

    """
    xp, logits = _wide(logits)
    rows = 0.5 * xp.sum((logits - _one_hot(xp, target, logits)) ** 2, axis=-1)
    return _reduce(xp, rows, target, logits, weight, sample_weight, reduction)


def brier_loss(
    logits: Array,
    target: Array,
    weight: Array | None = None,
    *,
    sample_weight: Array | None = None,
    reduction: Reduction = "mean",
) -> Any:
    """Return sum_j (softmax(z)_j - t_j)^2 of each row: squared error on probabilities.

    Equivalent: ``((softmax(logits, 1) - one_hot(target)) ** 2).sum(1).mean()`` (Brier 1950).
    Arguments as in `squared_error`.

    >>> import numpy as np
    >>> float(brier_loss(np.zeros((1, 2)), np.array([0])))
    0.5

    """
    xp, logits = _wide(logits)
    shifted = xp.exp(logits - xp.max(logits, axis=-1, keepdims=True))
    probabilities = shifted / xp.sum(shifted, axis=-1, keepdims=True)
    rows = xp.sum((probabilities - _one_hot(xp, target, logits)) ** 2, axis=-1)
    return _reduce(xp, rows, target, logits, weight, sample_weight, reduction)


def sigmoid_squared_error(
    logits: Array,
    target: Array,
    weight: Array | None = None,
    *,
    sample_weight: Array | None = None,
    reduction: Reduction = "mean",
) -> Any:
    """Return sum_j (sigmoid(z_j) - t_j)^2 / 2 of each row: squared error on sigmoid outputs.

    Equivalent: ``((sigmoid(logits) - one_hot(target)) ** 2).sum(1).mean() / 2``; its slope
    ``o (1 - o) (o - t)`` vanishes where o is surely wrong. Arguments as in `squared_error`.

    >>> import numpy as np
    >>> float(sigmoid_squared_error(np.zeros((1, 2)), np.array([0])))
    0.25

    """
    xp, logits = _wide(logits)
    up = logits >= 0.0
    small = xp.exp(-xp.where(up, logits, -logits))  # tanh would lose a small output's digits
    outputs = xp.where(up, 1.0, small) / (1.0 + small)
    rows = 0.5 * xp.sum((outputs - _one_hot(xp, target, logits)) ** 2, axis=-1)
    return _reduce(xp, rows, target, logits, weight, sample_weight, reduction)


def _wide(logits: Array) -> tuple[Namespace, Array]:
    """Return the array functions and the logits (N, C) in float32 at least."""
    xp = engine.namespace(logits)
    if logits.ndim != 2:
        raise ValueError(f"logits must have shape (N, C); got {tuple(logits.shape)}")
    return xp, xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)


def _reduce(
    xp: Namespace,
    rows: Array,
    target: Array,
    logits: Array,
    weight: Array | None,
    sample_weight: Array | None,
    reduction: Reduction,
) -> Any:
    """Return the weighted rows, their sum, or their mean over the weights."""
    check_reduction(reduction)
    check.per_class("weight", weight, logits.shape[1])
    check.per_row("sample_weight", sample_weight, tuple(rows.shape))
    each = xp.ones_like(rows, dtype=sum_dtype(xp, rows))
    if weight is not None:
        each = xp.sum(_one_hot(xp, target, logits) * xp.astype(weight, each.dtype), axis=-1)
    if sample_weight is not None:
        each = each * xp.astype(sample_weight, each.dtype)
    scale = engine.scale_of(xp, reduction, "weight", each, each)
    value = each * rows if scale is None else xp.sum(each * rows) * scale
    return xp.astype(value, logits.dtype, copy=False)


def _one_hot(xp: Namespace, target: Array, logits: Array) -> Array:
    rows, classes = logits.shape
    if tuple(target.shape) == (rows, classes):
        return xp.astype(target, logits.dtype)
    check.index_target(xp, target, (rows,), logits, 1)
    if check.wants_values(None, target):
        check.index_values(xp, target, classes, None, None)
    names = xp.arange(classes, dtype=index_dtype(xp, target), device=device_of(target))
    return xp.astype(
        names[None, :] == xp.astype(target, index_dtype(xp, target))[:, None], logits.dtype
    )

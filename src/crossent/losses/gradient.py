"""The gradient of the categorical loss for NumPy, which has no autograd of its own."""

import numpy as np
from numpy.typing import NDArray

from crossent.core.array import Array
from crossent.core.reduction import NormalizeBy, Reduction, check_reduction
from crossent.core.shape import shape_of
from crossent.kernels.select import select
from crossent.losses import engine
from crossent.losses.layout import class_axis, from_rows
from crossent.losses.rows import Options, read


def cross_entropy_gradient(
    logits: Array,
    target: Array | tuple[Array, Array],
    weight: Array | None = None,
    *,
    ignore_index: int | None = -100,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
    sample_weight: Array | None = None,
    mask: Array | None = None,
    normalize_by: NormalizeBy | float | None = None,
    temperature: float | None = None,
    softcap: float | None = None,
    z_loss: float = 0.0,
    gamma: float = 0.0,
    poly_epsilon: float = 0.0,
    axis: int | None = None,
    shift: bool = False,
    validate: bool | None = None,
) -> NDArray[np.floating]:
    """Return the gradient of `cross_entropy` in its logits, for NumPy arrays.

    Equivalent, for class indices and a mean::

        p = np.exp(logits - logits.max(1, keepdims=True))
        gradient = (p / p.sum(1, keepdims=True) - np.eye(C)[target]) / len(target)

    that is ``prediction - target``; at a target that is almost certain it is ``-r / (1 + r)`` for
    the r that the other classes have, so no digit is lost. Takes the arguments of `cross_entropy`
    and raises what it raises. With reduction="none" each row has the gradient of its own loss.

    Args:
        logits: NumPy, (N, C) or any shape, with the classes on `axis`, the last by default.
        target: as in `cross_entropy`, like every option.

    Returns:
        An array of the shape and type of the logits; 0 for rows that are left out.

    Raises:
        TypeError: arrays of PyTorch or JAX, which differentiate `cross_entropy` themselves.

    >>> cross_entropy_gradient(np.log([[0.2, 0.3, 0.5]]), np.array([2])).round(12)
    array([[ 0.2,  0.3, -0.5]])

    """
    if not isinstance(logits, np.ndarray):
        raise TypeError(
            f"cross_entropy_gradient is for NumPy arrays; got {type(logits).__name__}. Use "
            "cross_entropy(...).backward() in torch, jax.grad in JAX."
        )
    check_reduction(reduction, normalize_by)
    shape = shape_of(gamma=gamma, poly_epsilon=poly_epsilon, z_loss=z_loss)
    options = Options(
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
        sample_weight=sample_weight,
        mask=mask,
        temperature=temperature,
        softcap=softcap,
        axis=axis,
        shift=shift,
        validate=validate,
    )
    rows = read(logits, target, weight, options)
    xp = engine.namespace(logits)
    by = rows.by("sum" if reduction == "none" else reduction, normalize_by)
    slope = (
        select(logits)
        .dense.reduce(rows.scores, rows.labels, rows.linked(shape), by, slope=True)
        .slope
    )
    axis = class_axis(logits, axis, last=shift)
    return from_rows(xp, slope, logits.shape, axis).astype(logits.dtype, copy=False)

"""From rows, a measure and a shape to a reduced loss, in the caller's array library.

PyTorch goes through `ops.torch` and JAX through `ops.jax`, so that they differentiate; other
arrays go straight to the kernels.
"""

from numbers import Real
from typing import Any

from crossent.core import array
from crossent.core.array import Array, Namespace, compute_dtype, is_jax, is_torch, scalar
from crossent.core.link import link
from crossent.core.loss import quiet, quiet_elements
from crossent.core.reduction import NormalizeBy, Reduction, divisor, reciprocal
from crossent.core.shape import Shape
from crossent.core.target import Measure
from crossent.kernels.select import select
from crossent.losses import check


def namespace(logits: Array, name: str = "logits") -> Namespace:
    """Return the array functions for `logits`; raise TypeError unless it is a floating array."""
    try:
        xp = array.namespace(logits)
    except TypeError:
        message = (
            f"{name} must be an array of torch, numpy or jax; "
            f"got {type(logits).__name__}. Use numpy.asarray."
        )
        raise TypeError(message) from None
    if not xp.isdtype(logits.dtype, "real floating"):
        raise TypeError(
            f"{name} must be of a floating type; got {logits.dtype}.{_floating(logits)}"
        )
    return xp


def _floating(logits: Array) -> str:
    return " Use .float()." if is_torch(logits) else " Use .astype(float)."


def linked(
    logits: Array, q: Measure, temperature: float | Array | None, softcap: float | None
) -> Array:
    """Return softcap * tanh(logits / temperature / softcap), computed in float32 at least.

    Rows without mass that hold NaN or inf are 0: no derivative may meet them.
    """
    if temperature is None and softcap is None:
        return logits
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    return _link(xp, quiet(xp, wide, q), temperature, softcap, removes=True)


def linked_elements(
    logits: Array,
    positive: Array,
    negative: Array,
    temperature: float | Array | None,
    softcap: float | None,
) -> Array:
    """Return the same of elements of a sigmoid, where -inf is a score and no removed class."""
    if temperature is None and softcap is None:
        return logits
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    wide = quiet_elements(xp, wide, positive, negative)
    return _link(xp, wide, temperature, softcap, removes=False)


def _link(
    xp: Namespace, wide: Array, temperature: Any, softcap: float | None, *, removes: bool
) -> Array:
    check.temperature(temperature)
    check.positive("softcap", softcap)
    made = link(xp, wide, temperature=temperature, softcap=softcap, removes=removes)
    return xp.astype(made, wide.dtype, copy=False)  # a float64 temperature widens nothing


def softmax_loss(logits: Array, q: Measure, shape: Shape, scale: Array | None) -> Array:
    """Return the loss of every row, or with a scalar `scale` their scaled sum.

    Computed and returned in float32 for half-precision logits.
    """
    xp = namespace(logits)
    if is_torch(logits):
        from crossent.ops.torch.dense import dense

        value = dense(logits, q, shape, scale)
    elif is_jax(logits):
        from crossent.ops.jax.dense import dense as jax_dense

        value = _scaled_sum(xp, jax_dense(logits, q, shape), scale)
    else:
        wide = quiet(xp, xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False), q)
        value = _scaled_sum(xp, select(wide).dense.loss(wide, q, shape), scale)
    return xp.astype(value, compute_dtype(xp, logits.dtype), copy=False)


def sigmoid_loss(
    logits: Array, positive: Array, negative: Array, shape: Shape, scale: Array | None
) -> Array:
    """Return the loss of every element, or with a scalar `scale` their scaled sum."""
    xp = namespace(logits)
    if is_torch(logits):
        from crossent.ops.torch.sigmoid import sigmoid

        value = sigmoid(logits, positive, negative, shape, scale)
    elif is_jax(logits):
        from crossent.ops.jax.sigmoid import sigmoid as jax_sigmoid

        value = _scaled_sum(xp, jax_sigmoid(logits, positive, negative, shape), scale)
    else:
        wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
        wide = quiet_elements(xp, wide, positive, negative)
        value = _scaled_sum(xp, select(wide).sigmoid.loss(wide, positive, negative, shape), scale)
    return xp.astype(value, compute_dtype(xp, logits.dtype), copy=False)


def scale_of(
    xp: Namespace,
    reduction: Reduction,
    normalize_by: NormalizeBy | float | Array,
    weight: Array,
    count: Array,
) -> Array | None:
    """Return what the sum of the losses is multiplied by, or None to keep them apart."""
    if reduction == "none":
        return None
    if reduction == "sum":
        return scalar(xp, 1.0, count)
    check.divisor(normalize_by)
    of = divisor(normalize_by, weight, count)
    if isinstance(of, Real):
        return scalar(xp, reciprocal(of), count)
    return reciprocal(xp.sum(of))


def _scaled_sum(xp: Namespace, value: Array, scale: Array | None) -> Array:
    return value if scale is None else xp.sum(value) * scale

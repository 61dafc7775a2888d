"""From rows, a measure and a shape to a reduced loss, in the caller's array library.

PyTorch goes through `ops.torch` and JAX through `ops.jax`, so that they differentiate; other
arrays go straight to the kernels.
"""

from typing import Any

from crossent.core import array
from crossent.core.array import Array, Namespace, compute_dtype, is_jax, is_torch
from crossent.core.link import link
from crossent.core.loss import quiet, quiet_elements
from crossent.core.reduction import By, NormalizeBy, Reduction, divisor, scale
from crossent.core.shape import Shape
from crossent.core.target import BinaryLabels, Labels, masses, measure
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
    check.unmasked(name, logits)
    if not array.is_floating(xp, logits):
        raise TypeError(
            f"{name} must be of a floating type; got {logits.dtype}.{_floating(logits)}"
        )
    return xp


def _floating(logits: Array) -> str:
    return " Use .float()." if is_torch(logits) else " Use .astype(float)."


def linked(
    logits: Array, labels: Labels, temperature: float | Array | None, softcap: float | None
) -> Array:
    """Return softcap * tanh(logits / temperature / softcap), computed in float32 at least.

    Rows without mass that hold NaN or inf are 0: no derivative may meet them.
    """
    if temperature is None and softcap is None:
        return logits
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    quieted = quiet(xp, wide, measure(xp, labels, logits))
    return _link(xp, quieted, temperature, softcap, removes=True)


def linked_elements(
    logits: Array,
    labels: BinaryLabels,
    temperature: float | Array | None,
    softcap: float | None,
) -> Array:
    """Return the same of elements of a sigmoid, where -inf is a score and no removed class."""
    if temperature is None and softcap is None:
        return logits
    xp = namespace(logits)
    wide = xp.astype(logits, compute_dtype(xp, logits.dtype), copy=False)
    positive, negative, *_ = masses(xp, labels, logits)
    wide = quiet_elements(xp, wide, positive, negative)
    return _link(xp, wide, temperature, softcap, removes=False)


def _link(
    xp: Namespace, wide: Array, temperature: Any, softcap: float | None, *, removes: bool
) -> Array:
    check.temperature(temperature)
    check.positive("softcap", softcap)
    made = link(xp, wide, temperature=temperature, softcap=softcap, removes=removes)
    return xp.astype(made, wide.dtype, copy=False)  # a float64 temperature widens nothing


_loaded: list[Any] = []  # the operation on tensors, once there is one


def softmax_loss(logits: Array, labels: Labels, shape: Shape, by: By | None) -> Array:
    """Return the loss of every row, or unless `by` is None their sum divided by it.

    Computed and returned in float32 for half-precision logits.
    """
    if is_torch(logits):
        if not _loaded:  # an import statement takes 0.6 us
            from crossent.ops.torch.dense import dense

            _loaded.append(dense)
        return _loaded[0](logits, labels, shape, by)
    xp = namespace(logits)
    if is_jax(logits):
        from crossent.ops.jax.dense import dense as jax_dense

        logits = linked(logits, labels, *shape.link)
        q = measure(xp, labels, logits)
        value = jax_dense(logits, q, shape)
        value = value if by is None else xp.sum(value) * scale(xp, by, q.weight, q.count)
    elif by is None:
        value = select(logits).dense.loss(logits, labels, shape)
    else:
        made = select(logits).dense.reduce(logits, labels, shape, by, slope=False)
        value = xp.asarray(made.value)
    return xp.astype(value, compute_dtype(xp, logits.dtype), copy=False)


def sigmoid_loss(logits: Array, labels: BinaryLabels, shape: Shape, by: By | None) -> Array:
    """Return the loss of every element, or unless `by` is None their sum divided by it."""
    if is_torch(logits):
        from crossent.ops.torch.sigmoid import sigmoid

        return sigmoid(logits, labels, shape, by)
    xp = namespace(logits)
    if is_jax(logits):
        from crossent.ops.jax.sigmoid import sigmoid as jax_sigmoid

        positive, negative, _, count = masses(xp, labels, logits)
        value = jax_sigmoid(logits, positive, negative, shape)
        value = value if by is None else xp.sum(value) * scale(xp, by, count, count)
    elif by is None:
        value = select(logits).sigmoid.loss(logits, labels, shape)
    else:
        made = select(logits).sigmoid.reduce(logits, labels, shape, by, slope=False)
        value = xp.asarray(made.value)
    return xp.astype(value, compute_dtype(xp, logits.dtype), copy=False)


def by_of(reduction: Reduction, normalize_by: NormalizeBy | float | Array) -> By | None:
    """Return what the sum of the losses is divided by, or None to keep them apart."""
    if reduction == "none":
        return None
    if reduction == "sum":
        return 1.0
    if isinstance(normalize_by, str) and normalize_by in ("weight", "rows"):
        return normalize_by
    check.divisor(normalize_by)
    word: Any = normalize_by
    divisor(word, 0.0, 0.0)  # a word or a number that is no divisor is refused here
    return normalize_by


def scale_of(
    xp: Namespace,
    reduction: Reduction,
    normalize_by: NormalizeBy | float | Array,
    weight: Array,
    count: Array,
) -> Array | None:
    """Return what the sum of the losses is multiplied by, or None to keep them apart."""
    by = by_of(reduction, normalize_by)
    return None if by is None else scale(xp, by, weight, count)

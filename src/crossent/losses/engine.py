"""From rows, a measure and a shape to a reduced loss, in the caller's array library.

PyTorch goes through `ops.torch`, so that it differentiates; other arrays through the kernels,
whose text JAX differentiates itself. The only file here that knows array libraries.
"""

from crossent.core import array
from crossent.core.array import Array, Namespace, compute_dtype, is_torch, scalar
from crossent.core.reduction import LossSum, NormalizeBy, Reduction, divisor, reciprocal
from crossent.core.shape import Shape
from crossent.core.target import Measure
from crossent.kernels.select import select


def namespace(logits: Array) -> Namespace:
    """Return the array functions for `logits`; raise TypeError unless it is a floating array."""
    try:
        xp = array.namespace(logits)
    except TypeError:
        message = (
            "logits must be an array of torch, numpy or jax; "
            f"got {type(logits).__name__}. Use numpy.asarray."
        )
        raise TypeError(message) from None
    if not xp.isdtype(logits.dtype, "real floating"):
        raise TypeError(f"logits must be of a floating type; got {logits.dtype}. Use .float().")
    return xp


def softmax_loss(
    logits: Array,
    q: Measure,
    shape: Shape,
    *,
    reduction: Reduction,
    normalize_by: NormalizeBy | float,
) -> Array:
    """Return the reduced loss of rows (N, V), in float32 for half-precision logits."""
    xp = namespace(logits)
    scale = _scale(xp, q, reduction, normalize_by)
    if is_torch(logits):
        from crossent.ops.torch.dense import dense

        value = dense(logits, q, shape, scale)
    else:
        value = select(logits).dense.loss(logits, q, shape)
        value = value if scale is None else xp.sum(value) * scale
    return xp.astype(value, compute_dtype(xp, logits.dtype), copy=False)


def sigmoid_loss(
    logits: Array,
    positive: Array,
    negative: Array,
    shape: Shape,
    *,
    scale: Array | None,
) -> Array:
    """Return the loss of every element, or with a scalar `scale` their scaled sum."""
    xp = namespace(logits)
    if is_torch(logits):
        from crossent.ops.torch.sigmoid import sigmoid

        value = sigmoid(logits, positive, negative, shape, scale)
    else:
        value = select(logits).sigmoid.loss(logits, positive, negative, shape)
        value = value if scale is None else xp.sum(value) * scale
    return xp.astype(value, compute_dtype(xp, logits.dtype), copy=False)


def softmax_sum(logits: Array, q: Measure, shape: Shape) -> LossSum:
    """Return the sum of the rows' losses with what a mean divides by."""
    xp = namespace(logits)
    total = softmax_loss(logits, q, shape, reduction="sum", normalize_by=1.0)
    return LossSum(total, xp.sum(q.weight), xp.sum(q.count))


def mean_scale(
    xp: Namespace, by: NormalizeBy | float | Array, weight: Array, count: Array
) -> Array:
    """Return what a mean multiplies the sum of the losses by, a scalar array."""
    of = divisor(by, weight, count)
    if isinstance(of, (int, float)):
        return scalar(xp, reciprocal(of), count)
    return reciprocal(xp.sum(of))


def _scale(
    xp: Namespace, q: Measure, reduction: Reduction, by: NormalizeBy | float
) -> Array | None:
    """Return what the sum of the losses is multiplied by, or None to keep the rows apart."""
    if reduction == "none":
        return None
    return scalar(xp, 1.0, q.count) if reduction == "sum" else mean_scale(xp, by, q.weight, q.count)

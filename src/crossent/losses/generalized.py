"""Generalised cross-entropy: between cross-entropy and mean absolute error, for noisy labels."""

from numbers import Real
from typing import Any

from crossent.core.array import Array
from crossent.core.reduction import NormalizeBy, Reduction, check_reduction
from crossent.core.shape import Shape
from crossent.losses import check
from crossent.losses.rows import Options, read

# Below it q is 0: it changes c by the share q c / 2, under 1e-16 for any c up to 1e9, and a
# subnormal q c would have no digits.
LEAST_Q = 1e-25


def generalized_cross_entropy(
    logits: Array,
    target: Array | tuple[Array, Array],
    weight: Array | None = None,
    *,
    q: float = 0.7,
    ignore_index: int | None = -100,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
    sample_weight: Array | None = None,
    mask: Array | None = None,
    normalize_by: NormalizeBy | float | None = None,
    temperature: float | Array | None = None,
    softcap: float | None = None,
    z_loss: float = 0.0,
    axis: int | None = None,
    shift: bool = False,
    validate: bool | None = None,
) -> Any:
    """Return (1 - p^q) / q of each row, p the probability of its target (Zhang & Sabuncu 2018).

    Equivalent, with the digits kept that this loses::

        p = torch.softmax(logits, 1).gather(1, target[:, None])
        loss = ((1 - p**q) / q).mean()

    A row's gradient is ``p^q`` times that of cross-entropy: a label the model finds impossible,
    as a wrong one is, pulls little. For soft labels p is e^-c of the row's cross-entropy c.

    Args:
        logits: as in `cross_entropy`, and so are all arguments but these two.
        target: class indices, soft labels, or a pair (indices, values).
        weight: (C,), multiplies the target's mass at each class.
        q: 0 is cross-entropy, 1 the mean absolute error 1 - p; 0.7 is the paper's.
        ignore_index: and the others: as in `cross_entropy`.

    Raises:
        ValueError: q outside 0..1, and what `cross_entropy` raises.

    >>> import numpy as np
    >>> z, y = np.log([[0.2, 0.3, 0.5]]), np.array([2])
    >>> round(float(generalized_cross_entropy(z, y, q=1.0)), 12)
    0.5
    >>> round(float(generalized_cross_entropy(z, y, q=0.0)), 12)  # log 2
    0.69314718056

    """
    check_reduction(reduction, normalize_by)
    if not isinstance(q, Real):
        raise TypeError(f"q must be a number; got {type(q).__name__}")
    if not 0.0 <= q <= 1.0:
        raise ValueError(
            "q must be between 0 (cross-entropy) and 1 (mean absolute error); "
            f"got {q}. The paper's is 0.7."
        )
    shape = Shape(generalised=0.0 if q < LEAST_Q else q, z_loss=z_loss)
    check.weights_are_fixed(shape, sample_weight=sample_weight, weight=weight)
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
    return read(logits, target, weight, options).loss(shape, reduction, normalize_by)

"""Losses of a model that gives probabilities or their logarithms instead of logits.

They are taken as they are: nothing is renormalised, and a digit that a softmax lost stays lost.
"""

import math
from collections.abc import Callable
from typing import Any

from crossent.core import row
from crossent.core.array import (
    Array,
    Namespace,
    compute_dtype,
    constant,
    device_of,
    take_along_rows,
)
from crossent.core.reduction import NormalizeBy, Reduction, check_reduction, scale
from crossent.core.surprise import binary_surprise, surprise
from crossent.core.target import Measure, has_mass, masses
from crossent.losses import check, engine, lint
from crossent.losses.binary import by_of, read_elements
from crossent.losses.rows import Options, Rows, read


def nll_loss(
    log_probs: Array,
    target: Array | tuple[Array, Array],
    weight: Array | None = None,
    *,
    ignore_index: int | None = -100,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
    sample_weight: Array | None = None,
    mask: Array | None = None,
    normalize_by: NormalizeBy | float | None = None,
    axis: int | None = None,
    shift: bool = False,
    validate: bool | None = None,
) -> Any:
    """Return the negative log-likelihood of a target under log-probabilities, in nats.

    Equivalent::

        loss = -log_probs.gather(1, target[:, None]).mean()

    A row's loss is ``-sum_j q_j log p_j`` for the measure q of its target, with gradient ``-q``.
    Of ``log_softmax(z)`` it is `cross_entropy` of z, which keeps more digits. A log-probability
    of -inf removes the class from label smoothing.

    Args:
        log_probs: (N, C), (C,) or (N, C, d1, ...), of any floating type: torch, NumPy or JAX.
        target: class indices (N, d1, ...) of any integer type; or soft labels of the shape of
            log_probs, used as given; or a pair (indices, values) of shape (N, K), a negative
            index being padding.
        weight: (C,), multiplies the target's mass at each class.
        ignore_index: the class index of rows to leave out; for class indices only.
        reduction: "none" | "sum" | "mean".
        label_smoothing: eps; the target becomes (1 - eps) q + eps / C over the live classes.
        sample_weight: one for each row; a weight of k is k copies of the row.
        mask: one boolean for each row; False leaves the row out, for every kind of target.
        normalize_by: what a mean divides by: "weight" (the default for indices), "rows" (the
            default for soft labels), or a number such as a global token count.
        axis: the class axis; by default 1 for torch tensors (PyTorch's), the last otherwise.
        shift: causal language models: step t of log_probs (..., T, V) against step t + 1 of the
            target (..., T), of sample_weight and of mask; T - 1 rows.
        validate: read the values of the target; by default NumPy's and torch's in CPU memory.
            True also refuses log-probabilities above 0, which are taken as they are otherwise.

    Returns:
        A scalar, or with "none" an array of the rows' shape. float32 for half precision.
        With nothing to average (no rows, all ignored, weight 0) 0 with gradient 0.

    Raises:
        ValueError: shapes that do not match, or a negative or non-finite probability.
        TypeError: log_probs that are not floating, indices that are not integers.
        IndexError: a class outside 0 .. C-1, with its row.

    >>> import numpy as np
    >>> float(nll_loss(np.log([[0.2, 0.3, 0.5]]), np.array([2])))  # -log 0.5
    0.6931471805599453

    """
    check_reduction(reduction, normalize_by)
    options = Options(
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
        sample_weight=sample_weight,
        mask=mask,
        axis=axis,
        shift=shift,
        validate=validate,
    )
    rows = read(log_probs, target, weight, options, name="log_probs")
    xp = engine.namespace(log_probs)
    if validate and check.wants_values(validate, log_probs):
        counted = has_mass(xp, rows.measure(xp))[:, None]
        lint.log_probabilities(xp, xp.where(counted, rows.logits, 0.0))
    return _reduced(xp, rows, lambda near: 0.0 - near, -xp.inf, reduction, normalize_by)


def cross_entropy_from_probs(
    probs: Array,
    target: Array | tuple[Array, Array],
    weight: Array | None = None,
    *,
    clip: float | None = None,
    ignore_index: int | None = -100,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
    sample_weight: Array | None = None,
    mask: Array | None = None,
    normalize_by: NormalizeBy | float | None = None,
    axis: int | None = None,
    shift: bool = False,
    validate: bool | None = None,
) -> Any:
    """Return the cross-entropy of a target under probabilities, in nats.

    Equivalent::

        loss = -probs.log().gather(1, target[:, None]).mean()

    A row's loss is ``-sum_j q_j log p_j`` for the measure q of its target, with gradient
    ``-q_j / p_j``. A probability of 0 has loss inf where the target has mass, with the slope of
    the smallest normal number (-8e37 in float32), and 0 with gradient 0 where it has none.
    The gradient has the type of probs: in float16 it is -inf where q_j / p_j is above 65504.
    A model that ends in a softmax loses digits that `cross_entropy` of its logits keeps.

    Args:
        probs: (N, C), (C,) or (N, C, d1, ...), of any floating type: torch, NumPy or JAX; rows
            that sum to 1, never renormalised.
        target: as in `cross_entropy`: class indices, soft labels, or a pair (indices, values).
        weight: (C,), multiplies the target's mass at each class.
        clip: probabilities are cut to clip..1, with gradient 0 where they are cut; by default
            not at all. Between 0 and 1: 1e-7 is Keras' choice.
        ignore_index: the class index of rows to leave out; for class indices only.
        reduction: "none" | "sum" | "mean".
        label_smoothing: eps; the target becomes (1 - eps) q + eps / C over all classes.
        sample_weight: one for each row; a weight of k is k copies of the row.
        mask: one boolean for each row; False leaves the row out, for every kind of target.
        normalize_by: what a mean divides by: "weight" (the default for indices), "rows" (the
            default for soft labels), or a number such as a global token count.
        axis: the class axis; by default 1 for torch tensors (PyTorch's), the last otherwise.
        shift: causal language models: step t of probs (..., T, V) against step t + 1 of the
            target (..., T), of sample_weight and of mask; T - 1 rows.
        validate: read the values of probs and target; by default NumPy's and torch's in CPU
            memory. False also takes rows that are no distributions, as they are.

    Returns:
        A scalar, or with "none" an array of the rows' shape. float32 for half precision.
        With nothing to average (no rows, all ignored, weight 0) 0 with gradient 0.

    Raises:
        ValueError: shapes that do not match, a row of probs that is negative or does not sum to
            1 (within 1e-4, or the root of the type's eps), a negative or non-finite soft label.
        TypeError: probs that are not floating, indices that are not integers.
        IndexError: a class outside 0 .. C-1, with its row.

    >>> import numpy as np
    >>> float(cross_entropy_from_probs(np.array([[0.25, 0.25, 0.5]]), np.array([2])))  # log 2
    0.6931471805599453
    >>> float(cross_entropy_from_probs(np.array([[1.0, 0.0]]), np.array([1])))
    inf

    """
    check_reduction(reduction, normalize_by)
    options = Options(
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
        sample_weight=sample_weight,
        mask=mask,
        axis=axis,
        shift=shift,
        validate=validate,
    )
    rows = read(probs, target, weight, options, name="probs")
    xp = engine.namespace(probs)
    _check_clip(xp, clip, probs)
    if check.wants_values(validate, probs):
        _check_distributions(xp, rows)

    def of_probs(near: Array) -> Array:
        if clip is not None:
            near = xp.where(near < clip, clip, xp.where(near > 1.0, 1.0, near))
        return surprise(xp, near)

    return _reduced(xp, rows, of_probs, 0.0, reduction, normalize_by)


def binary_cross_entropy(
    probs: Array,
    target: Array,
    weight: Array | None = None,
    *,
    reduction: Reduction = "mean",
    mask: Array | None = None,
    normalize_by: float | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    validate: bool | None = None,
) -> Any:
    """Return the binary cross-entropy of a target under probabilities of one, in nats.

    Equivalent::

        log_p, log_not_p = probs.log().clamp(-100), (1 - probs).log().clamp(-100)
        loss = -(target * log_p + (1 - target) * log_not_p).mean()

    As in PyTorch a logarithm is at least -100, and an element's gradient is
    ``(p - t) / max(p (1 - p), 1e-12)``: up to 1e12, which float16 has as inf. A model that ends
    in a sigmoid loses digits that `binary_cross_entropy_with_logits` keeps.

    Args:
        probs: any shape, any floating type: torch, NumPy or JAX; values 0 to 1.
        target: the shape of probs, probabilities of one; any type, values 0 to 1.
        weight: broadcasts to probs; multiplies an element's loss.
        reduction: "none" | "sum" | "mean"; a mean divides by the number of elements that count.
        mask: the shape of probs, boolean; False leaves the element out.
        normalize_by: a number for a mean to divide by instead.
        ignore_index: a value of the target, such as -1, that marks a missing label; left out.
        label_smoothing: eps; the target becomes (1 - eps) t + eps / 2.
        validate: read the values of both; by default only where they are in CPU memory.

    Returns:
        A scalar, or with "none" an array of the shape of probs. float32 for half precision.

    Raises:
        ValueError: shapes that differ, probabilities or a target outside 0..1.
        TypeError: probs that are not floating.

    >>> import numpy as np
    >>> float(binary_cross_entropy(np.array([0.5]), np.array([1.0])))  # log 2
    0.6931471805599453
    >>> float(binary_cross_entropy(np.array([0.0]), np.array([1.0])))
    100.0

    """
    check_reduction(reduction, normalize_by)
    xp = engine.namespace(probs, "probs")
    labels = read_elements(
        xp,
        probs,
        target,
        weight,
        mask=mask,
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
        validate=validate,
        name="probs",
    )
    if check.wants_values(validate, probs):
        _check_elements(xp, probs, masses(xp, labels, probs).kept)
    by = by_of(reduction, normalize_by)
    positive, negative, _, count = masses(xp, labels, probs)
    dtype = compute_dtype(xp, probs.dtype)
    value = binary_surprise(xp, xp.astype(probs, dtype, copy=False), positive, negative)
    value = value if by is None else xp.sum(value) * scale(xp, by, count, count)
    return xp.astype(value, dtype, copy=False)


def _reduced(
    xp: Namespace,
    rows: Rows,
    surprises: Callable[[Array], Array],
    least: float,
    reduction: Reduction,
    normalize_by: NormalizeBy | float | None,
) -> Any:
    """Return sum_j q_j s_j of the rows' surprises s, reduced."""
    dtype = compute_dtype(xp, rows.logits.dtype)
    near, q = _near(xp, rows.logits, rows.measure(xp))
    near = xp.astype(near, dtype, copy=False)
    # A row that is left out may hold anything; no derivative may meet it, where 0 * NaN is NaN.
    sound = xp.all((near >= least) & (near < xp.inf), axis=-1)
    near = xp.where((sound | has_mass(xp, q))[:, None], near, 0.0)
    value = row.against(xp, surprises(near), q, near)
    factor = rows.scale(xp, reduction, normalize_by)
    value = rows.shaped(xp, value) if factor is None else xp.sum(value) * factor
    return xp.astype(value, dtype, copy=False)


def _near(xp: Namespace, values: Array, q: Measure) -> tuple[Array, Measure]:
    """Return (N, K) of (N, V) values and the target there, where it names K classes of a row.

    Nothing else of a row is read then: an index of 50,000 classes costs one of them.
    """
    index = q.indices
    if index is None or index.shape[-1] == 0 or q.dense is not None or q.background is not None:
        return values, q
    padding = index < 0
    near = take_along_rows(xp, values, xp.where(padding, 0, index))
    places = xp.arange(index.shape[-1], dtype=index.dtype, device=device_of(index))
    places = xp.where(padding, -1, places[None, :])
    return xp.where(padding, 0.0, near), q._replace(indices=places)


def _check_clip(xp: Namespace, clip: float | None, probs: Array) -> None:
    """Raise ValueError unless `clip` is None or a probability that the type can hold."""
    least = float(xp.finfo(compute_dtype(xp, probs.dtype)).smallest_normal)
    if clip is not None and not least <= clip < 1.0:
        raise ValueError(f"clip must be at least {least:g} and below 1; got {clip}")


def _check_distributions(xp: Namespace, rows: Rows) -> None:
    """Raise ValueError for the first row that counts and is no distribution."""
    values, dtype = constant(rows.logits), rows.logits.dtype
    least = xp.min(values, axis=-1)
    total = xp.sum(values, axis=-1, dtype=compute_dtype(xp, dtype))  # float64 costs four times it
    near = max(1e-4, math.sqrt(xp.finfo(dtype).eps))
    wrong = has_mass(xp, rows.measure(xp)) & ~((least >= 0.0) & (xp.abs(total - 1.0) <= near))
    if not bool(xp.any(wrong)):
        return
    place = int(xp.argmax(xp.astype(wrong, xp.int8)))
    raise ValueError(
        f"row {place}: probabilities must be at least 0 and sum to 1; their least is "
        f"{float(least[place]):g}, their sum {float(total[place]):g}. Use cross_entropy for "
        "logits, or validate=False to take them as they are."
    )


def _check_elements(xp: Namespace, probs: Array, kept: Array | None) -> None:
    """Raise ValueError for the first element that counts and is no probability."""
    wrong = ~((probs >= 0.0) & (probs <= 1.0))
    if kept is not None:
        wrong = wrong & kept
    if not bool(xp.any(wrong)):
        return
    place = int(xp.argmax(xp.astype(xp.reshape(wrong, (-1,)), xp.int8)))
    value = float(xp.reshape(constant(probs), (-1,))[place])
    raise ValueError(
        f"element {place}: probabilities must be within 0..1; got {value:g}. Use "
        "binary_cross_entropy_with_logits for logits."
    )

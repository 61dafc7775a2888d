"""Squared errors for classes, three different losses: for comparison, by plain composition.

On raw scores; on probabilities (Brier); on sigmoid outputs. Only after a squashing function does
the slope vanish where the model is surely wrong: at z = -10 with target 1 it is -11 on raw
scores, -4.5e-5 after a sigmoid, and -0.99995 for cross-entropy.
"""

from typing import Any

from crossent.core.array import Array, Namespace, compute_dtype, sum_dtype, sum_rows
from crossent.core.reduction import NormalizeBy, Reduction, check_reduction
from crossent.core.row import density, view
from crossent.core.target import totals
from crossent.losses import engine
from crossent.losses.layout import class_axis
from crossent.losses.rows import Options, Rows, read


def squared_error(
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
    axis: int | None = None,
    shift: bool = False,
    validate: bool | None = None,
) -> Any:
    """Return sum_j (z_j - t_j)^2 / 2 of each row: squared error on raw scores.

    Equivalent: ``((logits - one_hot(target)) ** 2).sum(1).mean() / 2``. Its gradient is
    ``z - t``. Arguments as in `cross_entropy`, t being the target's row, smoothed. weight (C,)
    multiplies a row by its target's, sum_j w_j t_j before smoothing; a mean divides by the
    weights of the rows for every kind of target. Raises what `cross_entropy` raises.

    >>> import numpy as np
    >>> float(squared_error(np.array([[0.5, -1.0, -3.0]]), np.array([1])))
    6.625

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
    rows = read(logits, target, weight, options)
    xp, scores, t, each = _parts(rows, logits, target, weight, options)
    return _reduce(xp, rows, each, 0.5 * _squares(xp, scores - t), reduction, normalize_by)


def brier_loss(
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
    axis: int | None = None,
    shift: bool = False,
    validate: bool | None = None,
) -> Any:
    """Return sum_j (softmax(z)_j - t_j)^2 of each row: squared error on probabilities.

    Equivalent: ``((softmax(logits, 1) - one_hot(target)) ** 2).sum(1).mean()`` (Brier 1950).
    Arguments as in `squared_error`.

    >>> import numpy as np
    >>> float(brier_loss(np.zeros((1, 2)), np.array([0])))
    0.5

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
    rows = read(logits, target, weight, options)
    xp, scores, t, each = _parts(rows, logits, target, weight, options)
    difference = _softmax_minus(xp, scores, t)
    return _reduce(xp, rows, each, _squares(xp, difference), reduction, normalize_by)


def sigmoid_squared_error(
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
    axis: int | None = None,
    shift: bool = False,
    validate: bool | None = None,
) -> Any:
    """Return sum_j (sigmoid(z_j) - t_j)^2 / 2 of each row: squared error on sigmoid outputs.

    Equivalent: ``((sigmoid(logits) - one_hot(target)) ** 2).sum(1).mean() / 2``; its slope
    ``o (1 - o) (o - t)`` vanishes where o is surely wrong. Arguments as in `squared_error`.

    >>> import numpy as np
    >>> float(sigmoid_squared_error(np.zeros((1, 2)), np.array([0])))
    0.25

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
    rows = read(logits, target, weight, options)
    xp, scores, t, each = _parts(rows, logits, target, weight, options)
    up = scores >= 0.0
    small = xp.exp(-xp.where(up, scores, -scores))  # tanh would lose a small output's digits
    far = small / (1.0 + small)
    difference = xp.where(up, (1.0 - t) - far, far - t)  # o = 1 - far for z >= 0: o - 1 cancels
    return _reduce(xp, rows, each, 0.5 * _squares(xp, difference), reduction, normalize_by)


def _parts(
    rows: Rows,
    logits: Array,
    target: Array | tuple[Array, Array],
    weight: Array | None,
    options: Options,
) -> tuple[Namespace, Array, Array, Array]:
    """Return the array functions, scores (N, C), targets t (N, C) and weights of the rows (N,).

    The scores are in float32 at least, and 0 in rows without weight that hold NaN or inf: no
    derivative may meet them, where 0 * NaN is NaN.
    """
    xp = engine.namespace(logits)
    scores = xp.astype(rows.logits, compute_dtype(xp, logits.dtype), copy=False)
    q = rows.measure(xp)
    each = q.count if weight is None else q.weight
    if weight is not None or options.sample_weight is not None:
        # t is the target as it is, all weights outside: read again without them. Values were
        # looked at above, and the axis is known by now.
        axis = class_axis(logits, options.axis, last=options.shift)
        plain = options._replace(sample_weight=None, validate=False, axis=axis)
        q = read(logits, target, None, plain).measure(xp)
    t = xp.astype(density(xp, rows.logits, q), scores.dtype, copy=False)
    bad = (each == 0.0) & ~xp.all(xp.isfinite(scores), axis=-1)
    return xp, xp.where(bad[:, None], 0.0, scores), t, each


def _softmax_minus(xp: Namespace, scores: Array, t: Array) -> Array:
    """Return softmax(scores) - t, (N, C), with the digits of a p near its t = 1.

    p = share / (1 + r), and at the maximum 1 - r / (1 + r). A row without a finite maximum is
    NaN, and so are its derivatives.
    """
    seen = view(xp, scores)
    rest = xp.where(seen.is_max, 0.0, seen.share)
    r = sum_rows(xp, rest, sum_dtype(xp, scores))[:, None]
    far = xp.astype(r / (1.0 + r), scores.dtype, copy=False)
    others = rest * xp.astype(1.0 / (1.0 + r), scores.dtype, copy=False)
    finite = xp.isfinite(seen.m)
    unreal = xp.where(finite, xp.zeros_like(seen.m), xp.nan) * xp.where(finite, 0.0, scores)
    return xp.where(seen.is_max, (1.0 - t) - far, others - t) + unreal


def _squares(xp: Namespace, difference: Array) -> Array:
    return xp.sum(difference**2, axis=-1)


def _reduce(
    xp: Namespace,
    rows: Rows,
    each: Array,
    value: Array,
    reduction: Reduction,
    normalize_by: NormalizeBy | float | None,
) -> Any:
    """Return the weighted losses of the rows, their sum, or their mean over the weights."""
    by = "weight" if normalize_by is None else normalize_by
    _, count = totals(xp, rows.labels, rows.scores)
    scale = engine.scale_of(xp, reduction, by, each, count)
    weighted = each * value
    if scale is None:
        return rows.shaped(xp, xp.astype(weighted, value.dtype, copy=False))
    return xp.astype(xp.sum(weighted) * scale, value.dtype, copy=False)

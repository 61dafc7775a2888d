"""Focal loss from logits, of a softmax or of sigmoids, for a row's loss or class by class."""

from numbers import Real
from typing import Any, Literal

from crossent.core import per_class
from crossent.core.array import Array, Namespace, compute_dtype, device_of, sum_dtype
from crossent.core.loss import quiet
from crossent.core.reduction import By, NormalizeBy, Reduction, check_reduction, scale
from crossent.core.shape import Shape
from crossent.losses import check, engine
from crossent.losses.binary import by_of, read_elements
from crossent.losses.layout import class_axis
from crossent.losses.rows import Options, Rows, read

Activation = Literal["softmax", "sigmoid"]
Form = Literal["per_row", "per_class"]


def focal_loss(
    logits: Array,
    target: Array | tuple[Array, Array],
    *,
    gamma: float = 2.0,
    alpha: float | Array | None = None,
    activation: Activation = "softmax",
    form: Form = "per_row",
    reduction: Reduction = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    sample_weight: Array | None = None,
    mask: Array | None = None,
    normalize_by: NormalizeBy | float | None = None,
    temperature: float | Array | None = None,
    softcap: float | None = None,
    axis: int | None = None,
    shift: bool = False,
    validate: bool | None = None,
) -> Any:
    """Return the focal loss (1 - p)^gamma (-log p) of a target (Lin et al. 2017), in nats.

    Equivalent, with the digits and the gradients kept that this loses::

        c = F.cross_entropy(logits, target, reduction="none")  # softmax
        loss = ((1 - torch.exp(-c)) ** gamma * c).mean()

    and with activation="sigmoid", for labels 0 and 1, `torchvision.ops.sigmoid_focal_loss`::

        c = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        loss = torch.where(target == 1, alpha, 1 - alpha) * (1 - torch.exp(-c)) ** gamma * c

    The gradient is finite at every finite logit, for gamma < 1 at certain rows too.

    Args:
        logits: as in `cross_entropy`; for sigmoids of any shape.
        target: as in `cross_entropy`; for sigmoids of the logits' shape, values 0 to 1.
        gamma: 0 is cross-entropy; the larger, the less a well-classified row counts.
        alpha: for a softmax a factor, or (C,) multiplying the target's mass at each class; for
            sigmoids a number in 0..1, alpha for ones and 1 - alpha for noughts. A mean does not
            divide by it.
        activation: "softmax" | "sigmoid".
        form: what soft labels mean, with sums over the classes, two for a sigmoid. "per_row":
            (1 - e^-c)^gamma c of the row's c = sum_j q_j (-log p_j); "per_class", as in Keras:
            sum_j q_j (1 - p_j)^gamma (-log p_j). Equal where the target is one class.
        reduction: "none" | "sum" | "mean"; a mean divides by rows, for sigmoids by elements.
        ignore_index: the class of rows to leave out, -100 if None; for sigmoids the target of
            elements to leave out, as where a label is missing.
        label_smoothing: as in `cross_entropy`; for sigmoids t becomes (1 - eps) t + eps / 2.
        sample_weight: and axis, shift: as in `cross_entropy`; not for sigmoids.
        mask: one boolean for each row, for sigmoids for each element; False leaves it out.
        normalize_by: what a mean divides by: "rows", a number, or "weight", the sum of alphas.
        temperature: the logits are divided by it. softcap: then c * tanh(z / c).
        validate: as in `cross_entropy`.

    Raises:
        ValueError: gamma below 0, an alpha of another shape, an option without meaning for
            sigmoids, and what `cross_entropy` raises.

    >>> import numpy as np
    >>> round(float(focal_loss(np.log([[0.1, 0.9]]), np.array([1]))), 7)  # 0.1^2 (-log 0.9)
    0.0010536
    >>> z, t = np.array([[0.0, 0.0]]), np.array([[0.0, 1.0]])
    >>> focal_loss(z, t, alpha=0.25, activation="sigmoid", reduction="none").round(4)
    array([[0.13  , 0.0433]])

    """
    shape = shape_of(gamma, activation, form)
    check_reduction(reduction, normalize_by)
    xp = engine.namespace(logits)
    if activation == "sigmoid":
        _refuse_row_options(sample_weight=sample_weight, axis=axis, shift=shift or None)
        labels = read_elements(
            xp,
            logits,
            target,
            None,
            mask=mask,
            ignore_index=ignore_index,
            label_smoothing=label_smoothing,
            validate=validate,
        )
        one, nought = _shares(alpha)
        by = by_of(reduction, normalize_by)
        linked = engine.linked_elements(logits, labels, temperature, softcap)

        def weighted(one: float, nought: float) -> Array:
            if one == 1.0 and nought == 1.0:
                return engine.sigmoid_loss(linked, labels, shape, by)
            made = zip(("pos_weight", "neg_weight"), (one, nought), strict=True)
            dtype, device = sum_dtype(xp, linked), device_of(linked)
            arrays = {name: xp.full((), share, dtype=dtype, device=device) for name, share in made}
            return engine.sigmoid_loss(linked, labels._replace(**arrays), shape, by)

        if form == "per_row" or shape.is_plain:
            return weighted(one, nought)
        # One label at a time is a hard one: Keras' two terms.
        return weighted(one, 0.0) + weighted(0.0, nought)
    if form == "per_row":
        check.weights_are_fixed(shape, sample_weight=sample_weight, alpha=alpha)
    factor, weight = _factor_and_weight(logits, alpha, axis, shift)
    options = Options(
        ignore_index=-100 if ignore_index is None else ignore_index,
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
    by = rows.by(reduction, "rows" if normalize_by is None else normalize_by)
    value = _softmax(xp, rows, shape, form, by)
    value = value if factor == 1.0 else factor * value
    return value if by is not None else rows.shaped(xp, value)


def shape_of(gamma: float, activation: str, form: str) -> Shape:
    """Return the shape of a focal loss, or raise for words and numbers that name none."""
    if activation not in ("softmax", "sigmoid"):
        raise ValueError(
            f"activation must be 'softmax' (one class a row) or 'sigmoid' (each class yes or no); "
            f"got {activation!r}"
        )
    if form not in ("per_row", "per_class"):
        raise ValueError(
            "form must be 'per_row' (of the row's cross-entropy) or 'per_class' (as in Keras); "
            f"got {form!r}"
        )
    return Shape(gamma=gamma)


def _softmax(xp: Namespace, rows: Rows, shape: Shape, form: Form, by: By | None) -> Array:
    if form == "per_row" or shape.is_plain:  # without phi the two are one sum
        return engine.softmax_loss(rows.scores, rows.labels, rows.linked(shape), by)
    q, dtype = rows.measure(xp), compute_dtype(xp, rows.logits.dtype)
    wide = quiet(xp, xp.astype(rows.logits, dtype, copy=False), q)
    value = per_class.loss(xp, wide, q, shape)
    value = value if by is None else xp.sum(value) * scale(xp, by, q.weight, q.count)
    return xp.astype(value, dtype, copy=False)


def _factor_and_weight(
    logits: Array, alpha: Any, axis: int | None, shift: bool
) -> tuple[float, Array | None]:
    """Return alpha as a factor of the loss and as weights of the classes."""
    if alpha is None:
        return 1.0, None
    if isinstance(alpha, Real):
        factor = float(alpha)
        if not 0.0 <= factor < float("inf"):
            raise ValueError(
                f"alpha must be a finite number of at least 0; got {factor:g}. None is no alpha."
            )
        return factor, None
    check.same_library("alpha", alpha, logits)
    classes = logits.shape[class_axis(logits, axis, last=shift)]
    if tuple(alpha.shape) != (classes,):
        raise ValueError(
            f"alpha must be a number or have shape ({classes},), one for each class; "
            f"got shape {tuple(alpha.shape)}"
        )
    return 1.0, alpha


def _shares(alpha: Any) -> tuple[float, float]:
    """Return what multiplies the mass of one and of nought: alpha and 1 - alpha."""
    if alpha is None:
        return 1.0, 1.0
    share = float(alpha) if isinstance(alpha, Real) else float("nan")
    if not 0.0 <= share <= 1.0:
        got = f"{share:g}" if isinstance(alpha, Real) else f"an array {tuple(alpha.shape)}"
        raise ValueError(
            "alpha must be a number in 0..1 with activation='sigmoid', for ones against noughts; "
            f"got {got}. None is no alpha."
        )
    return share, 1.0 - share


def _refuse_row_options(**options: object) -> None:
    for name, value in options.items():
        if value is not None:
            raise ValueError(
                f"{name} is for activation='softmax'; with 'sigmoid' every element is a row of its "
                "own. Use mask= to leave elements out, reduction='none' to weigh them."
            )

"""The categorical loss from logits: `cross_entropy` and its sum, for every kind of label."""

from typing import Any

from crossent.core.array import Array
from crossent.core.reduction import LossSum, NormalizeBy, Reduction, check_reduction
from crossent.core.shape import shape_of
from crossent.core.target import counts, totals
from crossent.losses import check, engine
from crossent.losses.rows import Options, read


def cross_entropy(
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
    temperature: float | Array | None = None,
    softcap: float | None = None,
    z_loss: float = 0.0,
    gamma: float = 0.0,
    poly_epsilon: float = 0.0,
    axis: int | None = None,
    shift: bool = False,
    validate: bool | None = None,
) -> Any:
    """Return the cross-entropy of a target under softmax(logits), in nats.

    Equivalent, with the digits kept that this loses::

        logp = torch.log_softmax(logits, dim=1)
        loss = -logp.gather(1, target[:, None]).mean()

    A row's loss is ``sum_j q_j (log sum_k e^{z_k} - z_j)`` for the measure q of its target; its
    gradient is ``softmax(z) - q``. A logit of -inf removes the class.

    Args:
        logits: (N, C), (C,) or (N, C, d1, ...), of any floating type: torch, NumPy or JAX.
        target: class indices (N, d1, ...) of any integer type; or soft labels of the logits'
            shape, used as given; or a pair (indices, values) of shape (N, K), a negative index
            being padding.
        weight: (C,), multiplies the target's mass at each class.
        ignore_index: the class index of rows to leave out; for class indices only.
        reduction: "none" | "sum" | "mean".
        label_smoothing: eps; the target becomes (1 - eps) q + eps / C over the live classes.
        sample_weight: one for each row; a weight of k is k copies of the row.
        mask: one boolean for each row; False leaves the row out, for every kind of target.
        normalize_by: what a mean divides by: "weight" (the default for indices), "rows" (the
            default for soft labels), or a number such as a global token count.
        temperature: the logits are divided by it. softcap: then c * tanh(z / c).
        z_loss: adds z_loss * lse^2 to a row's loss.
        gamma: focal, (1 - e^-c)^gamma c. poly_epsilon: poly-1, c + epsilon (1 - e^-c).
        axis: the class axis; by default 1 for torch tensors (PyTorch's), the last otherwise.
        shift: causal language models: logits (..., T, V) at step t against the target (..., T),
            sample_weight and mask of step t + 1, without a copy of the logits; T - 1 rows.
        validate: read the values of the target; by default NumPy's and torch's in CPU memory.
            Without it an index out of range is left out of the loss, never read out of bounds.
            True also reads the logits, and warns of rows that are already probabilities.

    Returns:
        A scalar, or with "none" an array of the rows' shape. float32 for half-precision logits.
        With nothing to average (no rows, all ignored, weight 0) 0 with gradient 0.

    Raises:
        ValueError: shapes that do not match, or a negative or non-finite probability.
        TypeError: logits that are not floating, indices that are not integers.
        IndexError: a class outside 0 .. C-1, with its row.

    >>> import numpy as np
    >>> float(cross_entropy(np.log([[0.2, 0.3, 0.5]]), np.array([2])))  # -log 0.5
    0.6931471805599453
    >>> float(cross_entropy(np.array([[1e4, -1e4]]), np.array([0])))
    0.0

    """
    check_reduction(reduction, normalize_by)
    shape = shape_of(gamma=gamma, poly_epsilon=poly_epsilon, z_loss=z_loss)
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


def cross_entropy_sum(
    logits: Array,
    target: Array | tuple[Array, Array],
    weight: Array | None = None,
    *,
    ignore_index: int | None = -100,
    label_smoothing: float = 0.0,
    sample_weight: Array | None = None,
    mask: Array | None = None,
    temperature: float | Array | None = None,
    softcap: float | None = None,
    z_loss: float = 0.0,
    gamma: float = 0.0,
    poly_epsilon: float = 0.0,
    axis: int | None = None,
    shift: bool = False,
    validate: bool | None = None,
) -> LossSum:
    """Return the summed cross-entropy with what a mean divides by, to add over micro-batches.

    Equivalent::

        LossSum(cross_entropy(logits, target, reduction="sum"), weight[target].sum(), len(target))

    Takes the options of `cross_entropy` and raises what it raises; its `.mean()` is that of
    `cross_entropy`.

    >>> import numpy as np
    >>> z, y = np.log([[0.5, 0.5], [0.2, 0.8]]), np.array([0, 1])
    >>> parts = [cross_entropy_sum(z[i : i + 1], y[i : i + 1]) for i in range(2)]
    >>> abs(float(sum(parts).mean() - cross_entropy(z, y))) < 1e-15
    True

    """
    shape = shape_of(gamma=gamma, poly_epsilon=poly_epsilon, z_loss=z_loss)
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
    rows = read(logits, target, weight, options)
    xp = engine.namespace(logits)
    if rows.labels.is_soft:
        count = xp.sum(counts(xp, rows.labels, rows.scores))
        return LossSum(rows.loss(shape, "sum"), count, count)
    weight, count = (xp.sum(part) for part in totals(xp, rows.labels, rows.scores))
    return LossSum(rows.loss(shape, "sum"), weight, count)

"""What rows of logits say beside their loss: likelihood, entropy, prediction and rank."""

from crossent.core import row as row_numbers
from crossent.core import statistics
from crossent.core.array import Array, compute_dtype, constant, is_jax, is_torch
from crossent.core.loss import quiet
from crossent.core.statistics import Statistics
from crossent.kernels.select import select
from crossent.losses import engine
from crossent.losses.rows import Options, read


def cross_entropy_statistics(
    logits: Array,
    target: Array,
    *,
    ignore_index: int | None = -100,
    mask: Array | None = None,
    temperature: float | Array | None = None,
    softcap: float | None = None,
    axis: int | None = None,
    shift: bool = False,
    validate: bool | None = None,
) -> Statistics:
    """Return what rows of logits say of their target: log-probability, lse, entropy, class, rank.

    Equivalent, in one reading of the logits::

        logp = torch.log_softmax(logits, dim=1)
        log_prob = logp.gather(1, target[:, None])[:, 0]
        lse = torch.logsumexp(logits, dim=1)
        entropy = -(logp.exp() * logp).sum(1)
        predicted = logits.argmax(1)
        rank = (logits > logits.gather(1, target[:, None])).sum(1)  # ties: lower classes first

    The first three are differentiable, in nats, float32 for half precision; ``log_prob`` keeps
    the digits of `cross_entropy`, whose loss is ``-log_prob``. For perplexity, accuracy, top-k,
    policy gradients with an entropy bonus, distillation of a language model's likelihoods.

    Args:
        logits: (N, C), (C,) or (N, C, d1, ...), of any floating type: torch, NumPy or JAX.
        target: class indices (N, d1, ...) of any integer type.
        ignore_index: and mask: rows to leave out have rank -1, and 0 for the first three.
        temperature: and softcap, axis, shift, validate: as in `cross_entropy`.

    Returns:
        `Statistics`, a NamedTuple of five arrays of the rows' shape.

    Raises:
        TypeError: a target that is not class indices. Else what `cross_entropy` raises.

    >>> import numpy as np
    >>> s = cross_entropy_statistics(np.log([[0.5, 0.25, 0.25]]), np.array([2]))
    >>> round(float(s.log_prob[0]), 12), int(s.predicted[0]), int(s.rank[0])  # log 1/4
    (-1.38629436112, 0, 2)
    >>> round(float(s.entropy[0]) / 0.6931471805599453, 12)  # bits
    1.5

    """
    options = Options(
        ignore_index=ignore_index,
        mask=mask,
        temperature=temperature,
        softcap=softcap,
        axis=axis,
        shift=shift,
        validate=validate,
    )
    rows = read(logits, target, None, options)
    if rows.labels.is_soft:
        raise TypeError("target must be class indices, since a rank is that of one class")
    xp = engine.namespace(logits)
    dtype = compute_dtype(xp, logits.dtype)
    logits = rows.logits
    z, q = constant(logits), rows.measure(xp)
    index = q.indices[:, 0]  # type: ignore[index]
    if is_torch(logits):
        from crossent.ops.torch.statistics import likelihood, standing

        three, two = likelihood(logits, rows.labels), standing(z, index)
    elif is_jax(logits):
        wide = quiet(xp, xp.astype(logits, dtype, copy=False), q)
        row = row_numbers.read(xp, wide, q, entropy=True)
        three = statistics.likelihood(xp, row_numbers.whole(xp, row))
        two = statistics.standing(xp, z, index)
    else:
        kernels = select(logits).dense
        row = kernels.read(logits, rows.labels, entropy=True)
        three, two = statistics.likelihood(xp, row), kernels.standing(z, index)
    return Statistics(
        *(rows.shaped(xp, xp.astype(part, dtype, copy=False)) for part in three),
        *(rows.shaped(xp, part) for part in two),
    )

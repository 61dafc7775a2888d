"""Entropy and divergence of softmax outputs, from their logits: no digit is lost to a softmax."""

from typing import Any

from crossent.core.array import Array, is_jax, is_torch
from crossent.kernels.select import select
from crossent.measures.rows import read
from crossent.measures.units import Unit, nats


def entropy_from_logits(
    logits: Array, *, axis: int = -1, unit: Unit = "nats", base: float | None = None
) -> Any:
    """Return the entropy of softmax(logits).

    Equivalent: ``entropy(softmax(logits))``, which rounds a probability near 1 and loses the
    entropy with it. A logit of -inf removes its class.

    Args:
        logits: any real numbers along `axis`; a list, or an array of NumPy, torch or JAX.
        axis: the axis of the classes. unit: "nats" or "bits". base: instead of a unit.

    Returns:
        A number, or an array without `axis`, of the logits' type, float32 for half precision.

    >>> float(entropy_from_logits([0.0, 0.0], unit="bits"))
    1.0
    >>> f"{float(entropy_from_logits([0.0, 100.0])):.12g}"  # in a softmax the 1 - 4e-44 is a 1
    '3.75727673578e-42'

    """
    one = nats(unit, base)
    rows = read(axis, logits=logits)
    (z,) = rows.arrays
    if is_torch(z):
        from crossent.ops.torch.statistics import entropy as of_torch

        found = of_torch(z)
    elif is_jax(z):
        from crossent.ops.jax.divergence import softmax_entropy

        found = softmax_entropy(z)
    else:
        found = select(z).divergence.softmax_entropy(z)
    return rows.shaped(found / one)


def kl_from_logits(
    p_logits: Array,
    q_logits: Array,
    *,
    axis: int = -1,
    unit: Unit = "nats",
    base: float | None = None,
) -> Any:
    """Return KL(softmax(p_logits) || softmax(q_logits)).

    Equivalent: ``kl_divergence(softmax(p_logits), softmax(q_logits))``, which loses what the two
    softmaxes round. Its gradient in q_logits is softmax(q_logits) - softmax(p_logits). A logit of
    -inf removes its class; infinite where only q_logits removes it. Arguments as in
    `entropy_from_logits`, both of one shape.

    >>> round(float(kl_from_logits([0.0, 0.0], [0.0, 1.0])), 12)
    0.120114506958
    >>> f"{float(kl_from_logits([0.0, 0.0], [0.0, 1e-9])):.12g}"  # 1e-18 / 8
    '1.25e-19'

    """
    one = nats(unit, base)
    rows = read(axis, p_logits=p_logits, q_logits=q_logits)
    a, b = rows.arrays
    if is_torch(a):
        from crossent.ops.torch.divergence import softmax_kl as of_torch

        found = of_torch(a, b)
    elif is_jax(a):
        from crossent.ops.jax.divergence import softmax_kl as of_jax

        found = of_jax(a, b)
    else:
        found = select(a).divergence.softmax_kl(a, b)
    return rows.shaped(found / one)

"""Entropy, cross-entropy and Kullback-Leibler divergence of probability vectors.

0 log 0 is 0; a q of 0 where p is not is infinite. Nothing is normalised, nothing is clipped.
"""

import math
from typing import Any, Literal

import numpy as np

from crossent.core.array import Array, Namespace, namespace, sum_dtype

Unit = Literal["nats", "bits"]


def entropy(p: Array, *, axis: int = -1, unit: Unit = "nats", validate: bool = True) -> Any:
    """Return the entropy of p, the mean surprise of its own outcomes.

    Equivalent: ``-(p * log(p)).sum(axis)``.

    Args:
        p: probabilities along `axis`: a list, or an array of NumPy, torch or JAX.
        axis: the axis of the outcomes. unit: "nats" or "bits".
        validate: check that p is a distribution.

    Returns:
        A number, or an array without `axis`.

    Raises:
        ValueError: probabilities below 0, not finite, or not summing to 1.

    >>> float(entropy([0.5, 0.5], unit="bits"))
    1.0

    """
    xp, (p,) = _distributions(axis, validate, p=p)
    return -xp.sum(_xlogy(xp, p, p), axis=axis) * _per_nat(unit)


def cross_entropy(
    p: Array, q: Array, *, axis: int = -1, unit: Unit = "nats", validate: bool = True
) -> Any:
    """Return H(p, q), the mean surprise of outcomes of p under q: data from p, code built for q.

    Equivalent: ``-(p * log(q)).sum(axis)``. Arguments as in `entropy`; H(p, q) = H(p) + KL(p||q).

    >>> round(float(cross_entropy([0.1, 0.7, 0.2], [0.1, 0.6, 0.3])), 4)
    0.8286
    >>> float(cross_entropy([0.5, 0.5], [1.0, 0.0]))
    inf

    """
    xp, (p, q) = _distributions(axis, validate, p=p, q=q)
    return -xp.sum(_xlogy(xp, p, q), axis=axis) * _per_nat(unit)


def kl_divergence(
    p: Array, q: Array, *, axis: int = -1, unit: Unit = "nats", validate: bool = True
) -> Any:
    """Return KL(p || q), what a code built for q costs beyond the one built for p.

    Equivalent: ``(p * log(p / q)).sum(axis)``. Arguments as in `entropy`. Not symmetric.

    >>> float(kl_divergence([0.5, 0.5], [0.5, 0.5]))
    0.0
    >>> round(float(kl_divergence([0.1, 0.7, 0.2], [0.1, 0.6, 0.3], unit="bits")), 6)
    0.038682

    """
    xp, (p, q) = _distributions(axis, validate, p=p, q=q)
    impossible, inside = q == 0.0, (p > 0.0) & (q > 0.0)
    safe_p, safe_q = xp.where(inside, p, 1.0), xp.where(inside, q, 1.0)
    # Where p and q are near, log1p keeps the digits of their difference; elsewhere p / q may be
    # too large or too small a number for its logarithm to be right.
    near = (safe_p < 2.0 * safe_q) & (safe_q < 2.0 * safe_p)
    ratio = xp.where(near, safe_p - safe_q, 0.0) / xp.where(near, safe_q, 1.0)
    logs = xp.where(near, xp.log1p(ratio), xp.log(safe_p) - xp.log(safe_q))
    logs = xp.where(impossible & (p > 0.0), xp.inf, logs)
    return xp.sum(p * logs, axis=axis) * _per_nat(unit)


def _distributions(axis: int, validate: bool, **given: Array) -> tuple[Namespace, list[Array]]:
    """Return the arrays with their functions; raise ValueError for what is no distribution."""
    arrays = [
        np.asarray(p, np.float64) if isinstance(p, (list, tuple)) else p for p in given.values()
    ]
    xp = namespace(arrays[0])
    arrays = [
        p if xp.isdtype(p.dtype, "real floating") else xp.astype(p, sum_dtype(xp, p))
        for p in arrays
    ]
    if len({tuple(a.shape) for a in arrays}) > 1:
        shapes = " and ".join(str(tuple(a.shape)) for a in arrays)
        raise ValueError(f"{' and '.join(given)} must have the same shape; got {shapes}")
    if validate:
        for name, p in zip(given, arrays, strict=True):
            _check(xp, name, p, axis)
    return xp, arrays


def _check(xp: Namespace, name: str, p: Array, axis: int) -> None:
    if not bool(xp.all(xp.isfinite(p) & (p >= 0.0))):
        raise ValueError(f"{name} must hold finite probabilities of at least 0")
    off = xp.abs(xp.sum(p, axis=axis) - 1.0)
    # Ten roundings of the input's own type, and never finer than what a printed table keeps.
    if bool(xp.any(off > max(1e-6, 10.0 * float(xp.finfo(p.dtype).eps)))):
        raise ValueError(
            f"{name} must sum to 1 along axis {axis}; it is off by {float(xp.max(off)):.3g}. "
            "Divide by the sum, or pass validate=False."
        )


def _xlogy(xp: Namespace, x: Array, y: Array) -> Array:
    """Return x log y with 0 log 0 = 0, and -inf for y = 0 under x > 0."""
    none, zero = x == 0.0, y == 0.0
    logs = xp.where(zero, -xp.inf, xp.log(xp.where(zero, 1.0, y)))
    return x * xp.where(none, 0.0, logs)


def _per_nat(unit: Unit) -> float:
    if unit not in ("nats", "bits"):
        raise ValueError(f"unit must be 'nats' or 'bits'; got {unit!r}")
    return 1.0 if unit == "nats" else 1.0 / math.log(2.0)

"""Renyi's entropies and divergences from logarithms: limits, and sums that over- or underflow.

Ordinary orders are sums of `core/divergence.py`: S - 1 where S is near 1, since the probabilities
count as summing to 1, else S.
"""

from crossent.core.array import Array, Namespace
from crossent.core.divergence import log1p, log_ratio, log_safe
from crossent.core.surprise import surprise

NEAR = 0.4  # below 1: there the logarithm of S is taken of S - 1


def entropy_at_end(xp: Namespace, p: Array, alpha: float) -> Array:
    """Return the entropy of order 0 or inf of every row."""
    if alpha == 0.0:
        return xp.log(xp.sum(xp.astype(p > 0.0, p.dtype), axis=-1))
    return surprise(xp, xp.max(p, axis=-1))


def divergence_at_end(xp: Namespace, p: Array, q: Array, alpha: float) -> Array:
    """Return the divergence of order 0 or inf of every row."""
    if alpha == float("inf"):
        return xp.max(xp.where(p > 0.0, log_ratio(xp, p, q), -xp.inf), axis=-1)
    missing = xp.sum(xp.where(p == 0.0, q, 0.0), axis=-1)
    covered = xp.sum(xp.where(p == 0.0, 0.0, q), axis=-1)
    near = missing < NEAR
    far = surprise(xp, xp.where(near, 1.0, covered))
    return xp.where(near, 0.0 - log1p(xp, -xp.where(near, missing, 0.0)), far)


def log_powers(xp: Namespace, p: Array, alpha: float) -> Array:
    """Return log(sum p^alpha) of every row."""
    none = p == 0.0
    return _log_sum_exp(xp, xp.where(none, -xp.inf, alpha * log_safe(xp, p)))


def log_mixed_powers(xp: Namespace, p: Array, q: Array, alpha: float) -> Array:
    """Return log(sum p^alpha q^(1-alpha)) of every row."""
    outside = (q == 0.0) & (p > 0.0)
    ratio = log_ratio(xp, p, xp.where(outside, p, q))
    exponents = xp.where(p == 0.0, -xp.inf, log_safe(xp, p) + (alpha - 1.0) * ratio)
    return _log_sum_exp(xp, xp.where(outside, xp.inf if alpha > 1.0 else -xp.inf, exponents))


def log_of_sum(xp: Namespace, excess: Array, power: Array) -> Array:
    """Return log S from S - 1, or from S > 0 where little of 1 is left."""
    near = excess > -NEAR
    return xp.where(near, log1p(xp, xp.where(near, excess, 0.0)), xp.log(power))


def _log_sum_exp(xp: Namespace, x: Array) -> Array:
    top = xp.max(x, axis=-1)
    finite = xp.isfinite(top)
    shift = xp.where(finite, top, 0.0)
    there = xp.isfinite(x) & finite[:, None]
    parts = xp.where(there, xp.exp(xp.where(there, x - shift[:, None], 0.0)), 0.0)
    return xp.where(finite, shift + xp.log(xp.where(finite, xp.sum(parts, axis=-1), 1.0)), top)

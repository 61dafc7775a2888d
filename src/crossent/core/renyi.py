"""Renyi's entropies and divergences from logarithms: limits, and sums that over- or underflow.

Ordinary orders are sums of `core/divergence.py`: S - 1 where S is near 1, since the probabilities
count as summing to 1, else S.
"""

from crossent.core.array import Array, Namespace, constant, take_along_rows
from crossent.core.divergence import log1p, log_ratio, log_safe
from crossent.core.surprise import surprise

NEAR = 0.4  # below 1: there the logarithm of S is taken of S - 1


def entropy_at_end(xp: Namespace, p: Array, alpha: float) -> Array:
    """Return the entropy of order 0 or inf of every row."""
    if alpha == 0.0:
        count = xp.sum(xp.astype(p > 0.0, p.dtype), axis=-1)
        return xp.log(count + 0.0 * xp.sum(p, axis=-1))  # a NaN is no count
    return surprise(xp, xp.max(p, axis=-1))


def divergence_at_end(xp: Namespace, p: Array, q: Array, alpha: float) -> Array:
    """Return the divergence of order inf, or else 0, of every row."""
    unknown = 0.0 * (xp.sum(p, axis=-1) + xp.sum(q, axis=-1))  # NaN
    if alpha == float("inf"):
        return _log_of_largest(xp, p, q) + unknown
    missing = xp.sum(xp.where(p == 0.0, q, 0.0), axis=-1) + unknown
    covered = xp.sum(xp.where(p == 0.0, 0.0, q), axis=-1)
    near = missing < NEAR
    far = surprise(xp, xp.where(near, 1.0, covered))
    return xp.where(near, 0.0 - log1p(xp, -xp.where(near, missing, 0.0)), far) + unknown


def _log_of_largest(xp: Namespace, p: Array, q: Array) -> Array:
    """Return the logarithm of the largest p / q, only that one's taken."""
    none, outside = p == 0.0, (q == 0.0) & (p > 0.0)
    ratio = xp.where(none, -1.0, constant(p) / xp.where(q == 0.0, 1.0, constant(q)))
    at = xp.argmax(xp.where(outside, xp.inf, ratio), axis=-1)[:, None]
    return log_ratio(xp, take_along_rows(xp, p, at), take_along_rows(xp, q, at))[:, 0]


def log_powers(xp: Namespace, p: Array, alpha: float) -> Array:
    """Return log(sum p^alpha) of every row."""
    none = p == 0.0
    return _log_sum_exp(xp, xp.where(none, -xp.inf, alpha * log_safe(xp, p)))


def log_mixed_powers(xp: Namespace, p: Array, q: Array, alpha: float) -> Array:
    """Return log(sum p^alpha q^(1-alpha)) of every row."""
    outside = (q == 0.0) & (p > 0.0)
    log_p, log_q = log_safe(xp, p), log_safe(xp, q)  # far apart: their difference has its digits
    exponents = xp.where(p == 0.0, -xp.inf, log_p + (alpha - 1.0) * (log_p - log_q))
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

"""KL(softmax(a) || softmax(b)) from logits, where no digit of near ones has been rounded away."""

from crossent.core.array import Array, Namespace
from crossent.core.divergence import excess, log1p
from crossent.core.exact import two_difference


def kl_from_logits(xp: Namespace, a: Array, b: Array) -> Array:
    """Return the divergence of every row (N,) of logits a and b (N, C); -inf removes a class.

    Its terms are p (e^-u - 1 + u) with u = log(p / q) = a - b - log(sum q e^(a - b)). What all
    classes share of a - b is taken off first, with the rounding of the difference.
    """
    gone_p, gone_q = a == -xp.inf, b == -xp.inf
    both = ~(gone_p | gone_q)
    log_p, p = _softmax(xp, a, gone_p)
    log_q, q = _softmax(xp, b, gone_q)
    apart, lost = two_difference(xp.where(both, a, 0.0), xp.where(both, b, 0.0))
    at = xp.argmax(xp.where(both, q, -1.0), axis=-1)[:, None]
    shared, shared_lost = (xp.take_along_axis(x, at, axis=-1) for x in (apart, lost))
    v = xp.where(both, (apart - shared) + (lost - shared_lost), 0.0)
    capped = xp.where(v > 600.0, 600.0, v)
    moved = xp.sum(q * xp.where(both, xp.expm1(capped), -1.0), axis=-1, keepdims=True)
    # Beyond e^600 a q that underflowed would hide what has moved.
    near = (xp.abs(moved) < 0.5) & (xp.max(v, axis=-1, keepdims=True) <= 600.0)
    far_u = xp.where(both, log_p, 0.0) - xp.where(both, log_q, 0.0)
    u = xp.where(near, v - log1p(xp, xp.where(near, moved, 0.0)), far_u)
    small = xp.abs(u) <= 1.0
    close = p * excess(xp, -xp.where(small, u, 0.0))
    terms = xp.where(small, close, p * u - (p - q))
    # Where a class is gone its p or q is 0, or NaN in a row without any class.
    terms = xp.where(gone_p, p + q, xp.where(gone_q, xp.inf + q, terms))
    return xp.sum(terms, axis=-1)


def kl_slopes(xp: Namespace, a: Array, b: Array) -> tuple[Array, Array]:
    """Return the derivatives in a and in b: p (u - KL), and q - p."""
    gone_p, gone_q = a == -xp.inf, b == -xp.inf
    log_p, p = _softmax(xp, a, gone_p)
    log_q, q = _softmax(xp, b, gone_q)
    u = xp.where(gone_p, 0.0, log_p) - xp.where(gone_q & gone_p, 0.0, log_q)
    mean = xp.sum(xp.where(gone_p, 0.0, p * u), axis=-1, keepdims=True)
    return xp.where(gone_p, 0.0, p * (u - mean)), q - p


def _softmax(xp: Namespace, z: Array, gone: Array) -> tuple[Array, Array]:
    """Return log softmax and softmax, with the rounding of z - max carried along."""
    top = xp.max(z, axis=-1, keepdims=True)
    top = xp.where(xp.isinf(top) & (top < 0.0), xp.nan, top)  # every class is gone: no softmax
    below, lost = two_difference(xp.where(gone, top, z), top)
    powers = xp.where(gone, 0.0, xp.exp(below))
    powers = powers + powers * lost
    total = xp.sum(powers, axis=-1, keepdims=True)
    return xp.where(gone, -xp.inf, (below - xp.log(total)) + lost), powers / total

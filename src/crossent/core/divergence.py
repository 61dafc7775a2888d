"""The terms that entropies and divergences of probabilities add up, and their slopes.

Every term is at least 0 and keeps its digits, so that their sum does too: where p and q are near,
where they lie 1e300 apart, and at 0. 0 log 0 is 0; a q of 0 under p > 0 is infinite. Slopes are
finite where p is 0: those of LEAST.
"""

import math
from collections.abc import Callable
from typing import Literal

from crossent.core.array import Array, Namespace, is_jax, sign

Term = Literal[
    "mass",
    "entropy",
    "cross_entropy",
    "kl",
    "js",
    "hellinger",
    "affinity",
    "variation",
    "chi_square",
    "spread",
    "square",
    "order_excess",
    "order_power",
    "renyi_excess",
    "renyi_power",
]

# Where a slope at 0 is infinite, that of this number is taken, the smallest normal one of float32:
# times a probability of 0, in the softmax before, it is 0, and inf would be NaN.
LEAST = 2.0**-126

# (atanh(s) / s - 1) / s^2 in powers of s^2, interpolated at Chebyshev nodes up to s = 1/2, where
# p and q are at most 3 times each other: 2e-17 off.
CURVE = (
    0.21098097885975797,
    -0.14450491183414468,
    0.13557903913692299,
    0.012292448728540531,
    0.05441915418234587,
    0.05160769881147162,
    0.05893099692590042,
    0.06665886352701884,
    0.07692345940270638,
    0.09090907881509189,
    0.11111111133938968,
    0.14285714285490106,
    0.20000000000000864,
    0.3333333333333333,
)
NEAR = 0.25  # of s^2
CURVE_SINGLE = (  # in float32: 4e-9 off
    0.1562916538185637,
    0.040916230718241735,
    0.09751940865741168,
    0.11050830395223991,
    0.14288286042811285,
    0.19999959336215828,
    0.33333333437307106,
)


def kl_term(xp: Namespace, p: Array, q: Array, difference: Array | None = None) -> Array:
    """Return p log(p / q) - p + q; `difference` is p - q where it is known better.

    With s = (p - q) / (p + q) it is (p - q) s (1 + s (1 + s) w), w = (atanh(s) / s - 1) / s^2:
    products of what has all its digits, where p log(p / q) is a small difference of large terms.
    """
    difference = p - q if difference is None else difference
    total = p + q
    s = difference / xp.where(total == 0.0, 1.0, total)
    near = s * s <= NEAR
    s = xp.where(near, s, 0.0)
    beside = difference * s * (1.0 + s * (1.0 + s) * _polynomial(xp, (CURVE, CURVE_SINGLE), s * s))
    return xp.where(near, beside, p * _log_quotient(xp, p, q, near) - difference)


# (e^y - 1 - y) / y^2 in powers of y for |y| <= 1: 3e-17 off.
GROWTH = (
    7.746178593018827e-13,
    1.1639194124150522e-11,
    1.6057679623801638e-10,
    2.0874435575864273e-09,
    2.5052117695907823e-08,
    2.755733506893373e-07,
    2.7557319191381816e-06,
    2.4801587246096818e-05,
    0.00019841269841324198,
    0.0013888888888981404,
    0.008333333333333299,
    0.04166666666666609,
    0.16666666666666666,
    0.5,
)


GROWTH_SINGLE = (  # in float32: 6e-9 off
    2.8062802582266946e-06,
    2.535851224463976e-05,
    0.00019838101968683888,
    0.0013885396911807102,
    0.00833333967591706,
    0.04166673659523746,
    0.16666666646842135,
    0.49999999781421683,
)


def excess(xp: Namespace, y: Array) -> Array:
    """Return e^y - 1 - y."""
    near = xp.abs(y) <= 1.0
    small = xp.where(near, y, 0.0)
    beside = small * small * _polynomial(xp, (GROWTH, GROWTH_SINGLE), small)
    most = math.log(float(xp.finfo(y.dtype).max))
    over = y > most
    far = xp.where(near | over, 1.0, y)
    return xp.where(near, beside, xp.where(over, xp.inf, xp.expm1(far) - far))


def log1p(xp: Namespace, x: Array) -> Array:
    """Return log(1 + x); for JAX as 2 atanh(x / (2 + x)) where it is near: XLA's is 125 ulp off."""
    if not is_jax(x):
        return xp.log1p(x)
    near = (x >= -2.0 / 3.0) & (x <= 2.0)
    small = xp.where(near, x, 0.0)
    far = xp.log(1.0 + xp.where(near | (x <= -1.0), 1.0, x))
    far = xp.where(x == -1.0, -xp.inf, xp.where(x < -1.0, xp.nan, far))
    return xp.where(near, _twice_atanh(xp, small / (2.0 + small)), far)


def _twice_atanh(xp: Namespace, s: Array) -> Array:
    return 2.0 * (s + s * s * s * _polynomial(xp, (CURVE, CURVE_SINGLE), s * s))


def log_ratio(xp: Namespace, p: Array, q: Array) -> Array:
    """Return log(p / q), with the digits of a p near q; finite at p = 0, inf at q = 0."""
    total = p + q
    s = (p - q) / xp.where(total == 0.0, 1.0, total)
    near = s * s <= NEAR
    beside = _twice_atanh(xp, xp.where(near, s, 0.0))
    return xp.where(near, beside, _log_quotient(xp, p, q, near))


def _log_quotient(xp: Namespace, p: Array, q: Array, near: Array) -> Array:
    """Return log(p / q) where they are not near; at p = 0 that of LEAST."""
    none, impossible = p == 0.0, (q == 0.0) & (p > 0.0)
    plain = ~(near | none | impossible)
    tiny = xp.finfo(p.dtype).smallest_normal
    above, below = xp.where(plain, p, 1.0), xp.where(plain, q, 1.0)
    # A quotient beyond the largest number is one of a subnormal q; one below the smallest, of a
    # p that counts for nothing beside its q.
    lifted = (below < tiny) & (above > 4.0 * tiny)
    quotient = above / (below * xp.where(lifted, xp.full_like(p, 2.0**64), 1.0))
    logs = xp.log(xp.where(quotient < tiny, tiny, quotient)) + xp.where(
        lifted, xp.full_like(p, _LIFT), 0.0
    )
    logs = xp.where(none & ~near, xp.full_like(p, _LOG_LEAST), logs)
    return _infinite_where(xp, impossible, q, logs)


_LIFT = 64.0 * math.log(2.0)
_LOG_LEAST = math.log(LEAST)


def _polynomial(xp: Namespace, tables: tuple[tuple[float, ...], ...], x: Array) -> Array:
    """Return a polynomial of x, from its coefficients in float64 and in float32."""
    first, *rest = tables[xp.finfo(x.dtype).bits < 64]
    value = xp.full_like(x, first)
    for coefficient in rest:
        value = value * x + coefficient
    return value


def _infinite_where(xp: Namespace, flags: Array, q: Array, values: Array) -> Array:
    """Return the values, and inf at flags, where q is 0, with the slope of -log q at LEAST."""
    return xp.where(flags, xp.inf - xp.where(flags, q, 0.0) / LEAST, values)


def log_safe(xp: Namespace, p: Array) -> Array:
    """Return log p; at 0 that of LEAST."""
    return xp.log(xp.where(p == 0.0, LEAST, p))


def root(xp: Namespace, p: Array) -> Array:
    """Return the square root, with slope 0 at 0."""
    zero = p == 0.0
    return xp.where(zero, 0.0, xp.sqrt(xp.where(zero, 1.0, p)))


def _steep_root(xp: Namespace, p: Array) -> Array:
    """Return the square root, with the slope of LEAST at 0."""
    zero = p == 0.0
    return xp.where(zero, p * (0.5 / math.sqrt(LEAST)), xp.sqrt(xp.where(zero, 1.0, p)))


def _mass(xp: Namespace, p: Array) -> Array:
    """Return p, and NaN for what is no probability: below 0 or not a number."""
    return xp.where(p >= 0.0, p, xp.nan)


def _entropy(xp: Namespace, p: Array) -> Array:
    return -p * log_safe(xp, p)


def _cross_entropy(xp: Namespace, p: Array, q: Array) -> Array:
    surprise = _infinite_where(xp, (q == 0.0) & (p > 0.0), q, 0.0 - log_safe(xp, q))
    return p * surprise


def _js(xp: Namespace, p: Array, q: Array) -> Array:
    p, q = p * (ROOT_SCALE * ROOT_SCALE), q * (ROOT_SCALE * ROOT_SCALE)
    middle, half = 0.5 * p + 0.5 * q, 0.5 * (p - q)
    return 0.5 * (kl_term(xp, p, middle, half) + kl_term(xp, q, middle, -half))


def _hellinger(xp: Namespace, p: Array, q: Array) -> Array:
    roots = _steep_root(xp, p) + _steep_root(xp, q)
    apart = (p - q) * (ROOT_SCALE / xp.where(roots == 0.0, 1.0, roots))
    return apart * apart


def _affinity(xp: Namespace, p: Array, q: Array) -> Array:
    return _steep_root(xp, p) * _steep_root(xp, q)


def _variation(xp: Namespace, p: Array, q: Array) -> Array:
    return (p - q) * sign(xp, p - q)  # JAX has 1 as the slope of abs at 0


def _chi_square(xp: Namespace, p: Array, q: Array) -> Array:
    none = q == 0.0
    square = (p - q) * ((p - q) / xp.where(none, 1.0, q))
    return _infinite_where(xp, none & (p > 0.0), q, square)


def _spread(xp: Namespace, p: Array) -> Array:
    return p * (1.0 - p)


def _square(xp: Namespace, p: Array) -> Array:
    return p * p


def _order_power(xp: Namespace, p: Array, order: float) -> Array:
    zero, slope = p == 0.0, 0.0 if order > 1.0 else LEAST ** (order - 1.0)
    return xp.where(zero, p * slope, xp.where(zero, 1.0, p) ** order)


def _order_excess(xp: Namespace, p: Array, order: float) -> Array:
    """Return p^a - p, near p by way of expm1; an exponential of more would lose digits."""
    exponent = (order - 1.0) * log_safe(xp, p)
    near = xp.abs(exponent) < 1.0
    return xp.where(near, p * xp.expm1(exponent), _order_power(xp, p, order) - p)


def _renyi_power(xp: Namespace, p: Array, q: Array, order: float) -> Array:
    none, outside = p == 0.0, (q == 0.0) & (p > 0.0)
    power = p * xp.exp((order - 1.0) * log_ratio(xp, p, xp.where(outside, p, q)))
    slope = 0.0 if order > 1.0 else order * LEAST ** (order - 1.0)
    power = xp.where(none, p * slope, power)
    return xp.where(outside, _beyond(xp, p, q, order, xp.exp), power)


def _renyi_excess(xp: Namespace, p: Array, q: Array, order: float) -> Array:
    """Return p^a q^(1-a) - a p - (1-a) q as (a - 1) kl + p excess((a - 1) log(p / q)).

    Both are positive for orders above 1. From 1/2 to 1 they cancel to a third at the most where
    the power of the quotient is not beyond e; there it is taken as it stands.
    """
    none, outside = p == 0.0, (q == 0.0) & (p > 0.0)
    inside = xp.where(outside, p, q)
    exponent = (order - 1.0) * log_ratio(xp, p, inside)
    far = (xp.abs(exponent) > 1.0) & (order < 1.0)
    curved = p * xp.where(none | far, 0.0, excess(xp, exponent))
    value = (order - 1.0) * kl_term(xp, p, inside) + curved
    power = p * xp.exp(xp.where(far, exponent, 0.0)) - order * p - (1.0 - order) * q
    value = xp.where(far, power, value)
    slope = -order if order > 1.0 else order * math.expm1((order - 1.0) * _LOG_LEAST)
    value = xp.where(none, p * slope - (1.0 - order) * q, value)
    return xp.where(outside, _beyond(xp, p, q, order, xp.expm1) - order * p, value)


def _beyond(
    xp: Namespace, p: Array, q: Array, order: float, raised: Callable[[Array], Array]
) -> Array:
    """Return p^a q^(1-a) at q = 0 under p > 0: inf, or 0 with the slope in q of LEAST."""
    if order > 1.0:
        return xp.full_like(p, xp.inf)
    ratio = log_ratio(xp, p, xp.full_like(p, LEAST))
    return q * (1.0 - order) * raised(order * ratio)


# A term of Hellinger, (sqrt p - sqrt q)^2, and of JS is kept times the square of this: of a sum
# whose root is wanted no digit may be lost to a subnormal number. Its slope at LEAST is still a
# number of float32.
ROOT_SCALE = 2.0**30

TERMS: dict[str, Callable[..., Array]] = {
    "mass": _mass,
    "entropy": _entropy,
    "cross_entropy": _cross_entropy,
    "kl": kl_term,
    "js": _js,
    "hellinger": _hellinger,
    "affinity": _affinity,
    "variation": _variation,
    "chi_square": _chi_square,
    "spread": _spread,
    "square": _square,
    "order_excess": _order_excess,
    "order_power": _order_power,
    "renyi_excess": _renyi_excess,
    "renyi_power": _renyi_power,
}
ORDERED = ("order_excess", "order_power", "renyi_excess", "renyi_power")


def terms(xp: Namespace, term: Term, order: float, *rows: Array) -> Array:
    """Return a term of every element of p, or of p and q; `order` is Renyi's."""
    return TERMS[term](xp, *rows, order) if term in ORDERED else TERMS[term](xp, *rows)


def slopes(
    xp: Namespace, term: Term, order: float, p: Array, q: Array | None = None
) -> tuple[Array, ...]:
    """Return the derivatives of a term in p, and in q where there is one; never NaN."""
    if term == "mass":
        return (xp.ones_like(p),)
    if term == "entropy":
        return (-xp.astype(p > 0.0, p.dtype) - log_safe(xp, p),)
    if term == "spread":
        return (1.0 - 2.0 * p,)
    if term == "square":
        return (2.0 * p,)
    if term in ("order_excess", "order_power"):
        least = 0.0 if order > 1.0 else LEAST ** (order - 1.0)
        none = p == 0.0
        slope = order * xp.where(none, least, xp.where(none, 1.0, p) ** (order - 1.0))
        return (slope - 1.0 if term == "order_excess" else slope,)
    assert q is not None
    over = xp.where(q == 0.0, LEAST, q)  # to divide by
    if term in ("renyi_excess", "renyi_power"):
        ratio, none = log_ratio(xp, p, over), p == 0.0
        raised = xp.exp if term == "renyi_power" else xp.expm1
        by_p, by_q = (order - 1.0) * ratio, xp.where(none, -xp.inf, order * ratio)
        # Powers that are 0 in the limit: of p = 0 above order 1, of q = 0 below.
        gone = none if order > 1.0 else q == 0.0
        by_p = xp.where(gone, -xp.inf, by_p)
        return order * raised(by_p), (1.0 - order) * raised(by_q)
    if term == "cross_entropy":
        return 0.0 - log_safe(xp, q), -p / over
    if term == "kl":
        return log_ratio(xp, p, over), (q - p) / over
    if term == "js":
        middle, scale = 0.5 * p + 0.5 * q, 0.5 * ROOT_SCALE * ROOT_SCALE
        return scale * log_ratio(xp, p, middle), scale * log_ratio(xp, q, middle)
    if term == "chi_square":
        part = (p - q) / over
        return 2.0 * part, -part * (part + 2.0)
    if term == "variation":
        way = sign(xp, p - q)
        return way, -way
    root_p, root_q = xp.sqrt(xp.where(p == 0.0, LEAST, p)), xp.sqrt(over)
    if term == "affinity":
        return 0.5 * root_q / root_p, 0.5 * root_p / root_q
    apart = ROOT_SCALE * ROOT_SCALE * ((p - q) / (root_p + root_q))
    return apart / root_p, -apart / root_q

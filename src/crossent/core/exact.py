"""Sums and products in two numbers: the rounded one, and what rounding took from it.

A table near independence has p - a b far below the rounding of a b; in two numbers its digits
stay. The two are those of Knuth (TwoSum) and of Dekker and Veltkamp (TwoProduct); both have the
derivative of the plain operation in the first number and 0 in the second.
"""

import math

import numpy as np
from numpy.typing import NDArray

from crossent.core.array import Array, Namespace

Two = tuple[Array, Array]
Floats = NDArray[np.float64]


def two_sum(a: Array, b: Array) -> Two:
    """Return a + b and its rounding error, for any a and b."""
    high = a + b
    from_b = high - a
    return high, (a - (high - from_b)) + (b - from_b)


def two_difference(a: Array, b: Array) -> Two:
    """Return a - b and its rounding error."""
    return two_sum(a, -b)


def two_product(xp: Namespace, a: Array, b: Array) -> Two:
    """Return a * b and its rounding error; exact unless that error is a subnormal number."""
    high = a * b
    (a_high, a_low), (b_high, b_low) = _split(xp, a), _split(xp, b)
    return high, ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low


def beside_product(xp: Namespace, p: tuple[Array, Array | None], a: Two, b: Two) -> Array:
    """Return p - a b, each in two numbers; the digits of a difference of 2^-60 p are right too.

    p may be one number, with None beside it.
    """
    (high, error), first = two_product(xp, a[0], b[0]), two_product(xp, a[0], b[1])
    second = two_product(xp, a[1], b[0])
    rest, low = two_sum(p[0], -high)
    for part in (-error, -first[0], -second[0], *(() if p[1] is None else (p[1],))):
        rest, new = two_sum(rest, part)
        low = low + new
    return rest + (low - (first[1] + second[1] + a[1] * b[1]))


def _split(xp: Namespace, a: Array) -> Two:
    """Return two numbers of half the digits each with the sum a."""
    digits = 1 - round(math.log2(float(xp.finfo(a.dtype).eps)))
    scaled = a * (2.0 ** ((digits + 1) // 2) + 1.0)
    high = scaled - (scaled - a)
    return high, a - high


def total(xp: Namespace, values: Array, axis: int) -> Two:
    """Return the sums along an axis in two numbers each, with that axis kept at length 1."""
    order = list(range(values.ndim))
    order[0], order[axis] = order[axis], order[0]  # moveaxis is none of vmap's in torch
    high = xp.permute_dims(values, tuple(order))
    low: Array | None = None
    while (n := high.shape[0]) > 1:  # in halves: fewer roundings of the low part, and vectors
        half = n // 2
        end, rest = high[2 * half :, ...], None if low is None else low[2 * half :, ...]
        error = None if low is None else low[:half, ...] + low[half : 2 * half, ...]
        high, new = two_sum(high[:half, ...], high[half : 2 * half, ...])
        low = new if error is None else error + new
        if n % 2:
            high = xp.concat([high, end], axis=0)
            low = xp.concat([low, xp.zeros_like(end) if rest is None else rest], axis=0)
    high, low = (high, xp.zeros_like(high)) if low is None else two_sum(high, low)
    return xp.permute_dims(high, tuple(order)), xp.permute_dims(low, tuple(order))


def grouped(values: Floats, groups: NDArray[np.int64], size: int) -> tuple[Floats, Floats]:
    """Return the sum of the values of each group in two numbers; whole numbers lose nothing.

    The leading digits of all values are cut at one place, so that adding them up is exact
    (Rump, Ogita, Oishi 2008, ExtractVector), twice; only the rest, 2^-60 of the largest, rounds.
    """
    high, low, rest = np.zeros(size), np.zeros(size), values
    for _ in range(2):
        largest = float(np.abs(rest).max(initial=0.0))
        cut = 2.0 ** (math.frexp(largest)[1] + (len(values) + 2).bit_length())
        leading = (cut + rest) - cut
        high, error = two_sum(high, np.bincount(groups, leading, size))
        low, rest = low + error, rest - leading
    return two_sum(high, low + np.bincount(groups, rest, size))

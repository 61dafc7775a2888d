"""The terms of entropies and divergences as textbooks write them, in 60 digits by mpmath.

Imports nothing from crossent. 0 log 0 is 0; what q rules out and p does not is infinite.
"""

from collections.abc import Callable, Sequence

import mpmath
import numpy as np
from mpmath import mpf

DIGITS = 60
SCALE = mpf(2) ** 60  # the terms of JS and Hellinger are kept times this


def _kl(p: mpf, q: mpf) -> mpf:
    if p == 0:
        return q
    return mpmath.inf if q == 0 else p * mpmath.log(p / q) - p + q


def _js(p: mpf, q: mpf) -> mpf:
    return SCALE * (_kl(p, (p + q) / 2) + _kl(q, (p + q) / 2)) / 2


def _chi_square(p: mpf, q: mpf) -> mpf:
    if q == 0:
        return mpmath.inf if p > 0 else mpf(0)
    return (p - q) ** 2 / q


def _cross_entropy(p: mpf, q: mpf) -> mpf:
    if p == 0:
        return mpf(0)
    return mpmath.inf if q == 0 else -p * mpmath.log(q)


def _power(p: mpf, q: mpf, order: float) -> mpf:
    if p == 0:
        return mpf(0)
    if q == 0:
        return mpmath.inf if order > 1 else mpf(0)
    return p ** mpf(order) * q ** (1 - mpf(order))


def _linear(p: mpf, q: mpf, order: float) -> mpf:
    return order * p + (1 - mpf(order)) * q


SINGLE: dict[str, Callable[..., mpf]] = {
    "mass": lambda p: p,
    "entropy": lambda p: -p * mpmath.log(p) if p else mpf(0),
    "spread": lambda p: p * (1 - p),
    "square": lambda p: p * p,
}
DOUBLE: dict[str, Callable[..., mpf]] = {
    "cross_entropy": _cross_entropy,
    "kl": _kl,
    "js": _js,
    "hellinger": lambda p, q: SCALE * (mpmath.sqrt(p) - mpmath.sqrt(q)) ** 2,
    "affinity": lambda p, q: mpmath.sqrt(p * q),
    "variation": lambda p, q: abs(p - q),
    "chi_square": _chi_square,
}
SINGLE_ORDERED: dict[str, Callable[..., mpf]] = {
    "order_excess": lambda p, a: p ** mpf(a) - p if p else mpf(0),
    "order_power": lambda p, a: p ** mpf(a) if p else mpf(0),
}
DOUBLE_ORDERED: dict[str, Callable[..., mpf]] = {
    "renyi_excess": lambda p, q, a: _power(p, q, a) - _linear(p, q, a),
    "renyi_power": _power,
}
ALL = SINGLE | DOUBLE | SINGLE_ORDERED | DOUBLE_ORDERED
ORDERED = SINGLE_ORDERED | DOUBLE_ORDERED
PAIRED = DOUBLE | DOUBLE_ORDERED
ORDERS = (0.3, 0.5, 0.9, 1.5, 2.0, 7.0)
# Every term, with every order that it is asked for: divergences from 1/2 on.
CASES = [(name, 1.0) for name in SINGLE | DOUBLE]
CASES += [(name, order) for name in SINGLE_ORDERED for order in ORDERS]
CASES += [(name, order) for name in DOUBLE_ORDERED for order in ORDERS[1:]]


def given(name: str, p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, ...]:
    """The rows that a term is of: p alone, or p and q."""
    return (p, q) if name in PAIRED else (p,)


def term(name: str, order: float, *numbers: float) -> mpf:
    """One term of given doubles."""
    with mpmath.workdps(DIGITS):
        orders = (order,) if name in ORDERED else ()
        return ALL[name](*map(mpf, numbers), *orders)


def total(name: str, order: float, *rows: Sequence[float]) -> mpf:
    """The sum of the terms of a row."""
    with mpmath.workdps(DIGITS):
        return mpmath.fsum(term(name, order, *numbers) for numbers in zip(*rows, strict=True))


def slope(name: str, order: float, place: int, *numbers: float) -> mpf:
    """The derivative of a term in one of its numbers, all of them above 0."""
    with mpmath.workdps(DIGITS):
        orders = (order,) if name in ORDERED else ()
        at = list(map(mpf, numbers))

        def moved(x: mpf) -> mpf:
            return ALL[name](*at[:place], x, *at[place + 1 :], *orders)

        # Steps of a relative 1e-15: the central difference is off by 1e-30, and has 40 digits.
        step = at[place] * mpf(10) ** -15
        return (moved(at[place] + step) - moved(at[place] - step)) / (2 * step)

"""Every term within some ulp of 60 digits, and its slopes; no NaN for what is a probability."""

import itertools
import math

import mpmath
import numpy as np
import pytest
import torch
from mpmath import mpf

from crossent.core import divergence as core
from crossent.core.array import namespace
from tests import terms
from tests.reference import ulps

EPS = float(np.finfo(np.float64).eps)
TINY = float(np.finfo(np.float64).smallest_normal)
USUAL = [0.0, 1e-300, 1e-17, 0.07, 0.07 * (1 + 4 * EPS), 0.1, 0.2, 0.21, 0.3, 0.5, 1 - EPS / 2, 1.0]
SUBNORMAL = [5e-324, 1e-310]
every_term = pytest.mark.parametrize(("name", "order"), terms.CASES)


def grid(library) -> tuple[np.ndarray, np.ndarray]:
    """Every pair of the values; XLA takes subnormal numbers for 0."""
    values = USUAL if library.name == "jax" else USUAL + SUBNORMAL
    p, q = zip(*itertools.product(values, values), strict=True)
    return np.array(p), np.array(q)


def numbers(array) -> np.ndarray:
    return array.detach().numpy() if isinstance(array, torch.Tensor) else np.asarray(array)


def values(library, name, order, *rows) -> np.ndarray:
    with np.errstate(over="ignore"):  # as the kernels do
        return numbers(library.run(core.terms, name, order, *map(library.array, rows)))


def amplified(order: float, *pair: float) -> float:
    """How many times a rounding of log(p / q), or of log p, is in a power."""
    above, below = pair if len(pair) == 2 else (pair[0], 1.0)
    return 1.0 if 0.0 in pair else 1.0 + abs((order - 1.0) * (math.log(above) - math.log(below)))


@every_term
def test_value_of_every_pair(library, name, order) -> None:
    p, q = grid(library)
    rows = terms.given(name, p, q)
    for value, *pair in zip(values(library, name, order, *rows), *rows, strict=True):
        true = terms.term(name, order, *pair)
        if true > 1e306 and value == np.inf:  # p / q was beyond the largest number
            continue
        bound = 12 * amplified(order, *pair) if name in terms.ORDERED else 8
        # What is subnormal beside what the term is of has lost digits on the way.
        nothing = max(4 * TINY, 1e-60 * sum(pair))
        assert ulps(value, true) <= bound or abs(value - true) <= nothing, (pair, value, true)


@pytest.mark.parametrize("name", ["entropy", "kl", "js", "hellinger", "variation", "chi_square"])
def test_no_term_is_negative(library, name) -> None:
    assert (values(library, name, 1.0, *terms.given(name, *grid(library))) >= 0.0).all()


@pytest.mark.parametrize("order", [1.5, 2.0, 7.0])
def test_no_excess_of_an_order_above_1_is_negative(library, order) -> None:
    assert (values(library, "renyi_excess", order, *grid(library)) >= 0.0).all()


@pytest.mark.parametrize("name", ["kl", "js", "hellinger", "chi_square"])
@pytest.mark.parametrize("moved", [1e-3, 1e-8, 1e-12, 2 * EPS])
def test_near_ones_keep_their_digits(library, name, moved) -> None:
    p = np.array([0.1, 0.25, 0.7, 1e-200])
    q = p * (1.0 + moved)
    for value, *pair in zip(values(library, name, 1.0, p, q), p, q, strict=True):
        true = terms.term(name, 1.0, *pair)
        assert ulps(value, true) <= 8 or true < TINY / EPS, pair


def test_what_is_no_probability_has_no_mass(library) -> None:
    p = np.array([0.5, -0.5, np.nan, -1e-300, 0.0])
    found = values(library, "mass", 1.0, p)
    np.testing.assert_array_equal(found, [0.5, np.nan, np.nan, np.nan, 0.0])


@every_term
def test_slopes_are_derivatives(library, name, order) -> None:
    inside = [1e-9, 0.07, 0.1, 0.2, 0.5, 0.9]
    pairs = [(x, y) for x in inside for y in inside if x != y]
    p, q = map(np.array, zip(*pairs, strict=True))
    rows = terms.given(name, p, q)
    slopes = library.run(core.slopes, name, order, *map(library.array, rows))
    assert len(slopes) == len(rows)
    for place, found in enumerate(map(numbers, slopes)):
        for value, *pair in zip(found, *rows, strict=True):
            true = float(terms.slope(name, order, place, *pair))
            assert value == pytest.approx(true, rel=1e-13, abs=1e-14), (place, pair)


@every_term
def test_slopes_of_the_composition_are_the_same(name, order) -> None:
    generator = torch.Generator().manual_seed(3)
    p, q = torch.rand(2, 40, generator=generator, dtype=torch.float64) + 1e-3
    rows = [x.requires_grad_() for x in terms.given(name, p, q)]
    xp = namespace(p)
    value = core.terms(xp, name, order, *rows)
    composed = torch.autograd.grad(value.sum(), rows)
    closed = core.slopes(xp, name, order, *rows)
    torch.testing.assert_close(closed, composed, rtol=1e-12, atol=1e-13)


@every_term
def test_no_slope_is_nan_and_that_at_a_p_of_0_is_finite(library, name, order) -> None:
    p, q = grid(library)
    rows = terms.given(name, p, q)
    with np.errstate(over="ignore", divide="ignore"):  # inf, and meant so
        slopes = library.run(core.slopes, name, order, *map(library.array, rows))
    for found in map(numbers, slopes):
        assert not np.isnan(found).any()
    inside = (p == 0.0) & (q > 1e-17)
    assert np.isfinite(numbers(slopes[0])[inside]).all()
    assert np.isfinite(numbers(slopes[0])[(p == 0.0) & (q == 0.0)]).all()


LEAST = ("kl", "js", "hellinger", "variation", "chi_square", "renyi_excess")


@pytest.mark.parametrize(("name", "order"), [case for case in terms.CASES if case[0] in LEAST])
def test_equal_ones_have_slope_0_where_the_term_is_least(library, name, order) -> None:
    p = np.array([1e-300, 0.1, 0.5, 1.0])
    for found in library.run(core.slopes, name, order, library.array(p), library.array(p)):
        assert (numbers(found) == 0.0).all()


POLYNOMIALS = {
    "CURVE": 2.2e-17,
    "CURVE_SINGLE": 5e-9,
    "GROWTH": 3e-17,
    "GROWTH_SINGLE": 7e-9,
}


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials_are_as_near_as_they_say(name) -> None:
    """Evaluated without rounding, at more places than they were interpolated at."""
    coefficients = [mpf(c) for c in getattr(core, name)]
    with mpmath.workdps(terms.DIGITS):
        for k in range(1, 201):
            if name.startswith("CURVE"):
                s = mpf(k) / 400
                x, true = s * s, (mpmath.atanh(s) / s - 1) / s**2
            else:
                x = mpf(k - 100.5) / 100
                true = (mpmath.exp(x) - 1 - x) / x**2
            assert abs(mpmath.polyval(coefficients, x) - true) < POLYNOMIALS[name]


def test_log1p(library) -> None:
    x = [-1.0, -1 + EPS, -0.7, -2 / 3, -0.41, -1e-9, -1e-300, 0.0, 1e-17, 0.3, 2.0, 2.1, 1e300]
    with np.errstate(divide="ignore"):
        found = numbers(library.run(core.log1p, library.array(x)))
    assert found[0] == -np.inf
    for value, at in zip(found[1:], x[1:], strict=True):
        assert ulps(value, mpmath.log1p(mpf(at))) <= 4, at
    with np.errstate(invalid="ignore"):
        assert np.isnan(numbers(library.run(core.log1p, library.array([-1.5, np.nan])))).all()


@pytest.mark.parametrize(("name", "order"), [("kl", 1.0), ("js", 1.0), ("renyi_excess", 0.9)])
def test_float32_keeps_its_own_digits(library, name, order) -> None:
    """The terms of a library that has no float64, where JAX is without it."""
    p = np.array([0.1, 0.1, 0.3, 0.3, 0.5, 0.01], np.float32)
    q = np.array([0.1, 0.1001, 0.3000001, 0.1, 0.2, 0.99], np.float32)
    rows = [library.array(x, np.float32) for x in (p, q)]
    found = numbers(library.run(core.terms, name, order, *rows))
    assert found.dtype == np.float32
    for value, x, y in zip(found.tolist(), p.tolist(), q.tolist(), strict=True):
        assert ulps(value, terms.term(name, order, x, y), np.float32) <= 16


def test_excess(library) -> None:
    y = np.array([-745.0, -30.0, -1.0 - EPS, -1.0, -0.5, -1e-8, 1e-200, 1e-8, 1.0, 1.5, 709.7])
    found = numbers(library.run(core.excess, library.array(y)))
    with mpmath.workdps(400):
        for value, at in zip(found, y, strict=True):
            true = mpmath.exp(mpf(at)) - 1 - mpf(at)
            assert ulps(value, true) <= 8 or true < TINY, at
    over = numbers(library.run(core.excess, library.array([0.0, 710.0, np.inf])))
    assert over.tolist() == [0.0, np.inf, np.inf]


def test_log_ratio(library) -> None:
    p, q = grid(library)
    with np.errstate(over="ignore"):
        found = numbers(library.run(core.log_ratio, library.array(p), library.array(q)))
    with mpmath.workdps(terms.DIGITS):
        for value, x, y in zip(found, p, q, strict=True):
            if y == 0.0 and x > 0.0:
                assert value == np.inf
            elif x > 0.0 and (ratio := mpf(x) / mpf(y)) > TINY:
                assert ulps(value, mpmath.log(ratio)) <= 4, (x, y)
            elif x > 0.0:
                assert -720.0 < value < -700.0  # near that of the smallest normal number
            elif y > 0.0:
                assert value == pytest.approx(-126 * np.log(2))
            else:
                assert math.isfinite(value)


def test_log_safe_and_root_are_finite_at_0(library) -> None:
    p = library.array([0.0, 0.25, 1.0])
    logs, roots = (numbers(f(library.xp, p)) for f in (core.log_safe, core.root))
    np.testing.assert_allclose(logs, [-126 * np.log(2), np.log(0.25), 0.0], rtol=1e-15)
    assert roots.tolist() == [0.0, 0.5, 1.0]


def test_root_has_slope_0_at_0() -> None:
    p = torch.tensor([0.0, 0.25], dtype=torch.float64, requires_grad=True)
    core.root(namespace(p), p).sum().backward()
    assert p.grad.tolist() == [0.0, 1.0]

"""Sums and products in two numbers against fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crossent.core.array import namespace
from crossent.core.exact import beside_product, grouped, total, two_difference, two_product, two_sum
from tests.measures.libraries import LIBRARIES

shares = st.floats(2.0**-400, 1.0)


def fraction(high, low) -> Fraction:
    return Fraction(float(high)) + Fraction(float(low))


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_a_sum_and_its_error_are_exact(a, b) -> None:
    high, low = two_sum(np.float64(a), np.float64(b))
    assert high == a + b
    assert fraction(high, low) == Fraction(a) + Fraction(b)


def test_difference_and_its_rounding_are_exact(library) -> None:
    x = np.array([1e16, 0.1, 1.0, -3.0, 1e-300, 1e308])
    y = np.array([1.0, 0.3, 1.0 - 2**-53, 1e-20, 1e300, -1e291])
    apart, lost = map(np.asarray, two_difference(library.array(x), library.array(y)))
    for a, b, c, d in zip(*(v.tolist() for v in (x, y, apart, lost)), strict=True):
        assert c == a - b
        assert Fraction(c) + Fraction(d) == Fraction(a) - Fraction(b)


@given(shares, shares)
def test_a_product_and_its_error_are_exact(a, b) -> None:
    high, low = two_product(np, np.float64(a), np.float64(b))
    assert high == a * b
    assert fraction(high, low) == Fraction(a) * Fraction(b)


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_product_of_float32_is_exact_in_each_library(name) -> None:
    library, rng = LIBRARIES[name], np.random.default_rng(0)
    a, b = rng.random((2, 100)).astype(np.float32)
    x, y = library.array(a), library.array(b)
    high, low = map(library.numbers, two_product(namespace(x), x, y))
    np.testing.assert_array_equal(
        high.astype(np.float64) + low, a.astype(np.float64) * b.astype(np.float64)
    )


@given(arrays(np.float64, (3, 7), elements=shares), st.sampled_from([-1, -2]))
def test_a_sum_along_an_axis_has_twice_the_digits(values, axis) -> None:
    high, low = total(np, values, axis)
    assert high.shape == (1, 7) if axis == -2 else (3, 1)
    rows = values.T if axis == -2 else values
    for row, h, lo in zip(rows, high.ravel(), low.ravel(), strict=True):
        exact = sum(map(Fraction, row.tolist()))
        assert abs(lo) <= np.spacing(h) / 2
        assert abs(fraction(h, lo) - exact) <= exact / 2**100


@given(*[shares] * 2, *[st.floats(-(2.0**-54), 2.0**-54)] * 3)
def test_what_is_beside_a_product(a, b, a_low, b_low, moved) -> None:
    a, b = max(a, 2.0**-100), max(b, 2.0**-100)
    two_a, two_b = (np.float64(a), np.float64(a * a_low)), (np.float64(b), np.float64(b * b_low))
    p = a * b * (1 + 4 * moved)
    exact = Fraction(p) - fraction(*two_a) * fraction(*two_b)
    found = Fraction(float(beside_product(np, (np.float64(p), np.float64(0)), two_a, two_b)))
    assert abs(found - exact) <= abs(exact) / 2**52 + Fraction(p) / 2**100


def test_what_is_beside_a_product_that_is_nearly_p() -> None:
    rng = np.random.default_rng(0)
    for a, b in rng.uniform(0.1, 1.0, (200, 2)):
        high, error = two_product(np, a, b)
        p, a_low = np.nextafter(high, 2.0), rng.uniform(2.0**-60, 2.0**-56)
        b_low = ((p - high) - error - a_low * b) / a  # a b is p but for some 2^-106 of it
        exact = Fraction(p) - fraction(a, a_low) * fraction(b, b_low)
        found = Fraction(
            float(beside_product(np, (p, np.float64(0)), (a, np.float64(a_low)), (b, b_low)))
        )
        assert abs(found - exact) <= Fraction(p) / 2**140


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**49)), min_size=1, max_size=15),
)
def test_groups_of_whole_numbers_are_exact(pairs) -> None:
    groups, values = map(np.array, zip(*pairs, strict=True))
    high, low = grouped(values.astype(np.float64), groups, 4)
    assert not low.any()
    np.testing.assert_array_equal(high, np.bincount(groups, values, 4))


def test_groups_of_any_numbers_have_twice_the_digits() -> None:
    rng = np.random.default_rng(0)
    values, groups = np.exp(10 * rng.normal(size=5000)), rng.integers(0, 20, 5000)
    high, low = grouped(values, groups, 20)
    for k in range(20):
        exact = sum(map(Fraction, values[groups == k].tolist()))
        assert abs(fraction(high[k], low[k]) - exact) <= exact / 2**95


def test_groups_of_nothing_and_of_zeros() -> None:
    high, low = grouped(np.zeros(3), np.array([0, 2, 2]), 3)
    assert (high.tolist(), low.tolist()) == ([0, 0, 0], [0, 0, 0])

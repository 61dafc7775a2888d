"""Renyi's families from logarithms: at their ends, and where powers over- or underflow."""

import math

import mpmath
import numpy as np
import pytest

from crossent.core import renyi as core
from tests.measures import reference_measures as exact
from tests.reference import ulps

ROWS = [
    [0.1, 0.7, 0.2, 0.0],
    [0.25, 0.25, 0.25, 0.25],
    [0.0, 1.0, 0.0, 0.0],
    [1e-300, 0.5, 0.5, 0.0],
    [0.0, 1e-12, 1.0 - 1e-12, 0.0],
]
OTHERS = [
    [0.4, 0.3, 0.2, 0.1],
    [0.97, 0.01, 0.01, 0.01],
    [0.5, 0.5, 0.0, 0.0],
    [0.5, 1e-300, 0.25, 0.25],
    [1.0 - 1e-12, 1e-12, 0.0, 0.0],
]
P, Q = np.array(ROWS), np.array(OTHERS)


def found(library, function, *arguments) -> list[float]:
    rows = [library.array(x) for x in arguments if isinstance(x, np.ndarray)]
    return np.asarray(library.run(function, *rows, *arguments[len(rows) :])).tolist()


def test_entropy_of_order_0_counts_and_of_order_inf_is_of_the_largest(library) -> None:
    counts = found(library, core.entropy_at_end, P, 0.0)
    np.testing.assert_allclose(counts, np.log([3, 4, 1, 3, 2]), rtol=1e-15)
    least = found(library, core.entropy_at_end, P, math.inf)
    for value, row in zip(least, ROWS, strict=True):
        assert ulps(value, -mpmath.log(mpmath.mpf(max(row)))) <= 2
    assert math.copysign(1.0, least[2]) == 1.0  # no -0.0


def test_divergence_of_order_0_is_of_what_p_rules_out(library) -> None:
    missing = [0.1, 0.0, 0.5, 0.25, 1.0 - 1e-12]
    for value, lost in zip(found(library, core.divergence_at_end, P, Q, 0.0), missing, strict=True):
        assert value == pytest.approx(-math.log1p(-lost), rel=1e-4 if lost > 0.9 else 1e-14)
    apart = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    assert found(library, core.divergence_at_end, *apart, 0.0) == [math.inf]


def test_divergence_of_order_inf_is_of_the_largest_ratio(library) -> None:
    values = found(library, core.divergence_at_end, P, Q, math.inf)
    for value, p, q in zip(values, ROWS, OTHERS, strict=True):
        (true,) = exact.renyi_divergence(p, q, math.inf)
        assert value == float(true) or ulps(value, true) <= 4


@pytest.mark.parametrize("alpha", [0.3, 2.0, 200.0, 1e5])
def test_sums_of_powers_beyond_the_smallest_number(library, alpha) -> None:
    rows = np.concatenate([P, [[0.02, 0.03, 0.95, 0.0], [1e-4] * 4]])
    with mpmath.workdps(60):
        for value, row in zip(found(library, core.log_powers, rows, alpha), rows, strict=True):
            true = mpmath.log(mpmath.fsum(mpmath.mpf(x) ** mpmath.mpf(alpha) for x in row if x))
            assert abs(value - true) <= 1e-15 * (4 + abs(true)), row


@pytest.mark.parametrize("alpha", [0.7, 1.5, 3.0, 500.0])
def test_sums_of_mixed_powers_beyond_the_largest_number(library, alpha) -> None:
    values = found(library, core.log_mixed_powers, P, Q, alpha)
    for value, p, q in zip(values, ROWS, OTHERS, strict=True):
        with mpmath.workdps(60):
            a = mpmath.mpf(alpha)
            pairs = [(mpmath.mpf(x), mpmath.mpf(y)) for x, y in zip(p, q, strict=True) if x]
            if alpha > 1 and any(y == 0 for _, y in pairs):
                assert value == math.inf
                continue
            true = mpmath.log(mpmath.fsum(x**a * y ** (1 - a) for x, y in pairs if y))
            assert abs(value - true) <= 2e-15 * (1 + alpha + abs(true)), (p, q)


def test_a_row_without_anything_has_powers_of_nothing(library) -> None:
    assert found(library, core.log_powers, np.zeros((1, 3)), 2.0) == [-math.inf]
    apart = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    assert found(library, core.log_mixed_powers, *apart, 0.5) == [-math.inf]


def test_log_of_a_sum_near_1_is_of_what_it_lacks(library) -> None:
    excess = np.array([1e-20, -1e-9, -0.39, -0.5, 3.0])
    power = np.array([1.0, 1.0, 0.61, 0.5, 4.0])
    values = found(library, core.log_of_sum, excess, power)
    known = [1e-20, -1.0000000005e-9, np.log(0.61), np.log(0.5), np.log(4.0)]
    np.testing.assert_allclose(values, known, rtol=1e-13)

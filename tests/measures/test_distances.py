"""Distances without a logarithm: textbook formulas, SciPy, closed forms, the edges."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from scipy.spatial.distance import cityblock, euclidean

from crossent.measures import (
    bhattacharyya_coefficient,
    bhattacharyya_distance,
    hellinger,
    total_variation,
)
from tests.measures.libraries import LIBRARIES
from tests.measures.test_entropies import P, simplex

every_library = pytest.mark.parametrize("library", LIBRARIES)
ALL = (total_variation, hellinger, bhattacharyya_coefficient, bhattacharyya_distance)


@given(simplex(5), simplex(5))
def test_equal_to_scipy(p, q) -> None:
    assert float(total_variation(p, q)) == pytest.approx(cityblock(p, q) / 2, abs=1e-15)
    known = euclidean(np.sqrt(p), np.sqrt(q)) / math.sqrt(2)
    assert float(hellinger(p, q)) == pytest.approx(known, abs=1e-15)
    overlap = np.sqrt(p * q).sum()
    assert float(bhattacharyya_coefficient(p, q)) == pytest.approx(overlap, abs=1e-15)
    with np.errstate(divide="ignore"):
        apart = -np.log(overlap)
    assert float(bhattacharyya_distance(p, q)) == pytest.approx(apart, abs=1e-14)


def test_total_variation_is_that_of_the_best_event() -> None:
    p, q = np.random.default_rng(0).dirichlet(np.ones(6), size=2)
    events = np.array([[(k >> j) & 1 for j in range(6)] for k in range(64)])
    assert float(total_variation(p, q)) == pytest.approx((events @ (p - q)).max(), rel=1e-14)


@every_library
def test_ones_that_share_nothing(library) -> None:
    of = LIBRARIES[library]
    p, q = (of.array(np.array(x)) for x in ([0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.25, 0.75]))
    for measure in (total_variation, hellinger):
        assert float(measure(p, q)) == pytest.approx(1.0, rel=3e-16)
    assert float(bhattacharyya_coefficient(p, q)) == 0.0
    assert float(bhattacharyya_distance(p, q)) == math.inf


@every_library
def test_equal_ones(library) -> None:
    of = LIBRARIES[library]
    p = of.array(np.random.default_rng(0).dirichlet(np.ones(9), size=20))
    for measure in (total_variation, hellinger, bhattacharyya_distance):
        found = of.numbers(measure(p, p))
        assert (found == 0.0).all()
        assert not np.signbit(found).any()
    np.testing.assert_allclose(of.numbers(bhattacharyya_coefficient(p, p)), 1.0, rtol=1e-15)


@every_library
@pytest.mark.parametrize("k", [5, 15, 26])
def test_near_ones_keep_their_digits(library, k) -> None:
    """p = 1/2 beside q = 1/2 + d: the coefficient squared is (1 + sqrt(1 - 4 d^2)) / 2."""
    of, d = LIBRARIES[library], 2.0**-k
    p, q = of.array(np.array([0.5, 0.5])), of.array(np.array([0.5 + d, 0.5 - d]))
    lacks = 2 * d * d / (1 + math.sqrt(1 - 4 * d * d))  # 1 less the coefficient squared
    assert float(bhattacharyya_distance(p, q)) == pytest.approx(-math.log1p(-lacks) / 2, rel=2e-15)
    square = lacks / (1 + math.sqrt(1 - lacks))
    assert float(hellinger(p, q)) == pytest.approx(math.sqrt(square), rel=2e-15)
    assert float(total_variation(p, q)) == d


@every_library
def test_far_ones_beside_near_ones(library) -> None:
    of = LIBRARIES[library]
    p = np.array([[1.0, 0.0], [0.5, 0.5], [1e-200, 1.0], [1.0, 0.0]])
    q = np.array([[1e-30, 1.0], [0.5, 0.5], [1.0, 1e-200], [0.0, 1.0]])
    found = of.numbers(bhattacharyya_distance(of.array(p), of.array(q)))
    known = [15 * math.log(10), 0.0, 100 * math.log(10) - math.log(2), math.inf]
    np.testing.assert_allclose(found, known, rtol=1e-15)


def test_units_of_the_only_one_that_has_some() -> None:
    p, q = [0.5, 0.5], [1.0, 0.0]
    assert bhattacharyya_distance(p, q, unit="bits") == pytest.approx(0.5, rel=1e-15)
    assert bhattacharyya_distance(p, q, base=4) == pytest.approx(0.25, rel=1e-15)
    with pytest.raises(ValueError, match="unit must be"):
        bhattacharyya_distance(p, q, unit="bans")
    with pytest.raises(ValueError, match="base must be"):
        bhattacharyya_distance(p, q, base=-1)
    for measure in ALL[:3]:
        with pytest.raises(TypeError, match="unit"):
            measure(p, q, unit="bits")


@every_library
@pytest.mark.parametrize("measure", ALL)
def test_axes(measure, library) -> None:
    of, (p, q) = LIBRARIES[library], np.random.default_rng(0).dirichlet(np.ones(4), size=(2, 3))
    across = of.numbers(measure(of.array(p.T.copy()), of.array(q.T.copy()), axis=0))
    np.testing.assert_allclose(across, of.numbers(measure(of.array(p), of.array(q))), rtol=1e-15)


def test_gradients_at_0_and_where_p_is_q() -> None:
    p = torch.tensor([0.25, 0.75, 0.0], dtype=torch.float64)
    for measure in ALL:
        q = p.clone().requires_grad_()
        (slope,) = torch.autograd.grad(measure(p, q), q)
        assert slope.isfinite().all()
        if measure in (total_variation, hellinger):
            assert slope.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("measure", ALL)
def test_what_is_refused(measure) -> None:
    with pytest.raises(ValueError, match="p and q must have the same shape"):
        measure([0.5, 0.5], P)
    with pytest.raises(ValueError, match="q must sum to 1"):
        measure(P, [0.1, 0.1, 0.1])
    with pytest.raises(TypeError):
        measure(P, P, 0)  # options go by name

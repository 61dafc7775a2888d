"""The Wasserstein distance on a line: SciPy, positions in any order, what is no position."""

import jax
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from crossent.measures import total_variation, wasserstein
from tests.measures.libraries import LIBRARIES
from tests.measures.test_entropies import simplex

every_library = pytest.mark.parametrize("library", LIBRARIES)
PLACES = st.lists(st.floats(-1e3, 1e3), min_size=5, max_size=5)


@given(simplex(5), simplex(5), PLACES)
def test_equal_to_scipy(p, q, places) -> None:
    known = wasserstein_distance(places, places, p, q)
    assert float(wasserstein(p, q, places)) == pytest.approx(known, rel=1e-12, abs=1e-12)
    known = wasserstein_distance(range(5), range(5), p, q)
    assert float(wasserstein(p, q)) == pytest.approx(known, rel=1e-12, abs=1e-14)


@every_library
def test_mass_times_way(library) -> None:
    of = LIBRARIES[library]
    p, q = (of.array(np.array(x)) for x in ([1.0, 0.0, 0.0], [0.25, 0.0, 0.75]))
    assert float(wasserstein(p, q)) == 1.5
    assert float(wasserstein(p, q, [0.0, 5.0, 1.0])) == 0.75
    assert float(wasserstein(p, q, of.array(np.array([-4.0, 0.0, 4.0])))) == 6.0
    assert float(wasserstein(p, q, of.array(np.array([3, 2, 1])))) == 1.5
    assert float(wasserstein(p, q, (2, 2, 2))) == 0.0
    assert float(wasserstein(p, p, [5.0, 1.0, 3.0])) == 0.0


@every_library
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_axes(library, axis) -> None:
    of, rng = LIBRARIES[library], np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(4), size=(2, 2, 3))
    places = np.array([0.5, -2.0, 7.0, 1.0])
    known = [wasserstein_distance(places, places, x, y) for x, y in zip(p[0], q[0], strict=True)]
    p, q = (of.array(np.moveaxis(x, -1, axis).copy()) for x in (p, q))
    found = of.numbers(wasserstein(p, q, of.array(places), axis=axis))
    assert found.shape == (2, 3)
    np.testing.assert_allclose(found[0], known, rtol=1e-13)


@every_library
def test_one_outcome_and_two(library) -> None:
    of = LIBRARIES[library]
    one = of.array(np.ones((3, 1)))
    assert of.numbers(wasserstein(one, one)).tolist() == [0.0] * 3
    assert of.numbers(wasserstein(one, one, [7.0])).tolist() == [0.0] * 3
    p, q = (of.array(np.array(x)) for x in ([0.25, 0.75], [0.5, 0.5]))
    assert float(wasserstein(p, q)) == float(total_variation(p, q)) == 0.25


@every_library
def test_positions_of_another_type(library) -> None:
    of = LIBRARIES[library]
    p, q = (of.array(np.array(x, np.float32)) for x in ([0.25, 0.75], [0.5, 0.5]))
    for places in ([0.0, 1e8 + 1], of.array(np.array([0.0, 1e8 + 1]))):
        found = wasserstein(p, q, places)
        assert of.numbers(found).dtype == np.float32
        assert float(found) == np.float32(0.25 * (1e8 + 1))
    assert float(wasserstein(p, q, of.array(np.array([4, 0], np.int32)))) == 1.0


@every_library
@pytest.mark.parametrize(
    ("places", "said"),
    [
        ([0.0, 1.0, 2.0], r"positions must be one number for each of 2 outcomes; got shape \(3,\)"),
        ([[0.0, 1.0]], r"got shape \(1, 2\)"),
        (1.0, r"got shape \(\)"),
        ([], r"got shape \(0,\)"),
        ([0.0, np.nan], "positions must be finite numbers"),
        ([np.inf, 0.0], "positions must be finite numbers"),
        ([-np.inf, 0.0], "positions must be finite numbers"),
    ],
)
def test_what_is_no_position(library, places, said) -> None:
    of = LIBRARIES[library]
    p = of.array(np.array([0.25, 0.75]))
    with pytest.raises(ValueError, match=said):
        wasserstein(p, p, places)
    with pytest.raises(ValueError, match=said):
        wasserstein(p, p, of.array(np.array(places)))


def test_what_else_is_refused() -> None:
    p = np.array([0.25, 0.75])
    with pytest.raises(ValueError, match="p and q must have the same shape"):
        wasserstein(p, [1.0])
    with pytest.raises(ValueError, match="q must sum to 1"):
        wasserstein(p, p * 2)
    with pytest.raises(TypeError, match="unit"):
        wasserstein(p, p, unit="bits")
    for wrong in ("ab", {"a": 1}, np.ma.array([0.0, 1.0], mask=[True, False])):
        with pytest.raises(TypeError, match="positions must"):
            wasserstein(p, p, wrong)
    with pytest.raises(TypeError, match="must be real numbers"):
        wasserstein(p, p, np.array([0j, 1.0]))


def test_gradients_are_what_mass_has_to_pass() -> None:
    p = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64, requires_grad=True)
    q = torch.tensor([0.25, 0.25, 0.5], dtype=torch.float64)
    wasserstein(p, q, [0.0, 1.0, 5.0]).backward()
    assert (p.grad - p.grad[2]).tolist() == [5.0, 4.0, 0.0]  # but for what all share


def test_under_transforms() -> None:
    p, q = np.random.default_rng(0).dirichlet(np.ones(4), size=(2, 3))
    places = np.array([3.0, -1.0, 0.5, 7.0])
    known = [wasserstein_distance(places, places, x, y) for x, y in zip(p, q, strict=True)]
    of_jax = jax.jit(wasserstein)(*map(jax.numpy.asarray, (p, q, places)))
    of_torch = torch.func.vmap(wasserstein, in_dims=(0, 0, None))(
        *map(torch.tensor, (p, q, places))
    )
    each = jax.vmap(lambda x, y: wasserstein(x, y, places.tolist()))(p, q)
    for found in (of_jax, of_torch, each):
        np.testing.assert_allclose(found, known, rtol=1e-13)
    hidden = jax.jit(wasserstein)(*map(jax.numpy.asarray, (p, q, places * np.nan)))
    assert np.isnan(hidden).all()

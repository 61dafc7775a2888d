"""KL and Jensen-Shannon: SciPy, closed forms, very unequal and very near ones."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy as scipy_entropy

from crossent.measures import js_distance, js_divergence, kl_divergence
from tests.measures.libraries import LIBRARIES
from tests.measures.test_entropies import P, simplex

every_library = pytest.mark.parametrize("library", LIBRARIES)
ALL = (kl_divergence, js_divergence, js_distance)


@given(simplex(5), simplex(5))
def test_equal_to_scipy(p, q) -> None:
    assert float(kl_divergence(p, q)) == pytest.approx(scipy_entropy(p, q), abs=1e-13)
    assert float(kl_divergence(p, q)) >= 0.0
    with np.errstate(invalid="ignore"):
        root = jensenshannon(p, q, base=2)
    known = 0.0 if math.isnan(root) else root
    assert float(js_distance(p, q, base=2)) == pytest.approx(known, abs=1e-7)
    assert float(js_divergence(p, q, unit="bits")) == pytest.approx(known**2, abs=1e-14)


@pytest.mark.parametrize("q", [(0, 0.5, 0.5), (0, 0, 1), (1, 0, 0), (0.5, 0, 0.5)])
def test_an_impossible_outcome_is_infinite_for_kl_alone(q) -> None:
    assert float(kl_divergence(P, list(q))) == math.inf
    assert math.isfinite(kl_divergence(list(q), P))
    assert 0.0 < float(js_divergence(P, list(q))) < math.log(2)


@every_library
def test_of_bernoullis(library) -> None:
    of = LIBRARIES[library]
    a, b = np.array([0.25, 0.9, 0.5]), np.array([0.5, 0.3, 0.999])
    p, q = (of.array(np.stack([x, 1 - x], 1)) for x in (a, b))
    known = a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))
    np.testing.assert_allclose(of.numbers(kl_divergence(p, q)), known, rtol=1e-14)
    bits = of.numbers(kl_divergence(p, q, unit="bits"))
    np.testing.assert_allclose(bits, known / math.log(2), rtol=1e-14)
    bans = of.numbers(kl_divergence(p, q, base=10))
    np.testing.assert_allclose(bans, known / math.log(10), rtol=1e-14)


@every_library
def test_ones_that_share_nothing_are_one_bit_apart(library) -> None:
    of = LIBRARIES[library]
    p, q = (of.array(np.array(x)) for x in ([0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.25, 0.75]))
    assert float(kl_divergence(p, q)) == math.inf
    assert float(js_divergence(p, q, unit="bits")) == pytest.approx(1.0, rel=4e-16)
    assert float(js_divergence(p, q)) == pytest.approx(math.log(2), rel=4e-16)
    assert float(js_distance(p, q)) == pytest.approx(math.sqrt(math.log(2)), rel=4e-16)
    assert float(js_distance(p, q, base=4)) == pytest.approx(math.sqrt(0.5), rel=4e-16)


@every_library
@pytest.mark.parametrize("measure", ALL)
def test_equal_ones_are_0_apart(measure, library) -> None:
    of = LIBRARIES[library]
    p = of.array(np.random.default_rng(0).dirichlet(np.ones(9), size=20))
    found = of.numbers(measure(p, p))
    assert (found == 0.0).all()
    assert not np.signbit(found).any()


@pytest.mark.parametrize(
    ("p", "q", "value"),
    [
        ([1e-17, 1.0], [0.5, 0.5], np.log(2)),
        ([0.0, 1.0], [1e-310, 1.0], 0.0),
        ([0.5, 0.5], [1e-310, 1.0], 0.5 * (np.log(0.5) - np.log(1e-310)) + 0.5 * np.log(0.5)),
    ],
)
def test_divergence_of_very_unequal_probabilities(p, q, value) -> None:
    assert float(kl_divergence(p, q)) == pytest.approx(value, rel=1e-14, abs=1e-16)


@every_library
@pytest.mark.parametrize("k", [5, 12, 20, 26])
def test_near_ones_have_half_of_chi_square(library, k) -> None:
    """p = 1/2 beside q = 1/2 + d: KL = -log(1 - 4 d^2) / 2, JS = d^2 / 2 + 7 d^4 / 12 + .. ."""
    of, d = LIBRARIES[library], 2.0**-k
    p, q = of.array(np.array([0.5, 0.5])), of.array(np.array([0.5 + d, 0.5 - d]))
    kl = -0.5 * math.log1p(-4 * d * d)
    assert float(kl_divergence(p, q)) == pytest.approx(kl, rel=2e-15)
    js = 0.5 * d * d + 7 / 12 * d**4
    assert float(js_divergence(p, q)) == pytest.approx(js, rel=8 * d**4 + 2e-15)
    assert float(js_distance(p, q)) == pytest.approx(math.sqrt(js), rel=8 * d**4 + 2e-15)


def test_along_an_axis_in_bits() -> None:
    p, q = np.array([[0.5, 0.25], [0.5, 0.75]]), np.full((2, 2), 0.5)
    by_scipy = scipy_entropy(p, q, axis=0, base=2)
    np.testing.assert_allclose(kl_divergence(p, q, axis=0, unit="bits"), by_scipy, atol=1e-15)


def test_slope_in_logits_is_prediction_minus_target() -> None:
    z = torch.tensor([[0.5, -1.0, 2.0]], dtype=torch.float64, requires_grad=True)
    p = torch.tensor([[0.2, 0.3, 0.5]], dtype=torch.float64)
    kl_divergence(p, z.softmax(-1)).sum().backward()
    torch.testing.assert_close(z.grad, z.detach().softmax(-1) - p)


def test_equal_ones_have_slope_0_without_nan() -> None:
    p = torch.tensor([0.25, 0.75, 0.0], dtype=torch.float64)
    for measure in ALL:
        q = p.clone().requires_grad_()
        (slope,) = torch.autograd.grad(measure(p, q), q)
        assert slope.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("measure", ALL)
def test_what_is_refused(measure) -> None:
    with pytest.raises(
        ValueError, match=r"p and q must have the same shape; got \(2,\) and \(3,\)"
    ):
        measure([0.5, 0.5], P)
    with pytest.raises(ValueError, match="unit must be 'nats' or 'bits'; got 'bans'"):
        measure(P, P, unit="bans")
    with pytest.raises(ValueError, match="base must be a number above 1; got 0"):
        measure(P, P, base=0)
    with pytest.raises(TypeError):
        measure(P, P, 0)  # options go by name

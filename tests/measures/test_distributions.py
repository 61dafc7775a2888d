"""Entropy, cross-entropy, KL: the lectures' table, the laws, the edges."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy

from crossent.measures import cross_entropy, entropy, kl_divergence

P = [0.1, 0.7, 0.2]
TABLE = [  # q, H(p, q) in nats with 1e-15 inside the logarithm; without it the last are infinite
    ((0.1, 0.7, 0.2), 0.8018),
    ((0.1, 0.6, 0.3), 0.8286),
    ((0.1, 0.5, 0.4), 0.8987),
]


def simplex(n: int):
    """Distributions over n outcomes, some of them 0."""
    weights = st.lists(st.integers(0, 1000), min_size=n, max_size=n).filter(any)
    return weights.map(lambda w: np.array(w) / sum(w))


@pytest.mark.parametrize(("q", "value"), TABLE)
def test_a_published_table(q, value) -> None:
    assert round(float(cross_entropy(P, list(q))), 4) == value


@pytest.mark.parametrize("q", [(0, 0.5, 0.5), (0, 0, 1), (1, 0, 0), (0.5, 0, 0.5)])
def test_an_impossible_outcome_is_infinite(q) -> None:
    assert float(cross_entropy(P, list(q))) == np.inf
    assert float(kl_divergence(P, list(q))) == np.inf


@given(simplex(4), simplex(4))
def test_cross_entropy_is_entropy_plus_divergence(p, q) -> None:
    left, kl = float(cross_entropy(p, q)), float(kl_divergence(p, q))
    assert left == np.inf if kl == np.inf else left == pytest.approx(entropy(p) + kl, abs=1e-14)
    assert kl >= -1e-15
    assert 0 <= float(entropy(p)) <= np.log(4) + 1e-15


@given(simplex(5), simplex(5))
def test_equal_to_scipy(p, q) -> None:
    assert float(entropy(p)) == pytest.approx(scipy_entropy(p), abs=1e-14)
    assert float(kl_divergence(p, q)) == pytest.approx(scipy_entropy(p, q), abs=1e-13)


def test_units_axes_and_other_libraries() -> None:
    table = np.array([[0.5, 0.25], [0.5, 0.75]])
    np.testing.assert_allclose(entropy(table, axis=0, unit="bits"), [1.0, 0.8112781244591328])
    p = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64, requires_grad=True)
    entropy(p).backward()
    assert torch.isfinite(p.grad).all()


@pytest.mark.parametrize(
    ("p", "message"),
    [
        ([0.5, 0.6], r"p must sum to 1 along axis -1; it is off by 0\.1"),
        ([1.5, -0.5], "p must hold finite probabilities of at least 0"),
        ([np.nan, 1.0], "p must hold finite"),
    ],
)
def test_what_is_no_distribution_is_refused(p, message) -> None:
    with pytest.raises(ValueError, match=message):
        entropy(p)


def test_other_mistakes() -> None:
    with pytest.raises(
        ValueError, match=r"p and q must have the same shape; got \(2,\) and \(3,\)"
    ):
        kl_divergence([0.5, 0.5], P)
    with pytest.raises(ValueError, match="unit must be 'nats' or 'bits'; got 'bans'"):
        entropy(P, unit="bans")


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


def test_cross_entropy_and_divergence_in_bits_and_along_an_axis() -> None:
    p, q = np.array([[0.5, 0.25], [0.5, 0.75]]), np.full((2, 2), 0.5)
    np.testing.assert_allclose(cross_entropy(p, q, axis=0, unit="bits"), [1.0, 1.0])
    by_scipy = scipy_entropy(p, q, axis=0, base=2)
    np.testing.assert_allclose(kl_divergence(p, q, axis=0, unit="bits"), by_scipy, atol=1e-15)
    assert float(entropy(np.array([1, 0, 0]))) == 0.0

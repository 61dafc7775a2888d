"""Renyi's families: powers in NumPy, van Erven and Harremoes' relations, orders, extremes."""

import math

import mpmath
import numpy as np
import pytest
import torch
from scipy.stats import entropy as scipy_entropy

from crossent.measures import renyi_divergence, renyi_entropy
from tests.measures.libraries import LIBRARIES

INF = math.inf
ALPHAS = (0.1, 0.5, 0.7, 0.99, 1.01, 1.5, 2, 3.0, 10.0)
P, Q = np.random.default_rng(0).dirichlet(np.ones(6), size=(2, 5))
every_library = pytest.mark.parametrize("library", LIBRARIES)
every_order = pytest.mark.parametrize("alpha", ALPHAS)
TOO = "alpha must be at least 0; got "


@every_library
@every_order
def test_sums_of_powers(library, alpha) -> None:
    of = LIBRARIES[library]
    known = np.log((P**alpha).sum(1)) / (1 - alpha)
    found = of.numbers(renyi_entropy(of.array(P), alpha))
    np.testing.assert_allclose(found, known, rtol=1e-12)
    known = np.log((P**alpha * Q ** (1 - alpha)).sum(1)) / (alpha - 1)
    found = of.numbers(renyi_divergence(of.array(P), of.array(Q), alpha))
    np.testing.assert_allclose(found, known, rtol=1e-12)


@every_library
def test_the_special_orders(library) -> None:
    of = LIBRARIES[library]
    zeros = P.copy()
    zeros[:, 2] = 0.0
    zeros /= zeros.sum(1, keepdims=True)
    p, q = of.array(zeros), of.array(Q)

    def close(found, known) -> None:
        np.testing.assert_allclose(of.numbers(found), known, rtol=1e-13, atol=1e-15)

    close(renyi_entropy(p, 0), np.log(5))
    close(renyi_entropy(p, 1), scipy_entropy(zeros, axis=1))
    close(renyi_entropy(p, 2), -np.log((zeros**2).sum(1)))
    close(renyi_entropy(p, INF), -np.log(zeros.max(1)))
    close(renyi_divergence(p, q, 0), -np.log(1 - Q[:, 2]))
    close(renyi_divergence(p, q, 0.5), -2 * np.log(np.sqrt(zeros * Q).sum(1)))
    close(renyi_divergence(p, q, 1.0), scipy_entropy(zeros, Q, axis=1))
    close(renyi_divergence(p, q, 2), np.log1p(((zeros - Q) ** 2 / Q).sum(1)))
    close(renyi_divergence(p, q, INF), np.log((zeros / Q).max(1)))


@every_order
def test_orders_below_and_above_are_skew_symmetric(alpha) -> None:
    if alpha < 1:
        there, back = renyi_divergence(P, Q, alpha), renyi_divergence(Q, P, 1 - alpha)
        np.testing.assert_allclose(there * (1 - alpha), back * alpha, rtol=1e-12)
    uniform = np.full_like(P, 1 / 6)
    lacks = math.log(6) - renyi_entropy(P, alpha)
    np.testing.assert_allclose(renyi_divergence(P, uniform, alpha), lacks, rtol=1e-12)


@every_library
@pytest.mark.parametrize("alpha", [0, 0.3, 0.5, 1, 2, 7.0, INF])
def test_units(library, alpha) -> None:
    of = LIBRARIES[library]
    p, q = of.array(P), of.array(Q)
    for options, size in (({"unit": "bits"}, math.log(2)), ({"base": 10}, math.log(10))):
        for found, nats in (
            (renyi_entropy(p, alpha, **options), renyi_entropy(p, alpha)),
            (renyi_divergence(p, q, alpha, **options), renyi_divergence(p, q, alpha)),
        ):
            np.testing.assert_allclose(of.numbers(found) * size, of.numbers(nats), rtol=4e-15)
    uniform = of.array(np.full(8, 0.125))
    assert float(renyi_entropy(uniform, alpha, unit="bits")) == pytest.approx(3.0, rel=1e-15)


@every_library
def test_ones_that_share_nothing_and_ones_that_q_rules_out(library) -> None:
    of = LIBRARIES[library]
    one, other, both = (of.array(np.array(x)) for x in ([1.0, 0.0], [0.0, 1.0], [0.5, 0.5]))
    for alpha in (0, 0.3, 0.5, 0.9, 1, 1.5, 2, INF):
        assert float(renyi_divergence(one, other, alpha)) == INF
        known = INF if alpha >= 1 else 0.0
        if 0 < alpha < 1:  # of (1/2)^a, over a - 1
            known = alpha / (1 - alpha) * math.log(2)
        found = float(renyi_divergence(both, one, alpha))
        assert found == pytest.approx(known, rel=1e-14, abs=1e-16)
        assert float(renyi_divergence(one, both, alpha)) == pytest.approx(math.log(2), rel=1e-15)
        assert float(renyi_entropy(one, alpha)) == 0.0


@pytest.mark.parametrize("alpha", [50.0, 1e3, 1e6])
def test_high_orders_near_the_limit_without_overflow(alpha) -> None:
    p, q = [1e-9, 0.3, 0.7 - 1e-9], [1e-300, 0.5, 0.5]
    with mpmath.workdps(60):
        a = mpmath.mpf(alpha)
        x, y = ([mpmath.mpf(v) for v in row] for row in (p, q))
        powers = mpmath.fsum(u**a * v ** (1 - a) for u, v in zip(x, y, strict=True))
        known = mpmath.log(powers) / (a - 1)
        own = mpmath.log(mpmath.fsum(u**a for u in x)) / (1 - a)
    assert float(renyi_divergence(p, q, alpha)) == pytest.approx(float(known), rel=1e-14)
    assert float(renyi_entropy(p, alpha)) == pytest.approx(float(own), rel=1e-14)


@pytest.mark.parametrize("alpha", [0.3, 0.5, 0.9, 1.1, 2.0, 7.0])
@pytest.mark.parametrize("k", [10, 26, 50])
def test_near_ones_are_half_alpha_chi_square(alpha, k) -> None:
    d = 2.0**-k
    found = renyi_divergence([0.5, 0.5], [0.5 + d, 0.5 - d], alpha, validate=False)
    assert float(found) == pytest.approx(2 * alpha * d * d, rel=100 * d * d + 1e-13, abs=0.0)


@every_library
@pytest.mark.parametrize("alpha", [0, 0.3, 0.5, 0.9, 1, 1.5, 2, 3.0, INF])
def test_nothing_has_no_sign(library, alpha) -> None:
    of = LIBRARIES[library]
    sure, even = of.array(np.array([1.0, 0.0])), of.array(np.array([0.5, 0.5]))
    for found in (renyi_entropy(sure, alpha), renyi_divergence(even, even, alpha)):
        assert float(found) == 0.0
        assert math.copysign(1.0, float(found)) == 1.0


@pytest.mark.parametrize("alpha", [-1, -0.1, -INF, math.nan])
def test_what_is_no_order(alpha) -> None:
    with pytest.raises(ValueError, match=f"{TOO}{alpha}"):
        renyi_entropy([0.5, 0.5], alpha)
    with pytest.raises(ValueError, match=f"{TOO}{alpha}"):
        renyi_divergence([0.5, 0.5], [0.5, 0.5], alpha)


def test_orders_of_any_number_type() -> None:
    for two in (2, np.float32(2), np.array(2.0), torch.tensor(2.0), True + True):
        assert renyi_entropy([0.5, 0.5], two, unit="bits") == 1.0
    assert renyi_entropy([0.25, 0.75], alpha=2) == renyi_entropy([0.25, 0.75], 2)


def test_what_else_is_refused() -> None:
    with pytest.raises(ValueError, match="p must sum to 1"):
        renyi_entropy([0.5, 0.6], 2)
    with pytest.raises(ValueError, match="q must sum to 1"):
        renyi_divergence([0.5, 0.5], [0.5, 0.6], 2)
    with pytest.raises(ValueError, match="p and q must have the same shape"):
        renyi_divergence([0.5, 0.5], [1.0], 2)
    for wrong in ({"unit": "bans"}, {"base": 0}):
        with pytest.raises(ValueError, match=r"unit must be|base must be"):
            renyi_entropy([0.5, 0.5], 2, **wrong)
    with pytest.raises(TypeError, match="alpha"):
        renyi_entropy([0.5, 0.5])
    with pytest.raises(TypeError):
        renyi_entropy([0.5, 0.5], 2, 0)  # options go by name


@pytest.mark.parametrize("alpha", [0, 0.3, 0.5, 1, 2, 7.0, INF])
def test_rows_of_every_kind_in_one_batch_are_the_rows_alone(alpha) -> None:
    """Some near, some far, some that share nothing: each takes another branch."""
    p = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [1e-9, 1e-9, 1 - 2e-9]])
    q = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.5, 1e-300]])
    for of in LIBRARIES.values():
        whole = of.numbers(renyi_divergence(of.array(p), of.array(q), alpha))
        pairs = zip(p, q, strict=True)
        alone = [float(renyi_divergence(of.array(x), of.array(y), alpha)) for x, y in pairs]
        np.testing.assert_allclose(whole, alone, rtol=4e-15)
        entropies = of.numbers(renyi_entropy(of.array(p), alpha))
        alone = [float(renyi_entropy(of.array(x), alpha)) for x in p]
        np.testing.assert_allclose(entropies, alone, rtol=4e-15)


@pytest.mark.parametrize("alpha", [0.3, 2.0, 7.0])
def test_no_number_stays_in_its_row(alpha) -> None:
    p, q = P.copy(), Q.copy()
    known = renyi_divergence(p, q, alpha)
    q[2, 1] = np.nan
    q[4], p[4] = [1, 0, 0, 0, 0, 0], [1e-20, 1, 0, 0, 0, 0]  # far apart: another branch for all
    with np.errstate(invalid="ignore"):
        found = renyi_divergence(p, q, alpha, validate=False)
    assert np.isnan(found[2])
    np.testing.assert_allclose(found[[0, 1, 3]], known[[0, 1, 3]], rtol=4e-15)

"""Surprise and its mean: a published table, SciPy, the edges of 0 and 1."""

import math

import jax
import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy

from crossent.measures import cross_entropy, entropy, information, kl_divergence, perplexity
from tests.measures.libraries import LIBRARIES

P = [0.1, 0.7, 0.2]
TABLE = [  # q, H(p, q) in nats with 1e-15 inside the logarithm; without it the last are infinite
    ((0.1, 0.7, 0.2), 0.8018),
    ((0.1, 0.6, 0.3), 0.8286),
    ((0.1, 0.5, 0.4), 0.8987),
]
every_library = pytest.mark.parametrize("library", LIBRARIES)


def simplex(n: int):
    """Distributions over n outcomes, some of them 0."""
    weights = st.lists(st.integers(0, 1000), min_size=n, max_size=n).filter(any)
    return weights.map(lambda w: np.array(w) / sum(w))


@pytest.mark.parametrize(("q", "value"), TABLE)
def test_a_published_table(q, value) -> None:
    assert round(float(cross_entropy(P, list(q))), 4) == value


@pytest.mark.parametrize("q", [(0, 0.5, 0.5), (0, 0, 1), (1, 0, 0), (0.5, 0, 0.5)])
def test_an_impossible_outcome_is_infinite(q) -> None:
    assert float(cross_entropy(P, list(q))) == math.inf
    assert float(perplexity(P, list(q))) == math.inf


@given(simplex(4), simplex(4))
def test_cross_entropy_is_entropy_plus_divergence(p, q) -> None:
    left, kl = float(cross_entropy(p, q)), float(kl_divergence(p, q))
    assert left == math.inf if kl == math.inf else left == pytest.approx(entropy(p) + kl, abs=1e-14)
    assert 0 <= float(entropy(p)) <= np.log(4) + 1e-15


@given(simplex(5), simplex(5))
def test_equal_to_scipy(p, q) -> None:
    assert float(entropy(p)) == pytest.approx(scipy_entropy(p), abs=1e-14)
    assert float(entropy(p, base=3)) == pytest.approx(scipy_entropy(p, base=3), abs=1e-14)
    both = scipy_entropy(p) + scipy_entropy(p, q)
    assert float(cross_entropy(p, q)) == pytest.approx(both, abs=1e-13)
    assert float(perplexity(p)) == pytest.approx(math.exp(scipy_entropy(p)), rel=1e-13)


@every_library
def test_units_along_an_axis(library) -> None:
    of = LIBRARIES[library]
    p, q = np.array([[0.5, 0.25], [0.5, 0.75]]), np.full((2, 2), 0.5)
    bits = of.numbers(entropy(of.array(p), axis=0, unit="bits"))
    np.testing.assert_allclose(bits, [1.0, 0.8112781244591328], rtol=1e-15)
    crossed = cross_entropy(of.array(p), of.array(q), axis=0, unit="bits")
    np.testing.assert_allclose(of.numbers(crossed), [1.0, 1.0], rtol=1e-15)
    bans = of.numbers(entropy(of.array(p), axis=0, base=10))
    np.testing.assert_allclose(bans, bits * math.log10(2), rtol=1e-15)


@pytest.mark.parametrize("power", range(1, 12))
def test_uniform_bits_are_whole(power) -> None:
    p = np.full(2**power, 2.0**-power)
    assert entropy(p, unit="bits") == cross_entropy(p, p, base=2) == power
    assert information(2.0**-power, unit="bits") == power
    assert perplexity(p) == pytest.approx(2**power, rel=1e-14)


def test_a_sure_outcome_has_no_entropy_and_no_sign() -> None:
    for of in LIBRARIES.values():
        sure = of.array(np.array([0.0, 1.0, 0.0]))
        for found in (entropy(sure), cross_entropy(sure, sure), information(sure)[1]):
            assert float(found) == 0.0
            assert math.copysign(1.0, float(found)) == 1.0
        assert float(perplexity(sure)) == float(perplexity(sure, sure)) == 1.0
    assert float(entropy(np.array([1, 0, 0]))) == 0.0


@every_library
def test_information_of_any_shape(library) -> None:
    of = LIBRARIES[library]
    for shape in ((), (0,), (3,), (2, 0, 3), (2, 3)):
        p = np.random.default_rng(0).random(shape)
        found = of.numbers(information(of.array(np.asarray(p))))
        assert found.shape == shape
        np.testing.assert_allclose(found, -np.log(p), rtol=1e-15)


@every_library
def test_information_at_0_and_near_1(library) -> None:
    of = LIBRARIES[library]
    p = np.array([0.0, 1e-300, 1.0 - 2.0**-53, 1.0])
    found = of.numbers(information(of.array(p)))
    assert found[0] == math.inf
    known = [float(-mpmath.log(mpmath.mpf(x))) for x in p[1:]]
    np.testing.assert_allclose(found[1:], known, rtol=3e-16)


def test_information_of_numbers_lists_and_types() -> None:
    assert information(0.125, unit="bits") == 3.0
    assert information(0) == math.inf
    assert information(1) == 0.0
    assert information([[1, 0.5]], base=2).tolist() == [[0.0, 1.0]]
    assert information(np.float16(0.5)).dtype == np.float32
    assert information(torch.tensor(0.5, dtype=torch.bfloat16)).dtype == torch.float32
    assert information(np.array([1, 0])).dtype == np.float64


@every_library
@pytest.mark.parametrize(
    ("p", "said"),
    [
        ([0.5, 1.1], r"p must hold probabilities in \[0, 1\]; outcome 1 has 1\.1$"),
        ([-0.25, 0.5], r"p must hold probabilities in \[0, 1\]; outcome 0 has -0\.25$"),
        ([0.5, np.nan], r"p must hold probabilities in \[0, 1\]; outcome 1 has nan$"),
        ([[0.5, 0.5], [np.nan, 2.0]], "outcome 1, 0 has nan$"),
        (np.nan, r"p must hold probabilities in \[0, 1\]; got nan$"),
        ([0.5, np.inf], r"p must hold probabilities in \[0, 1\]; outcome 1 has inf$"),
    ],
)
def test_what_is_no_probability(library, p, said) -> None:
    with pytest.raises(ValueError, match=said):
        information(LIBRARIES[library].array(np.array(p)))


def test_information_without_validation_or_values() -> None:
    assert information(2.0, validate=False) == -math.log(2)
    high = np.array([2.0, 4.0])
    known = -np.log(high)
    np.testing.assert_allclose(jax.jit(information)(jax.numpy.asarray(high)), known)
    np.testing.assert_allclose(torch.func.vmap(information)(torch.tensor(high)), known)
    compiled = torch.compile(information, backend="eager", fullgraph=True)
    np.testing.assert_allclose(compiled(torch.tensor(high)), known)


def test_gradients_at_0_are_finite() -> None:
    p = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64, requires_grad=True)
    for value in (entropy(p), cross_entropy(p, p.detach() * 0 + 1 / 3), perplexity(p)):
        (slope,) = torch.autograd.grad(value, p)
        assert slope.isfinite().all()
    (slope,) = torch.autograd.grad(information(p)[:2].sum(), p)
    assert slope.tolist() == [-2.0, -2.0, 0.0]


@pytest.mark.parametrize("measure", [information, entropy, cross_entropy])
def test_what_is_no_unit(measure) -> None:
    rows = (P, P)[: 2 if measure is cross_entropy else 1]
    with pytest.raises(ValueError, match="unit must be 'nats' or 'bits'; got 'bans'"):
        measure(*rows, unit="bans")
    with pytest.raises(ValueError, match="base must be a number above 1; got 1"):
        measure(*rows, base=1)
    with pytest.raises(TypeError):
        measure(*rows, 0)  # options go by name

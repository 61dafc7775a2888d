"""Entropy and divergence from logits: SciPy's softmax, closed forms, removed classes."""

import math

import jax
import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from scipy.stats import entropy as scipy_entropy

from crossent.measures import entropy_from_logits, kl_from_logits
from tests.measures.libraries import LIBRARIES

RNG = np.random.default_rng(0)
Z, W = RNG.normal(scale=3.0, size=(2, 4, 3, 6))
INF = math.inf
every_library = pytest.mark.parametrize("library", LIBRARIES)


@every_library
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_equal_to_scipy(library, axis) -> None:
    of = LIBRARIES[library]
    p, q = (np.exp(log_softmax(x, axis)) for x in (Z, W))
    for options in ({}, {"base": 2}, {"base": 10}):
        found = of.numbers(entropy_from_logits(of.array(Z), axis=axis, **options))
        np.testing.assert_allclose(found, scipy_entropy(p, axis=axis, **options), rtol=1e-13)
        found = of.numbers(kl_from_logits(of.array(Z), of.array(W), axis=axis, **options))
        np.testing.assert_allclose(found, scipy_entropy(p, q, axis=axis, **options), rtol=1e-12)


@every_library
def test_of_two_classes(library) -> None:
    """log(1 + e^-d) + d / (1 + e^d), which a softmax rounds to 0 from d = 40 on."""
    of, d = LIBRARIES[library], np.array([0.0, 1.0, 20.0, 40.0, 100.0, 700.0])
    z = of.array(np.stack([d, 0 * d], 1))
    known = np.log1p(np.exp(-d)) + d * np.exp(-d) / (1 + np.exp(-d))
    found = of.numbers(entropy_from_logits(z))
    np.testing.assert_allclose(found, known, rtol=2e-15)
    assert entropy_from_logits([0, 0], unit="bits") == 1.0


@every_library
@pytest.mark.parametrize("k", [5, 20, 40, 500])
def test_near_logits_keep_their_digits(library, k) -> None:
    """Of (0, 0) and (0, d): log cosh(d / 2), which is d^2 / 8 - d^4 / 192 + .. ."""
    of, d = LIBRARIES[library], 2.0**-k
    z, w = (of.array(np.array(x)) for x in ([0.0, 0.0], [0.0, d]))
    known = d * d / 8 - d**4 / 192
    assert float(kl_from_logits(z, w)) == pytest.approx(known, rel=d**4 + 2e-15, abs=0.0)


@every_library
def test_a_removed_class(library) -> None:
    of = LIBRARIES[library]
    z, w = np.array([0.5, -INF, 2.0]), np.array([1.0, -INF, -1.0])
    left = of.array(z[[0, 2]]), of.array(w[[0, 2]])
    z, w, all_of_it = of.array(z), of.array(w), of.array(np.array([1.0, 0.0, -1.0]))
    assert float(entropy_from_logits(z)) == pytest.approx(float(entropy_from_logits(left[0])))
    assert float(kl_from_logits(z, w)) == pytest.approx(float(kl_from_logits(*left)), rel=1e-14)
    p, q = (np.exp(log_softmax(np.asarray(of.numbers(x)))) for x in (z, all_of_it))
    known = scipy_entropy(p, q)
    assert float(kl_from_logits(z, all_of_it)) == pytest.approx(known, rel=1e-14)
    assert float(kl_from_logits(all_of_it, z)) == INF
    one = of.array(np.array([-INF, 7.0, -INF]))
    assert float(entropy_from_logits(one)) == float(kl_from_logits(one, one)) == 0.0


@every_library
@pytest.mark.parametrize("row", [[-INF, -INF], [INF, 0.0], [np.nan, 0.0]])
def test_what_has_no_softmax_is_nan_in_its_row(library, row) -> None:
    of = LIBRARIES[library]
    with np.errstate(invalid="ignore"):
        z, good = of.array(np.array([row, [1.0, 0.0]])), of.array(np.array([[0.0, 1.0]] * 2))
        for found in (entropy_from_logits(z), kl_from_logits(z, good), kl_from_logits(good, z)):
            assert np.isnan(of.numbers(found)).tolist() == [True, False]


def test_types_lists_and_empty_batches() -> None:
    for dtype, wide in (("float16", "float32"), ("bfloat16", "float32"), ("float64", "float64")):
        z = torch.tensor([1.0, 2.0], dtype=getattr(torch, dtype))
        for found in (entropy_from_logits(z), kl_from_logits(z, [2.0, 1.0])):
            assert found.dtype == getattr(torch, wide)
            assert found.shape == ()
    assert isinstance(kl_from_logits([1, 2], [2, 1]), np.float64)
    for of in LIBRARIES.values():
        none = of.array(np.zeros((0, 3), np.float32))
        for found in (entropy_from_logits(none), kl_from_logits(none, none)):
            assert tuple(found.shape) == (0,)
            assert of.numbers(found).dtype == np.float32


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="p_logits and q_logits must have the same shape"):
        kl_from_logits([0.0, 1.0], [0.0, 1.0, 2.0])
    with pytest.raises(TypeError, match="p_logits and q_logits must be of one array library"):
        kl_from_logits(np.zeros(2), torch.zeros(2))
    with pytest.raises(TypeError, match="logits must be a list or an array"):
        entropy_from_logits("abc")
    with pytest.raises(ValueError, match="axis must be one of the 1"):
        entropy_from_logits([0.0, 1.0], axis=1)
    for wrong in ({"unit": "bans"}, {"base": 1.0}):
        with pytest.raises(ValueError, match=r"unit must be|base must be"):
            entropy_from_logits([0.0, 1.0], **wrong)
        with pytest.raises(ValueError, match=r"unit must be|base must be"):
            kl_from_logits([0.0, 1.0], [0.0, 1.0], **wrong)


def test_slope_in_the_second_is_prediction_minus_target() -> None:
    z, w = torch.tensor(Z[0]), torch.tensor(W[0], requires_grad=True)
    kl_from_logits(z, w).sum().backward()
    torch.testing.assert_close(w.grad, w.detach().softmax(-1) - z.softmax(-1))
    slope = jax.grad(lambda w: kl_from_logits(jax.numpy.asarray(Z[0]), w).sum())(W[0])
    np.testing.assert_allclose(slope, w.grad, rtol=1e-12, atol=1e-15)


def test_slope_of_the_entropy() -> None:
    """-p (log p + H), without a gradient in what is removed."""
    z = torch.tensor([[0.5, -1.0, 2.0], [0.5, -INF, 2.0]], dtype=torch.float64, requires_grad=True)
    entropy_from_logits(z).sum().backward()
    p = z.detach().softmax(-1)
    log_p = torch.where(p > 0, p, 1.0).log()
    known = -p * (log_p - (p * log_p).sum(-1, keepdim=True))
    torch.testing.assert_close(z.grad, known, rtol=1e-13, atol=1e-15)

"""Surprises against mpmath and PyTorch, with every edge of 0 and 1."""

import mpmath
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from array_api_compat import torch as xp

from crossent.core.surprise import binary_surprise, surprise
from tests.reference import ulps

ENDS = [0.0, 1e-320, 1e-40, 1e-13, 1e-12, 1e-11, 0.3, 1.0 - 1e-11, 1.0 - 1e-13, 1.0]


def test_minus_the_logarithm_in_every_library(library) -> None:
    probs = [0.0, 5e-324, 1e-300, 0.25, 1.0 - 2**-53, 1.0]
    value = np.asarray(surprise(library.xp, library.array(probs)))
    assert value[0] == np.inf
    assert not np.signbit(value[-1])
    for p, found in zip(probs[1:], value[1:], strict=True):
        if library.name == "jax" and p < 1e-308:
            continue  # XLA takes a subnormal number for 0
        assert ulps(found, -mpmath.log(mpmath.mpf(p))) <= 1.0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_slope_at_zero_is_finite_and_zero_times_it_is_zero(dtype) -> None:
    p = torch.tensor([0.0, 0.0, 0.5], dtype=dtype, requires_grad=True)
    value = surprise(xp, p)
    (slope,) = torch.autograd.grad(value, p, torch.tensor([1.0, 0.0, 1.0], dtype=dtype))
    assert value.tolist() == [np.inf, np.inf, pytest.approx(np.log(2))]
    assert slope.tolist() == [-1 / torch.finfo(dtype).smallest_normal, 0.0, -2.0]


def test_a_softmax_that_underflowed_passes_no_nan_to_its_logits() -> None:
    z = torch.tensor([0.0, -1e3, 1.0], requires_grad=True)
    value = surprise(xp, torch.softmax(z, 0))[1]
    assert torch.autograd.grad(value, z)[0].isfinite().all()


@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
def test_binary_is_torchs_value_and_slope(target) -> None:
    p = torch.tensor(ENDS, dtype=torch.float64, requires_grad=True)
    t = torch.full_like(p, target)
    ours, theirs = binary_surprise(xp, p, t, 1 - t), F.binary_cross_entropy(p, t, reduction="none")
    torch.testing.assert_close(ours, theirs, rtol=1e-14, atol=0)
    slopes = [torch.autograd.grad(v.sum(), p)[0] for v in (ours, theirs)]
    torch.testing.assert_close(*slopes, rtol=1e-8, atol=0)  # torch's 1e-12 is a float32


def test_binary_derivatives_of_second_order_and_in_the_target() -> None:
    p = torch.tensor(ENDS, dtype=torch.float64)
    t = torch.linspace(0.0, 1.0, len(ENDS), dtype=torch.float64)

    def loss(p, t):
        return binary_surprise(xp, p, t, 1 - t).sum()

    curve = torch.func.hessian(loss)(p, t).diagonal()
    inside = t / p**2 + (1 - t) / (1 - p) ** 2
    edge = p * (1 - p) < 1e-12
    torch.testing.assert_close(curve, torch.where(edge, 1e12, inside), rtol=1e-12, atol=0)
    mixed = torch.func.jacrev(torch.func.grad(loss), argnums=1)(p, t).diagonal()
    torch.testing.assert_close(mixed, -1 / (p * (1 - p)).clamp(1e-12), rtol=1e-12, atol=0)
    by_target = torch.func.grad(loss, argnums=1)(p, t)
    expected = -p.log().clamp(-100) + torch.log1p(-p).clamp(-100)
    torch.testing.assert_close(by_target, expected, rtol=1e-14, atol=0)


def test_binary_in_every_library_and_elements_without_mass(library) -> None:
    probs = [0.0, 1.0, 0.5, -3.0, np.nan, np.inf]
    positive, negative = [1.0, 1.0, 2.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    arrays = (library.array(values) for values in (probs, positive, negative))
    value = np.asarray(binary_surprise(library.xp, *arrays))
    np.testing.assert_allclose(value, [100.0, 100.0, 2 * np.log(2), 0.0, 0.0, 0.0], rtol=1e-15)


def test_binary_of_nan_is_nan() -> None:
    p = torch.tensor([float("nan")], requires_grad=True)
    one = torch.ones(1)
    value = binary_surprise(xp, p, one, 0 * one)
    assert value.isnan().all()
    assert torch.autograd.grad(value.sum(), p)[0].isnan().all()

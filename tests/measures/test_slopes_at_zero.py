"""Gradients where a probability is 0: finite, and the same by every way to differentiate."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from crossent import measures

ORDERS = (0.1, 0.25, 0.5, 0.75, 1.5, 2.0, 3.0, 50.0, math.inf)
TWO = (
    "cross_entropy",
    "kl_divergence",
    "js_divergence",
    "js_distance",
    "hellinger",
    "total_variation",
    "bhattacharyya_coefficient",
    "bhattacharyya_distance",
    "wasserstein",
)
OF_TWO: dict[str, Callable[..., Any]] = {name: getattr(measures, name) for name in TWO}
OF_TWO |= {f"renyi_divergence-{a}": partial(measures.renyi_divergence, alpha=a) for a in ORDERS}
OF_ONE: dict[str, Callable[..., Any]] = {
    "entropy": measures.entropy,
    "perplexity": measures.perplexity,
    **{f"renyi_entropy-{a}": partial(measures.renyi_entropy, alpha=a) for a in ORDERS},
}
ALL = OF_TWO | {name: lambda p, q, f=f: f(p) for name, f in OF_ONE.items()}
Q = [0.3, 0.3, 0.4]


def by_torch(function: Callable[..., Any], p: torch.Tensor) -> torch.Tensor:
    p = p.clone().requires_grad_()
    function(p).backward()
    assert p.grad is not None
    return p.grad


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("last", [-110.0, -800.0, -math.inf])
@pytest.mark.parametrize("name", ALL)
def test_a_class_that_a_softmax_rounds_to_0_has_no_gradient(name, last, dtype) -> None:
    z, q = torch.tensor([0.0, 1.0, last], dtype=dtype), torch.tensor(Q, dtype=dtype)
    found = by_torch(lambda z: ALL[name](z.softmax(-1), q), z)
    assert found.isfinite().all()
    assert abs(float(found[2])) < 2e-6  # 0.1 of p^0.1 at p = 5e-49
    func = torch.func.grad(lambda z: ALL[name](z.softmax(-1), q))(z)
    assert torch.allclose(func, found, atol=2e-6)
    known = jnp.asarray(Q, jnp.float32)
    slope = jax.grad(lambda z: ALL[name](jax.nn.softmax(z), known))(jnp.asarray(z.numpy()))
    np.testing.assert_allclose(slope, found, atol=2e-5)


@pytest.mark.parametrize("order", [1.5, 2.0, 3.0])
def test_finite_limits_at_0_are_those_of_differences(order) -> None:
    p = torch.tensor([0.3, 0.7, 0.0], dtype=torch.float64)
    q = torch.tensor([0.3, 0.5, 0.2], dtype=torch.float64)
    step = 1e-9 * torch.tensor([0.0, -1.0, 1.0], dtype=torch.float64)
    exact = [measures.renyi_divergence(p + k * step, q, order) for k in (0, 1)]
    if order > 2:  # p^order has a slope of 0 itself
        along = float(exact[1] - exact[0]) / 1e-9
        for slope in (
            by_torch(lambda p: measures.renyi_divergence(p, q, order), p),
            torch.func.grad(lambda p: measures.renyi_divergence(p, q, order))(p),
            torch.tensor(
                np.asarray(
                    jax.grad(lambda p: measures.renyi_divergence(p, jnp.asarray(q.numpy()), order))(
                        jnp.asarray(p.numpy())
                    )
                )
            ),
        ):
            assert float(slope[2] - slope[1]) == pytest.approx(along, rel=1e-4)
    slopes = by_torch(lambda p: measures.renyi_divergence(p, q, order), p)
    func = torch.func.grad(lambda p: measures.renyi_divergence(p, q, order))(p)
    torch.testing.assert_close(func, slopes)


@pytest.mark.parametrize("order", [3.0, 20.0, 50.0])
def test_rows_that_are_taken_by_logarithms_have_finite_gradients(order) -> None:
    p = torch.tensor([0.5, 0.5], dtype=torch.float64, requires_grad=True)
    q = torch.tensor(
        [1e-160 if order == 3 else 1e-17, 1.0], dtype=torch.float64, requires_grad=True
    )
    measures.renyi_divergence(p, q, order).backward()
    assert p.grad is not None
    assert q.grad is not None
    assert p.grad.isfinite().all()
    assert q.grad.isfinite().all()
    assert float(p.grad[0]) == pytest.approx(order / (order - 1) / 0.5, rel=1e-12)


def test_positions_of_wasserstein_are_differentiated() -> None:
    places = torch.tensor([0.0, 1.0, 3.0], requires_grad=True)
    p, q = torch.tensor([0.2, 0.3, 0.5]), torch.tensor([0.3, 0.3, 0.4])
    measures.wasserstein(p, q, places).backward()
    assert places.grad is not None
    np.testing.assert_allclose(places.grad, [-0.1, 0.0, 0.1], atol=1e-7)
    known = jax.grad(lambda x: measures.wasserstein(jnp.asarray(p), jnp.asarray(q), x))
    np.testing.assert_allclose(known(jnp.asarray([0.0, 1.0, 3.0])), [-0.1, 0.0, 0.1], atol=1e-6)


@pytest.mark.parametrize("order", [1e-17, 1e-20, 1e-300])
def test_orders_below_a_last_place_are_the_order_0(order) -> None:
    found = measures.renyi_divergence([0.5, 0.5, 0.0], [0.2, 0.3, 0.5], order)
    assert float(found) == pytest.approx(math.log(2), rel=1e-15)


def test_a_nan_is_kept_by_the_orders_at_the_ends() -> None:
    for alpha in (0.0, math.inf):
        assert np.isnan(measures.renyi_entropy([np.nan, 1.0], alpha, validate=False))
        for pair in (([np.nan, 1.0], [0.5, 0.5]), ([0.5, 0.5], [np.nan, 1.0])):
            assert np.isnan(measures.renyi_divergence(*pair, alpha, validate=False))

"""Sums of terms as compiled JAX functions: values, transforms, types."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crossent.ops.jax import divergence
from tests import terms
from tests.measures import reference_measures as exact

RNG = np.random.default_rng(0)
P, Q = RNG.dirichlet(np.ones(5), size=(2, 4))
Z, W = RNG.normal(scale=3.0, size=(2, 4, 5))
GAPS = np.array([1.0, 0.5, 2.0, 4.0])
every_term = pytest.mark.parametrize("name", terms.ALL)


def order_of(name: str) -> float:
    return 1.5 if name in terms.ORDERED else 1.0


@every_term
def test_totals(name) -> None:
    rows, order = terms.given(name, P, Q), order_of(name)
    found = divergence.total(name, *map(jnp.asarray, rows), order=order)
    assert isinstance(found, jax.Array)
    known = [float(terms.total(name, order, *row)) for row in zip(*rows, strict=True)]
    np.testing.assert_allclose(found, known, rtol=1e-14)


def test_softmax_and_line() -> None:
    entropies = [float(exact.entropy_from_logits(z)) for z in Z.tolist()]
    np.testing.assert_allclose(divergence.softmax_entropy(jnp.asarray(Z)), entropies, rtol=1e-14)
    apart = [float(exact.kl_from_logits(*p)) for p in zip(Z.tolist(), W.tolist(), strict=True)]
    found = divergence.softmax_kl(jnp.asarray(Z), jnp.asarray(W))
    np.testing.assert_allclose(found, apart, rtol=1e-14)
    line = (np.abs(np.cumsum(P - Q, 1))[:, :-1] * GAPS).sum(1)
    found = divergence.carried(*map(jnp.asarray, (P, Q, GAPS)))
    np.testing.assert_allclose(found, line, rtol=1e-14)


@pytest.mark.parametrize("name", ["entropy", "kl", "renyi_excess"])
def test_gradients(name) -> None:
    rows, order = terms.given(name, P, Q), order_of(name)
    places = tuple(range(len(rows)))
    total = jax.grad(lambda *x: divergence.total(name, *x, order=order).sum(), places)
    for place, found in enumerate(total(*map(jnp.asarray, rows))):
        known = [
            [float(terms.slope(name, order, place, *pair)) for pair in zip(*row, strict=True)]
            for row in zip(*rows, strict=True)
        ]
        np.testing.assert_allclose(found, known, rtol=1e-12, atol=1e-13)


def test_mapped_rows_are_the_rows() -> None:
    p, q = jnp.asarray(P), jnp.asarray(Q)
    whole = divergence.total("kl", p, q)
    mapped = jax.vmap(lambda p, q: divergence.total("kl", p[None], q[None])[0])(p, q)
    np.testing.assert_allclose(mapped, whole, rtol=1e-15)


@pytest.mark.parametrize("wide", [True, False])
def test_float32_is_summed_in_its_own_type(wide) -> None:
    with jax.enable_x64(wide):
        p, q = (jnp.asarray(x, dtype=jnp.float32) for x in (P, Q))
        for found in (divergence.total("kl", p, q), divergence.softmax_kl(p, q)):
            assert found.dtype == jnp.float32
        half = divergence.total("entropy", p.astype(jnp.bfloat16))
        assert half.dtype == jnp.float32
        known = -(P * np.log(P)).sum(1)
        np.testing.assert_allclose(divergence.total("entropy", p), known, rtol=1e-6)


def test_no_rows() -> None:
    none = jnp.zeros((0, 5))
    assert divergence.total("kl", none, none).shape == (0,)
    assert divergence.softmax_entropy(none).shape == (0,)

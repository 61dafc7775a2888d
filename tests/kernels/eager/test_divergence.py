"""Eager's sums against 60 digits, in every library; blocks change nothing and keep memory low."""

import tracemalloc

import jax
import numpy as np
import pytest
import torch

from crossent.kernels.eager import blocks, divergence
from tests import terms
from tests.measures import reference_measures as exact
from tests.measures.libraries import LIBRARIES

RNG = np.random.default_rng(0)
P, Q = RNG.dirichlet(np.ones(9), size=(2, 6))
Q[3], Q[4] = P[3] * (1 + 1e-6 * RNG.normal(size=9)), P[4]
P[0, [3, 5]], P[2, 1], Q[2, 1], Q[5, 2] = 0.0, 0.0, 0.0, 0.0
Z, W = RNG.normal(scale=4.0, size=(2, 6, 9))
W[3] = Z[3] + 1e-6 * RNG.normal(size=9)
Z[0, 2], Z[1, 4], W[1, 4] = -np.inf, -np.inf, -np.inf
GAPS = np.linspace(0.5, 3.0, 8)
every_library = pytest.mark.parametrize("library", LIBRARIES)


def run(library, verb, *rows) -> np.ndarray:
    of = LIBRARIES[library]
    verb = jax.jit(verb) if library == "jax" else verb  # JAX alone takes 10 s for it
    return of.numbers(verb(*map(of.array, rows)))


@pytest.mark.parametrize(("name", "order"), terms.CASES)
@pytest.mark.parametrize("library", ["numpy", "torch", "array-api-strict"])
def test_totals(library, name, order) -> None:
    rows = terms.given(name, P, Q)

    def total(*given):
        return divergence.total(name, *given, order=order)

    known = [float(terms.total(name, order, *row)) for row in zip(*rows, strict=True)]
    found = run(library, total, *rows)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, known, rtol=2e-15 * (1 + order), atol=1e-17)


@every_library
def test_entropy_and_divergence_of_logits(library) -> None:
    entropies = [float(exact.entropy_from_logits(z)) for z in Z.tolist()]
    np.testing.assert_allclose(run(library, divergence.softmax_entropy, Z), entropies, rtol=1e-14)
    pairs = zip(Z.tolist(), W.tolist(), strict=True)
    apart = [float(exact.kl_from_logits(*pair)) for pair in pairs]
    np.testing.assert_allclose(run(library, divergence.softmax_kl, Z, W), apart, rtol=1e-14)


@every_library
def test_what_is_carried(library) -> None:
    known = (np.abs(np.cumsum(P - Q, 1))[:, :-1] * GAPS).sum(1)
    found = run(library, divergence.carried, P, Q, GAPS)
    np.testing.assert_allclose(found, known, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_sums_of_narrow_types_are_those_of_their_numbers(dtype) -> None:
    p, q = (torch.from_numpy(x).to(getattr(torch, dtype)) for x in (P, Q))
    for verb in (
        lambda p, q: divergence.total("kl", p, q),
        lambda p, q: divergence.total("entropy", p),
        lambda p, q: divergence.carried(p, q, torch.ones(8)),
        divergence.softmax_kl,
    ):
        found = verb(p, q)
        assert found.dtype == torch.float64
        assert torch.equal(found, verb(p.double(), q.double()))


VERBS = {
    "total": (lambda p, q: divergence.total("kl", p, q), (P, Q)),
    "total of one": (lambda p, q: divergence.total("entropy", p), (P, Q)),
    "softmax_entropy": (lambda z, w: divergence.softmax_entropy(z), (Z, W)),
    "softmax_kl": (divergence.softmax_kl, (Z, W)),
    "carried": (lambda p, q: divergence.carried(p, q, np.ones(8)), (P, Q)),
}


@pytest.mark.parametrize("name", VERBS)
def test_blocks_change_no_bit(name, monkeypatch) -> None:
    verb, rows = VERBS[name]
    rows = [np.tile(x, (5, 1)) for x in rows]
    whole = verb(*rows)
    monkeypatch.setattr(blocks, "CPU_BYTES", 4 * 9 * 7)
    assert len(list(blocks.blocks(rows[0]))) == 5
    np.testing.assert_array_equal(verb(*rows), whole)


def test_memory_is_of_blocks() -> None:
    p = np.full((2000, 1000), 1e-3)
    tracemalloc.start()
    divergence.total("js", p, p)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < p.nbytes  # whole, it was more than ten times as much


def test_no_rows() -> None:
    none = np.zeros((0, 5))
    for verb, _ in VERBS.values():
        found = verb(none, none) if verb is not VERBS["carried"][0] else none[:, 0]
        assert found.shape == (0,)
        assert found.dtype == np.float64


def test_overflow_on_the_way_is_no_warning() -> None:
    found = divergence.total("chi_square", np.array([[0.5, 0.5]]), np.array([[1e-310, 1.0]]))
    assert found.tolist() == [np.inf]


def test_whole_is_differentiable_and_traceable() -> None:
    kl = divergence.sums_of("kl", 1.0)
    p, q = (torch.tensor(x, requires_grad=True) for x in (P[3:4], Q[3:4]))
    divergence.whole(kl, p, q).sum().backward()
    np.testing.assert_allclose(q.grad, 1.0 - P[3:4] / Q[3:4], atol=1e-15)
    slope = jax.jit(jax.grad(lambda p, q: divergence.whole(kl, p, q).sum(), 1))(P[3:4], Q[3:4])
    np.testing.assert_allclose(slope, 1.0 - P[3:4] / Q[3:4], atol=1e-15)

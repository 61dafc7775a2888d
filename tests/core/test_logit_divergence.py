"""KL of two softmax rows from logits, against 80 digits; its slopes; exact differences."""

import math

import numpy as np
import pytest
import torch

from crossent.core import logit_divergence as core
from tests.measures import reference_measures as exact
from tests.reference import ulps

INF = math.inf
PAIRS = {
    "plain": ([0.5, -1.25, 3.0, 0.0], [1.5, 0.75, -2.0, 0.25]),
    "equal": ([0.5, -1.25, 3.0, 0.0], [0.5, -1.25, 3.0, 0.0]),
    "shifted": ([0.5, -1.25, 3.0, 0.0], [64.5, 62.75, 67.0, 64.0]),
    "near": ([0.5, -1.25, 3.0, 0.0], [0.5, -1.25 + 2**-30, 3.0 - 2**-31, 2**-32]),
    "far away": ([1e6, 1e6 - 1, 1e6 + 2, 1e6], [-1e6, -1e6 + 1, -1e6, -1e6]),
    "e^600 apart": ([700.0, 0.0, 1.0, 2.0], [0.0, 700.0, 3.0, 4.0]),
    "underflow": ([800.0, 0.0, 1.0, 2.0], [0.0, 800.0, 3.0, 4.0]),
    "gone in both": ([0.5, -INF, 3.0, 0.0], [1.5, -INF, -2.0, 0.25]),
    "gone in p": ([0.5, -INF, 3.0, 0.0], [1.5, 0.75, -2.0, 0.25]),
    "most of q gone in p": ([0.5, -INF, 3.0, 0.0], [1.5, 40.75, -2.0, 0.25]),
    "gone in q": ([0.5, -1.25, 3.0, 0.0], [1.5, -INF, -2.0, 0.25]),
    "one class left": ([-INF, 2.0, -INF, -INF], [-INF, -7.0, -INF, -INF]),
}
A, B = (np.array([pair[k] for pair in PAIRS.values()]) for k in (0, 1))


def test_every_digit_of_every_pair(library) -> None:
    with np.errstate(over="ignore"):
        found = np.asarray(library.run(core.kl_from_logits, library.array(A), library.array(B)))
    for name, value in zip(PAIRS, found.tolist(), strict=True):
        true = exact.kl_from_logits(*PAIRS[name])
        near = value == float(true) or ulps(value, true) <= 12
        assert near or abs(value - true) < 1e-300, (name, value, true)


def test_no_class_left_is_no_distribution(library) -> None:
    rows = library.array([[-INF, -INF], [0.0, 1.0], [np.nan, 1.0], [0.0, 1.0]])
    other = library.array([[0.0, 1.0], [-INF, -INF], [0.0, 1.0], [0.0, np.inf]])
    with np.errstate(all="ignore"):
        found = np.asarray(library.run(core.kl_from_logits, rows, other))
    assert np.isnan(found).all()


def test_slopes_are_p_times_what_u_lacks_and_prediction_minus_target(library) -> None:
    z, w = A[:5], B[:5]
    slopes = library.run(core.kl_slopes, library.array(z), library.array(w))
    e, f = (np.exp(x - x.max(1, keepdims=True)) for x in (z, w))
    p, q = e / e.sum(1, keepdims=True), f / f.sum(1, keepdims=True)
    u = np.log(p) - np.log(q)
    textbook = p * (u - (p * u).sum(1, keepdims=True)), q - p
    for found, known in zip(slopes, textbook, strict=True):
        np.testing.assert_allclose(np.asarray(found), known, rtol=1e-12, atol=1e-14)


def test_slopes_of_removed_classes_are_0(library) -> None:
    a, b = (library.array([PAIRS[name][k] for name in PAIRS if "gone in" in name]) for k in (0, 1))
    with np.errstate(invalid="ignore"):  # -inf less -inf, thrown away
        in_p, in_q = map(np.asarray, library.run(core.kl_slopes, a, b))
    assert (in_p[np.asarray(a) == -INF] == 0.0).all()
    finite = [list(PAIRS).index(name) for name in ("gone in both", "gone in p")]
    z, w = torch.tensor(A[finite], requires_grad=True), torch.tensor(B[finite], requires_grad=True)
    p, q = z.softmax(1), w.softmax(1)
    both = p > 0
    logs = torch.where(both, p, 1.0).log() - torch.where(both, q, 1.0).log()
    known = torch.autograd.grad((p * logs).sum(), (z, w))
    for mine, plain in zip((in_p, in_q), known, strict=True):
        np.testing.assert_allclose(mine[:2], plain, atol=1e-15)


@pytest.mark.parametrize("moved", [1e-3, 1e-8, 1e-14])
def test_near_logits_have_half_the_variance(moved) -> None:
    """KL is half the variance of the difference under p, to its own order."""
    from array_api_compat import numpy as xp

    rng = np.random.default_rng(0)
    z, d = rng.normal(size=(2, 1, 30))
    w = z + moved * d
    e = np.exp(z - z.max())
    p, shift = e / e.sum(), w - z
    variance = (p * (shift - (p * shift).sum()) ** 2).sum()
    assert core.kl_from_logits(xp, z, w)[0] == pytest.approx(variance / 2, rel=10 * moved + 1e-13)

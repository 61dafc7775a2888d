"""Generalised cross-entropy: the paper's formula, its ends, the options, what it refuses."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from crossent import cross_entropy, generalized_cross_entropy
from tests.reference import exact_loss, smoothed, ulps

INDEX = torch.tensor([0, 1, 2, 3, 4, -100, 1])
WEIGHT = torch.tensor([1.0, 2.0, 0.5, 3.0, 1.5], dtype=torch.float64)


def logits(*shape, seed=0) -> torch.Tensor:
    z = 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    return z.double().requires_grad_()


def both(ours, theirs, z, **tolerance) -> None:
    """Values and gradients agree."""
    a, b = ours(z), theirs(z)
    torch.testing.assert_close(a, b, **tolerance)
    ga, gb = (torch.autograd.grad(v.sum(), z)[0] for v in (a, b))
    torch.testing.assert_close(ga, gb, **tolerance)


@pytest.mark.parametrize("q", [0.1, 0.7, 1.0])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_is_the_papers_formula(q, reduction) -> None:
    kept = INDEX >= 0

    def paper(z):
        y = INDEX.clamp(0)
        p = torch.softmax(z, 1).gather(1, y[:, None])[:, 0]
        rows = WEIGHT[y] * (1 - p**q) / q * kept
        weight = (WEIGHT[y] * kept).sum()
        return {"none": rows, "sum": rows.sum(), "mean": rows.sum() / weight}[reduction]

    both(
        lambda z: generalized_cross_entropy(z, INDEX, WEIGHT, q=q, reduction=reduction),
        paper,
        logits(7, 5),
    )


def test_its_ends() -> None:
    z = logits(7, 5)
    exact = {"rtol": 0, "atol": 0}
    for eps in (0.0, 0.1):
        both(
            lambda z, eps=eps: generalized_cross_entropy(z, INDEX, q=0, label_smoothing=eps),
            lambda z, eps=eps: cross_entropy(z, INDEX, label_smoothing=eps),
            z,
            **exact,
        )
    both(
        lambda z: generalized_cross_entropy(z, INDEX, q=1e-9),
        lambda z: cross_entropy(z, INDEX),
        z,
        rtol=1e-7,
        atol=1e-8,
    )
    # 1 - p is half the absolute error between softmax and one-hot
    kept = INDEX >= 0
    error = (torch.softmax(z[kept], 1) - F.one_hot(INDEX[kept], 5)).abs().sum(1) / 2
    torch.testing.assert_close(generalized_cross_entropy(z, INDEX, q=1.0), error.mean())


def test_certain_rows_keep_their_digits() -> None:
    z = [[40.0, 0.0], [0.0, 3.0], [0.0, 90.0]]
    value = generalized_cross_entropy(np.array(z), np.zeros(3, dtype=int), reduction="none")
    for ours, row in zip(value, z, strict=True):
        with mpmath.workdps(400):
            k = mpmath.mpf(0.7)
            exact = (1 - mpmath.e ** (-k * exact_loss(row, 0))) / k
        assert ulps(ours, exact) <= 4


def test_soft_labels_are_of_the_rows_cross_entropy() -> None:
    z = logits(4, 5)
    soft = torch.softmax(logits(4, 5, seed=1).detach(), 1)
    q = torch.from_numpy(smoothed(soft.numpy(), 0.1))
    both(
        lambda z: generalized_cross_entropy(z, soft, q=0.5, label_smoothing=0.1),
        lambda z: ((1 - torch.exp(-0.5 * F.cross_entropy(z, q, reduction="none"))) / 0.5).mean(),
        z,
    )


@given(
    row=st.lists(st.floats(-30, 30), min_size=2, max_size=6),
    q=st.floats(0, 1),
    k=st.integers(0, 4),
)
def test_laws(row, q, k) -> None:
    z, y = np.array([row, row[::-1]]), np.array([0, 1])
    plain = generalized_cross_entropy(z, y, q=q, reduction="none")
    assert (plain >= 0).all()
    assert (plain <= cross_entropy(z, y, reduction="none") * (1 + 1e-12)).all()
    one_hot = generalized_cross_entropy(z, np.eye(len(row))[y], q=q, reduction="none")
    np.testing.assert_allclose(one_hot, plain, rtol=1e-12)
    weight, classes = np.array([float(k), 1.0]), np.ones(len(row))
    classes[0] = k
    copies = np.array([k, 1]) * plain
    for options in ({"sample_weight": weight}, {"weight": classes}):
        value = generalized_cross_entropy(z, y, q=q, reduction="none", **options)
        np.testing.assert_allclose(value, copies, rtol=1e-12)
        mean = generalized_cross_entropy(z, y, q=q, **options)
        assert float(mean) == pytest.approx(copies.sum() / (k + 1), rel=1e-12)


def test_every_option_and_every_library() -> None:
    z, y = logits(2, 4, 5), torch.tensor([[0, 1, 2, -100], [3, 4, 0, 1]])
    mask = torch.tensor([[True, True, False, True], [True, False, True, True]])
    options = {"temperature": 0.5, "softcap": 4.0, "z_loss": 0.1, "label_smoothing": 0.1}
    value = generalized_cross_entropy(z, y, axis=-1, mask=mask, normalize_by=3.0, **options)
    rows = generalized_cross_entropy(z, y, axis=-1, reduction="none", **options)
    torch.testing.assert_close(value, rows[mask].sum() / 3)
    (grad,) = torch.autograd.grad(value, z)
    plain = generalized_cross_entropy(
        z.detach().numpy(), y.numpy(), mask=mask.numpy(), normalize_by=3.0, **options
    )
    assert float(plain) == pytest.approx(value.item(), rel=1e-13)
    label, kept = jnp.asarray(y.numpy()), jnp.asarray(mask.numpy())
    slope = jax.jit(
        jax.grad(
            lambda z: generalized_cross_entropy(z, label, mask=kept, normalize_by=3.0, **options)
        )
    )(jnp.asarray(z.detach().numpy()))
    np.testing.assert_allclose(slope, grad, atol=1e-14)
    ahead = generalized_cross_entropy(z[:, :-1], y[:, 1:], axis=-1)
    torch.testing.assert_close(generalized_cross_entropy(z, y, shift=True), ahead)


def test_transforms() -> None:
    z, y = logits(4, 3), torch.tensor([0, 2, 1, -100])

    def loss(z):
        return generalized_cross_entropy(z, y, label_smoothing=0.1)

    assert torch.autograd.gradgradcheck(loss, z)
    both(torch.compile(loss, fullgraph=True, backend="aot_eager"), loss, z)
    torch.testing.assert_close(
        torch.func.grad(loss)(z.detach()), torch.autograd.grad(loss(z), z)[0]
    )


def test_an_impossible_label_pulls_nothing() -> None:
    z = torch.tensor([[0.0, 1e4]], requires_grad=True)
    value = generalized_cross_entropy(z, torch.tensor([0]))
    assert value.item() == pytest.approx(1 / 0.7)
    assert torch.autograd.grad(value, z)[0].tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"q": -0.1}, ValueError, r"q must be between 0 \(cross-entropy\) and 1 .*; got -0.1"),
        ({"q": 1.5}, ValueError, "got 1.5. The paper's is 0.7."),
        ({"q": float("nan")}, ValueError, "q must be between 0"),
        ({"q": torch.tensor(0.5)}, TypeError, "q must be a number; got Tensor"),
        ({"weight": torch.ones(2)}, ValueError, r"weight must have shape \(3,\)"),
        ({"reduction": "sum", "normalize_by": 2.0}, ValueError, "normalize_by says what a mean"),
    ],
)
def test_what_is_refused(options, error, message) -> None:
    with pytest.raises(error, match=message):
        generalized_cross_entropy(torch.zeros(2, 3), torch.tensor([0, 2]), **options)

"""Three squared errors: the lectures' numbers, and slopes that vanish only after squashing."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from crossent import brier_loss, cross_entropy, sigmoid_squared_error, squared_error


def test_the_example_of_raw_scores() -> None:
    scores = np.array([[0.5, -1.0, -3.0]])
    # sum of squares 13.25 against the second class, half of it 6.625
    assert float(squared_error(scores, np.array([0]))) * 2 == 0.25 + 1 + 9
    assert float(squared_error(scores, np.array([1]))) * 2 == 0.25 + 4 + 9


@pytest.mark.parametrize(
    ("loss", "slope"),
    [(squared_error, -11.0), (sigmoid_squared_error, -4.5e-5), (cross_entropy, -0.99995)],
)
def test_the_slope_where_the_model_is_surely_wrong(loss, slope) -> None:
    # One sigmoid output at z = -10 with target 1; for softmax the pair (z, 0).
    z = torch.tensor([[-10.0, 0.0]], dtype=torch.float64, requires_grad=True)
    target = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    (grad,) = torch.autograd.grad(loss(z, target), z)
    assert grad[0, 0].item() == pytest.approx(slope, rel=1e-2)  # the published figures' digits


def test_slopes_after_a_sigmoid_keep_their_digits() -> None:
    z = torch.tensor([[-16.0, 16.0]], requires_grad=True)
    (grad,) = torch.autograd.grad(sigmoid_squared_error(z, torch.tensor([[1.0, 1.0]])), z)
    o = 1 / (1 + np.exp([16.0, -16.0]))
    np.testing.assert_allclose(grad[0].numpy(), o * (1 - o) * (o - 1), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("loss", [squared_error, brier_loss, sigmoid_squared_error])
def test_many_half_precision_rows_and_jax(loss) -> None:
    import jax

    z = torch.randn(70_000, 10, generator=torch.Generator().manual_seed(0)).half()
    y = torch.randint(0, 10, (70_000,), generator=torch.Generator().manual_seed(1))
    value = loss(z, y)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value.double(), loss(z.double(), y), rtol=1e-5, atol=0)
    weight, sample = torch.rand(10), torch.rand(70_000)
    each = weight[y] * sample
    rows = loss(z, y, reduction="none")
    expected = (rows * each).sum() / each.sum()
    torch.testing.assert_close(loss(z, y, weight, sample_weight=sample), expected)
    jz, jy = jax.numpy.asarray(z[:5].float().numpy()), jax.numpy.asarray(y[:5].numpy())
    compiled = jax.jit(loss)(jz, jy)
    assert float(compiled) == pytest.approx(loss(z[:5].float(), y[:5]).item(), rel=1e-6)


def test_brier_is_the_formula_with_weights() -> None:
    z, y = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), torch.arange(6) % 4
    weight, sample = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([1.0, 0, 2, 1, 1, 1])
    rows = ((torch.softmax(z, 1) - F.one_hot(y, 4)) ** 2).sum(1)
    each = weight[y] * sample
    expected = (rows * each).sum() / each.sum()
    torch.testing.assert_close(brier_loss(z, y, weight, sample_weight=sample), expected)
    torch.testing.assert_close(brier_loss(z, F.one_hot(y, 4).float()), rows.mean())


def test_bad_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"logits must have shape \(N, C\); got \(3,\)"):
        brier_loss(np.zeros(3), np.array(0))
    with pytest.raises(IndexError, match="row 0: class 2"):
        squared_error(np.zeros((1, 2)), np.array([2]))

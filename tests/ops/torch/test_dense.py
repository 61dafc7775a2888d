"""Softmax rows: composition equals the function, and bad rows stay alone."""

import pytest
import torch

from crossent.core.shape import Shape
from crossent.core.target import Labels
from crossent.ops.torch.dense import SOFTMAX, dense

SHAPES = [Shape(), Shape(gamma=0.5), Shape(gamma=2.0), Shape(poly_epsilon=1.0), Shape(z_loss=0.1)]
INF, NAN = float("inf"), float("nan")
ROWS = torch.tensor(
    [[1.0, 2.0, 3.0], [60.0, 0.0, 0.0], [1e4, -1e4, 0.0], [0.0, -INF, 1.0], [NAN, 0.0, 0.0]],
    dtype=torch.float64,
)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_composition_and_kernel_agree_on_adversarial_rows(shape, smoothing) -> None:
    target = torch.tensor([2, 0, 0, 2, -100])
    results = []
    for call in (dense, lambda z, labels, s: SOFTMAX.compose(z, labels, s, None)[0]):
        z = ROWS.clone().requires_grad_()
        value = call(z, Labels(target, label_smoothing=smoothing), shape)
        results.append((value.detach(), torch.autograd.grad(value.sum(), z)[0]))
    torch.testing.assert_close(results[0][0], results[1][0], rtol=1e-14, atol=0)
    torch.testing.assert_close(results[0][1], results[1][1], rtol=1e-13, atol=1e-16)
    assert torch.isfinite(results[0][1]).all()


def test_a_soft_target_gets_its_own_gradient() -> None:
    z = torch.tensor([[1.0, -INF, 2.0]], dtype=torch.float64)
    soft = torch.tensor([[0.5, 0.0, 0.5]], dtype=torch.float64, requires_grad=True)
    dense(z, Labels(dense=soft), Shape()).sum().backward()
    logp = torch.log_softmax(z[:, ::2], 1)
    torch.testing.assert_close(soft.grad[:, ::2], -logp)
    assert torch.isfinite(soft.grad[0, 1])  # the true derivative, log p of a removed class, is not

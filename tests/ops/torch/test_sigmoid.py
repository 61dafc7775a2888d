"""Sigmoid elements: second derivatives at 0, where |z| has a corner."""

import torch

from crossent.core.shape import Shape
from crossent.core.target import BinaryLabels
from crossent.ops.torch.sigmoid import SIGMOID, sigmoid


def test_the_second_derivative_at_zero_is_a_quarter() -> None:
    z = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    half = torch.tensor([0.5], dtype=torch.float64)
    value = sigmoid(z, BinaryLabels(half), Shape())
    (slope,) = torch.autograd.grad(value.sum(), z, create_graph=True)
    (curve,) = torch.autograd.grad(slope.sum(), z)
    assert slope.item() == 0.0
    assert curve.item() == 0.25


def test_composition_and_kernel_agree() -> None:
    z = torch.tensor([-800.0, -30.0, 0.0, 1.0, 800.0, float("nan")], dtype=torch.float64)
    target = torch.tensor([1.0, 0.3, 0.5, 0.0, 1.0, 0.0], dtype=torch.float64)
    labels = BinaryLabels(target, mask=torch.arange(6) < 5)
    results = []
    for call in (sigmoid, lambda z, labels, s: SIGMOID.compose(z, labels, s, None)[0]):
        x = z.clone().requires_grad_()
        value = call(x, labels, Shape(gamma=2.0))
        results.append((value.detach(), torch.autograd.grad(value.sum(), x)[0]))
    torch.testing.assert_close(results[0][0], results[1][0], rtol=1e-15, atol=0)
    torch.testing.assert_close(results[0][1], results[1][1], rtol=1e-13, atol=1e-300)
    assert results[0][0][-1] == 0.0

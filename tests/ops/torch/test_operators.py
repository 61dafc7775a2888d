"""The opaque operators: torch's own checks, half precision, and second derivatives by name."""

import pytest
import torch

import crossent
from crossent.core.shape import Shape
from crossent.core.target import BinaryLabels, Labels
from crossent.ops.torch.operators import KERNELS, loss_op, slope_op

TARGET = torch.tensor([0, 2, -100])
ONE = torch.ones((), dtype=torch.float64)


def inputs(*, requires_grad: bool) -> tuple:
    z = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    arrays = list(Labels(TARGET).arrays)
    options = [*Shape(gamma=2.0).numbers, 0.1]
    return "softmax", z.requires_grad_(requires_grad), arrays, -100.0, options, ONE


@pytest.mark.parametrize("requires_grad", [True, False])
def test_the_loss_passes_opcheck(requires_grad) -> None:
    torch.library.opcheck(loss_op, inputs(requires_grad=requires_grad))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("scale", [ONE, None], ids=["sum", "none"])
def test_binary_losses_pass_opcheck(dtype, scale) -> None:
    z = torch.randn(3, 4, generator=torch.Generator().manual_seed(0)).to(dtype)
    arrays = list(BinaryLabels(torch.rand(3, 4)).arrays)
    options = [*Shape().numbers, 0.0]
    torch.library.opcheck(loss_op, ("sigmoid", z.requires_grad_(), arrays, None, options, scale))


@pytest.mark.slow
@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_binary_losses_under_inductor(reduction) -> None:
    z, t = torch.randn(64, 37), (torch.rand(64, 37) > 0.5).float()
    loss = crossent.binary_cross_entropy_with_logits
    compiled = torch.compile(lambda z, t: loss(z, t, reduction=reduction), fullgraph=True)
    torch.testing.assert_close(compiled(z.requires_grad_(), t), loss(z, t, reduction=reduction))


def test_the_slope_passes_opcheck() -> None:
    torch.library.opcheck(slope_op, inputs(requires_grad=False))


def test_the_kinds_have_names() -> None:
    assert set(KERNELS) == {"softmax", "sigmoid"}


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # Dynamo reads it itself
@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_a_second_derivative_of_a_compiled_loss_raises(backend) -> None:
    loss = torch.compile(lambda z: crossent.cross_entropy(z, TARGET), backend=backend)
    w = torch.randn(3, 4, generator=torch.Generator().manual_seed(1)).requires_grad_()
    (first,) = torch.autograd.grad(loss(w**2), w, create_graph=True)
    with pytest.raises(RuntimeError, match=r"second derivative|double backward"):
        first.square().sum().backward()


def test_compiled_float16_under_a_scaler() -> None:
    loss = torch.compile(lambda z: crossent.cross_entropy(z, TARGET), backend="aot_eager")
    grads = []
    for call in (loss, lambda z: crossent.cross_entropy(z, TARGET)):
        z = torch.tensor([[1.0, 2.0, 0.0, 9.0]] * 3, dtype=torch.float16).requires_grad_()
        (call(z) * 65536.0 / 64).backward()
        grads.append(z.grad)
    assert torch.isfinite(grads[0]).all()
    torch.testing.assert_close(grads[0], grads[1])

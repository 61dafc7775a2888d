"""The fast routes against plain composition: first and later backwards, compile, hand-over."""

import pytest
import torch
import torch.nn.functional as F

from crossent.core.array import namespace
from crossent.core.shape import Shape
from crossent.core.target import from_binary, from_index
from crossent.ops.torch.dense import dense
from crossent.ops.torch.fused import KINDS, fused_op, numbers
from crossent.ops.torch.sigmoid import sigmoid


@pytest.fixture
def logits() -> torch.Tensor:
    z = torch.randn(6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return z.requires_grad_()


TARGET = torch.tensor([0, 4, -100, 2, 2, 1])
ONE = torch.ones((), dtype=torch.float64)


def softmax(z, scale=ONE, shape=Shape()):  # noqa: B008  a frozen constant
    return dense(z, from_index(namespace(z), TARGET, z), shape, scale)


def binary(z, scale=ONE):
    target = torch.linspace(0, 1, 30, dtype=torch.float64).reshape(6, 5)
    positive, negative, _ = from_binary(namespace(z), target, z)
    return sigmoid(z, positive, negative, Shape(), scale)


@pytest.mark.parametrize("loss", [softmax, binary])
def test_three_backwards_give_the_same_gradient(loss, logits) -> None:
    value = loss(logits)
    grads = [torch.autograd.grad(value, logits, retain_graph=True)[0] for _ in range(3)]
    assert torch.equal(grads[0], grads[1])
    assert torch.equal(grads[1], grads[2])


@pytest.mark.parametrize("loss", [softmax, binary])
@pytest.mark.parametrize("upstream", [0.5, -3.0, 0.0])
def test_any_upstream_gradient(loss, logits, upstream) -> None:
    (one,) = torch.autograd.grad(loss(logits), logits)
    (scaled,) = torch.autograd.grad(upstream * loss(logits), logits)
    torch.testing.assert_close(scaled, upstream * one)


@pytest.mark.parametrize("loss", [softmax, binary])
@pytest.mark.parametrize("scale", [ONE, None], ids=["sum", "none"])
def test_first_and_second_derivatives(loss, logits, scale) -> None:
    assert torch.autograd.gradcheck(lambda z: loss(z, scale), logits, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(lambda z: loss(z, scale), logits)


def test_the_buffer_becomes_the_gradient_without_a_copy(logits) -> None:
    value = softmax(logits)
    buffer = value.grad_fn.slope.data_ptr()
    value.backward()
    assert logits.grad.data_ptr() == buffer
    assert value.grad_fn.slope is None


def test_float16_recomputes_so_that_a_scaler_saves_small_slopes() -> None:
    z = torch.tensor([[0.0, 9.0]], dtype=torch.float16).requires_grad_()
    q = from_index(namespace(z), torch.tensor([1]), z)
    scale = ONE / 65536
    value = dense(z, q, Shape(), scale)
    (value * 65536.0).backward()  # what GradScaler does
    expected = F.cross_entropy(z.detach().float().requires_grad_(), torch.tensor([1]))
    assert expected > 0
    torch.testing.assert_close(z.grad[0, 0].item(), 1.233e-4, rtol=1e-2, atol=0.0)


@pytest.mark.parametrize("loss", [softmax, binary])
@pytest.mark.parametrize("scale", [ONE, None], ids=["sum", "none"])
def test_compiled_whole_and_equal(loss, logits, scale) -> None:
    compiled = torch.compile(
        lambda z: loss(z, scale).sum() * 2.0, fullgraph=True, backend="aot_eager"
    )
    value = compiled(logits)
    (grad,) = torch.autograd.grad(value, logits)
    expected = loss(logits, scale).sum() * 2.0
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(grad, torch.autograd.grad(expected, logits)[0])


@pytest.mark.parametrize("want_grad", [True, False])
def test_the_operator_passes_opcheck(logits, want_grad) -> None:
    z = logits.detach().requires_grad_(want_grad)
    parts = list(from_index(namespace(z), TARGET, z))
    inputs = ("softmax", z, parts, numbers(Shape(gamma=2.0)), ONE, want_grad)
    torch.library.opcheck(fused_op, inputs)


def test_a_numbers_list_is_a_shape() -> None:
    shape = Shape(gamma=2.0, z_loss=0.5)
    assert Shape(*numbers(shape)) == shape
    assert set(KINDS) == {"softmax", "sigmoid"}


def test_changing_the_logits_in_place_before_a_second_backward_raises(logits) -> None:
    z = logits.detach().clone().requires_grad_()
    y = z * 1.0
    value = softmax(y)
    y.data.add_(1.0)
    with torch.no_grad():
        y.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        value.backward()

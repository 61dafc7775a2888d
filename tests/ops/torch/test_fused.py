"""The fast routes against plain composition: first and later backwards, compile, hand-over."""

import pytest
import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

from crossent.core.shape import Shape
from crossent.core.target import BinaryLabels, Labels
from crossent.ops.torch.dense import dense
from crossent.ops.torch.sigmoid import sigmoid


@pytest.fixture
def logits() -> torch.Tensor:
    z = torch.randn(6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return z.requires_grad_()


TARGET = torch.tensor([0, 4, -100, 2, 2, 1])


def softmax(z, by=1.0, shape=Shape()):  # noqa: B008  a frozen constant
    return dense(z, Labels(TARGET), shape, by)


def binary(z, by=1.0):
    target = torch.linspace(0, 1, 30, dtype=torch.float64).reshape(6, 5)
    return sigmoid(z, BinaryLabels(target), Shape(), by)


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
@pytest.mark.parametrize("by", [1.0, None], ids=["sum", "none"])
def test_first_and_second_derivatives(loss, logits, by) -> None:
    assert torch.autograd.gradcheck(lambda z: loss(z, by), logits, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(lambda z: loss(z, by), logits)


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_the_buffer_becomes_the_gradient_without_a_copy(logits, factor) -> None:
    value = softmax(logits)
    buffer = value.grad_fn.saved_tensors[0].data_ptr()
    (value if factor == 1.0 else value * factor).backward()
    assert logits.grad.data_ptr() == buffer
    with pytest.raises(RuntimeError, match="second time"):
        value.backward()


def test_a_kept_graph_keeps_its_buffer(logits) -> None:
    value = softmax(logits)
    (first,) = torch.autograd.grad(value, logits, retain_graph=True)
    expected = first.clone()
    first.zero_()  # the caller's own: nothing of it is in the graph
    assert torch.equal(torch.autograd.grad(value, logits)[0], expected)


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("loss", [softmax, binary])
def test_checkpoint_keeps_no_gradient_from_the_forward(loss, reentrant, logits) -> None:
    expected = torch.autograd.grad(loss(logits * 2), logits)[0]
    value = checkpoint(lambda z: loss(z * 2), logits, use_reentrant=reentrant)
    value.backward()
    assert torch.equal(logits.grad, expected)
    packed = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: packed.append(t) or t, lambda t: t):
        loss(logits)  # what a checkpoint drops is what goes through these hooks
    assert sum(t.shape == logits.shape for t in packed) >= 2  # the logits, and their gradient


def test_float16_recomputes_so_that_a_scaler_saves_small_slopes() -> None:
    z = torch.tensor([[0.0, 9.0]], dtype=torch.float16).requires_grad_()
    value = dense(z, Labels(torch.tensor([1])), Shape(), 65536.0)
    (value * 65536.0).backward()  # what GradScaler does
    expected = torch.softmax(z.detach().float(), 1)[0, 0].item()
    assert z.grad[0, 0].item() == pytest.approx(expected, rel=1e-3)


def test_bfloat16_is_rounded_once() -> None:
    z = torch.randn(50, 9, generator=torch.Generator().manual_seed(0)).bfloat16().requires_grad_()
    y = torch.arange(50) % 9
    value = dense(z, Labels(y), Shape(), 50.0)
    (grad,) = torch.autograd.grad(value / 3, z)
    wide = z.detach().double().requires_grad_()
    (exact,) = torch.autograd.grad(F.cross_entropy(wide, y) / 3, wide)
    # 4 roundings of float32 aside, every entry is the bfloat16 nearest to the exact one.
    nearest = exact.bfloat16().double()
    off = (grad.double() - exact).abs() - (nearest - exact).abs()
    assert (off <= 1e-6 * exact.abs()).all()


def test_a_batch_of_upstream_gradients(logits) -> None:
    for by in (6.0, None):
        value = softmax(logits, by)
        ups = torch.eye(6, dtype=torch.float64) if value.ndim else torch.tensor([1.0, 3.0]).double()
        (batch,) = torch.autograd.grad(value, logits, ups, is_grads_batched=True, retain_graph=True)
        for up, one in zip(ups, batch, strict=True):
            (expected,) = torch.autograd.grad(value, logits, up, retain_graph=True)
            torch.testing.assert_close(one, expected)


def test_a_divisor_that_needs_a_gradient_gets_it(logits) -> None:
    tokens = torch.tensor(6.0, dtype=torch.float64, requires_grad=True)
    softmax(logits, tokens).backward()
    total = softmax(logits.detach()).item()
    assert tokens.grad.item() == pytest.approx(-total / 36)


@pytest.mark.parametrize("loss", [softmax, binary])
@pytest.mark.parametrize("by", [1.0, None], ids=["sum", "none"])
def test_compiled_whole_and_equal(loss, logits, by) -> None:
    compiled = torch.compile(lambda z: loss(z, by).sum() * 2.0, fullgraph=True, backend="aot_eager")
    value = compiled(logits)
    (grad,) = torch.autograd.grad(value, logits)
    expected = loss(logits, by).sum() * 2.0
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(grad, torch.autograd.grad(expected, logits)[0])


def test_changing_the_logits_in_place_before_a_second_backward_raises(logits) -> None:
    z = logits.detach().clone().requires_grad_()
    y = z * 1.0
    value = softmax(y)
    y.data.add_(1.0)
    with torch.no_grad():
        y.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        value.backward()

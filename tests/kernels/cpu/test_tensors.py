"""Tensors that are not what they seem: without memory, of the opposite sign, on another default."""

import threading

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import crossent
from crossent.kernels import cpu
from crossent.kernels.cpu import cache

pytestmark = pytest.mark.skipif(bool(cpu.missing), reason=cpu.missing)


class Wrapper(torch.Tensor):
    """A tensor around another, with no memory of its own, as distributed ones are."""

    @staticmethod
    def __new__(cls, inner):
        made = torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype)
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        def bare(item):
            return item.inner if isinstance(item, Wrapper) else item

        args, kwargs = torch.utils._pytree.tree_map(bare, (args, kwargs or {}))
        return func(*args, **kwargs)


def inputs():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(4, 5, generator=generator, dtype=torch.float64)
    return z, torch.arange(4), torch.rand(5, generator=generator, dtype=torch.float64)


def test_wrappers_are_read_through_their_own_operations() -> None:
    z, y, w = inputs()
    soft, rows = torch.softmax(z, 1), torch.rand(4, dtype=torch.float64)
    expected = F.cross_entropy(z, y, w, reduction="sum")
    torch.testing.assert_close(crossent.cross_entropy(z, y, Wrapper(w), reduction="sum"), expected)
    torch.testing.assert_close(crossent.cross_entropy(z, Wrapper(y)), F.cross_entropy(z, y))
    value = crossent.cross_entropy(z, Wrapper(soft), validate=False)
    torch.testing.assert_close(value, F.cross_entropy(z, soft))
    each = F.cross_entropy(z, y, reduction="none")
    value = crossent.cross_entropy(z, y, sample_weight=Wrapper(rows), reduction="none")
    torch.testing.assert_close(value, rows * each)
    value = crossent.binary_cross_entropy_with_logits(z, Wrapper(soft), validate=False)
    torch.testing.assert_close(value, F.binary_cross_entropy_with_logits(z, soft))


def test_a_view_of_the_opposite_sign() -> None:
    z, y, w = inputs()
    turned = torch.complex(w, -w).conj().imag
    assert turned.is_neg()
    expected = F.cross_entropy(-z, y, w)
    torch.testing.assert_close(crossent.cross_entropy(torch._neg_view(z), y, turned), expected)
    soft = torch._neg_view(-torch.softmax(z, 1))
    torch.testing.assert_close(crossent.cross_entropy(z, soft), F.cross_entropy(z, soft))


def test_the_default_device_is_not_that_of_a_result() -> None:
    z, y, _ = inputs()
    with torch.device("meta"):
        for shape, loss in (((4,), crossent.cross_entropy), ((4, 5), BINARY)):
            target = y if len(shape) == 1 else torch.zeros_like(z)
            for reduction in ("mean", "none"):
                x = z.clone().requires_grad_()
                value = loss(x, target, reduction=reduction)
                value.sum().backward()
                assert value.device.type == x.grad.device.type == "cpu"


BINARY = crossent.binary_cross_entropy_with_logits


def test_a_target_of_numpy_beside_tensors_is_refused() -> None:
    with pytest.raises(TypeError, match="target must be a torch tensor"):
        crossent.cross_entropy(torch.zeros(4, 5), np.arange(4))


def test_values_are_checked_under_grad_too() -> None:
    z, y, _ = inputs()
    loss = crossent.cross_entropy
    grad = torch.func.grad(lambda z, y: loss(z, y.clone(), validate=True))(z, y)
    torch.testing.assert_close(grad, torch.func.grad(F.cross_entropy)(z, y))
    with pytest.raises(IndexError, match="row 0: class 9"):
        torch.func.grad(lambda z, y: loss(z, y.clone(), validate=True))(z, y + 9)


@pytest.mark.parametrize("ignored", [1.0, 2**70, np.uint64(2**63 + 1), -(2**70)])
def test_any_number_may_be_ignored(ignored) -> None:
    z, y, _ = inputs()
    expected = F.cross_entropy(z, y, ignore_index=1 if ignored == 1.0 else -100)
    torch.testing.assert_close(crossent.cross_entropy(z, y, ignore_index=ignored), expected)


def test_a_divisor_and_a_temperature_may_be_arrays_of_one() -> None:
    z, y = np.log([[0.2, 0.8], [0.5, 0.5]]), np.array([0, 1])
    loss, gradient = crossent.cross_entropy, crossent.cross_entropy_gradient
    assert loss(z, y, normalize_by=np.array([4.0])) == loss(z, y) / 2
    number, array = gradient(z, y, temperature=2.0), gradient(z, y, temperature=np.array([2.0]))
    np.testing.assert_array_equal(number, array)


def test_a_teacher_of_no_classes() -> None:
    nothing = torch.zeros(4, 0)
    value = crossent.cross_entropy(torch.zeros(4, 5), (nothing.long(), nothing), reduction="sum")
    assert value.item() == 0.0


def test_many_targets_a_row_in_any_order() -> None:
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(3, 9000, generator=generator, dtype=torch.float64).requires_grad_()
    index = torch.randint(0, 9000, (3, 400), generator=generator)
    index[:, 1], index[:, 2] = index[:, 0], z.detach().argmax(1)
    values = torch.rand(3, 400, generator=generator, dtype=torch.float64)
    (ours,) = torch.autograd.grad(crossent.cross_entropy(z, (index, values)), z)
    dense = torch.zeros_like(z).scatter_add(1, index, values)
    (theirs,) = torch.autograd.grad(F.cross_entropy(z, dense), z)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


def test_threads_at_the_cache_never_share_memory() -> None:
    wrong = []

    def work(own: int) -> None:
        try:
            for _ in range(300):
                lease = cache.take(9 << 20)
                lease[:8] = own
                if not (lease[:8] == own).all():
                    wrong.append(own)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(own,)) for own in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    crossent.empty_cache()
    assert wrong == []

"""The failures that others' losses were found to have, each on NumPy, PyTorch and JAX.

Where PyTorch itself fails it is asserted to, so that a trap that is mended there is noticed.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest
import torch
import torch.nn.functional as F

import crossent
from tests.reference import softmax_loss

INF = np.inf


class Library(NamedTuple):
    """An array library: how it takes NumPy arrays, and the gradient of a function."""

    array: Callable[[Any], Any]
    gradient: Callable[..., np.ndarray] | None


def _torch_gradient(loss, z):
    z = torch.from_numpy(z).requires_grad_()
    loss(z).backward()
    return z.grad.numpy()


def _jax_gradient(loss, z):
    return np.asarray(jax.grad(loss)(jax.numpy.asarray(z)))


LIBRARIES = {
    "numpy": Library(np.asarray, None),
    "torch": Library(lambda x: torch.from_numpy(np.asarray(x)), _torch_gradient),
    "jax": Library(jax.numpy.asarray, _jax_gradient),
}


@pytest.fixture(params=LIBRARIES)
def library(request) -> Library:
    return LIBRARIES[request.param]


def loss_and_gradient(library, z, y, **options):
    """The loss, and its gradient: NumPy's own door where there is no autograd."""
    a = library.array
    options = {k: a(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    value = float(crossent.cross_entropy(a(z), a(y), **options))
    if library.gradient is None:
        return value, crossent.cross_entropy_gradient(z, y, **options)
    return value, library.gradient(lambda z: crossent.cross_entropy(z, a(y), **options), z)


@pytest.mark.parametrize(("rows", "smoothing"), [(10_000, 0.1), (25_000, 0.0), (70_000, 0.0)])
def test_many_half_precision_rows(library, rows, smoothing) -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(rows, 10)).astype(np.float16), rng.integers(0, 10, rows)
    q = (1 - smoothing) * np.eye(10)[y] + smoothing / 10
    expected = softmax_loss(z.astype(np.float64), q).mean()
    value = crossent.cross_entropy(library.array(z), library.array(y), label_smoothing=smoothing)
    assert float(value) == pytest.approx(expected, rel=1e-6)
    theirs = F.cross_entropy(torch.from_numpy(z), torch.from_numpy(y), label_smoothing=smoothing)
    assert not torch.isfinite(theirs)


@pytest.mark.parametrize(
    ("z", "y", "options"),
    [
        (np.zeros((3, 4)), np.full(3, -100), {}),
        (np.zeros((0, 4)), np.zeros(0, np.int64), {}),
        (np.zeros((3, 4)), np.array([1, 1, 1]), {"weight": np.array([1.0, 0.0, 1.0, 1.0])}),
        (np.zeros((3, 4)), np.array([1, 1, 1]), {"mask": np.zeros(3, dtype=bool)}),
    ],
    ids=["all ignored", "empty", "zero weights", "all masked"],
)
def test_nothing_to_average_is_nought(library, z, y, options) -> None:
    value, gradient = loss_and_gradient(library, z, y, **options)
    assert value == 0.0
    assert not gradient.any()
    if "mask" not in options:
        weight = {k: torch.from_numpy(v) for k, v in options.items()}
        assert torch.isnan(F.cross_entropy(torch.from_numpy(z), torch.from_numpy(y), **weight))


def test_a_class_weight_in_a_batch_of_one(library) -> None:
    z, y, weight = np.array([[0.0, 1.0]]), np.array([0]), np.array([5.0, 1.0])
    plain, _ = loss_and_gradient(library, z, y)
    same, _ = loss_and_gradient(library, z, y, weight=weight)  # torch's mean: without effect
    by_rows, _ = loss_and_gradient(library, z, y, weight=weight, normalize_by="rows")
    assert same == pytest.approx(plain)
    assert by_rows == pytest.approx(5 * plain)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("kind", ["index", "one-hot"])
def test_a_masked_class_beside_the_target(library, kind, smoothing) -> None:
    z, kept = np.array([[1.0, -INF, 2.0]]), np.array([[1.0, 2.0]])
    y, one = (np.array([2]), np.array([1])) if kind == "index" else (np.eye(3)[[2]], np.eye(2)[[1]])
    value, gradient = loss_and_gradient(library, z, y, label_smoothing=smoothing)
    expected, slope = loss_and_gradient(library, kept, one, label_smoothing=smoothing)
    assert value == pytest.approx(expected, rel=1e-15)
    np.testing.assert_allclose(gradient[0, [0, 2]], slope[0], rtol=1e-14)
    assert gradient[0, 1] == 0.0
    if kind == "one-hot" or smoothing:
        theirs = F.cross_entropy(*map(torch.from_numpy, (z, y)), label_smoothing=smoothing)
        assert not torch.isfinite(theirs)


def test_an_infinite_logit_spoils_its_own_row_alone(library) -> None:
    z, y = np.array([[INF, 0.0], [0.0, 1.0], [np.nan, 0.0], [-INF, -INF]]), np.array([0, 1, 0, 1])
    rows = crossent.cross_entropy(library.array(z), library.array(y), reduction="none")
    assert np.isnan(np.asarray(rows)).tolist() == [True, False, True, True]
    _, gradient = loss_and_gradient(library, z, y, reduction="mean")
    assert np.isfinite(gradient[1]).all()


@pytest.mark.parametrize("label", [4, -1, -2, 10**6])
def test_a_label_out_of_range_is_an_error_everywhere(library, label) -> None:
    z, y = library.array(np.zeros((2, 4))), library.array(np.array([0, label]))
    with pytest.raises(IndexError, match=rf"row 1: class {label} is not in 0\.\.3"):
        crossent.cross_entropy(z, y)


def test_under_jit_a_label_out_of_range_is_left_out_and_reads_nothing() -> None:
    z, y = jax.numpy.zeros((2, 4)), jax.numpy.array([0, 10**6])
    rows = jax.jit(lambda z, y: crossent.cross_entropy(z, y, reduction="none"))(z, y)
    assert rows.tolist() == [pytest.approx(np.log(4)), 0.0]


@pytest.mark.parametrize("kind", ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32"])
def test_labels_of_any_integer_type(library, kind) -> None:
    z, y = np.array([[0.0, 1.0], [2.0, 0.0]]), np.array([1, 0])
    expected, slope = loss_and_gradient(library, z, y)
    value, gradient = loss_and_gradient(library, z, y.astype(kind))
    assert value == expected
    np.testing.assert_array_equal(gradient, slope)


@pytest.mark.parametrize("shape", [(3, 1), (1, 3), (3, 3)])
def test_no_target_is_broadcast(library, shape) -> None:
    with pytest.raises((ValueError, TypeError)):
        crossent.cross_entropy(library.array(np.zeros((3, 4))), library.array(np.zeros(shape, int)))


def test_a_soft_label_counts_as_it_is_given_and_is_never_negative(library) -> None:
    z, q = library.array(np.zeros((1, 2))), library.array(np.array([[1.0, 1.0]]))
    assert float(crossent.cross_entropy(z, q)) == pytest.approx(2 * np.log(2))
    with pytest.raises(ValueError, match=r"row 0: soft labels must be .* at least 0; got -0\.5"):
        crossent.cross_entropy(z, library.array(np.array([[1.5, -0.5]])))


def test_a_million_classes(library) -> None:
    z = np.zeros((2, 10**6), dtype=np.float32)
    z[0, 7] = 40.0
    value, gradient = loss_and_gradient(library, z, np.array([7, 999_999]))
    assert value == pytest.approx((10**6 * np.exp(-40.0) + np.log(10**6)) / 2, rel=1e-6)
    assert gradient[1, 999_999] == pytest.approx(-0.5, rel=1e-5)


@pytest.mark.slow
def test_more_than_two_to_the_31_elements() -> None:
    rows, classes = 2**15 + 2, 2**16  # 4.3 GB in bfloat16, and as much for the gradient
    z = torch.zeros(rows, classes, dtype=torch.bfloat16)
    z[-1, -1], z[-2, 5] = 30.0, 20.0
    y = torch.zeros(rows, dtype=torch.int32)
    y[-1], y[-2] = classes - 1, 5
    z.requires_grad_()
    value = crossent.cross_entropy(z, y, reduction="sum")
    sure = np.log1p((classes - 1) * np.exp(-30.0)) + np.log1p((classes - 1) * np.exp(-20.0))
    assert value.item() == pytest.approx((rows - 2) * np.log(classes) + sure, rel=1e-6)
    value.backward()
    assert z.grad[-1, -1].item() == pytest.approx(-classes * np.exp(-30.0), rel=1e-2)
    assert z.grad[-2, 5].item() == pytest.approx(-classes * np.exp(-20.0), rel=1e-2)
    assert z.grad[-3, 0].item() == pytest.approx(-1.0, rel=1e-2)


SPOILED = [np.nan, INF, -INF]


@pytest.mark.parametrize("value", SPOILED)
@pytest.mark.parametrize("options", [{"softcap": 5.0}, {"temperature": 2.0}, {"gamma": 2.0}, {}])
def test_a_row_that_is_left_out_may_hold_anything(library, value, options) -> None:
    z, y = np.array([[value, value, 1.0], [0.0, 1.0, 2.0]]), np.array([-100, 1])
    if value == -INF:
        z[0, 2] = -INF
    loss, gradient = loss_and_gradient(library, z, y, **options)
    alone, slope = loss_and_gradient(library, z[1:], y[1:], **options)
    assert loss == pytest.approx(alone)
    np.testing.assert_allclose(gradient, np.vstack([np.zeros(3), slope[0]]), rtol=1e-14)


@pytest.mark.parametrize("value", SPOILED)
def test_a_row_that_is_left_out_spoils_no_temperature_and_no_statistic(value) -> None:
    z, y = torch.tensor([[value, value, 1.0], [0.0, 1.0, 2.0]]), torch.tensor([-100, 1])
    for softcap in (None, 3.0):
        t = torch.tensor([2.0], requires_grad=True)
        crossent.cross_entropy(z, y, temperature=t, softcap=softcap).backward()
        alone = torch.tensor([2.0], requires_grad=True)
        crossent.cross_entropy(z[1:], y[1:], temperature=alone, softcap=softcap).backward()
        torch.testing.assert_close(t.grad, alone.grad)
    for gradient in (torch.func.grad, _grad):
        found = gradient(lambda z: sum(p.sum() for p in three(z, y)))(z)
        only = gradient(lambda z: sum(p.sum() for p in three(z, y[1:])))(z[1:])
        torch.testing.assert_close(found, torch.cat([torch.zeros(1, 3), only]))
    assert [float(p[0]) for p in three(z, y)] == [0.0, 0.0, 0.0]
    numpy = crossent.cross_entropy_statistics(z.numpy(), y.numpy())
    assert [float(p[0]) for p in numpy[:3]] == [0.0, 0.0, 0.0]


def three(z, y):
    return crossent.cross_entropy_statistics(z, y)[:3]


def _grad(loss):
    def gradient(z):
        z = z.clone().requires_grad_()
        return torch.autograd.grad(loss(z), z)[0]

    return gradient


@pytest.mark.parametrize("options", [{"temperature": 2.0}, {"softcap": 5.0}])
def test_a_masked_target_behind_a_link_moves_nothing(library, options) -> None:
    z, y = np.array([[1.0, -INF, 2.0]]), np.array([1])
    value, gradient = loss_and_gradient(library, z, y, **options)
    assert value == INF
    assert gradient[0, 1] == 0.0
    assert np.isfinite(gradient).all()


def test_a_binary_score_of_minus_infinity_is_capped_as_plus_infinity_is() -> None:
    z, t = torch.tensor([INF, -INF], requires_grad=True), torch.tensor([0.0, 1.0])
    loss = crossent.binary_cross_entropy_with_logits(z, t, softcap=2.0, reduction="none")
    assert loss.tolist() == [pytest.approx(np.log1p(np.exp(2.0)))] * 2
    loss.sum().backward()
    assert z.grad.tolist() == [0.0, 0.0]


def test_a_shift_never_reads_the_first_label(library) -> None:
    z, y = library.array(np.zeros((1, 3, 5))), library.array(np.array([[77, 1, 2]]))
    assert float(crossent.cross_entropy(z, y, shift=True)) == pytest.approx(np.log(5))
    pair = library.array(np.array([[[77], [1], [2]]])), library.array(np.ones((1, 3, 1)))
    assert float(crossent.cross_entropy(z, pair, shift=True)) == pytest.approx(np.log(5))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_type_of_a_temperature_is_not_that_of_the_loss(library, kind) -> None:
    z, y = library.array(np.zeros((2, 3), dtype=np.float32)), library.array(np.array([0, 1]))
    for temperature in (2.0, kind(2), library.array(np.array([2.0], dtype=kind))):
        loss = crossent.cross_entropy(z, y, temperature=temperature, softcap=3.0)
        assert str(loss.dtype).endswith("float32")

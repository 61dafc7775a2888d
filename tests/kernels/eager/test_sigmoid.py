"""What is true of the eager sigmoid elements alone: certain ones keep their digits."""

import tracemalloc

import numpy as np
import pytest
import torch

from crossent.core.shape import Shape
from crossent.core.target import BinaryLabels
from crossent.kernels.eager import blocks, sigmoid
from tests.reference import exact_sigmoid_loss, ulps


@pytest.mark.parametrize("z", [-700.0, -40.0, -1e-3, 0.0, 2.5, 36.8, 700.0])
@pytest.mark.parametrize("target", [0.0, 0.25, 1.0])
def test_values_within_four_ulp(z, target) -> None:
    element = np.array([z])
    value = sigmoid.loss(element, BinaryLabels(np.array([target])), Shape())
    assert ulps(value[0], exact_sigmoid_loss(z, target, 1 - target)) <= 4


def test_an_infinite_logit_on_the_right_side_costs_nothing() -> None:
    z = np.array([np.inf, -np.inf, np.inf])
    labels = BinaryLabels(np.array([1.0, 0.0, 0.0]))
    value, slope = sigmoid.read_slope(z, labels, Shape(), np.ones(3))
    assert value.tolist() == [0.0, 0.0, np.inf]
    assert slope.tolist() == [0.0, 0.0, 1.0]


SHAPES = [Shape(), Shape(gamma=2.0), Shape(gamma=1.3), Shape(poly_epsilon=-1.0)]


@pytest.mark.parametrize("library", [np.asarray, torch.from_numpy])
@pytest.mark.parametrize("size", [(23, 7, 5), (3, 1001), (1001,), (1, 2, 503)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_blocks_change_no_bit(library, size, dtype, monkeypatch) -> None:
    rng = np.random.default_rng(0)
    z, ones = rng.normal(size=size).astype(dtype), rng.random(size)
    z, ones, by = (library(a) for a in (z, ones, rng.random(size)))
    labels = BinaryLabels(ones)
    for shape in SHAPES:
        for scale in (library(np.asarray(0.3)), by):
            whole = sigmoid.read_slope(z, labels, shape, scale)
            for elements in (16, 96, 512):  # as 2^16 is, a multiple of what torch does in one go
                for budget in ("CPU_BYTES", "THREADED_BYTES"):
                    monkeypatch.setattr(blocks, budget, 4 * elements)
                cut = sigmoid.read_slope(z, labels, shape, scale)
                value = sigmoid.loss(z, labels, shape)
                for a, b in zip((*whole, whole[0]), (*cut, value), strict=True):
                    assert a.dtype == b.dtype
                    np.testing.assert_array_equal(a, b)
            monkeypatch.undo()


@pytest.mark.parametrize("layout", ["turned", "every second", "broadcast"])
@pytest.mark.parametrize("elements", [1, 7, 40])
def test_blocks_of_any_layout(layout, elements, monkeypatch) -> None:
    z = torch.randn(6, 5, 4, generator=torch.Generator().manual_seed(0))
    ones = torch.rand(6, 5, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    if layout == "turned":
        z = z.permute(2, 0, 1).contiguous().permute(1, 2, 0)
    elif layout == "every second":
        z, ones = z[:, ::2], ones[:, ::2]
    else:
        ones = ones[0, :1].expand(6, 5, 4)
    shape, one = Shape(gamma=2.0), torch.tensor(1.0)
    labels = BinaryLabels(ones)
    whole = sigmoid.read_slope(z, labels, shape, one)
    for budget in ("CPU_BYTES", "THREADED_BYTES"):
        monkeypatch.setattr(blocks, budget, 4 * elements)
    for a, b in zip(whole, sigmoid.read_slope(z, labels, shape, one), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(whole[0], sigmoid.loss(z, labels, shape))


def test_memory_is_the_results_and_little_more() -> None:
    z = np.zeros((2000, 1000), dtype=np.float32)
    mass = np.broadcast_to(np.asarray(0.5), z.shape)
    tracemalloc.start()
    sigmoid.read_slope(z, BinaryLabels(mass), Shape(), np.asarray(1.0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 3 * z.nbytes <= peak < 5 * z.nbytes  # float64 losses and the slope; whole, it was 20

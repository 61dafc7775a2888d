"""What is true of the compiled sigmoid elements alone: any shape, layout and type of target."""

import numpy as np
import pytest
import torch

from crossent.core.shape import Shape
from crossent.core.target import BinaryLabels
from crossent.kernels import cpu, eager

pytestmark = pytest.mark.skipif(bool(cpu.missing), reason=cpu.missing)
SIZES = [(), (1,), (70,), (0,), (0, 3), (5, 0), (3, 1), (4, 33), (2, 3, 5), (2, 4, 3, 7)]


def rounded(value: torch.Tensor) -> np.ndarray:
    return np.asarray(value.double())


def agree(ours, theirs, like: torch.Tensor) -> None:
    eps = torch.finfo(like.dtype).eps
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(rounded(a), rounded(b), rtol=8 * eps, atol=8 * eps)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_any_shape_with_every_option_equals_eager(size, dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    z = 3 * torch.randn(size, generator=generator).to(getattr(torch, dtype))
    target = torch.rand(size, generator=generator).double()
    target = torch.where(torch.rand(size, generator=generator) < 0.2, -1.0, target)
    labels = BinaryLabels(
        target,
        weight=torch.rand(size, generator=generator),
        pos_weight=torch.rand(size[-1:], generator=generator),
        neg_weight=torch.tensor(0.7),
        mask=torch.rand(size, generator=generator) < 0.8,
        ignore_index=-1,
        label_smoothing=0.1,
    )
    upstream = torch.rand(size, generator=generator)
    for shape in (Shape(), Shape(gamma=2.0)):
        for scale in (torch.tensor(0.3), upstream):
            ours = cpu.sigmoid.read_slope(z, labels, shape, scale)
            agree(ours, eager.sigmoid.read_slope(z, labels, shape, scale), z)
            assert ours[1].dtype == z.dtype
        for by in ("rows", 7.0):
            made = [k.sigmoid.reduce(z, labels, shape, by, slope=True) for k in (cpu, eager)]
            a, b = (torch.as_tensor(m.value, dtype=torch.float64) for m in made)
            np.testing.assert_allclose(a, b, rtol=1e-5)
            agree([made[0].slope], [made[1].slope], z)
            assert float(made[0].scale) == pytest.approx(float(made[1].scale))


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int32", "int64", "float16"])
@pytest.mark.parametrize("library", [np.asarray, torch.from_numpy])
def test_targets_of_any_type(dtype, library) -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(6, 9)).astype(np.float32), rng.integers(0, 2, (6, 9))
    ours = cpu.sigmoid.loss(library(z), BinaryLabels(library(y.astype(dtype))), Shape())
    theirs = cpu.sigmoid.loss(library(z), BinaryLabels(library(y.astype(np.float32))), Shape())
    np.testing.assert_array_equal(ours, theirs)


def test_any_layout_gives_the_same_bits() -> None:
    z, t = torch.randn(8, 12), torch.rand(8, 12)
    expected = cpu.sigmoid.read_slope(z, BinaryLabels(t), Shape(), torch.tensor(1.0))
    wide = torch.zeros(16, 40)
    wide[::2, 3:15] = z
    for layout in (wide[::2, 3:15], z.t().contiguous().t()):
        found = cpu.sigmoid.read_slope(layout, BinaryLabels(t), Shape(), torch.tensor(1.0))
        for a, b in zip(found, expected, strict=True):
            assert torch.equal(a, b)

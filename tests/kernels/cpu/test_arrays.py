"""What the compiled kernels are told of an array, in memory as it lies."""

import numpy as np
import pytest
import torch

import crossent
from crossent.kernels import cpu
from crossent.kernels.cpu import arrays

pytestmark = pytest.mark.skipif(bool(cpu.missing), reason=cpu.missing)


def test_addresses_and_strides_are_in_elements() -> None:
    z = np.zeros((4, 6), np.float32)
    start, kind, row, column, kept = arrays.reals(z[1:, ::2])
    assert (start, kind, row, column) == (z.ctypes.data + 24, 0, 6, 2)
    assert kept.base is z
    t = torch.zeros(4, 6, dtype=torch.bfloat16)
    assert arrays.reals(t[1:, ::2])[:4] == (t.data_ptr() + 12, 2, 6, 2)
    assert arrays.reals(torch.tensor(1.0))[2:4] == (0, 0)
    assert arrays.reals(None) is arrays.integers(None) is None
    assert arrays.address(z) == z.ctypes.data


@pytest.mark.parametrize("name", arrays.INTEGERS)
def test_every_integer_type_has_its_number(name) -> None:
    number = arrays.INTEGERS.index(name)
    assert arrays.integers(np.zeros(2, name))[1] == number
    assert arrays.integers(torch.zeros(2, dtype=getattr(torch, name)))[1] == number
    assert arrays.numbers(np.zeros(2, name))[1] == -1 - number
    assert arrays.numbers(np.zeros(2))[1] == 1


def test_booleans_are_bytes() -> None:
    assert arrays.integers(np.zeros(2, bool))[1] == 1
    assert arrays.integers(torch.zeros(2, dtype=torch.bool))[1] == 1


@pytest.mark.parametrize(
    "odd",
    [
        np.arange(6.0).astype(">f8"),
        np.arange(6.0).astype(np.longdouble),
        np.ndarray(6, np.float64, bytearray(100), offset=3),
        torch.arange(6),
    ],
    ids=["byte order", "long double", "unaligned", "integers"],
)
def test_what_cannot_be_read_in_place_is_copied(odd) -> None:
    odd[:] = odd * 0 + 7
    start, kind, row, _, copy = arrays.reals(odd)
    assert (kind, row) == (1, 1)
    assert arrays.address(copy) == start
    assert copy.tolist() == [7.0] * 6


def test_rows_lie_side_by_side_or_are_copied() -> None:
    z = torch.randn(5, 7)
    assert arrays.rows_of(z)[:5] == (z.data_ptr(), 0, 5, 7, 7)
    assert arrays.rows_of(z[:, 2:4])[:5] == (z.data_ptr() + 8, 0, 5, 2, 7)
    assert arrays.rows_of(z[:1].expand(3, 7))[4] == 0
    turned = arrays.rows_of(z.t())
    assert turned[0] != z.data_ptr()
    assert turned[2:5] == (7, 5, 5)
    assert turned[5].is_contiguous()


def test_another_device_is_named() -> None:
    with pytest.raises(ValueError, match="one device; got cpu and meta"):
        arrays.reals(torch.zeros(2, device="meta"))


def test_fake_tensors_are_never_touched() -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode

    real = torch.randn(4, 5)
    assert arrays.is_readable(real)
    assert arrays.is_visible(torch.tensor([1]))
    with FakeTensorMode(allow_non_fake_inputs=True):
        fake = torch.empty(4, 5)
        assert not arrays.is_readable(real)
        assert not arrays.is_visible(torch.empty(4, dtype=torch.int64))
        loss = crossent.cross_entropy(fake, torch.empty(4, dtype=torch.int64), validate=False)
        assert loss.shape == ()


@pytest.mark.parametrize("library", [np.asarray, torch.from_numpy])
def test_any_layout_gives_the_same_bits(library) -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(6, 9)).astype(np.float32), rng.integers(0, 9, 6)
    wide = np.zeros((12, 20), np.float32)
    wide[::2, 3:12] = z
    layouts = [z, wide[::2, 3:12], np.asfortranarray(z), np.ascontiguousarray(z.T).T]
    expected = crossent.cross_entropy(library(z), library(y), reduction="none")
    for layout in layouts:
        for target in (y, np.repeat(y, 3)[::3], y.astype(np.uint8)):
            value = crossent.cross_entropy(library(layout), library(target), reduction="none")
            np.testing.assert_array_equal(value, expected)

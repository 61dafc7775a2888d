"""Rows in blocks: the same numbers, and never the whole of a large array's temporaries."""

import tracemalloc

import numpy as np
import pytest
import torch

from crossent.core.shape import Shape
from crossent.core.target import Labels
from crossent.kernels.eager import blocks, dense


@pytest.mark.parametrize("kind", ["index", "smoothed", "soft"])
@pytest.mark.parametrize("library", [np.asarray, torch.from_numpy])
def test_blocks_change_nothing(kind, library, monkeypatch) -> None:
    rng = np.random.default_rng(0)
    z, soft = library(rng.normal(size=(23, 7))), library(rng.dirichlet(np.ones(7), size=23))
    index, scale = library(rng.integers(0, 7, 23)), library(rng.random(23))
    q = {
        "index": Labels(index, sample_weight=scale),
        "smoothed": Labels(index, label_smoothing=0.1),
        "soft": Labels(dense=soft),
    }[kind]
    whole = dense.read_slope(z, q, Shape(), scale)
    for budget in ("CPU_BYTES", "THREADED_BYTES"):
        monkeypatch.setattr(blocks, budget, 4 * 7 * 5)
    assert len(list(blocks.blocks(z))) == 5
    for a, b in zip(whole, dense.read_slope(z, q, Shape(), scale), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(whole[0], dense.loss(z, q, Shape()))


def test_memory_is_the_gradient_and_little_more() -> None:
    z = np.zeros((2000, 1000), dtype=np.float32)
    q = Labels(np.zeros(2000, dtype=np.int64))
    tracemalloc.start()
    dense.read_slope(z, q, Shape(), np.asarray(1.0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert z.nbytes <= peak < 2 * z.nbytes  # whole, it was twelve times


def test_jax_is_left_to_its_compiler() -> None:
    import jax

    assert blocks.blocks(jax.numpy.zeros((10_000, 1000))) is None
    assert blocks.blocks(torch.zeros(3, 10**6)) is not None
    assert blocks.blocks(torch.zeros(2, 3)) is None


@pytest.mark.parametrize("size", [(40,), (5, 8), (2, 3, 7), (1, 40), (40, 1), (3, 20, 2)])
def test_tiles_meet_every_element_once(size, monkeypatch) -> None:
    for budget in ("CPU_BYTES", "THREADED_BYTES"):
        monkeypatch.setattr(blocks, budget, 4 * 9)
    seen = np.zeros(size)
    for at in blocks.tiles(seen):
        assert 0 < seen[at].size <= 9
        seen[at] += 1
    assert (seen == 1).all()
    assert blocks.tiles(np.zeros((3, 3))) is None
    assert blocks.tiles(np.zeros((0, 30))) is None


def test_flat_views_copy_nothing() -> None:
    z, number = torch.zeros(3, 4), torch.tensor(1.0)
    flat, same = blocks.flat(z, number)
    assert flat.shape == (12,)
    assert flat.data_ptr() == z.data_ptr()
    assert same is number
    spread = torch.zeros(1, 4).expand(3, 4)
    assert all(a is b for a, b in zip(blocks.flat(z, spread), (z, spread), strict=True))

"""Memory for outputs, and how many threads may write it."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from crossent.kernels.cpu import cache, memory


@pytest.mark.parametrize("like", [np.zeros((3, 4), np.float32), torch.zeros(3, 4).half()])
def test_outputs_have_the_shape_and_type_of_their_array(like) -> None:
    made = memory.empty_like(like[:, ::2])
    assert made.shape == (3, 2)
    assert made.dtype == like.dtype
    assert type(made) is type(like)
    assert memory.doubles(like, (5,)).dtype in (np.float64, torch.float64)


@pytest.mark.parametrize("library", [np.asarray, torch.from_numpy])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_large_outputs_come_from_the_cache(library, dtype, monkeypatch) -> None:
    monkeypatch.setattr(memory, "KEPT_BYTES", 1000)
    like = library(np.zeros((30, 41), dtype))
    taken = []
    monkeypatch.setattr(cache, "take", lambda size: taken.append(size) or np.zeros(size, np.uint8))
    made = memory.empty_like(like)
    assert taken == [like.nbytes]
    assert made.shape == like.shape
    assert made.dtype == like.dtype
    made[:] = 1.0  # writable


def test_threads_are_those_of_torch() -> None:
    before = torch.get_num_threads()
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            assert memory.threads_for(np.zeros(1)) == count
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("asked", "expected"), [("3", 3), ("", None), ("many", None)])
def test_without_torch_they_are_those_of_the_environment(asked, expected) -> None:
    code = "from crossent.kernels.cpu import memory; print(memory.threads_for(None))"
    environment = {**os.environ, "OMP_NUM_THREADS": asked}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert int(done.stdout) == (expected or cores)

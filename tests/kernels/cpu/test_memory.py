"""Memory for outputs, and how many threads may write it."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from crossent.kernels.cpu import memory


@pytest.mark.parametrize("like", [np.zeros((3, 4), np.float32), torch.zeros(3, 4).half()])
def test_outputs_have_the_shape_and_type_of_their_array(like) -> None:
    made = memory.empty_like(like[:, ::2])
    assert made.shape == (3, 2)
    assert made.dtype == like.dtype
    assert type(made) is type(like)
    assert memory.doubles(like, (5,)).dtype in (np.float64, torch.float64)
    assert float(memory.number(like, 0.1)) == 0.1


def test_large_outputs_ask_for_huge_pages_within_themselves(monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(memory, "_madvise", lambda *call: asked.append(call))
    made = memory.empty_like(np.zeros(memory.ADVISED_BYTES + 12345, np.uint8))
    ((start, length, advice),) = asked
    assert start % memory.HUGE == length % memory.HUGE == 0
    assert made.ctypes.data <= start
    assert start + length <= made.ctypes.data + made.nbytes
    assert length >= made.nbytes - 2 * memory.HUGE
    assert advice == 14
    memory.empty_like(np.zeros(memory.ADVISED_BYTES // 2, np.uint8))
    assert len(asked) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_system_takes_the_advice() -> None:
    made = memory.empty_like(np.zeros(8 * memory.HUGE, np.uint8))
    inside = -(-made.ctypes.data // memory.HUGE) * memory.HUGE
    flags, here = None, False
    with open("/proc/self/smaps") as file:  # noqa: PTH123
        for line in file:
            field = line.split()
            if "-" in field[0]:
                low, high = (int(part, 16) for part in field[0].split("-"))
                here = low <= inside < high
            elif here and field[0] == "VmFlags:":
                flags = field[1:]
    assert flags is not None
    assert "hg" in flags


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

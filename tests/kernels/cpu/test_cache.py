"""Memory of dropped gradients serves the next ones, up to a cap, and never two at once."""

import gc
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

import crossent
from crossent.kernels import cpu
from crossent.kernels.cpu import cache

MIB = 1 << 20


@pytest.fixture(autouse=True)
def _empty():
    gc.collect()
    crossent.empty_cache()
    yield
    crossent.empty_cache()


def kept() -> int:
    return sum(map(len, cache._free))


def test_what_is_dropped_is_used_again() -> None:
    first = cache.take(20 * MIB)
    where = first.ctypes.data
    second = cache.take(20 * MIB)
    assert second.ctypes.data != where
    assert kept() == 0
    del first
    assert kept() == 20 * MIB
    assert cache.take(19 * MIB).ctypes.data == where


def test_a_view_keeps_its_memory() -> None:
    view = cache.take(20 * MIB).view(np.float32).reshape(2, -1)[1, 7:]
    assert kept() == 0
    tensor = torch.from_numpy(cache.take(20 * MIB)).view(torch.bfloat16).view(4, -1)[2]
    assert kept() == 0
    tensor.zero_()
    del view
    assert kept() == 20 * MIB
    del tensor
    assert kept() == 40 * MIB


def test_much_smaller_things_do_not_take_a_large_region() -> None:
    large = cache.take(100 * MIB)
    where = large.ctypes.data
    del large
    assert cache.take(50 * MIB).ctypes.data != where
    assert cache.take(90 * MIB).ctypes.data == where


def test_the_cap_lets_go_of_the_longest_unused(monkeypatch) -> None:
    monkeypatch.setattr(cache, "CAP", 50 * MIB)
    parts = [cache.take(size * MIB) for size in (20, 22, 24)]
    while parts:
        parts.pop(0)
    assert [len(region) // MIB for region in cache._free] == [22, 24]
    too_large = cache.take(60 * MIB)
    del too_large
    assert kept() == 46 * MIB
    crossent.empty_cache()
    assert kept() == 0


@pytest.mark.skipif(bool(cpu.missing), reason=cpu.missing)
def test_a_training_step_takes_the_gradient_of_the_last() -> None:
    z = torch.randn(3000, 1000, requires_grad=True)
    y = torch.zeros(3000, dtype=torch.int64)
    places, gradients = set(), []
    for _ in range(4):
        z.grad = None
        crossent.cross_entropy(z, y).backward()
        places.add(z.grad.data_ptr())
        gradients.append(z.grad.sum().item())
    assert len(places) == 1
    assert len(set(gradients)) == 1
    first = z.grad
    z.grad = None
    crossent.cross_entropy(2 * z, y).backward()
    assert first.data_ptr() != z.grad.data_ptr()  # the caller still has it


FORK = """
import os, numpy as np
from crossent.kernels.cpu import cache
lease = cache.take(20 << 20)
lease[:] = 1
if os.fork() == 0:
    lease[:] = 2
    os._exit(0)
os.wait()
print(int(lease.max()))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_the_children_of_a_fork_have_their_own() -> None:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_system_is_asked_for_huge_pages() -> None:
    lease = cache.take(20 * MIB)
    inside, flags, here = lease.ctypes.data + 10 * MIB, [], False
    with open("/proc/self/smaps") as file:  # noqa: PTH123
        for line in file:
            field = line.split()
            if "-" in field[0]:
                low, high = (int(part, 16) for part in field[0].split("-"))
                here = low <= inside < high
            elif here and field[0] == "VmFlags:":
                flags = field[1:]
    assert "hg" in flags

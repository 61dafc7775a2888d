"""What is true of the compiled softmax rows alone: threads, forks, processor modes, memory."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch

import crossent
from crossent.core.shape import Shape
from crossent.core.target import Labels
from crossent.kernels import cpu

pytestmark = pytest.mark.skipif(bool(cpu.missing), reason=cpu.missing)


def large() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(600, 1500, generator=generator), torch.arange(600)


FORK = """
import multiprocessing, torch, crossent

def loss():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(600, 1500, generator=generator)
    return float(crossent.cross_entropy(z, torch.arange(600)))

class Losses(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, place):
        return loss()

expected = loss()  # the parent's threads are awake
context = multiprocessing.get_context("fork")
for _ in range(3):
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=lambda: send.send(loss()))
    child.start()
    assert receive.poll(60) and receive.recv() == expected
    child.join(60)
    assert child.exitcode == 0
for batch in torch.utils.data.DataLoader(Losses(), batch_size=2, num_workers=2):
    assert (batch == expected).all()
print(loss() == expected)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_forked_children_and_workers_of_a_data_loader_may_call_it() -> None:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=200)
    assert done.stdout == "True\n", done.stderr


def test_other_python_threads_run_meanwhile() -> None:
    z, y = torch.zeros(4000, 8000), torch.zeros(4000, dtype=torch.int64)
    ticks, stop = [], threading.Event()

    def tick() -> None:
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.0005)

    other = threading.Thread(target=tick)
    other.start()
    labels, logits = Labels(y), z
    start = time.perf_counter()
    while time.perf_counter() - start < 0.3:
        before = time.perf_counter()
        cpu.dense.reduce(logits, labels, Shape(), 1.0, slope=False)
        after = time.perf_counter()
        if any(before < t < after for t in ticks):
            break
    stop.set()
    other.join()
    assert any(before < t < after for t in ticks)


def test_calls_at_once_do_not_disturb_each_other() -> None:
    z, y = large()
    expected = cpu.dense.read_slope(z, Labels(y), Shape(), torch.tensor(1.0))
    wrong = []

    def call() -> None:
        for _ in range(20):
            found = cpu.dense.read_slope(z, Labels(y), Shape(), torch.tensor(1.0))
            if not all(torch.equal(a, b) for a, b in zip(found, expected, strict=True)):
                wrong.append(1)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_one_thread_is_one_thread() -> None:
    code = """
import os, torch, crossent
torch.set_num_threads(1)
z = torch.zeros(2000, 2000)
before = len(os.listdir("/proc/self/task"))
crossent.cross_entropy(z, torch.zeros(2000, dtype=torch.int64))
print(len(os.listdir("/proc/self/task")) - before)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == 0


def test_subnormal_numbers_are_as_before() -> None:
    z, y = large()
    crossent.cross_entropy(z.requires_grad_(), y).backward()
    tiny = torch.tensor([1e-40]) * 0.5
    assert tiny.item() > 0.0
    assert np.float32(1e-40) * np.float32(0.5) > 0.0


def test_a_row_certain_beyond_its_type_keeps_its_gradient() -> None:
    z = torch.tensor([[0.0, -95.0, -200.0]], requires_grad=True)
    loss = crossent.cross_entropy(z, torch.tensor([0]))
    loss.backward()
    exact = np.exp(-95.0)  # 5.5e-42, a subnormal float32
    assert loss.item() == pytest.approx(exact, rel=1e-3)
    assert z.grad[0, 0].item() == pytest.approx(-exact, rel=1e-3)
    assert z.grad[0, 1].item() == pytest.approx(exact, rel=1e-3)


def test_standing_is_that_of_eager() -> None:
    from crossent.kernels import eager

    z, y = torch.randn(5, 9).round(), torch.arange(5)
    for ours, theirs in zip(cpu.dense.standing(z, y), eager.dense.standing(z, y), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64", "bool"])
def test_the_first_row_outside(dtype) -> None:
    index = np.array([0, 1, 1, 3, 1]).astype(dtype)
    outside = None if dtype == "bool" else 3
    assert cpu.dense.first_outside(index, 2, -100, None) == outside
    mask = np.array([True, True, True, False, True])
    assert cpu.dense.first_outside(index, 2, None, mask) is None
    assert cpu.dense.first_outside(index, 2, 3, None) is None
    if dtype.startswith("u"):
        wrapped = np.array([0, np.iinfo(dtype).max - 99], dtype)  # -100 in another type
        assert cpu.dense.first_outside(wrapped, 2, -100, None) == 1

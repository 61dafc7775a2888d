"""Which backend serves a call, and that it says why."""

import subprocess
import sys

import jax
import numpy as np
import pytest
import torch

from crossent.kernels import cpu, eager
from crossent.kernels.select import select

needs_extension = pytest.mark.skipif(bool(cpu.missing), reason=cpu.missing)
READABLE = [
    np.zeros((2, 3)),
    np.zeros((2, 3), np.float16)[:, ::2],
    torch.zeros(2, 3),
    torch.zeros(3, 2).t(),
    torch.nn.Parameter(torch.zeros(2, 3).bfloat16()),
]
OTHERS = [
    jax.numpy.zeros((2, 3)),
    np.zeros((2, 3), ">f4"),
    np.zeros((2, 3), np.longdouble),
    np.ndarray((2, 3), np.float32, bytearray(100), offset=1),
    torch.zeros(2, 3, device="meta"),
    torch.zeros(2, 3).to_sparse(),
    torch.zeros(2, 3).to(torch.float8_e4m3fn),
]


@needs_extension
@pytest.mark.parametrize("logits", READABLE, ids=lambda a: str(a.dtype))
def test_compiled_kernels_serve_arrays_in_cpu_memory(logits) -> None:
    choice = select(logits)
    assert choice.name == "cpu"
    assert choice.dense is cpu.dense
    assert cpu.native.unit() in choice.reason


@pytest.mark.parametrize("logits", OTHERS, ids=lambda a: str(a.dtype))
def test_eager_serves_the_others(logits) -> None:
    choice = select(logits)
    assert choice.name == "eager"
    assert choice.dense is eager.dense
    assert choice.sigmoid is eager.sigmoid
    assert choice.reason


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "CROSSENT_KERNELS=eager"),
        ("sys.modules['crossent.kernels.cpu._native'] = None;", "not installed"),
    ],
    ids=["asked for", "no extension"],
)
def test_without_the_extension_eager_serves_and_says_why(code, said, monkeypatch) -> None:
    monkeypatch.setenv("CROSSENT_KERNELS", "" if code else "eager")
    code = f"""import sys; {code}
import numpy as np
from crossent.kernels.select import select
import crossent
choice = select(np.zeros((2, 3)))
print(choice.name, choice.reason, crossent.cross_entropy(np.zeros((2, 3)), np.array([0, 1])))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("eager"), done.stderr
    assert said in done.stdout
    assert "1.098" in done.stdout


def test_another_word_is_refused(monkeypatch) -> None:
    monkeypatch.setenv("CROSSENT_KERNELS", "fast")
    code = "import crossent.kernels.select"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "must be 'cpu' or 'eager'; got 'fast'" in done.stderr

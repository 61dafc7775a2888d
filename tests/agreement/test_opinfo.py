"""PyTorch's own samples of four losses: values and every gradient, one test a sample."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

import crossent
from tests.agreement.differences import DIFFERENCES, DTYPES, HALF, SAMPLES, reason
from tests.backends import BACKENDS, served_by

ROUNDINGS = 16  # of the type of the sample, on both sides together, against the largest number
CASES = [(op, dtype, place) for op in SAMPLES for dtype in DTYPES for place in range(SAMPLES[op])]


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> dict:
    """The samples, made in a process of their own."""
    out = tmp_path_factory.mktemp("opinfo") / "samples.pt"
    script = Path(__file__).with_name("samples.py")
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}  # the database's own, not ours
    subprocess.run([sys.executable, script, out], check=True, timeout=300, env=environment)
    return torch.load(out)


@pytest.mark.parametrize(("op", "dtype", "place"), CASES)
def test_sample(database, op, dtype, place) -> None:
    sample = database[op, dtype][place]
    theirs = results(getattr(F, op), sample)
    why = reason(op, dtype, place)
    for backend in BACKENDS:
        with served_by(backend):
            ours = results(getattr(crossent, op), sample)
        if why is None:
            assert_equal(ours, theirs)
        else:
            CHECKS[why](op, sample, ours, theirs)


def test_the_database_has_the_samples_that_the_table_counts(database) -> None:
    counted = {key: len(samples) for key, samples in database.items()}
    assert counted == {(op, dtype): n for op, n in SAMPLES.items() for dtype in DTYPES}


def test_every_listed_difference_names_samples_that_exist() -> None:
    for entry in DIFFERENCES:
        assert entry.dtype in DTYPES
        assert entry.samples
        assert entry.samples[-1] < SAMPLES[entry.op]
        assert entry.reason in CHECKS


def results(loss, sample, dtype: torch.dtype | None = None) -> dict[str, torch.Tensor]:
    """The value, and the gradient of each input that PyTorch differentiates, by name."""
    tensors = {
        name: (t.to(dtype) if dtype is not None and t.is_floating_point() else t)
        .clone()
        .requires_grad_(name in sample["differentiable"])
        for name, t in sample["tensors"].items()
    }
    named = dict(tensors)
    value = loss(named.pop("input"), named.pop("target"), **named, **sample["options"])
    # An upstream gradient of unequal numbers that half precision holds: 1, 2, 3, 1, 2, ...
    upstream = (torch.arange(value.numel()) % 3 + 1).reshape(value.shape).to(value.dtype)
    leaves = [tensors[name] for name in sample["differentiable"]]
    slopes = torch.autograd.grad(value, leaves, upstream)
    return {"value": value.detach(), **dict(zip(sample["differentiable"], slopes, strict=True))}


def assert_equal(ours: dict, theirs: dict) -> None:
    for name, expected in theirs.items():
        near = ROUNDINGS * torch.finfo(expected.dtype).eps
        largest = expected.abs().max().item()
        torch.testing.assert_close(ours[name], expected, rtol=near, atol=near * largest)


def check_half(op: str, sample: dict, ours: dict, theirs: dict) -> None:
    """Ours is float32 and exact for the rounded inputs; PyTorch's is half precision."""
    half = sample["tensors"]["input"].dtype
    assert theirs["value"].dtype == half
    exact = results(getattr(F, op), sample, torch.float64)
    assert_equal({"value": ours["value"]}, {"value": exact.pop("value").float()})  # and its type
    once = torch.finfo(half).eps / 2  # the error of one rounding, and float32's beside it
    for name, slope in exact.items():
        assert ours[name].dtype == half
        small = 1e-6 * slope.abs().max().item() + torch.finfo(half).smallest_normal * once
        torch.testing.assert_close(ours[name].double(), slope, rtol=1.01 * once, atol=small)


CHECKS = {HALF: check_half}

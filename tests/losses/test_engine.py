"""Dispatch on the array type, and the type of the result."""

import numpy as np
import pytest
import torch

from crossent.core.shape import Shape
from crossent.core.target import from_index
from crossent.losses import engine


@pytest.mark.parametrize(
    ("given", "returned"),
    [
        ("float16", "float32"),
        ("bfloat16", "float32"),
        ("float32", "float32"),
        ("float64", "float64"),
    ],
)
def test_half_precision_returns_float32(given, returned) -> None:
    z = torch.zeros(2, 3, dtype=getattr(torch, given))
    q = from_index(engine.namespace(z), torch.tensor([0, 1]), z)
    for reduction in ("none", "sum", "mean"):
        value = engine.softmax_loss(z, q, Shape(), reduction=reduction, normalize_by="weight")
        assert value.dtype == getattr(torch, returned)


def test_a_sum_carries_what_a_mean_divides_by() -> None:
    z = np.zeros((3, 2))
    q = from_index(engine.namespace(z), np.array([0, -100, 1]), z)
    total = engine.softmax_sum(z, q, Shape())
    assert (float(total.weight), float(total.count)) == (2.0, 2.0)
    assert float(total.mean()) == pytest.approx(np.log(2), rel=1e-15)


def test_what_is_no_array_is_named() -> None:
    with pytest.raises(TypeError, match="got list"):
        engine.namespace([1.0])
    with pytest.raises(TypeError, match="floating type; got int64"):
        engine.namespace(np.zeros(1, np.int64))

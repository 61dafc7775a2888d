"""Dispatch on the array type, and the type of the result."""

import numpy as np
import pytest
import torch

from crossent.core.shape import Shape
from crossent.core.target import BinaryLabels, Labels
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
    for reduction in ("none", "sum", "mean"):
        by = engine.by_of(reduction, "weight")
        value = engine.softmax_loss(z, Labels(torch.tensor([0, 1])), Shape(), by)
        assert value.dtype == getattr(torch, returned)


def test_what_a_mean_multiplies_by() -> None:
    xp = engine.namespace(np.zeros(1))
    weight, count = np.array([2.0, 0.0, 6.0]), np.array([1.0, 0.0, 1.0])
    assert engine.scale_of(xp, "none", "weight", weight, count) is None
    assert float(engine.scale_of(xp, "sum", "weight", weight, count)) == 1.0
    assert float(engine.scale_of(xp, "mean", "weight", weight, count)) == 1 / 8
    assert float(engine.scale_of(xp, "mean", "rows", weight, count)) == 1 / 2
    for number in (3, 3.0, np.int64(3), np.float32(3), np.array(3)):
        assert float(engine.scale_of(xp, "mean", number, weight, count)) == 1 / 3


def test_a_link_is_computed_in_float32_at_least() -> None:
    z = torch.tensor([[3000.0, 0.0]], dtype=torch.float16)
    q, elements = Labels(torch.tensor([0])), BinaryLabels(z)
    assert engine.linked(z, q, 0.01, None).tolist() == [[300000.0, 0.0]]
    assert engine.linked(z, q, None, None) is z
    assert engine.linked_elements(z, elements, 0.01, None).tolist() == [[300000.0, 0.0]]
    assert engine.linked_elements(z, elements, None, None) is z
    for wrong in ((0.0, None), (None, -1)):
        with pytest.raises(ValueError, match="must be above 0"):
            engine.linked(z, q, *wrong)
        with pytest.raises(ValueError, match="must be above 0"):
            engine.linked_elements(z, elements, *wrong)


def test_what_is_no_array_is_named() -> None:
    with pytest.raises(TypeError, match="got list"):
        engine.namespace([1.0])
    with pytest.raises(TypeError, match="floating type; got int64"):
        engine.namespace(np.zeros(1, np.int64))

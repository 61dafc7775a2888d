"""Where the classes lie."""

import numpy as np
import pytest
import torch

from crossent.core.array import namespace
from crossent.losses.layout import class_axis, to_rows, without


@pytest.mark.parametrize(
    ("array", "axis", "expected"),
    [
        (torch.zeros(4), None, 0),
        (torch.zeros(2, 4), None, 1),
        (torch.zeros(2, 4, 3), None, 1),
        (np.zeros((2, 3, 4)), None, 2),
        (np.zeros((2, 3, 4)), -2, 1),
    ],
)
def test_class_axis(array, axis, expected) -> None:
    assert class_axis(array, axis) == expected


def test_rows_follow_the_order_of_the_other_axes() -> None:
    z = np.arange(24).reshape(2, 4, 3)
    rows = to_rows(namespace(z), z, 1)
    assert rows.tolist() == np.moveaxis(z, 1, 2).reshape(6, 4).tolist()
    assert without((2, 4, 3), 1) == (2, 3)


def test_two_dimensions_are_not_copied() -> None:
    z = torch.zeros(2, 4)
    assert to_rows(namespace(z), z, 1) is z


def test_no_class_axis() -> None:
    with pytest.raises(ValueError, match="logits must have a class axis"):
        class_axis(np.zeros(()), None)
    with pytest.raises(ValueError, match="axis must be within 2 dimensions; got 5"):
        class_axis(np.zeros((2, 3)), 5)

"""When values are read, and what a check finds first."""

import numpy as np
import pytest
import torch

from crossent.core.array import namespace
from crossent.losses import check


def test_values_are_read_on_cpu_and_nowhere_they_would_wait() -> None:
    assert check.wants_values(None, np.zeros(1))
    assert check.wants_values(None, torch.zeros(1))
    assert not check.wants_values(None, torch.zeros(1, device="meta"))
    assert check.wants_values(True, torch.zeros(1, device="meta"))
    assert not check.wants_values(False, torch.zeros(1))
    assert torch.func.vmap(lambda x: x + check.wants_values(None, x))(torch.zeros(2)).sum() == 0


def test_the_first_bad_row_is_named() -> None:
    target = np.array([0, 1, 9, 8])
    with pytest.raises(IndexError, match=r"row 2: class 9 is not in 0\.\.2\.$"):
        check.index_values(namespace(target), target, 3, None, None)
    check.index_values(namespace(target), target, 3, None, np.array([True, True, False, False]))


def test_soft_values_name_the_row() -> None:
    soft = np.array([[0.5, 0.5], [np.inf, 0.0]])
    with pytest.raises(
        ValueError, match="row 1: soft labels must be finite and at least 0; got inf"
    ):
        check.soft_values(namespace(soft), soft)

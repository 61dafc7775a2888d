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


def test_values_of_jax_are_read_where_they_are_known() -> None:
    import jax

    y, seen = jax.numpy.array([0, 9]), []

    def probe(x):
        seen.append((check.wants_values(None, y), check.wants_values(None, x)))
        return x

    assert check.wants_values(None, y)
    jax.jit(probe)(y)
    jax.vmap(probe)(y)
    assert seen == [(False, False), (True, False)]

    def masked(mask):
        check.index_values(namespace(y), y, 3, None, mask)
        return mask

    jax.vmap(masked)(jax.numpy.ones((2, 2), dtype=bool))
    with pytest.raises(IndexError, match="row 1: class 9"):
        masked(jax.numpy.ones(2, dtype=bool))


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

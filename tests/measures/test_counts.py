"""Counts to distributions: quotients by the sum, in every library; what is no count."""

import jax
import numpy as np
import pytest
import torch

from crossent.measures import entropy, from_counts
from tests.measures.libraries import LIBRARIES

COUNTS = np.array([[3, 1, 0], [2, 2, 4]])
every_library = pytest.mark.parametrize("library", LIBRARIES)


@every_library
@pytest.mark.parametrize("axis", [-1, 0, 1])
@pytest.mark.parametrize("dtype", ["int64", "float64", "float32", "uint8"])
def test_quotients_by_the_sum(library, axis, dtype) -> None:
    of, counts = LIBRARIES[library], COUNTS.astype(dtype)
    found = of.numbers(from_counts(of.array(counts), axis=axis))
    assert found.dtype == (np.float32 if dtype == "float32" else np.float64)
    known = COUNTS / COUNTS.sum(axis, keepdims=True)
    np.testing.assert_allclose(found, known, rtol=np.finfo(found.dtype).eps)


def test_lists_booleans_and_half_precision() -> None:
    assert from_counts([3, 1]).tolist() == [0.75, 0.25]
    assert from_counts(((1, 1), (3, 1)), axis=0).tolist() == [[0.25, 0.5], [0.75, 0.5]]
    assert from_counts(np.array([True, False, True, True])).tolist() == [1 / 3, 0, 1 / 3, 1 / 3]
    for half in (torch.float16, torch.bfloat16):
        found = from_counts(torch.tensor([3, 1], dtype=half))
        assert found.dtype == torch.float32
        assert found.tolist() == [0.75, 0.25]


def test_what_it_returns_passes_for_a_distribution() -> None:
    weights = np.random.default_rng(0).random((100, 7), dtype=np.float32)
    assert entropy(from_counts(weights)).shape == (100,)


@every_library
@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([3.0, -1.0], "counts must be finite and at least 0"),
        ([3.0, np.nan], "counts must be finite and at least 0"),
        ([3.0, np.inf], "counts must be finite and at least 0"),
        ([0.0, 0.0], "counts must not all be 0 along axis -1"),
        ([1e308, 1e308], r"counts must add up to a finite number along axis -1; .* beyond 1\.8e"),
    ],
)
def test_what_is_no_count(library, counts, message) -> None:
    with pytest.raises(ValueError, match=message):
        from_counts(LIBRARIES[library].array(np.array([[1.0, 1.0], counts])))


def test_what_is_no_array_of_them() -> None:
    with pytest.raises(ValueError, match="counts must have an axis of outcomes; got one number"):
        from_counts(3)
    with pytest.raises(ValueError, match="counts must not all be 0"):
        from_counts([])
    with pytest.raises(TypeError, match="counts must be a list or an array"):
        from_counts("abc")
    with pytest.raises(TypeError, match="counts must not be masked"):
        from_counts(np.ma.array([1, 2], mask=[True, False]))
    for axis in (1, -2):
        with pytest.raises(ValueError, match=rf"axis must be one of the 1 of \(2,\); got {axis}"):
            from_counts([1, 2], axis=axis)


def test_no_rows() -> None:
    assert from_counts(np.zeros((0, 3))).shape == (0, 3)


def test_gradient_in_weights() -> None:
    weights = torch.tensor([3.0, 1.0], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(from_counts(weights)[0], weights)
    assert slope.tolist() == [1 / 16, -3 / 16]  # (s - w) / s^2, -w / s^2


def test_nothing_is_checked_where_values_are_hidden() -> None:
    negative = np.array([[3.0, -1.0]])
    found = jax.jit(from_counts)(jax.numpy.asarray(negative))
    np.testing.assert_array_equal(found, [[1.5, -0.5]])
    found = torch.func.vmap(from_counts)(torch.tensor(negative))
    np.testing.assert_array_equal(found, [[1.5, -0.5]])

"""Which floating type a computation and a sum have."""

import jax
import numpy as np
import torch

from crossent.core.array import compute_dtype, index_dtype, is_half, is_torch, namespace, sum_dtype


def test_half_precision_is_computed_in_float32() -> None:
    xp = namespace(torch.zeros(1))
    for dtype in (torch.float16, torch.bfloat16):
        assert is_half(xp, dtype)
        assert compute_dtype(xp, dtype) == torch.float32
    assert compute_dtype(xp, torch.float32) == torch.float32
    assert compute_dtype(xp, torch.float64) == torch.float64


def test_sums_are_kept_in_float64() -> None:
    for array in (np.zeros(1, np.float32), torch.zeros(1)):
        assert sum_dtype(namespace(array), array) == namespace(array).float64


def test_jax_keeps_its_own_types() -> None:
    array = jax.numpy.zeros(1, jax.numpy.float32)
    assert sum_dtype(namespace(array), array) == jax.numpy.float32
    assert index_dtype(namespace(array), array) == jax.numpy.int32


def test_a_subclass_is_a_tensor_and_a_list_is_not() -> None:
    assert is_torch(torch.nn.Parameter(torch.zeros(1)))
    assert not is_torch([0.0])

"""Which floating type a computation and a sum have."""

import jax
import numpy as np
import torch

from crossent.core.array import (
    compute_dtype,
    index_dtype,
    is_half,
    is_torch,
    namespace,
    sum_dtype,
    take_along_rows,
)


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


def test_a_class_of_every_row(library) -> None:
    values = library.array(np.arange(12.0).reshape(3, 4))
    index = library.array([[3, 0], [1, 1], [2, 3]], dtype=np.int64)
    taken = take_along_rows(library.xp, values, index)
    assert np.asarray(taken).tolist() == [[3.0, 0.0], [5.0, 5.0], [10.0, 11.0]]


def test_a_class_of_every_row_is_one_operation_of_torch() -> None:
    xp, values = namespace(torch.zeros(1)), torch.randn(2, 3, 4, requires_grad=True)
    index = torch.tensor([[[3], [1], [2]]]).expand(2, 3, 1)
    with torch.profiler.profile() as seen:
        take_along_rows(xp, values[0], index[0])
    names = {event.name for event in seen.events()}
    assert "aten::gather" in names
    assert not names & {"aten::where", "aten::remainder", "aten::lt"}
    each = torch.func.vmap(lambda v, i: take_along_rows(xp, v, i))(values, index)
    torch.testing.assert_close(each, values.gather(-1, index))

"""Arrays of NumPy and PyTorch as the C++ kernels see them: address, type, strides.

A description is (address, type, row stride, column stride, array), strides in elements; the array
comes last, so that what was made for a call lives as long as its description.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from crossent.core.array import Array, is_torch

# Types by name, with their numbers in native/task.hpp.
REALS: Mapping[Any, int] = {
    np.dtype(name): number for number, name in enumerate(("float32", "float64"))
} | {np.dtype("float16"): 3}
INTEGERS: Mapping[Any, int] = {
    np.dtype(name): number
    for number, name in enumerate(
        ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
    )
} | {np.dtype("bool"): 1}
_torch_reals: dict[Any, int] = {}
_torch_integers: dict[Any, int] = {}

Described = tuple[int, int, int, int, Array] | None


def _fill() -> None:
    import torch

    names = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
    _torch_integers.update({getattr(torch, name): i for i, name in enumerate(names)})
    _torch_integers[torch.bool] = 1
    reals = ("float32", "float64", "bfloat16", "float16")
    _torch_reals.update({getattr(torch, name): i for i, name in enumerate(reals)})


def real_type(array: Array) -> int | None:
    """Return the number of a floating array's type, or None for one the kernels do not read."""
    if not is_torch(array):
        return REALS.get(array.dtype)
    if not _torch_reals:
        _fill()
    return _torch_reals.get(array.dtype)


def integer_type(array: Array) -> int | None:
    """Return the number of an integer or boolean array's type, or None."""
    if not is_torch(array):
        return INTEGERS.get(array.dtype)
    if not _torch_integers:
        _fill()
    return _torch_integers.get(array.dtype)


def address(array: Array) -> int:
    """Return where an array's first element lies in memory."""
    return array.data_ptr() if is_torch(array) else array.__array_interface__["data"][0]


def strides(array: Array) -> tuple[int, ...]:
    """Return the strides in elements."""
    if is_torch(array):
        return array.stride()
    return tuple(stride // array.itemsize for stride in array.strides)


def reals(array: Array | None) -> Described:
    """Describe an array of real numbers; types the kernels do not read become float64."""
    if array is None:
        return None
    kind = real_type(array)
    if kind is None or not _is_aligned(array):
        array = array.double() if is_torch(array) else np.array(array, dtype=np.float64)
        kind = 1
    return _described(array, kind)


def integers(array: Array | None) -> Described:
    """Describe an array of integers or booleans."""
    if array is None:
        return None
    kind = integer_type(array)
    if kind is None or not _is_aligned(array):
        array = array.long() if is_torch(array) else np.array(array, dtype=np.int64)
        kind = 6
    return _described(array, kind)


def is_readable(array: Array) -> bool:
    """Say whether the kernels can read this floating array where it lies."""
    if is_torch(array):
        import torch

        plain = type(array) is torch.Tensor or type(array) is torch.nn.Parameter
        return plain and array.is_cpu and array.layout is torch.strided and _has_type(array)
    return isinstance(array, np.ndarray) and array.dtype in REALS and _is_aligned(array)


def _has_type(tensor: Array) -> bool:
    return real_type(tensor) is not None


def _described(array: Array, kind: int) -> Described:
    if is_torch(array) and not array.is_cpu:
        raise ValueError(f"all arrays of a call must be on one device; got cpu and {array.device}")
    steps = strides(array)
    row = steps[0] if steps else 0
    return address(array), kind, row, steps[1] if len(steps) > 1 else 0, array


def _is_aligned(array: Array) -> bool:
    """Say whether a NumPy array has whole elements in the machine's order at its strides."""
    if is_torch(array):
        return True
    return array.flags.aligned and all(stride % array.itemsize == 0 for stride in array.strides)

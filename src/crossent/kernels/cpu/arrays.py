"""Arrays of NumPy and PyTorch as the C++ kernels see them: address, type, strides.

A description is (address, type, row stride, column stride, array), strides in elements; the array
comes last, so that what was made for a call lives as long as its description.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from crossent.core.array import Array, is_floating, is_torch, namespace

# Types by their numbers in native/task.hpp.
REALS = ("float32", "float64", "bfloat16", "float16")
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")

Described = tuple[int, int, int, int, Array] | None
Table = dict[Any, int]


def _numbered(names: tuple[str, ...], dtype: Callable[[str], Any]) -> Table:
    return {dtype(name): number for number, name in enumerate(names) if name != "bfloat16"}


_REALS = _numbered(REALS, np.dtype)
_INTEGERS = _numbered(INTEGERS, np.dtype) | {np.dtype("bool"): 1}
_TORCH_REALS: Table = {}
_TORCH_INTEGERS: Table = {}


def _learn_torch() -> Table:
    """Number the types of PyTorch, which is loaded where there is a tensor."""
    torch: Any = sys.modules["torch"]
    _TORCH_INTEGERS.update(_numbered(INTEGERS, lambda name: getattr(torch, name)))
    _TORCH_INTEGERS[torch.bool] = 1
    _TORCH_REALS.update(_numbered(REALS, lambda name: getattr(torch, name)))
    _TORCH_REALS[torch.bfloat16] = REALS.index("bfloat16")
    return _TORCH_REALS


def is_readable(array: Array) -> bool:
    """Say whether the kernels can read this floating array where it lies."""
    if is_torch(array):
        return _is_plain(array) and array.dtype in (_TORCH_REALS or _learn_torch())
    return isinstance(array, np.ndarray) and array.dtype in _REALS and _is_whole(array)


def is_visible(array: Array) -> bool:
    """Say whether the values of an array of integers lie in this machine's memory."""
    if is_torch(array):
        if not _TORCH_INTEGERS:
            _learn_torch()
        return _is_plain(array) and array.dtype in _TORCH_INTEGERS
    return isinstance(array, np.ndarray) and array.dtype in _INTEGERS


def reals(array: Array | None) -> Described:
    """Describe an array of real numbers; types the kernels do not read become float64."""
    if array is None:
        return None
    if not is_torch(array):
        return _numpy(array, _REALS, np.float64)
    kind = (_TORCH_REALS or _learn_torch()).get(array.dtype)
    return _tensor(array, kind) if kind is not None else _tensor(array.double(), 1)


def integers(array: Array | None) -> Described:
    """Describe an array of integers or booleans."""
    if array is None:
        return None
    if not is_torch(array):
        return _numpy(array, _INTEGERS, np.int64)
    if not _TORCH_INTEGERS:
        _learn_torch()
    kind = _TORCH_INTEGERS.get(array.dtype)
    return _tensor(array, kind) if kind is not None else _tensor(array.long(), 6)


def numbers(array: Array) -> Described:
    """Describe an array of any type, integers negative: -1 - their number."""
    if is_floating(namespace(array), array):
        return reals(array)
    found = integers(array)
    assert found is not None
    return (found[0], -1 - found[1], *found[2:])


def address(array: Array) -> int:
    """Return where an array's first element lies in memory."""
    return array.data_ptr() if is_torch(array) else array.__array_interface__["data"][0]


def rows_of(logits: Array) -> tuple[int, int, int, int, int, Array]:
    """Describe rows (N, V), in memory of their own where the classes of a row lie apart."""
    rows, classes = logits.shape
    found = reals(logits)
    assert found is not None
    if found[3] != 1 and classes > 1:
        found = reals(logits.contiguous() if is_torch(logits) else logits.copy(order="C"))
        assert found is not None
    return found[0], found[1], rows, classes, found[2], found[4]


def _is_plain(tensor: Array) -> bool:
    """Say whether this is a tensor with memory of its own in this machine."""
    torch: Any = sys.modules["torch"]
    kind = type(tensor)
    if kind is not torch.Tensor and kind is not torch.nn.Parameter:
        return False
    # Under a dispatch mode (fake tensors, tracing) what is made may have no memory; what
    # torch.func wraps has none.
    if torch._C._len_torch_dispatch_stack() or _is_wrapped(torch, tensor):
        return False
    return tensor.is_cpu and tensor.layout is torch.strided


def _is_wrapped(torch: Any, tensor: Array) -> bool:
    probe = getattr(torch._C._functorch, "is_functorch_wrapped_tensor", None)
    return probe is not None and probe(tensor)


def _tensor(array: Array, kind: int) -> Described:
    if not array.is_cpu:
        raise ValueError(f"all arrays of a call must be on one device; got cpu and {array.device}")
    if array.is_neg():  # a view whose memory holds the opposite sign
        array = array.resolve_neg()
    start = array.data_ptr()
    if not start and array.numel():
        raise ValueError(f"an array of a call has no memory of its own: {type(array).__name__}")
    steps = array.stride()
    axes = len(steps)
    row, column = steps[0] if axes else 0, steps[1] if axes > 1 else 0
    return start, kind, row, column, array


def _numpy(array: Any, table: Table, otherwise: Any) -> Described:
    array = np.asarray(array)  # a target may be JAX's beside NumPy's logits
    if array.dtype not in table or not _is_whole(array):
        array = np.array(array, dtype=otherwise)
    steps = [stride // array.itemsize for stride in array.strides]
    row, column = steps[0] if steps else 0, steps[1] if len(steps) > 1 else 0
    start = array.__array_interface__["data"][0]
    return start, table[array.dtype], row, column, array


def _is_whole(array: Any) -> bool:
    """Say whether elements lie aligned, at strides of whole elements."""
    size = array.itemsize
    return array.flags.aligned and all(stride % size == 0 for stride in array.strides)

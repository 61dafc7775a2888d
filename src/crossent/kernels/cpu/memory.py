"""Memory for what the kernels write: large outputs ask the system for huge pages.

2048 x 32000 float32 are 262 MB: 64,000 faults of 4 KiB take longer than the arithmetic does, 125
of 2 MiB do not.
"""

import ctypes
import os
import sys
from typing import Any

import numpy as np

from crossent.core.array import Array, is_torch
from crossent.kernels.cpu.arrays import address

HUGE = 1 << 21  # bytes of a huge page
ADVISED_BYTES = 1 << 23
STREAM_BYTES = 1 << 23  # more than this does not stay in the caches until it is read again
_MADV_HUGEPAGE = 14


def empty_like(array: Array) -> Array:
    """Return an uninitialised contiguous array of the same shape and type."""
    if is_torch(array):
        made: Array = sys.modules["torch"].empty(array.shape, dtype=array.dtype)
    else:
        made = np.empty(array.shape, dtype=array.dtype)
    size = made.nbytes
    if size >= ADVISED_BYTES:
        _advise(address(made), size)
    return made


def empty_losses(logits: Array) -> Array:
    """Return an uninitialised array of the logits' shape, of float32 for half precision."""
    if not is_torch(logits):
        single = logits.dtype.itemsize < 8
        return np.empty(logits.shape, dtype=np.float32 if single else np.float64)
    torch = sys.modules["torch"]
    dtype = torch.float32 if logits.dtype.itemsize < 8 else torch.float64
    return torch.empty(logits.shape, dtype=dtype)


def goes_past_caches(output: Array) -> bool:
    """Say whether an output is too large to be in the caches when it is read again."""
    return output.nbytes >= STREAM_BYTES


def doubles(array: Array, shape: tuple[int, ...]) -> Array:
    """Return an uninitialised float64 array in the array's library."""
    if is_torch(array):
        torch = sys.modules["torch"]
        return torch.empty(shape, dtype=torch.float64)
    return np.empty(shape)


def number(array: Array, value: float) -> Array:
    """Return a float64 number () in the array's library."""
    if is_torch(array):
        torch = sys.modules["torch"]
        return torch.scalar_tensor(value, dtype=torch.float64)
    return np.float64(value)


def threads_for(array: Array) -> int:
    """Return how many threads may work on a call: as many as PyTorch's own operations use."""
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        return torch.get_num_threads()
    return _cores()


def _cores() -> int:
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _load_madvise() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return madvise


_madvise = _load_madvise()


def _advise(start: int, size: int) -> None:
    """Ask for huge pages within a range; a kernel without them says no, and nothing is lost."""
    if _madvise is None:
        return
    first = -(-start // HUGE) * HUGE
    length = (start + size) // HUGE * HUGE - first
    if length > 0:
        _madvise(first, length, _MADV_HUGEPAGE)

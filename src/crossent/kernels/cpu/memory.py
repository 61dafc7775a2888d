"""Outputs for the kernels to write, and how many threads may write them."""

import os
import sys
from typing import Any

import numpy as np

from crossent.core.array import Array, is_torch
from crossent.kernels.cpu import cache

KEPT_BYTES = 1 << 23  # outputs of at least this size come from the cache
STREAM_BYTES = 1 << 23  # more than this does not stay in the caches until it is read again


def empty_like(array: Array) -> Array:
    """Return an uninitialised contiguous array of the same shape and type."""
    if is_torch(array):
        torch, dtype = sys.modules["torch"], array.dtype
        size = array.numel() * dtype.itemsize
        if size < KEPT_BYTES:
            return torch.empty(array.shape, dtype=dtype, device="cpu")
        return torch.from_numpy(cache.take(size)).view(dtype).view(array.shape)
    size = array.size * array.itemsize
    if size < KEPT_BYTES:
        return np.empty(array.shape, dtype=array.dtype)
    return cache.take(size).view(array.dtype).reshape(array.shape)


def empty_losses(logits: Array) -> Array:
    """Return an uninitialised array of the logits' shape, of float32 for half precision."""
    if not is_torch(logits):
        single = logits.dtype.itemsize < 8
        return np.empty(logits.shape, dtype=np.float32 if single else np.float64)
    torch = sys.modules["torch"]
    dtype = torch.float32 if logits.dtype.itemsize < 8 else torch.float64
    return torch.empty(logits.shape, dtype=dtype, device="cpu")


def as_number(by: Any) -> float:
    """Return a divisor, a number or an array of one, as a float."""
    return float(by.reshape(()) if hasattr(by, "reshape") else by)


def goes_past_caches(output: Array) -> bool:
    """Say whether an output is too large to be in the caches when it is read again."""
    return output.nbytes >= STREAM_BYTES


def doubles(array: Array, shape: tuple[int, ...]) -> Array:
    """Return an uninitialised float64 array in the array's library."""
    if is_torch(array):
        torch = sys.modules["torch"]
        return torch.empty(shape, dtype=torch.float64, device="cpu")
    return np.empty(shape)


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

"""The array type, and which floating type a computation, a sum and a result have.

Owns no formula. NumPy, PyTorch, JAX and array-api-strict arrays are told apart here only.
"""

import sys
from typing import Any

import array_api_compat

Array = Any  # an array of any library that array-api-compat knows
Namespace = Any  # its functions, as `array_api_compat.array_namespace` returns them
DType = Any


def is_torch(array: Array) -> bool:
    """Say whether this is a PyTorch tensor, without loading PyTorch."""
    torch = sys.modules.get("torch")  # array_api_compat's cached helper makes torch.compile warn
    return torch is not None and isinstance(array, torch.Tensor)


def is_jax(array: Array) -> bool:
    """Say whether this is a JAX array, traced or not."""
    # torch.compile warns of the cache that the helper has: tensors never get there.
    return not is_torch(array) and array_api_compat.is_jax_array(array)


_torch_namespace: list[Namespace] = []  # once there is a tensor


def namespace(array: Array) -> Namespace:
    """Return the array-API functions for `array`; raise TypeError where it is no array."""
    if is_torch(array):
        if not _torch_namespace:  # an import statement takes 0.6 us
            from array_api_compat import torch as xp

            _torch_namespace.append(xp)
        return _torch_namespace[0]
    return array_api_compat.array_namespace(array)


def is_floating(xp: Namespace, array: Array) -> bool:
    """Say whether an array is of real floating numbers."""
    if is_torch(array):
        return array.dtype.is_floating_point
    return xp.isdtype(array.dtype, "real floating")


def is_integral(xp: Namespace, array: Array) -> bool:
    """Say whether an array is of integers or booleans."""
    if is_torch(array):
        return not (array.dtype.is_floating_point or array.dtype.is_complex)
    return xp.isdtype(array.dtype, ("integral", "bool"))


def is_half(xp: Namespace, dtype: DType) -> bool:
    """Say whether `dtype` is a floating type of fewer than 32 bits (fp16, bf16, fp8)."""
    return xp.finfo(dtype).bits < 32


def compute_dtype(xp: Namespace, dtype: DType) -> DType:
    """Return the type rows are computed in: float32 for half precision, else the logits' own."""
    return xp.float32 if is_half(xp, dtype) else dtype


def sum_dtype(xp: Namespace, array: Array) -> DType:
    """Return the type row numbers are kept in: float64 wherever the library and device have it."""
    if is_torch(array):
        return xp.float32 if array.device.type == "mps" else xp.float64  # mps has no float64
    if is_jax(array):  # without jax_enable_x64 asking for float64 warns
        floating = xp.isdtype(array.dtype, "real floating")
        return compute_dtype(xp, array.dtype if floating else xp.asarray(1.0).dtype)
    return xp.float64


def index_dtype(xp: Namespace, array: Array) -> DType:
    """Return the integer type class indices are compared in: int64, for JAX its default int32."""
    if is_jax(array):
        return xp.int32
    return xp.int64


def constant(array: Array) -> Array:
    """Return the array without its derivative: for a term whose derivative is known to be 0."""
    if is_torch(array):
        return array.detach()
    if is_jax(array):
        return sys.modules["jax"].lax.stop_gradient(array)
    return array


def device_of(array: Array) -> object:
    """Return where a new array must lie beside `array`, None for the library's default."""
    device = getattr(array, "device", None)
    return None if callable(device) else device


def scalar(xp: Namespace, value: float, like: Array) -> Array:
    """Return a number as an array of shape () with the type and device of `like`."""
    return xp.full((), value, dtype=like.dtype, device=device_of(like))


def take_along_rows(xp: Namespace, values: Array, index: Array) -> Array:
    """Return values (N, V) at the classes index (N, K) of their own rows; none is negative.

    array_api_compat's take_along_axis takes negative ones too, in three operations more: about
    45 of the 400 us that a call of 128 rows of 10 classes takes.
    """
    if is_torch(values):
        return values.gather(-1, index)
    return xp.take_along_axis(values, index, axis=-1)


def sign(xp: Namespace, values: Array) -> Array:
    """Return -1, 0 or 1, with slope 0 everywhere; torch's vmap does not follow the compat one."""
    return values.sign() if is_torch(values) else xp.sign(values)


def cumulate(xp: Namespace, values: Array) -> Array:
    """Return the sums of each row's first numbers; torch.compile does not follow the compat one."""
    return values.cumsum(-1) if is_torch(values) else xp.cumulative_sum(values, axis=-1)


# Numbers of a row that are added up in one go. PyTorch splits a longer sum of one row between its
# threads, and the sum of the same row among others not: its bits would depend on both.
BLOCK = 16384


def sum_rows(xp: Namespace, values: Array, dtype: DType) -> Array:
    """Return the sum of every row (N,) of values (N, V), in blocks where V is large."""
    width = values.shape[-1]
    whole = width - width % BLOCK
    if whole == 0 or width == BLOCK:
        return xp.sum(values, axis=-1, dtype=dtype)
    blocks = xp.reshape(values[:, :whole], (-1, whole // BLOCK, BLOCK))
    total = xp.sum(xp.sum(blocks, axis=-1, dtype=dtype), axis=-1)
    return total if whole == width else total + xp.sum(values[:, whole:], axis=-1, dtype=dtype)

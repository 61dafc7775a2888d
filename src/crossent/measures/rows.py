"""What a measure is given, as rows (N, C) of one floating type, checked; and its results' shape."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from crossent.core.array import (
    Array,
    DType,
    Namespace,
    compute_dtype,
    constant,
    device_of,
    is_floating,
    is_jax,
    is_torch,
    namespace,
    sum_dtype,
)
from crossent.core.divergence import Term
from crossent.kernels.eager.divergence import in_blocks, whole
from crossent.kernels.select import select
from crossent.ops.values import is_transformed

# What the sum of probabilities may be off by: what a printed table keeps; in half precision two
# roundings of 1, as each outcome is rounded by half of one of its own.
OFF = 2e-6


class Rows(NamedTuple):
    """One or two arrays of rows (N, C), the shape of what was around them, the type of results.

    off: what the sums of the rows of each array may be off by, given its type before half
    precision became float32.
    """

    xp: Namespace
    arrays: tuple[Array, ...]
    lead: tuple[int, ...]
    dtype: DType
    off: tuple[float, ...]

    def shaped(self, values: Array) -> Any:
        """Return a number a row (N,) in the shape that was given, and in its type."""
        made = self.xp.astype(self.xp.reshape(values, self.lead), self.dtype, copy=False)
        return made[()] if isinstance(made, np.ndarray) else made


def read(axis: int, **given: Array) -> Rows:
    """Return arrays of numbers along `axis` as rows."""
    xp, arrays, off = _alike(given)
    shape = tuple(arrays[0].shape)
    check_axis(next(iter(given)), shape, axis)
    if not shape[axis]:
        raise ValueError(f"{next(iter(given))} must have outcomes along axis {axis}; got {shape}")
    dtype = arrays[0].dtype
    if axis not in (-1, len(shape) - 1):
        last = axis % len(shape)  # no moveaxis: torch's vmap has no rule for it
        order = (*(k for k in range(len(shape)) if k != last), last)
        arrays = [xp.permute_dims(array, order) for array in arrays]
    lead = tuple(arrays[0].shape[:-1])
    rows = (math.prod(lead), shape[axis])
    return Rows(xp, tuple(xp.reshape(array, rows) for array in arrays), lead, dtype, off)


def check_axis(name: str, shape: tuple[int, ...], axis: int) -> None:
    """Raise ValueError where an array of this shape has no such axis."""
    if not shape:
        raise ValueError(f"{name} must have an axis of outcomes; got one number")
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"axis must be one of the {len(shape)} of {shape}; got {axis}")


def distributions(axis: int, validate: bool, **given: Array) -> Rows:
    """Return distributions along `axis` as rows; raise ValueError for what is none."""
    rows = read(axis, **given)
    if validate:
        for name, p, off in zip(given, rows.arrays, rows.off, strict=True):
            if not is_transformed(p):
                _check(rows, name, constant(p), axis, off)
    return rows


def total(term: Term, rows: Rows, order: float = 1.0) -> Array:
    """Return the sum of the terms of every row (N,), differentiable where the library is."""
    p = rows.arrays[0]
    if is_torch(p):
        from crossent.ops.torch.divergence import total as of_torch

        return of_torch(term, *rows.arrays, order=order)
    if is_jax(p):
        from crossent.ops.jax.divergence import total as of_jax

        return of_jax(term, *rows.arrays, order=order)
    return select(p).divergence.total(term, *rows.arrays, order=order)


def each(formula: Callable[..., Array], rows: Rows) -> Array:
    """Return a formula of whole rows, in blocks of the cache where nothing is differentiated.

    Computed in float64 where the library and the device have it.
    """
    return (in_blocks if _is_constant(rows.arrays) else whole)(formula, *rows.arrays)


def span(values: Array) -> tuple[float, float]:
    """Return the least and the largest number; -inf and inf where they cannot be read."""
    if is_transformed(values) or not values.shape[0]:
        return -math.inf, math.inf
    xp, fixed = namespace(values), constant(values)
    return float(xp.min(fixed)), float(xp.max(fixed))


def _is_constant(arrays: tuple[Array, ...]) -> bool:
    if not is_torch(arrays[0]):
        return isinstance(arrays[0], np.ndarray)
    from crossent.ops.torch.route import route

    return route(arrays[0], arrays) == "function" and not arrays[0].requires_grad


def only(name: str, p: Any) -> tuple[Namespace, Array]:
    """Return numbers of any shape as an array of a floating type, with its functions."""
    xp, (array,), _ = _alike({name: p})
    return xp, array


def as_array(value: Any, like: Array | None = None) -> Array:
    """Return a number or a list as an array: of float64, or of the library and type of `like`."""
    if not isinstance(value, (int, float, list, tuple)):
        return value
    if like is None:
        return np.asarray(value, np.float64)
    xp = namespace(like)
    dtype = like.dtype if is_floating(xp, like) else None
    return xp.asarray(value, dtype=dtype, device=device_of(like))


def _alike(given: dict[str, Array]) -> tuple[Namespace, list[Array], tuple[float, ...]]:
    """Return arrays of one library, shape and floating type, and what their sums may be off by.

    Half precision becomes float32.
    """
    arrays = list(given.values())
    kept = {k: a for k, a in given.items() if not isinstance(a, (int, float, list, tuple))}
    for name, array in kept.items():
        _library(name, array)  # a list cannot be made like what is no array
    like = next(iter(kept.values()), None)
    arrays = [as_array(array, like) for array in arrays]
    kinds = [_library(name, array) for name, array in zip(given, arrays, strict=True)]
    names = " and ".join(given)
    if any(kind is not kinds[0] for kind in kinds):
        got = " and ".join(type(array).__name__ for array in arrays)
        raise TypeError(f"{names} must be of one array library; got {got}")
    shapes = [tuple(array.shape) for array in arrays]
    if any(shape != shapes[0] for shape in shapes):
        got = " and ".join(map(str, shapes))
        raise ValueError(f"{names} must have the same shape; got {got}. Use broadcast_to.")
    xp = kinds[0]
    arrays = [
        xp.astype(array, _floating(xp, array), copy=False) if not is_floating(xp, array) else array
        for array in arrays
    ]
    dtype = compute_dtype(xp, xp.result_type(*arrays))
    off = tuple(
        OFF if array.dtype == dtype else max(OFF, 2.0 * float(xp.finfo(array.dtype).eps))
        for array in arrays
    )
    return xp, [xp.astype(array, dtype, copy=False) for array in arrays], off


def _floating(xp: Namespace, array: Array) -> DType:
    if not xp.isdtype(array.dtype, ("bool", "integral")):
        raise TypeError(f"probabilities must be real numbers; got {array.dtype}")
    return sum_dtype(xp, array)


def _library(name: str, array: Array) -> Namespace:
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{name} must not be masked: leave the masked ones out, or fill them")
    try:
        return namespace(array)
    except TypeError:
        raise TypeError(
            f"{name} must be a list or an array of numpy, torch or jax; "
            f"got {type(array).__name__}. Use numpy.asarray."
        ) from None


def sums_unlike_1(rows: Rows, p: Array, off: float) -> Array | None:
    """Return the sums of p (N, C), NaN of a row with a number below 0 or NaN; None if all are 1.

    One reading of p.
    """
    if not p.shape[0]:
        return None
    sums = total("mass", rows._replace(arrays=(p,)))
    low, high = span(sums)
    return None if low >= 1.0 - off and high <= 1.0 + off else sums


def first_true(xp: Namespace, flags: Array, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the place of the first true one of flags (N,) in what has this shape."""
    at = int(xp.argmax(xp.astype(flags, xp.int32)))
    return tuple(map(int, np.unravel_index(at, shape))) if shape else ()


def _check(rows: Rows, name: str, p: Array, axis: int, off: float) -> None:
    """Raise ValueError where a row of p (N, C) is no distribution."""
    sums = sums_unlike_1(rows, p, off)
    if sums is None:
        return
    xp = rows.xp
    (row,) = first_true(xp, ~(xp.abs(sums - 1.0) <= off), (p.shape[0],))
    place = ", ".join(str(int(k)) for k in np.unravel_index(row, rows.lead)) if rows.lead else ""
    where = f"{name}, row {place}:" if place else f"{name}"
    bad = ~(xp.isfinite(p[row, :]) & (p[row, :] >= 0.0))
    if bool(xp.any(bad)):
        (at,) = first_true(xp, bad, (p.shape[1],))
        raise ValueError(
            f"{where} must hold finite probabilities of at least 0; "
            f"outcome {at} has {float(p[row, at]):g}"
        )
    raise ValueError(
        f"{where} must sum to 1 along axis {axis}; it sums to {float(sums[row]):.9g}. "
        "from_counts divides by the sum; validate=False takes it as it is."
    )

"""Where the classes lie in an array of logits, and its shape as rows (N, V)."""

import math

from crossent.core.array import Array, Namespace, is_torch


def class_axis(logits: Array, axis: int | None, *, last: bool = False, name: str = "logits") -> int:
    """Return the class axis, non-negative: as given, else PyTorch's (1) for tensors, else last.

    With `last` it is the last one, whatever the library, and any other is refused.
    """
    if logits.ndim == 0:
        raise ValueError(f"{name} must have a class axis; got a number (shape ())")
    if last:
        if axis not in (None, -1, logits.ndim - 1):
            raise ValueError(f"shift needs the classes on the last axis; got axis={axis}")
        return logits.ndim - 1
    if axis is None:
        return min(1, logits.ndim - 1) if is_torch(logits) else logits.ndim - 1
    if not -logits.ndim <= axis < logits.ndim:
        raise ValueError(f"axis must be within {logits.ndim} dimensions; got {axis}")
    return axis % logits.ndim


def without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """Return `shape` without its `axis`: the shape of one number a row."""
    return (*shape[:axis], *shape[axis + 1 :])


def to_rows(xp: Namespace, array: Array, axis: int) -> Array:
    """Return the array as rows (N, V) with its classes last; a view where strides allow."""
    if array.ndim == 2 and axis == 1:
        return array
    others = [place for place in range(array.ndim) if place != axis]
    array = xp.permute_dims(array, (*others, axis))  # moveaxis has no rule under torch.func.vmap
    return xp.reshape(array, (math.prod(array.shape[:-1]), array.shape[-1]))


def shifted(xp: Namespace, array: Array, axis: int) -> Array:
    """Return the array one step earlier along `axis`; the first entry comes last, to be masked."""
    axis = axis % array.ndim
    whole: list[slice] = [slice(None)] * array.ndim
    rest, first = whole.copy(), whole.copy()
    rest[axis], first[axis] = slice(1, None), slice(0, 1)
    return xp.concat([array[tuple(rest)], array[tuple(first)]], axis=axis)


def from_rows(xp: Namespace, rows: Array, shape: tuple[int, ...], axis: int) -> Array:
    """Return rows (N, V) in the shape of the logits they were read from: `to_rows` undone."""
    order = list(range(len(shape) - 1))
    whole = xp.reshape(rows, (*without(shape, axis), shape[axis]))
    return xp.permute_dims(whole, (*order[:axis], len(shape) - 1, *order[axis:]))

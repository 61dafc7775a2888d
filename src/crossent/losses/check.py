"""What the doors refuse, and in which words: what was expected, what came, what to do.

Shapes and types are always checked. Values are read only when `validate` says so, by default on
CPU, because reading one on a GPU would wait for it.
"""

import math
from numbers import Real
from typing import Any

import numpy as np

from crossent.core.array import (
    Array,
    Namespace,
    constant,
    is_integral,
    is_jax,
    is_torch,
    namespace,
    sum_dtype,
)
from crossent.core.shape import Shape
from crossent.core.target import at_class, signed
from crossent.kernels.select import has_outside
from crossent.ops.values import is_traced, is_transformed


def wants_values(validate: bool | None, array: Array) -> bool:
    """Return whether values may be read: as asked, else where that costs no synchronisation.

    Raise ValueError where they are asked for and there are none.
    """
    if validate and is_transformed(array):
        raise ValueError(
            "validate=True reads values, and under jax.jit, vmap or torch.compile there are none; "
            "leave it out there"
        )
    if validate is not None:
        return validate
    if is_torch(array):
        return array.is_cpu and _route().has_values(array)
    if is_jax(array):
        return not is_traced(array) and all(d.platform == "cpu" for d in array.devices())
    return isinstance(array, np.ndarray)


def _route() -> Any:
    """Return `ops.torch.route`, loaded with the first tensor; an import statement takes 0.6 us."""
    if not _loaded:
        from crossent.ops.torch import route

        _loaded.append(route)
    return _loaded[0]


_loaded: list[Any] = []  # not sys.modules: torch.compile would guard that it is not there yet


def same_library(name: str, values: object, logits: Array, of: str = "logits") -> None:
    """Raise TypeError unless `values` is None or an array of the logits' library."""
    if values is None:
        return
    unmasked(name, values)
    if not hasattr(values, "shape") or is_torch(values) != is_torch(logits):
        wanted = "a torch tensor" if is_torch(logits) else "an array"
        raise TypeError(
            f"{name} must be {wanted}, as {of} are {type(logits).__name__}; "
            f"got {type(values).__name__}"
        )


def unmasked(name: str, values: object) -> None:
    """Raise TypeError for NumPy's masked arrays, whose mask no loss would see."""
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(
            f"{name} must be a plain array; the mask of a MaskedArray would be lost. Use "
            "its .data, and mask= for what is left out."
        )


def index_target(
    xp: Namespace,
    target: Array,
    rows: tuple[int, ...],
    logits: Array,
    axis: int,
    name: str = "logits",
) -> None:
    """Raise unless `target` is an integer array with one class for each row."""
    shape = tuple(target.shape)
    if shape == tuple(logits.shape) != rows:
        hint = "Use .float()." if is_torch(target) else "Use .astype(float)."
        raise TypeError(f"soft labels must be of a floating type; got {target.dtype}. {hint}")
    if shape != rows:
        hint = _shape_hint(shape, rows, tuple(logits.shape), axis)
        raise ValueError(
            f"target must have shape {rows} to match {name} {tuple(logits.shape)} with classes "
            f"on axis {axis}; got {shape}.{hint}"
        )
    if not is_integral(xp, target):
        raise TypeError(
            f"class indices must be of an integer type; got {target.dtype}. Use an integer "
            f"target, or soft labels of shape {tuple(logits.shape)}."
        )


def _shape_hint(
    shape: tuple[int, ...], rows: tuple[int, ...], logits: tuple[int, ...], axis: int
) -> str:
    if shape == (*rows, 1):
        return " Use target.squeeze(-1)."
    if shape == logits[:-1] and axis != len(logits) - 1:
        return " If the classes are on the last axis, pass axis=-1."
    return " Soft labels have the shape of the logits." if len(shape) == len(logits) else ""


def index_values(
    xp: Namespace, target: Array, classes: int, ignore_index: int | None, mask: Array | None
) -> None:
    """Raise IndexError for the first class outside 0 .. classes - 1."""
    if not has_outside(target, classes, ignore_index, mask):
        return
    xp, index = namespace(target), signed(target)  # of NumPy labels jit hides nothing
    bad = (index < 0) | (index >= classes)
    if ignore_index is not None:
        ignored = at_class(xp, target, index, ignore_index)
        bad = bad if ignored is None else bad & ~ignored
    found = _first(bad if mask is None else bad & mask)
    if found is None:
        return
    place, row = found
    value = int(xp.reshape(index, (-1,))[place])
    if value < 0 and xp.isdtype(target.dtype, "unsigned integer"):
        value += xp.iinfo(target.dtype).max + 1
    hint = " Labels 1..C must be shifted: use target - 1." if value == classes else ""
    if value < 0 and ignore_index is not None:
        hint = f" Rows to leave out carry ignore_index={ignore_index}."
    raise IndexError(f"row {row}: class {value} is not in 0..{classes - 1}.{hint}")


def soft_values(
    xp: Namespace, target: Array, name: str = "soft labels", mask: Array | None = None
) -> None:
    """Raise ValueError for the first row with a negative or non-finite probability."""
    if _is_within(target, float("inf")):
        return
    bad = ~(xp.isfinite(target) & (target >= 0.0))
    _refuse_first(xp, target, bad, mask, f"{name} must be finite and at least 0")


def binary_values(
    xp: Namespace, target: Array, mask: Array | None, ignore_index: float | None
) -> None:
    """Raise ValueError for the first row with a target outside 0..1."""
    if _is_within(target, 1.0):
        return
    if not xp.isdtype(target.dtype, "real floating"):  # a uint8 == -100 is true at 156 in torch
        target = xp.astype(target, sum_dtype(xp, target))
    if ignore_index is not None:
        there = target != float(ignore_index)
        mask = there if mask is None else mask & there
    soft_values(xp, target, "binary targets", mask)
    _refuse_first(xp, target, target > 1.0, mask, "binary targets must be at most 1")


def _is_within(target: Array, most: float) -> bool:
    """Say whether all values are at least 0 and at most `most`, finite; one pass, where known."""
    if not is_torch(target) or target.numel() == 0:
        return False
    low, high = target.detach().aminmax()
    return bool(low >= 0.0) and bool(high <= most) and bool(high < float("inf"))


def _refuse_first(
    xp: Namespace, target: Array, bad: Array, mask: Array | None, wanted: str
) -> None:
    found = _first(bad if mask is None else bad & mask)
    if found is not None:
        place, row = found
        value = float(xp.reshape(constant(target), (-1,))[place])
        raise ValueError(f"row {row}: {wanted}; got {value:g}.")


def _first(bad: Array) -> tuple[int, int] | None:
    """Return the flat place of the first True and its row, or None; None where JAX traces."""
    if is_jax(bad) and is_traced(bad):  # a mask that vmap goes over, beside a constant target
        return None
    xp = namespace(bad)
    if not bool(xp.any(bad)):
        return None
    place = int(xp.argmax(xp.astype(xp.reshape(bad, (-1,)), xp.int8)))
    return place, place // bad.shape[-1] if bad.ndim > 1 else place


def per_class(name: str, weight: Array | None, classes: int) -> None:
    """Raise ValueError unless `weight` is None or one number for each class."""
    if weight is not None and tuple(weight.shape) != (classes,):
        raise ValueError(
            f"{name} must have shape ({classes},), one for each class; got {tuple(weight.shape)}"
        )


def per_row(name: str, values: Array | None, rows: tuple[int, ...]) -> None:
    """Raise ValueError unless `values` is None or one for each row."""
    if values is not None and tuple(values.shape) != rows:
        raise ValueError(
            f"{name} must have shape {rows}, one for each row; got {tuple(values.shape)}"
        )


def weights_are_fixed(shape: Shape, **weights: object) -> None:
    """Raise ValueError for weights that need a gradient where phi is not linear in the mass.

    At a weight of 0 the row's c / mass is lost, and with it the weight's derivative, phi(c).
    """
    if shape.is_plain:
        return
    for name, weight in weights.items():
        if getattr(weight, "requires_grad", False):
            raise ValueError(
                f"a {name} that needs a gradient goes outside: use reduction='none' and "
                "multiply the rows by it"
            )


def no_ignore_index(ignore_index: int | None) -> None:
    """Raise ValueError for a class to ignore in soft labels, which have no class index."""
    if ignore_index is not None and ignore_index >= 0:
        raise ValueError(f"ignore_index={ignore_index} is for class indices; use mask= for rows")


def boolean(xp: Namespace, mask: Array | None) -> None:
    """Raise TypeError unless `mask` is None or boolean: an integer mask would index or weigh."""
    if mask is not None and not xp.isdtype(mask.dtype, "bool"):
        raise TypeError(f"mask must be boolean; got {mask.dtype}. Use mask != 0.")


def broadcasts(name: str, values: Array | None, shape: tuple[int, ...], of: str = "logits") -> None:
    """Raise ValueError unless `values` is None or broadcasts to the logits' shape."""
    if values is None:
        return
    own = tuple(values.shape)
    tail = shape[len(shape) - len(own) :]
    if len(own) > len(shape) or any(a not in (1, b) for a, b in zip(own, tail, strict=True)):
        raise ValueError(f"{name} must broadcast to the shape of {of} {shape}; got {own}")


def positive(name: str, value: Any) -> None:
    """Raise unless `value` is None or a number above 0."""
    if value is None:
        return
    if not isinstance(value, Real):
        raise TypeError(f"{name} must be a number; got {type(value).__name__}")
    number: Any = value
    if not number > 0.0:
        raise ValueError(f"{name} must be above 0; got {value}")


def temperature(value: object) -> None:
    """Raise unless the temperature is None, a number above 0, or an array of one."""
    if value is None or isinstance(value, Real):
        positive("temperature", value)
        return
    if not hasattr(value, "shape"):
        got = type(value).__name__
        raise TypeError(f"temperature must be a number or an array of one; got {got}")
    array: Array = value
    if tuple(array.shape) not in ((), (1,)):
        raise ValueError(f"temperature must be one number; got shape {tuple(array.shape)}")
    if wants_values(None, array):
        positive("temperature", float(constant(array).reshape(())))


def divisor(normalize_by: object) -> None:
    """Raise ValueError for an array to divide by that is no count, where its value is known."""
    if not hasattr(normalize_by, "shape") or isinstance(normalize_by, Real):
        return
    array: Array = normalize_by
    if tuple(array.shape) in ((), (1,)) and wants_values(None, array):
        number = float(constant(array).reshape(()))
        if not 0.0 <= number < float("inf"):
            raise ValueError(f"normalize_by must be finite and at least 0; got {number:g}")


def smoothing(label_smoothing: Any) -> None:
    """Raise unless label smoothing is a number, and a share."""
    if isinstance(label_smoothing, float) and 0.0 <= label_smoothing <= 1.0:
        return  # isinstance of an abstract number takes half a microsecond
    if not isinstance(label_smoothing, Real):
        got = type(label_smoothing).__name__
        raise TypeError(f"label_smoothing must be a number; got {got}")
    share: Any = label_smoothing
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"label_smoothing must be between 0 and 1; got {label_smoothing}")


def top_k(
    xp: Namespace,
    target: tuple[Array, Array],
    rows: tuple[int, ...],
    classes: int,
    validate: bool | None,
) -> tuple[Array, Array]:
    """Return (indices, values) of a sparse soft target as (N, K), or raise."""
    if len(target) != 2:
        raise ValueError(f"a sparse target must be a pair (indices, values); got {len(target)}")
    indices, values = target
    for name, part in (("indices", indices), ("values", values)):
        _of_namespace(xp, name, part)
    if xp.isdtype(values.dtype, "integral") and xp.isdtype(indices.dtype, "real floating"):
        raise TypeError(
            "a sparse target is (indices, values), in this order; topk returns values first"
        )
    if tuple(indices.shape) != tuple(values.shape) or tuple(indices.shape[:-1]) != rows:
        raise ValueError(
            f"indices and values must both have shape {(*rows, 'K')}; got "
            f"{tuple(indices.shape)} and {tuple(values.shape)}"
        )
    if not xp.isdtype(indices.dtype, "integral"):
        raise TypeError(f"indices must be of an integer type; got {indices.dtype}")
    width = indices.shape[-1]
    flat = (math.prod(rows), width)
    indices, values = xp.reshape(indices, flat), xp.reshape(values, flat)
    if wants_values(validate, indices):
        unsigned = xp.isdtype(indices.dtype, "unsigned integer")  # that has no padding
        real = None if unsigned else indices >= 0
        soft_values(xp, values, "values", real)
        index_values(xp, indices, classes, None, real)
    return indices, values


def _of_namespace(xp: Namespace, name: str, values: object) -> None:
    """Raise TypeError unless `values` is an array of the library whose functions `xp` has."""
    unmasked(name, values)
    of_torch = xp.__name__ == "array_api_compat.torch"
    if not hasattr(values, "shape") or is_torch(values) != of_torch:
        wanted = "a torch tensor" if of_torch else "an array"
        raise TypeError(f"{name} must be {wanted}, as logits are; got {type(values).__name__}")


def same_shape(name: str, values: Array | None, shape: tuple[int, ...], of: str = "logits") -> None:
    """Raise ValueError unless `values` is None or has the logits' shape."""
    if values is not None and tuple(values.shape) != shape:
        raise ValueError(f"{name} must have the shape of {of} {shape}; got {tuple(values.shape)}")

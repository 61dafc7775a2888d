"""Reads what `evaluate` is given: labels, probabilities, weights, row numbers.

Owns every check and every message about them. Computes no score.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossent.core.array import is_torch
from crossent.errors import InputError, quoted


def read_matrix(values: ArrayLike, name: str = "probabilities") -> NDArray[np.floating]:
    """Return `values` as floats (N, C), of their own precision; InputError for other shapes."""
    try:
        array = np.asarray(on_host(values))
        if array.dtype.kind != "f":
            array = array.astype(np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{name} must be numbers of shape (N, C): {quoted(str(error))}") from error
    if array.ndim != 2:
        hint = ""
        if array.ndim == 1 and name == "probabilities":
            hint = " For two classes use np.column_stack([1 - p, p])."
        raise InputError(f"{name} must have shape (N, C); got {array.shape}.{hint}")
    if array.shape[0] == 0 or array.shape[1] == 0:
        raise InputError(f"{name} must hold at least one row and one class; got {array.shape}.")
    return array


def column_names(values: object) -> tuple[Hashable, ...] | None:
    """Return the names of a data frame's columns; None without names, or with 0 .. C-1 alone."""
    columns = getattr(values, "columns", None)
    if columns is None or callable(columns):
        return None
    names: tuple[Hashable, ...] = tuple(columns)
    return None if names == tuple(range(len(names))) else names


def on_host(values: Any) -> Any:
    """Return a PyTorch tensor without its gradient, in memory, of a type that NumPy has."""
    if not is_torch(values):
        return values
    values = values.detach().cpu()
    return (
        values.float() if values.dtype.is_floating_point and values.itemsize < 4 else values
    ).numpy()


def read_target_probs(values: ArrayLike, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return soft labels as float64 of exactly `shape`."""
    array = read_matrix(values, "target_probs").astype(np.float64)
    if array.shape != shape:
        raise InputError(
            f"target_probs must have the shape of probabilities, {shape}; got {array.shape}."
        )
    return array


def read_weights(values: ArrayLike, size: int) -> NDArray[np.float64]:
    """Return row weights as float64 (N,), finite, non-negative and not all zero."""
    try:
        array = np.asarray(on_host(values), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"sample_weight must be numbers: {quoted(str(error))}") from error
    if array.shape != (size,):
        raise InputError(f"sample_weight must have shape ({size},); got {array.shape}.")
    bad = ~(np.isfinite(array) & (array >= 0))
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"sample_weight must be finite and not negative; row {row} has {array[row]}."
        )
    if not array.any():
        raise InputError("sample_weight is 0 in every row; at least one row must count.")
    return array


def read_rows(values: ArrayLike, size: int) -> NDArray[np.int64]:
    """Return the numbers that rows are known by, as int64 (N,)."""
    array = np.asarray(values)
    if array.shape != (size,) or array.dtype.kind not in "iu":
        raise InputError(
            f"rows must be integers of shape ({size},); got {array.dtype} of shape {array.shape}."
        )
    if array.dtype.kind == "u" and len(array) and int(array.max()) >= 2**63:
        raise InputError(f"rows must be below 2^63; got {array.max()}.")
    return array.astype(np.int64)


def read_labels(
    labels: ArrayLike | Sequence[Hashable] | None,
    size: int,
    columns: int,
    classes: Iterable[Hashable] | None,
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the codes of `labels`, (size,), and the names of the `columns` classes.

    Whole numbers are codes 0 .. C-1, unless `classes` names numbers, or strings among which the
    text of every label is: 3 is the class "3" of "3" .. "8", not the fourth. Anything else is a
    class name: looked up in `classes`, or, without them, in the sorted distinct labels, as
    scikit-learn does.
    """
    if labels is None:
        raise InputError("labels are needed unless target_probs are given; got neither.")
    names = None if classes is None else _read_classes(classes, columns)
    array = _one_dimension(labels)
    if len(array) != size:
        raise InputError(f"labels and probabilities must match; got {len(array)} and {size} rows.")
    values = array.tolist()
    if array.dtype.kind in "biu" or _whole_numbers(array):
        if array.dtype.kind == "f":
            values = array.astype(np.int64).tolist()
        if names is None or all(isinstance(name, str) for name in names):
            if names is None or not _are_names(values, names):
                return read_codes(array, columns, names)
            values = [str(value) for value in values]
    if names is None:
        names = _distinct(values, columns)
    lookup = {name: code for code, name in enumerate(names)}
    codes = np.empty(len(values), dtype=np.int64)
    for row, value in enumerate(values):
        code = lookup.get(value)
        if code is None:
            raise InputError(
                f"label {quoted(value)} in row {row} is not among the {columns} classes "
                f"{quoted(list(names))}."
            )
        codes[row] = code
    return codes, tuple(str(name) for name in names)


def read_codes(
    codes: ArrayLike, columns: int, classes: Iterable[Hashable] | None
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return integers as the codes that they are, whatever `classes` are called."""
    names = range(columns) if classes is None else _read_classes(classes, columns)
    array = _one_dimension(codes).astype(np.int64)
    return _check_codes(array, columns), tuple(str(name) for name in names)


def _are_names(values: list[Any], names: tuple[Hashable, ...]) -> bool:
    """Say whether numbers are written as class names: all are, or some and no code fits others."""
    texts = {str(value) for value in set(values)}
    if texts <= set(names):
        return True
    return bool(texts & set(names)) and not all(0 <= value < len(names) for value in values)


def _read_classes(classes: Iterable[Hashable], columns: int) -> tuple[Hashable, ...]:
    names = tuple(np.asarray(classes).tolist() if isinstance(classes, np.ndarray) else classes)
    if len(names) != columns:
        raise InputError(
            f"classes must name the {columns} columns of probabilities; got {len(names)} names."
        )
    seen: set[str] = set()
    for name in names:
        if str(name) in seen:
            raise InputError(f"classes must differ from one another; {quoted(name)} occurs twice.")
        seen.add(str(name))
    return names


def _one_dimension(labels: Any) -> NDArray[Any]:
    labels = on_host(labels)
    try:
        array = np.asarray(labels)
    except (ValueError, RuntimeError) as error:
        raise InputError(f"labels must have shape (N,): {quoted(str(error))}") from error
    if array.dtype.kind == "U" and not isinstance(labels, np.ndarray):
        # NumPy turns the mixture ["a", 1] into strings and drops trailing NULs; keep the objects.
        array = np.array(list(labels), dtype=object)
    if array.ndim != 1:
        hint = " Use labels.squeeze(-1)." if array.ndim == 2 and array.shape[1] == 1 else ""
        raise InputError(f"labels must have shape (N,); got {array.shape}.{hint}")
    return array


def _whole_numbers(array: NDArray[Any]) -> bool:
    if array.dtype.kind != "f":
        return False
    bad = ~np.isfinite(array) | (array != np.floor(array))
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"labels must be class codes or class names; row {row} has {array[row]!s}."
        )
    return True


def _check_codes(codes: NDArray[np.int64], columns: int) -> NDArray[np.int64]:
    bad = (codes < 0) | (codes >= columns)
    if bad.any():
        row = int(np.argmax(bad))
        one_based = bool(codes.min() >= 1 and codes.max() == columns)
        hint = f" Labels run from 1 to {columns}: subtract 1." if one_based else ""
        raise InputError(
            f"labels must be codes from 0 to {columns - 1}; row {row} has {codes[row]}.{hint}"
        )
    return codes


def _distinct(values: list[Any], columns: int) -> tuple[Hashable, ...]:
    try:
        names = tuple(sorted(set(values)))
    except TypeError as error:
        raise InputError(
            "labels of different types have no order; name the columns with classes=."
        ) from error
    if len(names) != columns:
        raise InputError(
            f"labels hold {len(names)} distinct values but probabilities have {columns} columns; "
            f"name the columns with classes=."
        )
    return names

"""From the labels of a file to class names in order, and a code for every row.

Order: numbers by value, anything else by text. Owns the refusals: a missing label, one class
only, a regression target, a label that the model never saw. Reads no file.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.errors import InputError, quoted

# What a missing number is written as; in a column of text only the empty cell is missing.
MISSING_NUMBERS = frozenset(
    ("?", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "null", "none", "nil", "nat")
)
FEW_NUMBERS = 20  # more distinct numbers than this may be a measurement, not a class
UNSEEN = "was never seen in training"
INTEGER = re.compile(r"[+-]?[0-9]+")


def encode(
    texts: NDArray[np.object_],
    where: str,
    classes: tuple[str, ...] | None = None,
    *,
    unknown: str = UNSEEN,
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the codes (N,) of labels (N,), `str` or None for missing, and the class names.

    With `classes` the codes are places in it and any other label is an error, which says that it
    is `unknown`; without, the classes are the distinct labels and there must be two at least.

    >>> encode(np.array(["10", "9", "10"], dtype=object), "f.csv")
    (array([1, 0, 1]), ('9', '10'))

    """
    rows: list[str | None] = texts.tolist()
    distinct = dict.fromkeys(rows)
    written = [text for text in distinct if text and text.lower() not in MISSING_NUMBERS]
    numeric = bool(written) and all(number(text) is not None for text in written)
    missing = set(distinct).difference(written) if numeric else {None} & set(distinct)
    missing -= set(classes or ())
    if missing:
        row = next(row for row, text in enumerate(rows) if text in missing)
        raise InputError(
            f"{where}: the label is missing in {sum(text in missing for text in rows):,} of "
            f"{len(rows):,} rows, first in row {row}; fill it in or remove the row"
        )
    if classes is None and numeric:
        refuse_regression([number(text) or 0.0 for text in written], len(rows), where)
    names = [text for text in distinct if text is not None]
    codes, classes = _encode_distinct(names, where, classes, rows.index, unknown)
    lookup: dict[str | None, int] = dict(zip(names, codes, strict=True))
    return np.fromiter(map(lookup.__getitem__, rows), np.int64, len(rows)), classes


def encode_array(
    values: NDArray[Any], where: str, classes: tuple[str, ...] | None = None
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """See `encode`; `values` (N,) are integers, booleans, floats or strings of NumPy.

    >>> encode_array(np.array([2.0, 7.0, 2.0]), "y.npy")[1]
    ('2', '7')

    """
    if values.dtype.kind not in "biufUS":
        raise InputError(f"{where}: labels must be numbers or strings; got dtype {values.dtype}")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        row = int(np.argmax(~np.isfinite(values)))
        raise InputError(f"{where}: the label in row {row} is {values[row]}; remove the row")
    distinct, inverse = np.unique(values, return_inverse=True)
    if classes is None and values.dtype.kind in "iuf":
        refuse_regression(distinct.tolist(), len(values), where)
    texts = [_array_text(value) for value in distinct.tolist()]

    def first_row(text: str) -> int:
        return int(np.argmax(values == distinct[texts.index(text)]))

    codes, classes = _encode_distinct(texts, where, classes, first_row, UNSEEN)
    return np.array(codes, dtype=np.int64)[inverse.reshape(-1)], classes


def number(text: str) -> float | None:
    """Return the finite number that `text` is written as, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return class names in their order: by value if all are numbers, else by text.

    >>> in_order(["10", "9"]), in_order(["b", "10", "9"])
    (('9', '10'), ('10', '9', 'b'))

    """
    texts = sorted(names)
    values = [number(text) for text in texts]
    if any(value is None for value in values):
        return tuple(texts)
    return tuple(text for _, text in sorted(zip(values, texts, strict=True)))


def refuse_regression(numbers: Sequence[float], rows: int, where: str) -> None:
    """Raise InputError where `numbers`, the distinct labels of `rows` rows, look measured."""
    many = len(numbers) > min(FEW_NUMBERS, rows / 2)
    whole = all(float(value).is_integer() for value in numbers)
    if many and (not whole or len(numbers) > max(FEW_NUMBERS, rows / 2)):
        raise InputError(
            f"{where} holds {len(numbers):,} different numbers in {rows:,} rows: that is "
            "regression, and crossent classifies; name another column or group the values"
        )


def _encode_distinct(
    texts: list[str],
    where: str,
    classes: tuple[str, ...] | None,
    first_row: Callable[[str], int],
    unknown: str,
) -> tuple[list[int], tuple[str, ...]]:
    numeric = all(number(text) is not None for text in texts)
    names = {text: _number_name(text) if numeric else text for text in texts}
    if classes is None:
        classes = in_order(set(names.values()))
        if len(classes) < 2:
            only = f"only the class {quoted(classes[0])}" if classes else "no class"
            raise InputError(f"{where} holds {only}; a classifier needs two at least")
    lookup = {name: code for code, name in enumerate(classes)}
    codes: list[int] = []
    for text, name in names.items():
        code = lookup.get(text, lookup.get(name))
        if code is None:
            raise InputError(
                f"{where}: the label {quoted(text)} in row {first_row(text)} {unknown}; "
                f"the classes are {listed(classes)}"
            )
        codes.append(code)
    return codes, classes


def listed(names: Sequence[str], most: int = 10) -> str:
    """Return names for a message: quoted, at most `most` of them, then how many more."""
    shown = ", ".join(quoted(name, 40) for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def _number_name(text: str) -> str:
    """Return 3 for 3.0 and 3e0; keep whole numbers as they are written, 007 as 007."""
    value = float(text)
    return str(int(value)) if value.is_integer() and not INTEGER.fullmatch(text) else text


def _array_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

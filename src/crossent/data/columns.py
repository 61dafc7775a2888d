"""The feature columns of a table: which are numbers, which categories, which are left out and why.

Scales nothing and fills no gap; see `preprocess`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.data.database import TableFile
from crossent.data.dataset import Column
from crossent.data.files import named
from crossent.data.labels import MISSING_NUMBERS
from crossent.errors import InputError, quoted

MOST_CATEGORIES = 1000  # each becomes a column of the model
FEW_CODES = 20  # up to this many different values are codes even where most are numbers
MOSTLY = 0.9
EXACT = 2.0**53  # integers beyond it are not all different as float64


def read_columns(
    file: TableFile, places: Sequence[int], *, keep: bool
) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """Return the columns at `places` as features, and a notice for each that is left out.

    Left out, unless `keep`: integers or texts different in every row (they identify rows), more
    than 1000 categories. Left out anyway: empty columns, lists and bytes.
    """
    readable = [i for i in places if file.is_readable(i)]
    notices = [_left_out(file, i, f"holds {file.types[i]}") for i in places if i not in readable]
    numbers = dict(zip(readable, file.numbers(readable), strict=True))
    counts = _counts(file, numbers)
    notices += [_left_out(file, i, "is empty in every row") for i in readable if not counts[i][0]]
    filled = [i for i in readable if counts[i][0]]
    numeric = [i for i in filled if counts[i][0] == counts[i][1]]
    text = [i for i in filled if counts[i][0] != counts[i][1]]
    columns: dict[int, Column] = {}
    for i in numeric:
        values = numbers[i]
        columns[i] = Column(file.names[i], "numeric", _finite(file, i, values))
        if not keep and _identifies(file, i, values):
            notices.append(_left_out(file, i, "is different in every row", option=True))
            del columns[i]
    for i, values in zip(text, file.texts(text), strict=True):
        distinct = len(set(values.tolist()))
        _refuse_mixed(file, i, values, counts[i], distinct)
        columns[i] = Column(file.names[i], "categorical", values)
        if not keep and (reason := _not_categories(values, distinct, counts[i][0])):
            notices.append(_left_out(file, i, reason, option=True))
            del columns[i]
    if not columns:
        raise InputError("; ".join([f"{named(file.path)} has no column to learn from", *notices]))
    return tuple(columns[i] for i in places if i in columns), tuple(notices)


def read_columns_like(
    file: TableFile, places: Sequence[int], wanted: Sequence[Mapping[str, Any]]
) -> tuple[Column, ...]:
    """Return the columns at `places` as the model knows them: `wanted` are {"name", "kind"}."""
    for i in places:
        if not file.is_readable(i):
            raise InputError(f"{_where(file, i)} holds {file.types[i]}; the model needs values")
    kinds = [one["kind"] for one in wanted]
    numeric = [i for i, kind in zip(places, kinds, strict=True) if kind == "numeric"]
    text = [i for i, kind in zip(places, kinds, strict=True) if kind != "numeric"]
    found = dict(zip(numeric, file.numbers(numeric), strict=True))
    for i, (cells, numbers) in _counts(file, found).items():
        if cells != numbers:
            _refuse_text(file, i, file.texts([i])[0], found[i])
    values: dict[int, NDArray[Any]] = dict(zip(text, file.texts(text), strict=True))
    values |= {i: _finite(file, i, numbers) for i, numbers in found.items()}
    return tuple(
        Column(one["name"], one["kind"], values[i]) for i, one in zip(places, wanted, strict=True)
    )


def _counts(
    file: TableFile, numbers: Mapping[int, NDArray[np.float64]]
) -> dict[int, tuple[int, int]]:
    """Return how many cells of each column are not missing and how many are numbers.

    The file is asked about columns with gaps only: asking takes longer than reading numbers.
    """
    gaps = [i for i, values in numbers.items() if np.isnan(values).any()]
    return {
        **{i: (file.rows, file.rows) for i in numbers},
        **dict(zip(gaps, file.counts(gaps), strict=True)),
    }


def _finite(file: TableFile, column: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
    infinite = np.isinf(values)
    if infinite.any():
        row = int(np.argmax(infinite))
        raise InputError(
            f"{_where(file, column)}, row {row} holds {values[row]}; a missing value is an empty "
            "cell, anything else must be a finite number"
        )
    return values


def _identifies(file: TableFile, column: int, values: NDArray[np.float64]) -> bool:
    if len(values) < 2 or np.isnan(values).any() or (values != np.floor(values)).any():
        return False
    if float(np.abs(values).max()) > EXACT:
        return file.distinct([column])[0] == len(values)
    few = values[:1000]
    return np.unique(few).size == few.size and np.unique(values).size == values.size


def _not_categories(values: NDArray[np.object_], distinct: int, filled: int) -> str:
    if distinct == len(values) == filled and len(values) > 1:
        return "is different in every row"
    if distinct > MOST_CATEGORIES:
        return f"holds {distinct:,} different texts"
    return ""


def _refuse_mixed(
    file: TableFile,
    column: int,
    values: NDArray[np.object_],
    counts: tuple[int, int],
    distinct: int,
) -> None:
    """Refuse a column of numbers with a stray text: as categories it would teach nothing."""
    filled, numbers = counts
    if numbers >= MOSTLY * filled and distinct > FEW_CODES:
        _refuse_text(file, column, values, file.numbers([column])[0])


def _refuse_text(
    file: TableFile, column: int, texts: NDArray[np.object_], numbers: NDArray[np.float64]
) -> None:
    for row in np.flatnonzero(np.isnan(numbers)).tolist():
        text = texts[row]
        if text is not None and text.lower() not in MISSING_NUMBERS:
            raise InputError(
                f"{_where(file, column)} holds numbers, but row {row} has {quoted(text)}; mend it, "
                f"or leave the column out with --ignore"
            )


def _left_out(file: TableFile, column: int, reason: str, *, option: bool = False) -> str:
    hint = " (name it in --features to keep it)" if option else ""
    return f"column {quoted(file.names[column])} {reason}: left out{hint}"


def _where(file: TableFile, column: int) -> str:
    return f"{named(file.path)}, column {quoted(file.names[column])}"

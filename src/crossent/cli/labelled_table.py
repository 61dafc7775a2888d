"""A table and the column of its labels, for `crossent measure FILE`: every column, none left out.

Reading and judging the values is `data`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossent.data.choose import find_column, match, missing_column
from crossent.data.columns import read_columns
from crossent.data.database import TableFile, open_table
from crossent.data.dataset import Column
from crossent.data.files import named
from crossent.data.formats import find_format
from crossent.data.labels import encode, listed, number, refuse_regression
from crossent.errors import InputError, quoted


@dataclass(frozen=True, slots=True, eq=False)
class LabelledTable:
    """Codes of the labels (N,), their classes, and the other columns."""

    label: str
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    columns: tuple[Column, ...]
    notices: tuple[str, ...]


def read_labelled(
    path: Path, label: str | None, wanted: Sequence[str], ignored: Sequence[str]
) -> LabelledTable:
    """Read a CSV or Parquet file; `wanted` and `ignored` are names, or patterns with one star.

    Raises InputError naming file, column and row for a column that is not there, a label that is
    missing, of one value only or measured, and values that cannot be read.
    """
    kind = find_format(path, "CSV or Parquet")
    if kind not in ("csv", "parquet"):
        raise InputError(f"{named(path)} is neither CSV nor Parquet; measure reads one of them")
    known = (*(() if label is None else (label,)), *wanted, *ignored)
    with open_table(path, csv=kind == "csv", known=known) as file:
        if not file.rows:
            raise InputError(f"{named(path)} has no rows")
        if label is None:
            raise InputError(
                f"{named(path)}: name the column of the labels with --label; its columns are "
                f"{listed(file.names)}"
            )
        target = find_column(file, label, "--label")
        places = _places(file, target, wanted, ignored)
        where = f"{named(path)}, column {quoted(file.names[target])}"
        if not file.is_readable(target):
            raise InputError(f"{where} holds {file.types[target]}; labels are texts or numbers")
        texts = file.texts([target])[0]
        _refuse_labels(texts.tolist(), where)
        labels, classes = encode(texts, where)
        columns, notices = read_columns(file, places, keep=True)
        told = (*(file.layout.notices if file.layout else ()), *notices)
        return LabelledTable(file.names[target], labels, classes, columns, told)


def _refuse_labels(texts: Sequence[str | None], where: str) -> None:
    """Refuse labels of one value, and numbers of nearly one a row; `encode` refuses missing ones.

    It would speak of classifiers here.
    """
    distinct = dict.fromkeys(texts)
    if None in distinct:
        return
    numbers = [number(text or "") for text in distinct]
    numeric = [value for value in numbers if value is not None]
    known = set(numbers) if len(numeric) == len(numbers) else set(distinct)
    if len(known) == 1:
        (only,) = list(distinct)[:1]
        raise InputError(
            f"{where} has one value, {quoted(only or '')}: there is nothing to gain about it"
        )
    if len(numeric) < len(numbers):
        return
    try:
        refuse_regression(numeric, len(texts), where)
    except InputError:
        raise InputError(
            f"{where} holds {len(numeric):,} different numbers in {len(texts):,} rows: so many "
            "values say much by chance; cut them into groups, or name another column"
        ) from None


def _places(
    file: TableFile, target: int, wanted: Sequence[str], ignored: Sequence[str]
) -> list[int]:
    everything = [i for i in range(len(file.names)) if i != target]
    chosen = [i for name in wanted for i in _found(file, name, "--columns")] or everything
    left_out = {i for name in ignored for i in _found(file, name, "--ignore")}
    if wanted and target in chosen and all("*" not in name for name in wanted):
        raise InputError(f"--columns names {quoted(file.names[target])}, which holds the labels")
    places = [i for i in dict.fromkeys(chosen) if i != target and i not in left_out]
    if not places:
        raise InputError(
            f"{named(file.path)} has no column left to rank beside {quoted(file.names[target])}; "
            f"its columns are {listed(file.names)}"
        )
    return places


def _found(file: TableFile, name: str, option: str) -> list[int]:
    if name in file.names or "*" not in name:
        return [find_column(file, name, option)]
    if name.count("*") > 1:
        raise InputError(f"{option} {quoted(name)} must hold one star at most, such as 'a*'")
    found = [i for i, _ in match(file.names, name)]
    if not found:
        raise InputError(missing_column(file, name, option))
    return found

"""The rows of one CSV, Parquet or JSONL file as batches, each cell that is read checked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.data.database import literal
from crossent.data.labels import MISSING_NUMBERS
from crossent.data.predictions.arrow import Column, batch_rows, batches, first_null, reading, take
from crossent.data.predictions.batch import (
    Batch,
    check_counts,
    missing_label,
    unknown_label,
)
from crossent.data.predictions.codes import (
    TYPE,
    Lookup,
    Mode,
    look_up,
    lookup_of,
    mode_of,
    truth_codes,
)
from crossent.data.predictions.file import PredictionFile, errors_of
from crossent.data.predictions.layout import Places
from crossent.data.predictions.query import (
    KEEP,
    NUMBER,
    SAMPLE,
    bad_condition,
    condition_of,
    query_of,
)
from crossent.data.row_values import check_weights, short_name
from crossent.errors import InputError, quoted

SUBQUERY = re.compile(r"(?i)\b(select|from|values|over)\b")


@dataclass(frozen=True, slots=True, eq=False)
class _Reader:
    """What a batch is made with: the file, its columns, the classes, the open connection."""

    file: PredictionFile
    places: Places
    classes: tuple[str, ...]
    told: str
    modes: dict[str, Mode]
    lookups: dict[str, Lookup]
    connection: Any

    def where(self, place: int) -> str:
        return f"{self.file.said}, column {quoted(self.file.names[place])}"


def file_batches(
    file: PredictionFile,
    places: Places,
    classes: tuple[str, ...],
    *,
    where: str | None,
    told: str,
    positions: bool,
) -> Iterator[Batch]:
    """Yield the rows of a file for which --where holds, in its order; InputError at a bad cell.

    `told` says what a label that is no class has not, such as "has no column 'p_*'"; `positions`
    lets integers be places in `classes` where no class is a number.
    """
    import duckdb

    modes: dict[str, Mode] = {
        role: mode_of(file.types[place], text=file.form != "parquet")
        for role, place in (("label", places.label), ("prediction", places.prediction))
        if place is not None
    }
    lookups = {role: lookup_of(classes, mode, positions=positions) for role, mode in modes.items()}
    numbers = any(lookup.positions or len(lookup.values) for lookup in lookups.values())
    serial = where is not None and SUBQUERY.search(where) is not None
    with reading(file.path, file.group, serial=serial) as connection, errors_of(file):
        if modes and classes:
            connection.execute(f"CREATE TYPE {TYPE} AS ENUM ({', '.join(map(literal, classes))})")
        elif modes:
            modes = {}
        reader = _Reader(file, places, classes, told, modes, lookups, connection)
        first = f"SELECT 1 FROM {file.relation} LIMIT 1"
        if where is not None and not connection.execute(first).fetchall():
            return  # columns without a cell have no type that the condition could be about
        condition = None if where is None else condition_of(file, connection, where)
        query = query_of(
            file,
            places,
            modes,
            numbers=numbers,
            truths=truth_codes(classes),
            condition=condition,
        )
        size = batch_rows(len(classes), bool(places.probs) + bool(places.soft))
        seen = last = 0
        try:
            for columns in batches(connection, query.text, size):
                slots = dict(zip(query.slots, columns, strict=True))
                count = (
                    len(columns[0].values) if columns[0].ends is None else len(columns[0].ends) - 1
                )
                if not count:
                    continue
                numbered = np.arange(seen, seen + count)
                seen += count
                if where is not None:
                    numbered = slots.pop((NUMBER, 0)).values
                    if numbered[0] < last or (np.diff(numbered) < 0).any():
                        raise InputError(
                            f"--where {quoted(where)} changes the order of the rows; write a "
                            "condition on one row, without a window or a join"
                        )
                    last = int(numbered[-1])
                    chosen = slots.pop((KEEP, 0)).values
                    numbered = numbered[chosen]
                    slots = {slot: take(column, chosen) for slot, column in slots.items()}
                if len(numbered):
                    yield _batch(reader, slots, numbered)
        except duckdb.Error as error:
            # An error of the file itself names it: a cut line, a damaged page.
            ours = isinstance(error, duckdb.OperationalError)
            if where is not None and not ours and str(file.path.absolute()) not in str(error):
                raise InputError(bad_condition(where, str(error), file.names)) from None
            raise


def whole_rows(file: PredictionFile, name: str) -> bool:
    """Say whether the column `name` holds integers, by its type or by its first 1000 rows."""
    if name not in file.names:
        return False
    place = file.names.index(name)
    if file.form == "npz":
        return file.types[place] == "BIGINT"
    column = f"c{place}"
    query = (
        f"SELECT count(*) = count(*) FILTER ({column} = floor({column})) FROM "
        f"(SELECT try_cast({column} AS DOUBLE) AS {column} FROM {file.relation} LIMIT {SAMPLE})"
    )
    with reading(file.path, file.group) as connection, errors_of(file):
        return bool(connection.execute(query).fetchone()[0])


def _batch(
    reader: _Reader, slots: dict[tuple[str, int], Column], numbered: NDArray[np.int64]
) -> Batch:
    places = reader.places
    rows = numbered
    if ("row", 0) in slots:
        column = slots["row", 0]
        must = "must hold integers, or --label be given, which has the rows counted"
        _refuse_null(reader, column, places.row, numbered, must)
        rows = column.values.astype(np.int64, copy=False)

    def number(role: str, place: int | None) -> NDArray[np.float64] | None:
        if place is None:
            return None
        column = slots[role, 0]
        _refuse_null(reader, column, place, numbered, "must hold numbers")
        return column.values

    checked: dict[str, Any] = {}
    for role, place, check in (
        ("weights", places.weights, check_weights),
        ("words", places.words, check_counts),
        ("bytes", places.bytes, check_counts),
    ):
        values = number(role, place)
        if values is not None and place is not None:
            checked[role] = check(values, reader.where(place), numbered)
    return Batch(
        reader.file.source,
        rows,
        places=None if rows is numbered else numbered,
        labels=_codes(reader, slots, "label", places.label, numbered),
        logprob=number("logprob", places.logprob),
        predictions=_codes(reader, slots, "prediction", places.prediction, numbered),
        values=_matrix(reader, slots, "values", places.probs, places.wide, numbered),
        target_probs=_matrix(reader, slots, "soft", places.soft, places.soft_wide, numbered),
        **checked,
    )


def _codes(
    reader: _Reader,
    slots: dict[tuple[str, int], Column],
    role: str,
    place: int | None,
    numbered: NDArray[np.int64],
) -> NDArray[np.int64] | None:
    if place is None or role not in reader.modes:
        return None
    column = slots[role, 0]
    lookup = reader.lookups[role]
    if reader.modes[role] == "text":
        codes = _filled(column, -1).astype(np.int64)
        other = slots.get((role, 1))
        if other is not None and (codes < 0).any():
            left = codes < 0
            codes[left] = look_up(lookup, _filled(take(other, left), np.nan))
    else:
        codes = look_up(lookup, column.values)
        if column.null is not None:
            codes[column.null] = -1
    if codes.min() < 0:
        row = int(numbered[int(np.argmax(codes < 0))])
        text = _text(reader, place, row)
        where = reader.where(place)
        numeric = len(lookup.values) == len(reader.classes)
        if text is None or (numeric and (not text or text.lower() in MISSING_NUMBERS)):
            raise InputError(missing_label(where, row))
        told = reader.told if role == "label" else "is no class"
        raise InputError(unknown_label(where, text, row, reader.classes, told))
    return codes


def _matrix(
    reader: _Reader,
    slots: dict[tuple[str, int], Column],
    role: str,
    columns: tuple[int, ...],
    wide: bool,
    numbered: NDArray[np.int64],
) -> NDArray[np.float64] | None:
    if not columns:
        return None
    if not wide:
        return _lists(reader, slots[role, 0], columns[0], numbered)
    values = np.empty((len(columns), len(numbered)))
    for j, place in enumerate(columns):
        column = slots[role, j]
        _refuse_null(reader, column, place, numbered, "must hold numbers")
        values[j] = column.values
    return values.T


def _lists(
    reader: _Reader, column: Column, place: int, numbered: NDArray[np.int64]
) -> NDArray[np.float64]:
    _refuse_null(reader, column, place, numbered, "must hold lists of numbers")
    assert column.ends is not None
    lengths = np.diff(column.ends)
    wrong = lengths != len(reader.classes)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InputError(
            f"{reader.where(place)}: a list must hold {len(reader.classes):,} entries, one a "
            f"class, with commas between them; row {numbered[at]} holds {lengths[at]:,}"
        )
    first, last = int(column.ends[0]), int(column.ends[-1])
    if column.null_item is not None and column.null_item[first:last].any():
        item = int(np.argmax(column.null_item[first:last]))
        row, entry = divmod(item, len(reader.classes))
        raise InputError(
            f"{reader.where(place)}: row {numbered[row]}, entry {entry} must be a number; it is "
            "missing or none"
        )
    values = column.values[first:last].reshape(-1, len(reader.classes))
    return values.astype(np.float64, copy=False)


def _refuse_null(
    reader: _Reader, column: Column, place: int | None, numbered: NDArray[np.int64], must: str
) -> None:
    at = first_null(column)
    if at is None or place is None:
        return
    row = int(numbered[at])
    text = _text(reader, place, row)
    found = "it is missing" if text is None or text == "" else f"got {quoted(text, 60)}"
    raise InputError(
        f"{reader.file.said}, row {row}: {short_name(reader.file.names[place])} {must}; {found}"
    )


def _text(reader: _Reader, place: int, row: int) -> str | None:
    """Return a cell as text, by reading the file again up to it."""
    cursor = reader.connection.cursor()
    query = f"SELECT CAST(c{place} AS VARCHAR) FROM {reader.file.relation} LIMIT 1 OFFSET {row}"
    found = cursor.execute(query).fetchone()
    return None if found is None else found[0]


def _filled(column: Column, value: float) -> NDArray[Any]:
    if column.null is None:
        return column.values
    kind = np.float64 if isinstance(value, float) else np.int64
    return np.where(column.null, value, column.values.astype(kind))

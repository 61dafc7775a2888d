"""The rows of one CSV, Parquet or JSONL file as batches, each cell that is read checked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.data.database import literal
from crossent.data.labels import MISSING_NUMBERS
from crossent.data.predictions.arrow import Cells, batch_rows, batches, first_null, reading, take
from crossent.data.predictions.batch import (
    Batch,
    check_counts,
    check_logprobs,
    check_weights,
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
) -> Iterator[Batch]:
    """Yield the rows of a file for which --where holds, in its order; InputError at a bad cell.

    `told` says what a label that is no class has not, such as "has no column 'p_*'".
    """
    import duckdb

    modes: dict[str, Mode] = {
        role: mode_of(file.types[place], text=file.form != "parquet")
        for role, place in (("label", places.label), ("prediction", places.prediction))
        if place is not None
    }
    positions = bool(places.probs) and not places.wide
    lookups = {role: lookup_of(classes, mode, positions=positions) for role, mode in modes.items()}
    numbers = any(lookup.positions or len(lookup.values) for lookup in lookups.values())
    serial = where is not None and SUBQUERY.search(where) is not None
    with reading(file.path, file.group, serial=serial) as connection, errors_of(file):
        if modes and classes:
            connection.execute(f"CREATE TYPE {TYPE} AS ENUM ({', '.join(map(literal, classes))})")
        elif modes:
            modes = {}
        reader = _Reader(file, places, classes, told, modes, lookups, connection)
        condition = None if where is None else condition_of(file, connection, where)
        query = query_of(file, places, modes, numbers=numbers, condition=condition)
        size = batch_rows(len(classes), bool(places.probs) + bool(places.soft))
        seen = last = 0
        try:
            for columns in batches(connection, query.text, size):
                slots = dict(zip(query.slots, columns, strict=True))
                count = (
                    len(columns[0].values) if columns[0].ends is None else len(columns[0].ends) - 1
                )
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
                    slots = {slot: take(cells, chosen) for slot, cells in slots.items()}
                if len(numbered):
                    yield _batch(reader, slots, numbered)
        except duckdb.Error as error:
            if where is not None and isinstance(
                error,
                duckdb.BinderException | duckdb.ConversionException | duckdb.PermissionException,
            ):
                raise InputError(bad_condition(where, str(error))) from None
            raise
    if not seen:
        raise InputError(f"{file.said} has no rows")


def whole_rows(file: PredictionFile, name: str) -> bool:
    """Say whether the column `name` holds integers, by its type or by its first 1000 rows."""
    if name not in file.names:
        return False
    column = f"c{file.names.index(name)}"
    query = (
        f"SELECT count(*) = count(*) FILTER ({column} = floor({column})) FROM "
        f"(SELECT try_cast({column} AS DOUBLE) AS {column} FROM {file.relation} LIMIT {SAMPLE})"
    )
    with reading(file.path, file.group) as connection, errors_of(file):
        return bool(connection.execute(query).fetchone()[0])


def _batch(
    reader: _Reader, slots: dict[tuple[str, int], Cells], numbered: NDArray[np.int64]
) -> Batch:
    places = reader.places
    rows = numbered
    if ("row", 0) in slots:
        cells = slots["row", 0]
        _refuse_null(reader, cells, places.row, numbered, "must hold integers")
        rows = cells.values.astype(np.int64, copy=False)

    def number(role: str, place: int | None) -> NDArray[np.float64] | None:
        if place is None:
            return None
        cells = slots[role, 0]
        _refuse_null(reader, cells, place, numbered, "must hold numbers")
        return cells.values

    checked: dict[str, Any] = {}
    for role, place, check in (
        ("weights", places.weights, check_weights),
        ("logprob", places.logprob, check_logprobs),
        ("words", places.words, check_counts),
        ("bytes", places.bytes, check_counts),
    ):
        values = number(role, place)
        if values is not None and place is not None:
            checked[role] = check(values, reader.where(place), numbered)
    return Batch(
        reader.file.source,
        rows,
        labels=_codes(reader, slots, "label", places.label, numbered),
        predictions=_codes(reader, slots, "prediction", places.prediction, numbered),
        values=_matrix(reader, slots, "values", places.probs, places.wide, numbered),
        target_probs=_matrix(reader, slots, "soft", places.soft, places.soft_wide, numbered),
        **checked,
    )


def _codes(
    reader: _Reader,
    slots: dict[tuple[str, int], Cells],
    role: str,
    place: int | None,
    numbered: NDArray[np.int64],
) -> NDArray[np.int64] | None:
    if place is None or role not in reader.modes:
        return None
    cells = slots[role, 0]
    lookup = reader.lookups[role]
    if reader.modes[role] == "text":
        codes = _filled(cells, -1).astype(np.int64)
        other = slots.get((role, 1))
        if other is not None and (codes < 0).any():
            left = codes < 0
            codes[left] = look_up(lookup, _filled(take(other, left), np.nan))
    else:
        codes = look_up(lookup, cells.values)
        if cells.null is not None:
            codes[cells.null] = -1
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
    slots: dict[tuple[str, int], Cells],
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
        cells = slots[role, j]
        _refuse_null(reader, cells, place, numbered, "must hold numbers")
        values[j] = cells.values
    return values.T


def _lists(
    reader: _Reader, cells: Cells, place: int, numbered: NDArray[np.int64]
) -> NDArray[np.float64]:
    _refuse_null(reader, cells, place, numbered, "must hold lists of numbers")
    assert cells.ends is not None
    lengths = np.diff(cells.ends)
    wrong = lengths != len(reader.classes)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InputError(
            f"{reader.where(place)}: a list must hold {len(reader.classes):,} entries, one a "
            f"class; row {numbered[at]} holds {lengths[at]:,}"
        )
    first, last = int(cells.ends[0]), int(cells.ends[-1])
    if cells.null_item is not None and cells.null_item[first:last].any():
        item = int(np.argmax(cells.null_item[first:last]))
        row, entry = divmod(item, len(reader.classes))
        raise InputError(
            f"{reader.where(place)}: row {numbered[row]}, entry {entry} must be a number; it is "
            "missing"
        )
    values = cells.values[first:last].reshape(-1, len(reader.classes))
    return values.astype(np.float64, copy=False)


def _refuse_null(
    reader: _Reader, cells: Cells, place: int | None, numbered: NDArray[np.int64], must: str
) -> None:
    at = first_null(cells)
    if at is None or place is None:
        return
    row = int(numbered[at])
    text = _text(reader, place, row)
    found = "it is missing" if text is None or text == "" else f"got {quoted(text, 60)}"
    raise InputError(
        f"{reader.file.said}, row {row}: {_short(reader.file.names[place])} {must}; {found}"
    )


def _text(reader: _Reader, place: int, row: int) -> str | None:
    """Return a cell as text, by reading the file again up to it."""
    cursor = reader.connection.cursor()
    query = f"SELECT CAST(c{place} AS VARCHAR) FROM {reader.file.relation} LIMIT 1 OFFSET {row}"
    found = cursor.execute(query).fetchone()
    return None if found is None else found[0]


def _filled(cells: Cells, value: float) -> NDArray[Any]:
    if cells.null is None:
        return cells.values
    kind = np.float64 if isinstance(value, float) else np.int64
    return np.where(cells.null, value, cells.values.astype(kind))


def _short(name: str) -> str:
    text = repr(name)[1:-1]
    return text if len(text) <= 40 else text[:37] + "..."

"""Some rows of files of predictions, with all their columns, to a new file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.data.database import connected, identifier, literal
from crossent.data.predictions.file import PredictionFile, errors_of, numbered_relation
from crossent.data.predictions.layout import Places
from crossent.data.predictions.npz import npz_columns
from crossent.data.predictions.options import Kind
from crossent.data.predictions.table_file import write_table
from crossent.errors import InputError, quoted


@dataclass(frozen=True, slots=True)
class _Table:
    """The chosen rows of one file: the SQL of each column by its name, and of the rows."""

    source: str
    columns: dict[str, str]
    rows: str


def export_rows(
    opened: Sequence[tuple[PredictionFile, Places]],
    classes: tuple[str, ...],
    rows: Mapping[str, NDArray[np.int64]],
    path: Path,
    kind: Kind,
) -> int:
    """Write the rows at these places of each source, in the order of the files; return how many.

    `rows` are counted from 0 in the file, whatever its column `row` says. Columns: `source` where
    there are several files, `row`, then those of the files under their own names; of an .npz the
    labels, p_<class> of each class (logit_<class> of logits) and the other arrays (N,). What was
    read as numbers is numbers in Parquet, of a text file too.
    """
    unknown = set(rows).difference(file.source for file, _ in opened)
    if unknown:
        raise InputError(f"{quoted(min(unknown))} is none of the files that are read")
    with connected() as connection:
        tables = [
            _table(
                connection,
                i,
                file,
                places,
                classes,
                rows.get(file.source, np.empty(0, int)),
                kind,
                typed=path.name.lower().endswith(".parquet"),
            )
            for i, (file, places) in enumerate(opened)
            if file.source in rows or not rows
        ]
        names = list(dict.fromkeys(name for table in tables for name in table.columns))
        columns: dict[str, str] = {}
        if len(opened) > 1:
            columns[_free("source", names)] = "union_.source"
        if any(places.row is None for _, places in opened):
            columns[_free("row", names)] = "union_.number"
        columns |= {name: f"n{i}" for i, name in enumerate(names)}
        union = " UNION ALL ".join(_selected(i, table, names) for i, table in enumerate(tables))
        quote = [f"c{i}" for i, name in enumerate(columns) if name in ("label", "prediction")]

        def copy(target: Path, options: str) -> int:
            kept = "parquet" in options
            listed = ", ".join(
                f"{text} AS {identifier(name) if kept else f'c{i}'}"
                for i, (name, text) in enumerate(columns.items())
            )
            # A join gives its rows in any order, and IN is a join.
            query = f"SELECT {listed} FROM ({union}) AS union_ ORDER BY union_.place, union_.number"
            done = connection.execute(f"COPY ({query}) TO {literal(str(target))} ({options})")
            return int(done.fetchone()[0])

        return write_table(path, list(columns), quote, copy)


def _table(
    connection: Any,
    place: int,
    file: PredictionFile,
    places: Places,
    classes: tuple[str, ...],
    numbers: NDArray[np.int64],
    kind: Kind,
    *,
    typed: bool,
) -> _Table:
    chosen = f"chosen{place}"
    connection.register(chosen, {"n": np.unique(numbers)})
    columns = {name: f"c{i}" for i, name in enumerate(file.names)}
    if file.form == "npz":
        arrays = npz_columns(file, places, classes, numbers, kind)
        held = {f"c{i}": values for i, values in enumerate(arrays.values())}
        connection.register(f"npz{place}", held)
        columns = {name: f"c{i}" for i, name in enumerate(arrays)}
        number = columns.pop("number")
        source = f"(SELECT *, {number} AS number_ FROM npz{place})"
    else:
        if typed:
            columns |= _numbers(file, places)
        source = numbered_relation(file, "number_")
    rows = f"(SELECT * FROM {source}) WHERE number_ IN (SELECT n FROM {chosen})"
    with errors_of(file):
        connection.execute(f"EXPLAIN SELECT * FROM {rows}")
    return _Table(file.source, columns, rows)


def _numbers(file: PredictionFile, places: Places) -> dict[str, str]:
    """Return the SQL of the columns that are read as numbers, which text files hold as text."""
    if file.form == "parquet":
        return {}
    wide = [*(places.probs if places.wide else ()), *(places.soft if places.soft_wide else ())]
    wide += [place for place in (places.logprob, places.weights) if place is not None]
    found = {file.names[place]: f"CAST({file.number(place)} AS DOUBLE)" for place in wide}
    for place in (places.words, places.bytes, places.row):
        if place is not None:
            found[file.names[place]] = f"try_cast(c{place} AS BIGINT)"
    return found


def _selected(place: int, table: _Table, names: Sequence[str]) -> str:
    columns = [f"{table.columns.get(name, 'NULL')} AS n{i}" for i, name in enumerate(names)]
    columns += ["number_ AS number", f"{literal(table.source)} AS source", f"{place} AS place"]
    return f"SELECT {', '.join(columns)} FROM {table.rows}"


def _free(name: str, names: Sequence[str]) -> str:
    """Return a name that no column has: `row`, `row_1`, ..."""
    taken = {other.lower() for other in names}
    return next(
        found for i in range(len(names) + 1) if (found := f"{name}_{i}" if i else name) not in taken
    )

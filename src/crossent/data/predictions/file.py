"""One CSV, Parquet or JSONL file of predictions as a relation of DuckDB with columns c0, c1, ...

Names and types of the columns, and an error of DuckDB in words. Reads no rows.
"""

import itertools
import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from crossent.data.database import (
    NUMERIC,
    connected,
    csv_relation,
    in_words,
    literal,
    translated,
)
from crossent.data.delimited import Layout, find_layout
from crossent.data.files import check_gzip, is_gzip, named, opened
from crossent.data.predictions.batch import said
from crossent.data.predictions.options import Kind
from crossent.data.predictions.table_file import COLUMNS_KEY
from crossent.errors import InputError

Form: TypeAlias = Literal["csv", "parquet", "jsonl", "npz"]

TEXT_GROUP = 2048 * 32  # bytes a column: DuckDB works on 2048 rows, as texts and as numbers
SAMPLE = 20_480  # rows that tell the columns of a JSONL file


@dataclass(frozen=True, slots=True)
class PredictionFile:
    """A file that can be read: `source` as the user named it, `path` where it lies.

    names: exactly as written; types: DuckDB's; relation: SQL, of c0, c1, ...; group: bytes that a
    thread holds at a time, of a Parquet file its largest row group.
    """

    source: str
    path: Path
    form: Form
    names: tuple[str, ...]
    types: tuple[str, ...]
    relation: str = ""
    layout: Layout | None = None
    group: int = 0

    @property
    def said(self) -> str:
        """The file as it stands in a message."""
        return said(self.source)

    def is_number(self, column: int) -> bool:
        """Say whether the file itself declares a column as numbers."""
        return NUMERIC.fullmatch(self.types[column]) is not None

    def is_list(self, column: int) -> bool:
        """Say whether a column holds lists of numbers."""
        inner, found, _ = self.types[column].partition("[")
        return bool(found) and NUMERIC.fullmatch(inner) is not None

    def entries(self, column: int, kind: Kind) -> str:
        """Return the SQL of a column as a list of numbers, NULL where it is none.

        One number is that of the second of two classes; the first has what is left of it.
        """
        if self.types[column].startswith(("DOUBLE[", "FLOAT[")):
            return f"c{column}"
        lists = f"try_cast(c{column} AS DOUBLE[])"
        if self.is_list(column):
            return lists
        number = self.number(column)
        first = {"probs": f"1.0 - {number}", "logits": "0.0"}.get(kind)
        two = "NULL" if first is None else f"[{first}, {number}]"
        if self.is_number(column):
            return f"CAST({two} AS DOUBLE[])"
        return f"coalesce({lists}, CASE WHEN {number} IS NOT NULL THEN {two} END)"

    def number(self, column: int) -> str:
        """Return the SQL of a column as a number, NULL where it is none."""
        if self.types[column] in ("DOUBLE", "FLOAT"):
            return f"c{column}"
        if self.layout is not None and self.layout.decimal_comma:
            return f"try_cast(replace(c{column}, ',', '.') AS DOUBLE)"
        return f"try_cast(c{column} AS DOUBLE)"


def open_file(source: str, path: Path, form: Form, known: tuple[str, ...]) -> PredictionFile:
    """Return a file with its columns; `known` are names that tell the header line of a CSV."""
    try:
        if form == "csv":
            return _csv(source, path, known)
        return _parquet(source, path) if form == "parquet" else _jsonl(source, path)
    except InputError as error:
        raise InputError(str(error).replace(named(path), said(source), 1)) from None


@contextmanager
def errors_of(file: PredictionFile) -> Generator[None]:
    """Turn DuckDB's errors of reading a file into one line each."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        if file.form == "jsonl":
            raise InputError(_json_words(str(error), file.source, file.path)) from None
        text = in_words(str(error), file.path, file.layout)
        raise InputError(text.replace(named(file.path), file.said, 1)) from None


def parquet_relation(path: Path, columns: int, number: str | None = None) -> str:
    """Return the SQL of a Parquet file as c0, c1, ...; `number` names a column of row numbers."""
    names = [f"c{i}" for i in range(columns)] + ([] if number is None else [number])
    numbered = "" if number is None else ", file_row_number=true"
    scan = f"read_parquet({literal(escaped(path))}, hive_partitioning=false{numbered})"
    return f"{scan} AS file({', '.join(names)})"


def numbered_relation(file: PredictionFile, number: str) -> str:
    """Return the SQL of a file as c0, c1, ... and `number`, the row counted from 0."""
    if file.form == "parquet":
        return parquet_relation(file.path, len(file.names), number)
    return f"(SELECT *, row_number() OVER () - 1 AS {number} FROM {file.relation})"


def escaped(path: Path) -> str:
    """Return a path as DuckDB takes it, where * ? [ would be a pattern."""
    return re.sub(r"([*?\[])", r"[\1]", str(path.absolute()))


def _csv(source: str, path: Path, known: tuple[str, ...]) -> PredictionFile:
    layout = find_layout(path, known)
    if layout.gzip:
        check_gzip(path)
    return PredictionFile(
        source,
        path,
        "csv",
        layout.cells if layout.header else layout.names,
        ("VARCHAR",) * len(layout.names),
        csv_relation(escaped(path), layout),
        layout,
        TEXT_GROUP * len(layout.names),
    )


def _parquet(source: str, path: Path) -> PredictionFile:
    if is_gzip(path):
        raise InputError(f"{said(source)}: a Parquet file packed by gzip; unpack it first")
    scan = f"read_parquet({literal(escaped(path))}, hive_partitioning=false)"
    with connected() as connection, translated(path, None):
        connection.execute(f"SELECT * FROM {scan} LIMIT 0")
        described = connection.description
        types = tuple(str(column[1]) for column in described)
        names = _schema_names(connection, path)
        if len(names) != len(types):
            names = tuple(str(column[0]) for column in described)
        query = "SELECT value FROM parquet_kv_metadata(?) WHERE key = ?"
        found = connection.execute(query, [escaped(path), COLUMNS_KEY.encode()]).fetchone()
        query = (
            "SELECT coalesce(max(size), 0) FROM (SELECT sum(total_uncompressed_size) AS size "
            "FROM parquet_metadata(?) GROUP BY row_group_id)"
        )
        group = int(connection.execute(query, [escaped(path)]).fetchone()[0])
    relation = parquet_relation(path, len(names))
    if found:
        names = _written_names(found[0], names)
    return PredictionFile(source, path, "parquet", names, types, relation, None, group)


def _schema_names(connection: Any, path: Path) -> tuple[str, ...]:
    """Return the names as they are in the file; where p_A is beside p_a DuckDB gives others."""
    query = "SELECT name, coalesce(num_children, 0) FROM parquet_schema(?)"
    nodes: list[tuple[str, int]] = connection.execute(query, [escaped(path)]).fetchall()
    names: list[str] = []
    below = 0  # nodes to come that belong to the last name
    for name, children in nodes[1:]:
        if below:
            below += children - 1
        else:
            names.append(name)
            below = children
    return tuple(names)


def _written_names(value: bytes, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that `write_predictions` put down; DuckDB renames p_A beside p_a."""
    try:
        written = tuple(json.loads(value))
    except ValueError:
        return names
    same = len(written) == len(names) and all(
        found.lower().startswith(name.lower()) for name, found in zip(written, names, strict=True)
    )
    return written if same else names


def _jsonl(source: str, path: Path) -> PredictionFile:
    import duckdb

    if is_gzip(path):
        check_gzip(path)
    packed = "gzip" if is_gzip(path) else "none"
    options = f"format='newline_delimited', records=true, compression='{packed}'"
    scan = f"read_json({literal(escaped(path))}, {options}"
    with connected() as connection:
        try:
            connection.execute(f"DESCRIBE FROM {scan}, sample_size={SAMPLE})")
        except duckdb.Error as error:
            raise InputError(_json_words(str(error), source, path)) from None
        described: list[Any] = connection.fetchall()
    names = tuple(str(column[0]) for column in described)
    if len({name.lower() for name in names}) < len(names):
        raise InputError(f"{said(source)}: keys that differ in case only are not read from JSONL")
    types = tuple(_json_type(str(column[1])) for column in described)
    columns = ", ".join(
        f"{literal(name)}: '{'VARCHAR' if type_ == 'BIGINT' else type_}'"
        for name, type_ in zip(names, types, strict=True)
    )
    numbered = ", ".join(f"c{i}" for i in range(len(names)))
    relation = f"{scan}, columns={{{columns}}}) AS file({numbered})"
    return PredictionFile(
        source, path, "jsonl", names, types, relation, None, TEXT_GROUP * len(names)
    )


def _json_type(found: str) -> str:
    """Return how a key is read: numbers and lists as such, anything else as text.

    A BIGINT may be a label, of which a later one is text; it is read as text.
    """
    inner, is_list, _ = found.partition("[")
    if is_list:
        return "DOUBLE[]" if NUMERIC.fullmatch(inner) or inner == "JSON" else "VARCHAR"
    return found if found in ("DOUBLE", "BIGINT") else "VARCHAR"


def _json_words(text: str, source: str, path: Path) -> str:
    reason = " ".join(text.split("\n")[0].split())
    found = re.search(r" in (?:line|record/value) (\d+): ", reason)
    if found is None:
        return f"{said(source)}: no JSONL that can be read: {reason[:120]}"
    # DuckDB counts the lines that are not blank, and one more where the JSON is malformed.
    line = _line_of(path, int(found[1]) - ("Malformed" in reason))
    reason = re.sub(r'^.*? in file ".*"(, at byte \d+)?,? in [a-z/]+ \d+: ', "", reason)
    return f"{said(source)}, line {line}: no JSONL that can be read: {reason[:120]}"


def _line_of(path: Path, record: int) -> int:
    """Return which line, from 1, holds the record of that number, from 1."""
    with opened(path) as stream:
        filled = (line for line, text in enumerate(stream, start=1) if text.strip())
        return next(itertools.islice(filled, record - 1, None), record)

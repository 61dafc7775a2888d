"""CSV and Parquet files through DuckDB: one in-memory connection per file, nothing left on disk.

Gives columns by number, as text or as numbers, in the order of the file. What a column is for is
decided in `tables` and `predictions`.
"""

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.data.delimited import Layout, find_layout, ragged_line
from crossent.data.files import check_gzip, is_gzip, named
from crossent.data.labels import MISSING_NUMBERS
from crossent.errors import InputError, MissingExtraError

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "temp_directory": "",
}
NUMERIC = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*")
UNREADABLE = re.compile(r".*\[\d*\]|(STRUCT|MAP|UNION|BLOB|BIT|GEOMETRY|VARIANT).*")
WHITE = "' ' || chr(9) || chr(10) || chr(13)"
CHUNK = 64  # expressions a query: planning takes the square of them, 25 s for 3000, 0.6 s in chunks
LONG_LINE = 2_000_000  # DuckDB's own limit of a line; about 64 bytes a column are allowed for


@dataclass(frozen=True, slots=True)
class TableFile:
    """An open file: its columns' names and DuckDB types, its rows, its path as DuckDB takes it."""

    path: Path
    connection: Any
    relation: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: int
    layout: Layout | None
    pattern: str

    def is_number(self, column: int) -> bool:
        """Say whether the file itself declares a column as numbers (Parquet)."""
        return NUMERIC.fullmatch(self.types[column]) is not None

    def is_readable(self, column: int) -> bool:
        """Say whether a column has values that text or a number can hold (no list, no bytes)."""
        return UNREADABLE.fullmatch(self.types[column]) is None

    def texts(self, columns: Sequence[int], *, exact: bool = False) -> list[NDArray[np.object_]]:
        """Return columns as objects, `str` or None; trimmed and "" read as None unless `exact`."""
        expressions = [
            f"CAST(c{i} AS VARCHAR)" if exact else f"nullif(trim(c{i}::VARCHAR, {WHITE}), '')"
            for i in columns
        ]
        return [_with_none(values) for values in self._fetch(expressions)]

    def numbers(self, columns: Sequence[int]) -> list[NDArray[np.float64]]:
        """Return columns as float64, NaN for what is missing or no number."""
        return [_with_nan(values) for values in self._fetch([self._number(i) for i in columns])]

    def counts(self, columns: Sequence[int]) -> list[tuple[int, int]]:
        """Return, for each column, how many cells are not missing, and how many hold numbers."""
        expressions: list[str] = []
        for i in columns:
            expressions.append(f"count(*) FILTER (NOT coalesce({self._missing(i)}, true))")
            expressions.append(f"count(nullif({self._number(i)}, 'nan'::DOUBLE))")
        flat = [int(values[0]) for values in self._fetch(expressions)]
        return list(zip(flat[::2], flat[1::2], strict=True))

    def distinct(self, columns: Sequence[int]) -> list[int]:
        """Return how many different values each column holds; no two numbers count as one."""
        return [int(v[0]) for v in self._fetch([f"count(DISTINCT c{i})" for i in columns])]

    def _missing(self, column: int) -> str:
        if self.is_number(column):
            return f"c{column} IS NULL OR isnan(c{column}::DOUBLE)"
        listed = ", ".join(f"'{word}'" for word in ("", *sorted(MISSING_NUMBERS)))
        return f"lower(trim(c{column}::VARCHAR, {WHITE})) IN ({listed})"

    def _number(self, column: int) -> str:
        if self.is_number(column):
            return f"c{column}::DOUBLE"
        comma = self.layout is not None and self.layout.decimal_comma
        text = f"replace(c{column}::VARCHAR, ',', '.')" if comma else f"c{column}::VARCHAR"
        # DuckDB reads 1_000 as a number; Python writes numbers so, files do not.
        return f"try_cast(replace({text}, '_', 'x') AS DOUBLE)"

    def _fetch(self, expressions: Sequence[str]) -> list[Any]:
        values: list[Any] = []
        for start in range(0, len(expressions), CHUNK):
            part = expressions[start : start + CHUNK]
            columns = ", ".join(f"{text} AS v{i}" for i, text in enumerate(part))
            with translated(self.path, self.layout):
                self.connection.execute(f"SELECT {columns} FROM {self.relation}")
                values += self.connection.fetchnumpy().values()
        return values


@contextmanager
def connected() -> Generator[Any]:
    """Open an in-memory DuckDB that loads no extension and spills nothing to disk."""
    try:
        import duckdb
    except ImportError:
        raise MissingExtraError("DuckDB", "cli") from None
    with duckdb.connect(":memory:", config=SETTINGS) as connection:
        # It is printed to standard output after two seconds, among the results.
        connection.execute("SET enable_progress_bar = false")
        yield connection


@contextmanager
def open_table(path: Path, *, csv: bool, known: tuple[str, ...] = ()) -> Generator[TableFile]:
    """Open a CSV or Parquet file; `known` are names that tell a header line (see `find_layout`)."""
    pattern = re.sub(r"([*?\[])", r"[\1]", str(path.absolute()))
    with connected() as connection:
        if csv:
            layout = find_layout(path, known)
            if layout.gzip:
                check_gzip(path)
            names, types = layout.names, ("VARCHAR",) * len(layout.names)
            relation = "file"
            source = f"CREATE TEMP TABLE file AS FROM {csv_relation(pattern, layout)}"
        else:
            if is_gzip(path):
                raise InputError(f"{named(path)}: a Parquet file packed by gzip; unpack it first")
            layout = None
            scan = f"read_parquet({literal(pattern)}, hive_partitioning=false)"
            with translated(path, None):
                connection.execute(f"SELECT * FROM {scan} LIMIT 0")
            described = connection.description
            names = tuple(str(column[0]) for column in described)
            types = tuple(str(column[1]) for column in described)
            relation = f"{scan} AS file({', '.join(f'c{i}' for i in range(len(names)))})"
            source = ""
        with translated(path, layout):
            if source:
                connection.execute(source)
            rows = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()[0]
        yield TableFile(path, connection, relation, names, types, int(rows), layout, pattern)


def csv_relation(pattern: str, layout: Layout) -> str:
    """Return the SQL that reads a CSV file of that layout, every column as text: c0, c1, ..."""
    width = len(layout.names)
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    newline = layout.newline.replace("\r", "\\r").replace("\n", "\\n")
    line = f", max_line_size={64 * width}" if 64 * width > LONG_LINE else ""
    return (
        f"read_csv({literal(pattern)}, auto_detect=false, delim={literal(layout.delimiter)}, "
        f"quote='\"', escape='\"', header={str(layout.header).lower()}, "
        f"new_line='{newline}', columns={{{columns}}}, allow_quoted_nulls=false, "
        f"hive_partitioning=false, compression='{'gzip' if layout.gzip else 'none'}'{line})"
    )


def literal(text: str) -> str:
    """Return `text` as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def translated(path: Path, layout: Layout | None) -> Generator[None]:
    """Turn DuckDB's errors of reading a file into one line each."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise InputError(in_words(str(error), path, layout)) from None


def in_words(text: str, path: Path, layout: Layout | None) -> str:
    """Return an error of DuckDB about a file in one line that names the file."""
    if layout is None:
        reason = " ".join(text.split("\n")[0].split())[:120]
        return f"{named(path)} is no Parquet file, cut off or damaged ({reason})"
    line = re.search(r"CSV Error on Line: (\d+)", text)
    place = f"{named(path)}, line {line[1]}" if line else named(path)
    if "unterminated quote" in text:
        return f"{place}: a quote is opened and never closed"
    if "unicode" in text or "utf-8" in text.lower():
        return f"{place}: not UTF-8; save the file as UTF-8"
    if broken := ragged_line(path, layout):
        return f"{named(path)}, {broken}"
    if "state machine" in text:
        return f"{named(path)}: the lines end in different ways (\\n, \\r\\n), or a quote is broken"
    reason = next((row for row in text.split("\n")[2 if line else 0 :] if row.strip()), text)
    return f"{place} cannot be read: {' '.join(reason.split())[:120]}"


def _with_none(values: Any) -> NDArray[np.object_]:
    if not isinstance(values, np.ma.MaskedArray):
        return np.asarray(values, dtype=object)
    plain = np.array(values.data, dtype=object)
    plain[np.ma.getmaskarray(values)] = None
    return plain


def _with_nan(values: Any) -> NDArray[np.float64]:
    if not isinstance(values, np.ma.MaskedArray):
        return np.asarray(values, dtype=np.float64)
    return np.where(np.ma.getmaskarray(values), np.nan, values.data)

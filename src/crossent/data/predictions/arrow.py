"""A query of DuckDB as batches of NumPy columns, through Arrow, in bounded memory.

Owns the limits and the lock of the connection, and the layout of Arrow's buffers.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.data.cores import cores
from crossent.data.database import connected, literal
from crossent.data.predictions.file import escaped
from crossent.errors import MissingExtraError

MEMORY = 256 << 20  # bytes; 30 MB of it are used for ten columns and a million rows
THREADS = 4  # each holds buffers: 32 MB of a CSV file, a row group of a Parquet file
BIG_GROUP = 64 << 20  # bytes of a row group from which only one is read at a time, page by page
BATCH_BYTES = 64 << 20
MOST_ROWS = 122_880  # DuckDB's own row group
VECTOR = 2048  # rows that DuckDB works on at a time, and the fewest that it gives


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of a batch: values (N,), or (M,) of all lists with `ends` (N + 1,) of them.

    null: which rows are NULL (None: no row); null_item: the same of the values of lists.
    """

    values: NDArray[Any]
    null: NDArray[np.bool_] | None
    ends: NDArray[np.int64] | None = None
    null_item: NDArray[np.bool_] | None = None


@contextmanager
def reading(path: Path, group: int, *, serial: bool = False) -> Generator[Any]:
    """Open a DuckDB that reads this one file, writes none, and holds at most MEMORY and 4 groups.

    `group` is the size of the largest row group, all of which a Parquet file makes it hold;
    `serial` has one thread read, so that a join keeps the order of the rows.
    """
    with connected() as connection:
        limit = (MEMORY + 4 * group) >> 20
        threads = 1 if serial or group > BIG_GROUP else min(THREADS, cores())
        allowed = literal(str(path.absolute()))
        pattern = literal(escaped(path))
        for setting in (
            f"memory_limit = '{limit}MiB'",
            f"threads = {threads}",
            "enable_external_file_cache = false",
            # It makes a join of a long IN, and a join of several threads gives rows in any order.
            "disabled_optimizers = 'in_clause'",
            f"disable_parquet_prefetching = {str(group > BIG_GROUP).lower()}",
            # Two spellings, as the name is checked before and after its pattern is expanded.
            f"allowed_paths = [{allowed}, {pattern}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            connection.execute(f"SET {setting}")
        yield connection


def batch_rows(classes: int, matrices: int = 1) -> int:
    """Return how many rows a batch has: its float64 matrices (N, C) take at most 64 MiB."""
    rows = BATCH_BYTES // max(8 * classes * matrices, 1)
    if rows >= VECTOR:
        return min(MOST_ROWS, rows // VECTOR * VECTOR)
    return max(1, rows)


def batches(connection: Any, query: str, rows: int) -> Iterator[list[Column]]:
    """Yield the columns of a query, at most `rows` rows (N,) at a time, in the query's order."""
    try:
        import nanoarrow
    except ImportError:
        raise MissingExtraError("nanoarrow", "cli") from None
    relation = connection.sql(query)
    stream = iter(nanoarrow.c_array_stream(_stream(relation, rows)))
    while (array := _following(stream)) is not None:
        view = array.view()
        columns = [_column(view.child(i), array) for i in range(view.n_children)]
        for start in range(0, array.length, rows):
            if array.length <= rows:
                yield columns
            else:
                yield [_part(column, start, min(start + rows, array.length)) for column in columns]


def take(column: Column, keep: NDArray[np.bool_]) -> Column:
    """Return the rows of a column where `keep` (N,) is true."""
    null = None if column.null is None else column.null[keep]
    if column.ends is None:
        return Column(column.values[keep], null)
    lengths = np.diff(column.ends)
    items = np.repeat(keep, lengths)
    first, last = int(column.ends[0]), int(column.ends[-1])
    null_item = None if column.null_item is None else column.null_item[first:last][items]
    ends = np.concatenate(([0], np.cumsum(lengths[keep])))
    return Column(column.values[first:last][items], null, ends, null_item)


def first_null(column: Column) -> int | None:
    """Return the first row that is NULL, None if none is."""
    if column.null is None or not column.null.any():
        return None
    return int(np.argmax(column.null))


def _following(stream: Iterator[Any]) -> Any:
    """Return the next array, None at the end; what DuckDB finds there is raised as its own error.

    nanoarrow has an exception of its own, with DuckDB's text behind its own words.
    """
    import duckdb

    try:
        return next(stream, None)
    except RuntimeError as error:
        raise duckdb.Error(str(error).partition("): ")[2] or str(error)) from None


def _stream(relation: Any, rows: int) -> Any:
    """Return the stream of a relation with batches of `rows`.

    DuckDB's public stream has 122,880 rows a batch, 1 GB for 1000 classes; only its stream for
    pyarrow, which is no dependency, takes the size. Without `_submit` the batches are cut here.
    """
    submit = getattr(relation, "_submit", None)
    if rows >= MOST_ROWS or submit is None:
        return relation
    return submit("stream", max(rows, VECTOR)).arrow_capsule()


class _Held:
    """A buffer for NumPy that keeps what owns it: nanoarrow's views of an array do not."""

    def __init__(self, buffer: Any, owner: Any) -> None:
        self.__array_interface__ = np.asarray(buffer).__array_interface__
        self.owner = owner


def _column(array: Any, owner: Any) -> Column:
    start, stop = array.offset, array.offset + array.length
    null = _null(array)
    if array.storage_type in ("list", "large_list", "fixed_size_list"):
        child = array.child(0)
        if array.storage_type == "fixed_size_list":
            width = array.layout.child_size_elements
            ends = np.arange(start, stop + 1, dtype=np.int64) * width
        else:
            ends = np.asarray(array.buffer(1))[start : stop + 1].astype(np.int64)
        return Column(_numbers(child, owner), null, ends, _null(child))
    return Column(_numbers(array, owner), null)


def _numbers(array: Any, owner: Any) -> NDArray[Any]:
    start, stop = array.offset, array.offset + array.length
    if not array.length:
        return np.empty(0)
    if array.storage_type == "bool":
        return _bits(array.buffer(1), start, stop)
    return np.asarray(_Held(array.buffer(1), owner))[start:stop]


def _null(array: Any) -> NDArray[np.bool_] | None:
    validity = array.buffer(0)
    if not array.null_count or not validity.size_bytes:
        return None
    return ~_bits(validity, array.offset, array.offset + array.length)


def _bits(buffer: Any, start: int, stop: int) -> NDArray[np.bool_]:
    packed = np.frombuffer(buffer, dtype=np.uint8)
    return np.unpackbits(packed, bitorder="little", count=stop)[start:].view(np.bool_)


def _part(column: Column, start: int, stop: int) -> Column:
    null = None if column.null is None else column.null[start:stop]
    if column.ends is None:
        return Column(column.values[start:stop], null)
    return Column(column.values, null, column.ends[start : stop + 1], column.null_item)

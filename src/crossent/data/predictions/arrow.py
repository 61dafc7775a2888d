"""A query of DuckDB as batches of NumPy columns, through Arrow, in bounded memory.

Owns the limits and the lock of the connection, and the layout of Arrow's buffers.
"""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
class Cells:
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
        threads = 1 if serial or group > BIG_GROUP else min(THREADS, os.cpu_count() or 1)
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


def batches(connection: Any, query: str, rows: int) -> Iterator[list[Cells]]:
    """Yield the columns of a query, at most `rows` rows (N,) at a time, in the query's order."""
    try:
        import nanoarrow
    except ImportError:
        raise MissingExtraError("nanoarrow", "cli") from None
    relation = connection.sql(query)
    for array in nanoarrow.c_array_stream(_stream(relation, rows)):
        view = array.view()
        columns = [_cells(view.child(i), array) for i in range(view.n_children)]
        for start in range(0, array.length, rows):
            if array.length <= rows:
                yield columns
            else:
                yield [_part(column, start, min(start + rows, array.length)) for column in columns]


def take(cells: Cells, keep: NDArray[np.bool_]) -> Cells:
    """Return the rows of a column where `keep` (N,) is true."""
    null = None if cells.null is None else cells.null[keep]
    if cells.ends is None:
        return Cells(cells.values[keep], null)
    lengths = np.diff(cells.ends)
    items = np.repeat(keep, lengths)
    first, last = int(cells.ends[0]), int(cells.ends[-1])
    null_item = None if cells.null_item is None else cells.null_item[first:last][items]
    ends = np.concatenate(([0], np.cumsum(lengths[keep])))
    return Cells(cells.values[first:last][items], null, ends, null_item)


def first_null(cells: Cells) -> int | None:
    """Return the first row that is NULL, None if none is."""
    if cells.null is None or not cells.null.any():
        return None
    return int(np.argmax(cells.null))


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


def _cells(column: Any, owner: Any) -> Cells:
    start, stop = column.offset, column.offset + column.length
    null = _null(column)
    if column.storage_type in ("list", "large_list", "fixed_size_list"):
        child = column.child(0)
        if column.storage_type == "fixed_size_list":
            width = column.layout.child_size_elements
            ends = np.arange(start, stop + 1, dtype=np.int64) * width
        else:
            ends = np.asarray(column.buffer(1))[start : stop + 1].astype(np.int64)
        return Cells(_numbers(child, owner), null, ends, _null(child))
    return Cells(_numbers(column, owner), null)


def _numbers(column: Any, owner: Any) -> NDArray[Any]:
    start, stop = column.offset, column.offset + column.length
    if not column.length:
        return np.empty(0)
    if column.storage_type == "bool":
        return _bits(column.buffer(1), start, stop)
    return np.asarray(_Held(column.buffer(1), owner))[start:stop]


def _null(column: Any) -> NDArray[np.bool_] | None:
    validity = column.buffer(0)
    if not column.null_count or not validity.size_bytes:
        return None
    return ~_bits(validity, column.offset, column.offset + column.length)


def _bits(buffer: Any, start: int, stop: int) -> NDArray[np.bool_]:
    packed = np.frombuffer(buffer, dtype=np.uint8)
    return np.unpackbits(packed, bitorder="little", count=stop)[start:].view(np.bool_)


def _part(cells: Cells, start: int, stop: int) -> Cells:
    null = None if cells.null is None else cells.null[start:stop]
    if cells.ends is None:
        return Cells(cells.values[start:stop], null)
    return Cells(cells.values, null, cells.ends[start : stop + 1], cells.null_item)

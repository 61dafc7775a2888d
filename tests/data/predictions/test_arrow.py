import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from crossent.data.predictions.arrow import Column, batches, reading, take
from crossent.data.predictions.options import PredictionOptions
from crossent.data.predictions.stream import open_predictions

Parquet = Callable[[str, str], Path]


def test_batches_stay_small_and_outlive_the_stream(parquet: Parquet) -> None:
    """A list column is given without a copy: its memory has to live as long as the batch."""
    query = "SELECT range % 9 AS label, [range::DOUBLE, 1, 2, 3, 4, 5, 6, 7, 8] AS probs"
    path = parquet("a.parquet", f"{query} FROM range(300_000)")
    with open_predictions([str(path)], PredictionOptions()) as stream:
        batches = list(stream.batches())
    assert max(len(batch.rows) for batch in batches) <= 122_880
    values = np.concatenate([batch.values for batch in batches])
    np.testing.assert_array_equal(values[:, 0], np.arange(300_000))
    np.testing.assert_array_equal(values[:, 1:], np.tile(np.arange(1, 9), (300_000, 1)))


def test_many_classes_make_small_batches(parquet: Parquet) -> None:
    columns = ", ".join(f"range + {i} AS p_{i}" for i in range(1500))
    path = parquet("a.parquet", f"SELECT 3 AS label, {columns} FROM range(9000)")
    with open_predictions([str(path)], PredictionOptions()) as stream:
        sizes = []
        for batch in stream.batches():
            sizes.append(len(batch.rows))
            want = batch.rows[:, None] + np.arange(1500)
            np.testing.assert_array_equal(batch.values, want)
    assert sum(sizes) == 9000
    assert max(sizes) * 1500 * 8 <= 64 << 20


@pytest.mark.parametrize("rows", [2048, 5000])
def test_nulls_and_lists_in_pieces(tmp_path: Path, rows: int) -> None:
    """Lists of any length, NULL lists, NULL items and bits, cut anywhere, are DuckDB's own."""
    path = tmp_path / "a.parquet"
    query = (
        "SELECT CASE WHEN range % 3 > 0 THEN range END AS a, range % 5 > 1 AS b, "
        "CASE WHEN range % 7 > 0 THEN [CASE WHEN (range + i) % 4 > 0 THEN range + i END "
        "FOR i IN range(range % 4)] END AS c FROM range(20_000)"
    )
    duckdb.sql(f"COPY ({query}) TO '{path}'")
    want = duckdb.sql(f"FROM '{path}'").fetchall()
    found: list[tuple[Any, ...]] = []
    with reading(path, 0) as connection:
        for columns in batches(connection, f"SELECT * FROM '{path}'", rows):
            keep = np.arange(len(columns[0].values)) % 2 == 0
            for part in (columns, [take(column, keep) for column in columns]):
                listed = list(zip(*map(python, part), strict=True))
                if part is columns:
                    found += listed
                else:
                    assert listed == found[-len(keep) :][::2]
    assert found == want


def python(column: Column) -> list[Any]:
    """Return a column as Python has it."""
    items = [
        None if column.null_item is not None and column.null_item[i] else value
        for i, value in enumerate(column.values.tolist())
    ]
    if column.ends is not None:
        items = [items[a:b] for a, b in itertools.pairwise(column.ends.tolist())]
    null = [False] * len(items) if column.null is None else column.null.tolist()
    return [None if gone else item for gone, item in zip(null, items, strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, form: str) -> None:
    peaks: list[int] = []
    for count in (1_000_000, 4_000_000):
        path = tmp_path / f"{count}.{form}"
        columns = ", ".join(f"random() AS p_{i}" for i in range(10))
        duckdb.sql(f"COPY (SELECT range % 10 AS label, {columns} FROM range({count})) TO '{path}'")
        done = subprocess.run(
            [sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True
        )
        rows, peak = map(int, done.stdout.split())
        assert rows == count
        peaks.append(peak)
    assert max(peaks) < 450 << 10  # of which 110 MB are Python, NumPy and DuckDB
    assert peaks[1] - peaks[0] < 64 << 10


PEAK = r"""
import re, sys
from pathlib import Path
from crossent.data.predictions.stream import PredictionOptions, open_predictions
with open_predictions([sys.argv[1]], PredictionOptions()) as stream:
    rows = sum(len(batch.rows) for batch in stream.batches())
# ru_maxrss would begin at that of the process that started this one.
print(rows, re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
"""

import csv
from pathlib import Path

import duckdb
import pytest

from crossent.data.database import connected, identifier, literal
from crossent.data.predictions.table_file import write_table
from crossent.errors import InputError

NAMES = ["A", "a", 'q"u', "n\nl", " sp "]


def copy(target: Path, options: str) -> int:
    names = map(identifier, NAMES) if "parquet" in options else ("c0", "c1", "c2", "c3", "c4")
    cells = ", ".join(f"'{i}' AS {name}" for i, name in enumerate(names))
    with connected() as connection:
        query = f"COPY (SELECT {cells}) TO {literal(str(target))} ({options})"
        return int(connection.execute(query).fetchone()[0])


def test_names_are_exact_in_csv(tmp_path: Path) -> None:
    assert write_table(tmp_path / "a.csv", NAMES, ["c1"], copy) == 1
    assert (tmp_path / "a.csv").read_text().endswith('0,"1",2,3,4\n')
    with (tmp_path / "a.csv").open(newline="") as stream:
        assert next(csv.reader(stream)) == NAMES


def test_names_are_beside_a_parquet_file(tmp_path: Path) -> None:
    assert write_table(tmp_path / "a.parquet", NAMES, [], copy) == 1
    query = f"SELECT value FROM parquet_kv_metadata('{tmp_path / 'a.parquet'}')"
    assert duckdb.sql(query).fetchall() == [(b'["A", "a", "q\\"u", "n\\nl", " sp "]',)]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail(target: Path, options: str) -> int:
        target.write_text("half")
        raise duckdb.Error("two\nlines")

    with pytest.raises(InputError, match=r"a\.csv' cannot be written: two lines"):
        write_table(tmp_path / "a.csv", NAMES, [], fail)
    assert list(tmp_path.iterdir()) == []

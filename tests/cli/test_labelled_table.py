"""A file to labels and columns: which columns, of what kind, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from crossent.cli.labelled_table import read_labelled
from crossent.errors import InputError

LINES = [
    "a1,a2,id,empty,y",
    *(f"{i / 7},{'uv'[i % 2]},r{i},,{['nay', 'yea'][i % 2]}" for i in range(50)),
]


@pytest.fixture
def table(workdir: Path) -> Path:
    path = workdir / "t.csv"
    path.write_text("\n".join(LINES) + "\n")
    return path


def names(path: Path, wanted=(), ignored=()):
    return [column.name for column in read_labelled(path, "y", wanted, ignored).columns]


def test_every_column_but_the_empty_one_is_read(table: Path):
    found = read_labelled(table, "y", (), ())
    assert [(one.name, one.kind) for one in found.columns] == [
        ("a1", "numeric"),
        ("a2", "categorical"),
        ("id", "categorical"),
    ]
    np.testing.assert_array_equal(found.columns[0].values, np.arange(50) / 7)
    assert found.classes == ("nay", "yea")
    np.testing.assert_array_equal(found.labels, np.arange(50) % 2)
    assert found.notices == ("column 'empty' is empty in every row: left out",)


def test_columns_by_name_number_and_pattern(table: Path):
    assert names(table, ["a*"]) == ["a1", "a2"]
    assert names(table, ["id", "a1"]) == ["id", "a1"]
    assert names(table, ["0"]) == ["a1"]
    assert names(table, ["*"]) == ["a1", "a2", "id"]
    assert names(table, (), ["a*", "empty"]) == ["id"]
    assert names(table, ["a*"], ["a1"]) == ["a2"]
    assert read_labelled(table, "-1", ["a1"], ()).label == "y"


def test_a_star_in_a_name_is_that_name(workdir: Path):
    path = workdir / "t.csv"
    path.write_text(
        "\n".join(["p*,px,y", *(f"{i % 3}.5,{i % 4},{i % 2}" for i in range(50))]) + "\n"
    )
    assert names(path, ["p*"]) == ["p*"]


def test_parquet_is_the_same(table: Path, workdir: Path):
    import duckdb

    duckdb.sql("copy (from 't.csv') to 't.parquet'")
    one, two = (read_labelled(workdir / name, "y", ["a*"], ()) for name in ("t.csv", "t.parquet"))
    assert one.classes == two.classes
    for a, b in zip(one.columns, two.columns, strict=True):
        np.testing.assert_array_equal(a.values, b.values)


@pytest.mark.parametrize(
    ("label", "wanted", "ignored", "expected"),
    [
        (None, (), (), "--label; its columns are 'a1', 'a2', 'id', 'empty', 'y'"),
        ("z", (), (), "--label 'z': "),
        ("y", ["b*"], (), "--columns 'b*'"),
        ("y", ["a*1*"], (), "one star at most"),
        ("y", ["y"], (), "--columns names 'y', which holds the labels"),
        ("y", (), ["nothing"], "--ignore 'nothing'"),
        ("y", ["a1"], ["a*"], "no column left to rank beside 'y'"),
        ("a1", (), (), "column 'a1' holds 50 different numbers in 50 rows: so many values say"),
        ("empty", (), (), "the label is missing in 50 of 50 rows"),
        ("y", ["empty"], (), "is empty in every row"),
    ],
)
def test_refused(table: Path, label, wanted, ignored, expected):
    with pytest.raises(InputError) as error:
        read_labelled(table, label, wanted, ignored)
    assert expected in str(error.value)
    assert "t.csv" in str(error.value) or "star" in expected or "names" in expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (b"x,y\n", "has no rows"),
        (b"\x93NUMPY\x01\x00", "is neither CSV nor Parquet"),
        (b"x,y\n1,a\n2\n", "line 3"),
        (b"x,y\n1,a\n2,a\n", "column 'y' has one value, 'a': there is nothing to gain about it"),
        (b"x,y\n1,3\n2,3.0\n", "column 'y' has one value, '3': there is nothing to gain"),
        (b"x,y\n1,a\ninf,b\n", "row 1 holds inf"),
    ],
)
def test_files_that_are_no_table(workdir: Path, content: bytes, expected: str):
    path = workdir / "t.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=expected):
        read_labelled(path, "y", (), ())


def test_lists_are_no_labels(workdir: Path):
    import duckdb

    duckdb.sql("copy (select [i] as y, i as x from range(9) t(i)) to 't.parquet'")
    with pytest.raises(InputError, match=r"'y' holds BIGINT\[\]"):
        read_labelled(workdir / "t.parquet", "y", (), ())

import csv
import io
from pathlib import Path

import duckdb
import numpy as np
import pytest

from crossent.data.predictions.options import PredictionOptions
from crossent.data.predictions.stream import open_predictions
from crossent.errors import InputError

HEADER = 'label,"p_a,b",p_A,p_a,note\n'
TEXT = HEADER + 'A,0.5,.5,0,"x\ny"\na,0,0,1,\n"a,b",1,0,0,""\n'


def export(files: list[Path], rows: dict[Path, list[int]], target: Path, **options) -> int:
    with open_predictions([str(file) for file in files], PredictionOptions(**options)) as stream:
        chosen = {str(file): np.array(numbers) for file, numbers in rows.items()}
        return stream.export(chosen, target)


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def test_every_column_as_it_was(write, tmp_path: Path) -> None:
    source = write("a.csv", TEXT)
    assert export([source], {source: [2, 0]}, tmp_path / "out.csv") == 2
    assert rows_of(tmp_path / "out.csv") == [
        ["row", "label", "p_a,b", "p_A", "p_a", "note"],
        ["0", "A", "0.5", ".5", "0", "x\ny"],
        ["2", "a,b", "1", "0", "0", ""],
    ]
    for name in ("out.parquet", "out.csv.gz"):
        assert export([source], {source: [2, 0]}, tmp_path / name) == 2
        with open_predictions([str(tmp_path / name)], PredictionOptions()) as stream:
            batch = next(stream.batches())
        assert stream.classes == ("a,b", "A", "a")
        assert batch.rows.tolist() == [0, 2]
        assert batch.labels is not None
        assert batch.labels.tolist() == [1, 0]


def test_several_files_and_formats(write, parquet, tmp_path: Path) -> None:
    one = write("a.csv", "label,p_a,p_b,source\na,1,0,web\nb,.5,.5,\n")
    two = parquet("b.parquet", "SELECT 'b' AS label, 0.25 AS p_b, 0.75 AS p_a FROM range(4)")
    three = write("c.jsonl", '{"p_a": 1, "p_b": 0, "label": "a", "tags": ["x", "y"]}\n')
    target = tmp_path / "out.parquet"
    assert export([one, two, three], {three: [0], two: [3, 1], one: [1]}, target) == 4
    found = duckdb.sql(f"SELECT source_1, row, label, p_a::DOUBLE FROM '{target}'").fetchall()
    assert found == [
        (str(one), 1, "b", 0.5), (str(two), 1, "b", 0.75), (str(two), 3, "b", 0.75),
        (str(three), 0, "a", 1.0),
    ]  # fmt: skip


def test_rows_by_their_places_whatever_their_numbers(write, tmp_path: Path) -> None:
    """A column `row` may hold a number twice."""
    source = write("a.csv", "label,p_a,p_b,row\na,1,0,70\nb,.5,.5,30\na,.5,.5,30\n")
    assert export([source], {source: [2, 0]}, tmp_path / "out.csv") == 2
    assert rows_of(tmp_path / "out.csv") == [
        ["label", "p_a", "p_b", "row"], ["a", "1", "0", "70"], ["a", ".5", ".5", "30"],
    ]  # fmt: skip


def test_numbers_of_text_files_are_numbers_in_parquet(write, tmp_path: Path) -> None:
    text = "label,p_a,p_b,q_a,q_b,row,note\n1,1,0,.5,.5,70,2\n2,.25,.75,0,1,30,\n"
    source = write("a.csv", text.replace("_a", "_1").replace("_b", "_2"))
    assert export([source], {source: [1]}, tmp_path / "out.parquet") == 1
    found = duckdb.sql(f"FROM '{tmp_path / 'out.parquet'}'")
    assert found.fetchall() == [("2", 0.25, 0.75, 0.0, 1.0, 30, None)]


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_in_the_order_of_the_file(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"f.{form}"
    duckdb.sql(f"COPY (SELECT 0 AS label, range AS p_0, 1 AS p_1 FROM range(300_000)) TO '{path}'")
    rows = np.random.default_rng(0).permutation(300_000)[:150_000]
    target = tmp_path / "out.parquet"
    assert export([path], {path: rows.tolist()}, target) == 150_000
    found = duckdb.sql(f"SELECT row, p_0::BIGINT AS p FROM '{target}'").fetchnumpy()
    np.testing.assert_array_equal(found["row"], np.sort(rows))
    np.testing.assert_array_equal(found["p"], np.sort(rows))


def test_rows_of_arrays(write, tmp_path: Path) -> None:
    file = io.BytesIO()
    probs = np.array([[0.5, 0.5], [0.25, 0.75], [1, 0]])
    np.savez(file, y=np.array(["a", "b", "a"]), probs=probs, id=[7, 8, 9], classes=["a", "b"])
    source = write("a.npz", file.getvalue())
    assert export([source], {source: [1, 2]}, tmp_path / "out.csv") == 2
    assert rows_of(tmp_path / "out.csv") == [
        ["row", "y", "p_a", "p_b", "id"], ["1", "b", "0.25", "0.75", "8"],
        ["2", "a", "1.0", "0.0", "9"],
    ]  # fmt: skip


def test_logits_of_arrays_are_read_again_as_such(write, tmp_path: Path) -> None:
    file = io.BytesIO()
    np.savez(file, y=[0, 1], logits=[[5.0, -2.0], [0.0, 3.0]], classes=["a", "b"])
    source = write("a.npz", file.getvalue())
    assert export([source], {source: [0, 1]}, tmp_path / "out.parquet", label="y") == 2
    options = PredictionOptions(label="y", classes=("a", "b"))
    with open_predictions([str(tmp_path / "out.parquet")], options) as stream:
        batch = next(stream.batches())
    assert stream.kind == "logits"
    assert batch.values is not None
    assert batch.values.tolist() == [[5.0, -2.0], [0.0, 3.0]]


def test_complete_or_not_at_all(write, tmp_path: Path) -> None:
    source = write("a.csv", TEXT)
    target = write("out.csv", "old")
    with pytest.raises(InputError, match=r"name predictions \.parquet, \.csv or \.csv\.gz"):
        export([source], {source: [0]}, tmp_path / "out.txt")
    with pytest.raises(InputError, match="'none' is none of the files"):
        export([source], {Path("none"): [0]}, target)
    with pytest.raises(InputError, match="cannot be written"):
        export([source], {source: [0]}, tmp_path / "none" / "out.csv")
    assert target.read_text() == "old"
    assert export([source], {source: []}, target) == 0
    assert rows_of(target) == [["row", "label", "p_a,b", "p_A", "p_a", "note"]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "out.csv"]

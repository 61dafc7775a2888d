"""The work list: pairs, rows of each, the worst rows."""

import numpy as np
import pytest

from crossent.report import row_tables, tables
from crossent.report.evaluation import evaluate
from crossent.report.words import MISSING
from crossent.scoring.rows import score_logprobs
from crossent.scoring.tally import Tally
from tests.report.parsed_table import Cells

NAME = tables.class_name(3)


@pytest.fixture
def result():
    p = np.array([[0.75, 0.25, 0]] * 3 + [[0.25, 0.75, 0]] * 2)
    return evaluate(["cat", "cat", "dog", "dog", "cat"], p, classes=("cat", "dog", "emu"))


def test_pairs(result):
    (text,) = row_tables.pairs_tables(result, NAME, 12)
    assert Cells(text).rows[1:] == [
        ["dog → cat", "1", "50.0%", "1.386"],
        ["cat → dog", "1", "33.3%", "1.386"],
    ]
    (first,) = row_tables.pairs_tables(result, NAME, 1)
    assert "1 to 1 of 2 pairs" in first
    assert row_tables.pairs_tables(evaluate([0, 1], np.eye(2)), NAME, 12) == []


def test_both_directions_and_their_rows(result):
    (row,) = Cells(row_tables.work_list(result, NAME, 5, ())).rows[1:]
    assert row == [
        "cat ↔ dog", "2", "40.0%", "11.8% to 76.9%", "1.386", "1 (33.3%)rows 4", "1 (50.0%)rows 2",
    ]  # fmt: skip
    assert row_tables.work_list(evaluate([0, 1], np.eye(2)), NAME, 5, ()) == ""


def test_a_direction_that_does_not_occur():
    got = evaluate([0, 1], np.eye(2)[[1, 1]])
    (row,) = Cells(row_tables.work_list(got, NAME, 5, ())).rows[1:]
    assert row[-2:] == ["1 (100%)rows 0", MISSING]


def test_rows_of_several_files_are_named_by_file(compared):
    result = compared.evaluation
    files = row_tables.files_of(result, 5)
    assert files == ("runs/a/one.csv", "runs/b/two.csv")
    text = row_tables.work_list(result, NAME, 5, files)
    row = Cells(text).rows[1]
    first, second = row[0].split(" ↔ ")
    for cell, pair in zip(row[-2:], [(first, second), (second, first)], strict=True):
        said = {
            (f"runs/{part.strip().split(': ')[0]}", int(number))
            for part in cell.split(")", 1)[1].split(";")
            for number in part.split(": ")[1].split(",")
        }
        assert said <= set(result.examples(*pair))
        assert len(said) == min(row_tables.EXAMPLES, len(result.examples(*pair)))
    (worst, *_) = row_tables.worst_tables(result, NAME, files)
    assert Cells(worst).rows[0][:3] == ["row", "true → predicted", "file"]
    assert {row[2] for row in Cells(worst).rows[1:]} <= {"a/one.csv", "b/two.csv"}


def test_file_names():
    assert Cells(f"<table><tr><td>{row_tables.file_name('<a>', ())}").rows == [["<a>"]]
    long = "folder/" * 20 + "file.csv"
    (cell,) = Cells(f"<table><tr><td>{row_tables.file_name(long, (long,))}").rows[0]
    assert cell.startswith("…")
    assert cell.endswith("folder/file.csv")
    assert len(cell) == row_tables.FILE_LENGTH


def test_worst(result):
    (text,) = row_tables.worst_tables(result, NAME, ())
    rows = Cells(text).rows
    assert rows[1] == ["2", "dog → cat", "25.0%", "75.0%", "1.386"]
    assert rows[3] == ["0", "cat (right)", "75.0%", "75.0%", "0.2877"]
    many = row_tables.worst_tables(evaluate([0] * 30, [[0.5, 0.5]] * 30), NAME, ("one.csv",))
    assert [len(Cells(part).rows) for part in many] == [13, 13]
    assert "1 to 12 of 30 rows, in one.csv" in many[0]


def test_the_worst_of_what_has_no_prediction():
    rows = {"logprob": np.log([0.5, 0.25])}
    heads = []
    for classes, labels in (((), None), (("a", "b"), np.array([0, 1]))):
        tally = Tally(classes)
        tally.update(score_logprobs(**rows, labels=labels))
        (text,) = row_tables.worst_tables(tally.result(), NAME, ())
        heads.append(Cells(text).rows[0])
    assert heads == [["row", "P(true)", "loss"], ["row", "label", "P(true)", "loss"]]


def test_hostile_labels_stay_text(hostile_report):
    hostile = hostile_report.evaluation
    name = tables.class_name(len(hostile.classes))
    files = ("</td><script>", "x\n")
    known = {"table", "caption", "thead", "tbody", "tr", "th", "td", "bdi", "span", "small"}
    for part in (
        *row_tables.pairs_tables(hostile, name, 24),
        *row_tables.worst_tables(hostile, name, files),
        row_tables.work_list(hostile, name, 20, files),
        row_tables.work_list(hostile, name, 20, files[:1]),
    ):
        assert Cells(part).tags <= known


def test_small_probabilities_are_told_apart():
    tally = Tally(())
    tally.update(score_logprobs(logprob=np.log([3e-9, 0.25])))
    (text,) = row_tables.worst_tables(tally.result(), NAME, ())
    assert [row[1] for row in Cells(text).rows[1:]] == ["3.0e-09", "25.0%"]

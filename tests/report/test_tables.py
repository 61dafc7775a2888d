"""Tables as a parser that is not ours reads them."""

import math

import numpy as np
import pytest

from crossent.report import tables
from crossent.report.evaluation import evaluate
from crossent.report.matrix import matrix_view
from crossent.scoring.rows import score_logprobs
from crossent.scoring.tally import Tally
from tests.report.parsed_table import Cells

DASH = "\N{EN DASH}"


@pytest.fixture
def result():
    p = np.array([[0.75, 0.25, 0]] * 3 + [[0.25, 0.75, 0]] * 2)
    return evaluate(["cat", "cat", "dog", "dog", "cat"], p, classes=("cat", "dog", "emu"))


NAME = tables.class_name(3)


def test_classes(result):
    rows = Cells(tables.classes_table(result, NAME)).rows
    assert rows[1][:6] == ["cat", f"dog 1{tables.TIMES}", "3", "66.7%", "66.7%", "66.7%"]
    assert rows[3] == ["emu", DASH, "0", DASH, DASH, DASH, DASH]


def test_classes_without_predictions():
    tally = Tally(("a", "b"))
    tally.update(score_logprobs(logprob=np.log([0.5, 0.25, 0.5]), labels=np.array([0, 1, 0])))
    rows = Cells(tables.classes_table(tally.result(), NAME)).rows
    assert rows[1:] == [["a", "2", "0.6931"], ["b", "1", "1.386"]]


def test_of_equal_counts_the_first_class_is_what_it_is_taken_for():
    said = [2, 1, 0, 0]
    got = evaluate([0, 0, 1, 2], np.eye(3)[said])
    rows = Cells(tables.classes_table(got, NAME)).rows
    assert [row[1] for row in rows[1:]] == [f"{n} 1{tables.TIMES}" for n in (1, 0, 0)]


def test_many_classes_are_sorted_by_weakness():
    size = 20
    said = np.arange(size)
    said[7] = 3
    text = tables.classes_table(evaluate(np.arange(size), np.eye(size)[said] * 1.0), NAME)
    assert [row[0] for row in Cells(text).rows[1:3]] == ["7", "3"]
    assert "Weakest F1 first" in text


def test_thousands_of_classes_are_cut():
    size = tables.MOST_CLASSES + 7
    text = tables.classes_table(evaluate([0], np.eye(size)[:1]), NAME)
    assert len(Cells(text).rows) == tables.MOST_CLASSES + 1
    assert "1,000 of 1,007 classes" in text


def test_matrix(result):
    rows = Cells(tables.matrix_table(matrix_view(result), result.classes, NAME)).rows
    assert rows[1:] == [
        ["cat", "266.7%", "133.3%", ""],
        ["dog", "150.0%", "150.0%", ""],
        ["emu", "", "", ""],
    ]


def test_curves_with_holes():
    rows = Cells(tables.curves_table([{"epoch": 3, "train_loss": 0.5}, {"lr": math.nan}])).rows
    assert rows[1:] == [["3", "0.5000", DASH, DASH, DASH], ["2", DASH, DASH, DASH, DASH]]
    long = tables.curves_table([{"train_loss": 1.0}] * 1000)
    assert len(Cells(long).rows) == tables.MOST_EPOCHS + 1
    assert "Every 10th epoch" in long


def test_facts():
    text = tables.facts_table("Settings", {"batch_size": 128, "<b>": "</td><script>"})
    assert Cells(text).rows == [["batch size", "128"], ["<b>", "</td><script>"]]
    assert tables.facts_table("Data", {}) == ""


def test_hostile_labels_stay_text(hostile_report):
    hostile = hostile_report.evaluation
    name = tables.class_name(len(hostile.classes))
    parts = [
        tables.classes_table(hostile, name),
        tables.matrix_table(matrix_view(hostile), hostile.classes, name),
    ]
    known = {"table", "caption", "thead", "tbody", "tr", "th", "td", "bdi", "span", "small"}
    for part in parts:
        assert Cells(part).tags <= known | {"svg", "rect"}
    assert any(title.startswith("x" * 6000) for title in Cells(parts[0]).titles)


def test_full_names_do_not_fill_the_page():
    name = tables.class_name(1000)
    assert len(name("y" * 10_000)) < 300

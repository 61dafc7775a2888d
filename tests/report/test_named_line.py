"""Lines with a name in front, at any width of a terminal."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossent.report.evaluation import evaluate
from crossent.report.named_line import (
    class_label,
    in_columns,
    named_line,
    percent_range,
    wrong_weight,
)
from crossent.report.plain_table import cell_width
from crossent.report.words import MISSING


@pytest.mark.parametrize("width", [24, 40, 80])
def test_further_lines_stand_below_the_first(width):
    text = " ".join(["word"] * 30)
    lines = named_line("name", text, width)
    assert lines[0].startswith("name        word")
    assert all(line.startswith(" " * 12 + "word") for line in lines[1:])
    assert max(map(len, lines)) <= width
    assert " ".join(lines).split() == ["name", *text.split()]


def test_without_a_width_it_is_one_line():
    assert len(named_line("name", "word " * 100)) == 1


@given(st.text(max_size=30), st.integers(1, 20))
def test_names_fit_in_columns(text, columns):
    short = in_columns(text, columns)
    assert cell_width(short) <= max(columns, 2)
    assert short == text or short.endswith("…")


def test_names_are_visible_and_have_a_least_length():
    assert class_label("a\nb") == "a\\nb"
    assert len(class_label("x" * 1000)) == 40
    assert class_label("x" * 1000, 20, beside=20) == "xxxx…"


def test_ranges():
    assert percent_range(0.0, 1.0) == "0% to 100%"
    assert percent_range(math.nan, math.nan) == MISSING


def test_the_weight_of_wrong_rows():
    got = evaluate([0, 1, 1], np.eye(2)[[0, 0, 0]], sample_weight=[1, 2, 0.5])
    assert wrong_weight(got) == 2.5

"""Numbers that strict JSON cannot hold survive the journey."""

import json
import math

import pytest

from crossent.errors import InputError
from crossent.scoring.per_class import ClassRow
from crossent.scoring.record import (
    dump_number,
    dump_row,
    load_class_row,
    load_number,
    load_worst_row,
)
from crossent.scoring.worst import WorstRow


@pytest.mark.parametrize("value", [0.1, 3.0, -0.0, 1e-300, 2.0**60, math.inf, -math.inf, math.nan])
def test_numbers_come_back(value):
    text = json.dumps({"x": dump_number(value)}, allow_nan=False)
    back = load_number(json.loads(text), "x")
    assert back == value or (math.isnan(back) and math.isnan(value))


def test_whole_numbers_have_no_fraction():
    assert json.dumps(dump_number(12.0)) == "12"


def test_rows_come_back():
    row = ClassRow("ü\n", 3.0, 0.5, 1.0, 2 / 3, math.inf)
    assert load_class_row(json.loads(json.dumps(dump_row(row), allow_nan=False))) == row
    worst = WorstRow(7, "a", "b", 0.0, math.inf, 0.75)
    assert load_worst_row(json.loads(json.dumps(dump_row(worst), allow_nan=False))) == worst


def test_a_missing_number_is_named():
    with pytest.raises(InputError, match="'x'"):
        load_number({}, "x")

"""Numbers that strict JSON cannot hold survive the journey."""

import json
import math

import numpy as np
import pytest

from crossent.scoring.meters.worst import WorstRow
from crossent.scoring.per_class import ClassRow
from crossent.scoring.record import JSON_MATRIX_UP_TO, MOST_CELLS, dump_number, dump_row, record
from crossent.scoring.rows import score_rows
from crossent.scoring.tally import Tally
from tests.scoring.batches import LAYOUTS, table


@pytest.mark.parametrize("value", [0.1, 3.0, -0.0, 1e-300, 2.0**60, math.inf, -math.inf, math.nan])
def test_numbers_come_back(value):
    text = json.dumps({"x": dump_number(value)}, allow_nan=False)
    back = float(json.loads(text)["x"])
    assert back == value or (math.isnan(back) and math.isnan(value))


def test_whole_numbers_have_no_fraction():
    assert json.dumps(dump_number(12.0)) == "12"
    assert json.dumps(dump_number(np.float64(2.5))) == "2.5"


def test_rows_come_back():
    row = ClassRow("ü\n", 3.0, 0.5, 1.0, 2 / 3, math.inf)
    back = json.loads(json.dumps(dump_row(row), allow_nan=False))
    assert ClassRow(back["name"], *(float(v) for v in list(back.values())[1:])) == row
    worst = WorstRow(7, "a", "b", 0.0, math.inf, 0.75, "</script>.csv")
    back = json.loads(json.dumps(dump_row(worst), allow_nan=False))
    assert (back["loss"], back["source"], back["row"]) == ("inf", "</script>.csv", 7)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_strict_json(layout):
    scores = table(3, 50, 3, layout=layout).tally().result()
    back = json.loads(json.dumps(record(scores), allow_nan=False))
    assert back["rows"] == 50
    assert float(back["log_loss"]) == scores.log_loss
    assert [float(x) for x in back["intervals"]["log_loss"]] == list(scores.interval("log_loss"))
    assert (back["calibration"] is None) == (back["tokens"] is not None)
    if back["calibration"] is not None:
        assert back["calibration"]["ece"] == scores.calibration.ece()
        assert len(back["calibration"]["bins"]) == 15
        assert len(record(scores, bins=5)["calibration"]["bins"]) == 5
        assert back["top_k"] == {str(k): scores.top_k(k) for k in (1, 2, 3)}


def test_hostile_names_stay_names():
    names = ("</script>", "b\n", "∅")
    tally = Tally(names)
    tally.update(score_rows(labels=np.array([0, 1]), values=np.eye(3)[[1, 0]]))
    back = json.loads(json.dumps(record(tally.result()), allow_nan=False))
    assert tuple(back["classes"]) == names
    assert back["log_loss"] == "inf"
    assert back["per_class"][2]["recall"] == "nan"
    assert back["confusion"] == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_many_classes_have_cells_instead_of_a_matrix():
    size = JSON_MATRIX_UP_TO + 1
    tally = Tally(tuple(map(str, range(size))))
    labels = np.array([0, 0, 1, 7])
    tally.update(score_rows(labels=labels, values=np.eye(size)[[5, 5, 1, 2]]))
    back = record(tally.result())
    assert back["confusion"] is None
    assert back["cells"] == {
        "true": [0, 7], "predicted": [5, 2], "count": [2, 1], "loss": ["inf", "inf"], "left_out": 0,
    }  # fmt: skip


def test_the_least_cells_are_left_out(monkeypatch):
    monkeypatch.setattr("crossent.scoring.record.JSON_MATRIX_UP_TO", 2)
    monkeypatch.setattr("crossent.scoring.record.MOST_CELLS", 2)
    assert MOST_CELLS == 10_000
    tally = Tally(tuple("abc"))
    labels = np.array([0, 0, 0, 1, 1, 2])
    tally.update(score_rows(labels=labels, values=np.eye(3)[[1, 1, 1, 2, 2, 0]]))
    assert record(tally.result())["cells"]["left_out"] == 1
    assert record(tally.result())["cells"]["count"] == [3, 2]

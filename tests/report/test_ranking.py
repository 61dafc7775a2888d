"""The table of a ranking at several widths, and its JSON."""

import json
import math
import re

import pytest

from crossent.measures.intervals import Interval
from crossent.measures.ranking import Ranked
from crossent.report.measure import to_json
from crossent.report.plain_table import cell_width
from crossent.report.ranking import Ranking, record, text

COLUMNS = [
    Ranked("petal", 0.95369, 0.868126, 0.4176, 0.9469, 10, "bins", 3, ""),
    Ranked("a\x1b[31m\n猫", 0.25, 0.25, 0.125, -0.01, 1200, "categories", 0, "hm"),
    Ranked("x" * 60, 0.0, 0.0, 0.0, 0.0, 1, "categories", 0, "one value in every row"),
]
RANKING = Ranking(
    file="t\x1b.csv",
    label="kind\x1b[2J",
    rows=1500,
    label_values=3,
    label_entropy=1.0985671,
    unit="nats",
    columns=COLUMNS,
    intervals={"petal": Interval(0.893842, 1.03058)},
    notices=("column 'e\x1b' is empty",),
)


def test_a_wide_terminal():
    lines = text(RANKING._replace(intervals={}), 200).splitlines()
    assert lines[0] == r"kind\x1b[2J: 1,500 rows, 3 values, entropy 1.09857 nats"
    heads = ["column", "gain (nats)", "share", "gain ratio", "corrected", "values", "missing"]
    assert re.split(" {2,}", lines[2]) == heads
    assert lines[3].split() == ["petal", "0.9537", "86.8%", "0.4176", "0.9469", "10", "bins", "3"]
    assert lines[4].split() == [
        r"a\x1b[31m\n猫",
        "0.2500",
        "25.0%",
        "0.1250",
        "-0.01000",
        "1,200",
        "0",
    ]
    assert lines[5].startswith("x" * 39 + "…  ")
    assert lines[7:] == [
        r"note  a\x1b[31m\n猫: hm",
        f"note  {'x' * 39}…: one value in every row",
        r"note  column 'e\x1b' is empty",
    ]


def test_intervals_stand_beside_the_gain():
    head, first, second = text(RANKING, 200).splitlines()[2:5]
    assert head.split()[3:6] == ["95%", "from", "to"]
    assert first.split()[1:4] == ["0.9537", "0.8938", "1.031"]
    assert second.split()[1:3] == ["0.2500", "25.0%"]


def test_an_interval_above_the_gain_has_a_note():
    assert "interval lies" not in text(RANKING, 200)
    above = RANKING._replace(intervals={"petal": Interval(0.96, 1.1)})
    assert "note  petal: the interval lies above the gain: " in text(above, 200)


@pytest.mark.parametrize("width", [40, 47, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_cell_is_lost(width):
    found = text(RANKING, width)
    assert max(map(cell_width, found.splitlines())) <= width
    for cell in ("0.9537", "0.8938", "1.031", "86.8%", "0.4176", "0.9469", "10 bins", "1,200"):
        assert cell in found
    assert all(line.isprintable() for line in found.splitlines())


def test_the_first_ones_only():
    found = text(RANKING, 80, 1)
    assert "and 2 more: --top 3 shows them\n" in found
    assert "hm" not in found
    assert [one["name"] for one in record(RANKING, 2)["columns"]] == ["petal", COLUMNS[1].name]


def test_json_has_everything_in_full_precision():
    found = json.loads(to_json(record(RANKING._replace(label_entropy=math.nan))))
    assert found["label_entropy"] == "nan"
    assert found["label"] == RANKING.label
    assert found["columns"][0] == COLUMNS[0]._asdict() | {"interval": [0.893842, 1.03058]}
    assert found["columns"][1] == COLUMNS[1]._asdict()
    assert "intervals" not in found
    assert len(found["columns"]) == 3

"""The fragment that a notebook shows."""

import numpy as np

from crossent.report.evaluation import evaluate
from crossent.report.notebook import fragment
from tests.report.parsed_table import Cells


def test_scores_and_pairs():
    p = np.array([[0.5, 0.5], [0.75, 0.25], [0.25, 0.75], [0.5, 0.5]])
    found = Cells(fragment(evaluate(["a", "b", "b", "a"], p)))
    rows = dict(found.rows[1:])
    assert list(rows) == [
        "log loss",
        "accuracy",
        "Brier",
        "calibration",
        "label entropy",
        "confused",
    ]
    assert rows["accuracy"] == "75.0% (95%: 30.1% to 95.4%), 1 row of 4 wrong"
    assert rows["confused"] == "b → a (1, 50.0%)"


def test_hostile_labels_stay_text(hostile_report):
    text = fragment(hostile_report.evaluation)
    assert Cells(text).tags <= {
        "table", "caption", "thead", "tbody", "tr", "th", "td", "bdi", "span",
    }  # fmt: skip
    assert "style" not in text

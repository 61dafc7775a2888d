"""Calibration in words and tables."""

import math

import numpy as np
import pytest

from crossent.report.calibration_tables import bins_table, errors_table, sentence, split_table
from crossent.report.evaluation import evaluate
from tests.report.parsed_table import Cells

MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def result():
    """Four rows at 50%, all right; four at 75%, two of them right."""
    given = np.array([[0.5, 0.5]] * 4 + [[0.75, 0.25]] * 4)
    return evaluate([0, 0, 0, 0, 0, 0, 1, 1], given)


def test_errors(result):
    assert Cells(errors_table(result.calibration, 5)).rows == [
        ["", "equal width", "equal mass"],
        ["Expected error (ECE)", "37.5%", "37.5%"],
        ["Largest error (MCE)", "50.0%", "50.0%"],
    ]


def test_split(result):
    # KL of right and wrong, (1, 0) to (1/2, 1/2) and (1/2, 1/2) to (3/4, 1/4): log 2, log(4/3)/2.
    removed = (math.log(2) + math.log(4 / 3) / 2) / 2
    rows = Cells(split_table(result, result.calibration)).rows
    assert rows[1][1:] == [
        f"{value:#.4g}" for value in (removed, result.log_loss - removed, result.log_loss)
    ]
    # Two classes: (a - c)^2 counts once for either.
    brier = (0.5**2 * 2 + 0.25**2 * 2) / 2
    assert [float(cell) for cell in rows[2][1:]] == pytest.approx(
        [brier, result.brier - brier, result.brier], abs=1e-4
    )


def test_bins(result):
    assert Cells(bins_table(result.calibration, 5)).rows[1:] == [
        ["40.0% to 60.0%", "4", "50.0%", "100%", "51.0% to 100%", f"{MINUS}50.0 points"],
        ["60.0% to 80.0%", "4", "75.0%", "50.0%", "15.0% to 85.0%", "+25.0 points"],
    ]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (
            [0, 0, 0, 0],
            "75.0%, 25.0 points below the accuracy: on the whole they are underconfident.",
        ),
        ([0, 0, 0, 1], "75.0%, as is the accuracy."),
        (
            [0, 0, 1, 1],
            "75.0%, 25.0 points above the accuracy: on the whole they are overconfident.",
        ),
    ],
)
def test_the_sentence(labels, words):
    calibration = evaluate(labels, [[0.75, 0.25]] * 4).calibration
    assert sentence(calibration) == f"The mean confidence of the predictions is {words}"

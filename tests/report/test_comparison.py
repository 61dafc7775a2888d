"""Lines about the difference to a baseline."""

import dataclasses
import math

import pytest

from crossent.report.comparison import difference_lines, points, signed
from crossent.scoring.comparison import Difference

BETTER = Difference(
    rows=1000,
    weight=1000.0,
    log_loss=-0.25,
    low=-0.3,
    high=-0.2,
    accuracy=0.02,
    accuracy_low=-0.01,
    accuracy_high=0.05,
    both_right=900.0,
    only_ours_right=50.0,
    only_baseline_right=30.0,
    neither=20.0,
    p_value=0.033,
    infinite_ours=0,
    infinite_baseline=0,
)


def changed(**values):
    return difference_lines(dataclasses.replace(BETTER, **values)).splitlines()


def test_all_lines():
    assert difference_lines(BETTER).splitlines() == [
        "baseline    on the same 1,000 rows",
        "log loss    -0.2500 nats (95%: -0.3000 to -0.2000): better",
        "accuracy    +2.00 points (95%: -1.00 to +5.00): no clear difference; "
        "McNemar's exact test: p = 0.033",
        "right       50 only here, 30 only in the baseline, 900 in both, 20 in neither",
    ]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-2.0, -1.0, "better"), (1.0, 2.0, "worse"), (-1.0, 1.0, "no clear difference")],
)
def test_a_lower_loss_is_better_a_lower_accuracy_worse(low, high, verdict):
    lines = changed(low=low, high=high, accuracy_low=-high, accuracy_high=-low)
    assert lines[1].endswith(f": {verdict}")
    assert f": {verdict}; " in lines[2]


def test_what_is_not_known_has_no_line():
    names = ("accuracy", "both_right", "only_ours_right", "only_baseline_right", "neither")
    lines = changed(**dict.fromkeys(names, math.nan))
    assert [line.split()[0] for line in lines] == ["baseline", "log"]
    assert "McNemar" not in changed(p_value=math.nan)[2]
    assert changed(p_value=1e-9)[2].endswith("p < 0.0001")


@pytest.mark.parametrize(
    ("value", "words"),
    [(math.inf, "worse: it is infinite"), (-math.inf, "better"), (math.nan, "both are infinite")],
)
def test_infinite_losses(value, words):
    lines = changed(log_loss=value, low=value, high=value, infinite_ours=3)
    assert words in lines[1]
    assert lines[-1] == "infinite    rows of infinite loss: 3 here, 0 in the baseline"


@pytest.mark.parametrize("width", [40, 80])
def test_it_fits(width):
    assert max(map(len, difference_lines(BETTER, width).splitlines())) <= width


def test_signs():
    assert (signed(0.5), signed(-0.5), signed(0.0)) == ("+0.5000", "-0.5000", "0.000")
    assert (points(0.0), points(0.1)) == ("0", "+10.00")

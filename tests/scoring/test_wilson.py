"""Wilson's interval against SciPy's, and at the ends."""

import math

import pytest
from scipy.stats import binomtest

from crossent.scoring.wilson import wilson


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize(
    ("right", "rows"), [(0, 1), (1, 1), (0, 50), (50, 50), (7, 9), (810, 1000)]
)
def test_ends_are_scipys(right, rows, level):
    want = binomtest(right, rows).proportion_ci(level, method="wilson")
    assert wilson(right / rows, rows, level) == pytest.approx((want.low, want.high), abs=1e-15)


def test_the_ends_of_certainty_are_exact():
    assert wilson(0.0, 37).low == 0.0
    assert wilson(1.0, 37).high == 1.0


@pytest.mark.parametrize(("share", "rows"), [(0.5, 0.0), (math.nan, 10.0), (0.5, math.nan)])
def test_no_rows_have_no_interval(share, rows):
    assert all(map(math.isnan, wilson(share, rows)))


@pytest.mark.parametrize("level", [0.0, 1.0, 95, math.nan])
def test_a_level_is_a_share(level):
    with pytest.raises(ValueError, match=r"between 0 and 1, as 0\.95"):
        wilson(0.5, 10, level)

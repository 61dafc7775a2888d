"""Newcombe's interval against his published table, McNemar's test against SciPy's binomial."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest

from crossent.scoring.paired_shares import mcnemar, paired_interval
from crossent.scoring.wilson import wilson


def test_no_rows_and_bad_levels():
    assert all(math.isnan(end) for end in paired_interval(0, 0, 0, 0))
    assert all(math.isnan(end) for end in paired_interval(*[math.nan] * 4))
    with pytest.raises(ValueError, match="level"):
        paired_interval(1, 2, 3, 4, level=95)


def by_the_paper(a, b, c, d):
    """Method 10 in the letters of the paper, with SciPy's Wilson intervals."""
    n = a + b + c + d
    p2, p3 = (a + b) / n, (a + c) / n
    l2, u2 = binomtest(a + b, n).proportion_ci(method="wilson")
    l3, u3 = binomtest(a + c, n).proportion_ci(method="wilson")
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    upper = a * d - b * c
    if upper > n / 2:
        upper -= n / 2
    elif upper > 0:
        upper = 0
    phi = 0 if margins == 0 else upper / margins**0.5
    dl2, du2, dl3, du3 = p2 - l2, u2 - p2, p3 - l3, u3 - p3
    delta = (dl2**2 - 2 * phi * dl2 * du3 + du3**2) ** 0.5
    epsilon = (du2**2 - 2 * phi * du2 * dl3 + dl3**2) ** 0.5
    return (b - c) / n - delta, (b - c) / n + epsilon


def test_it_is_method_10():
    for cells in product((0, 1, 6, 40), repeat=4):
        if sum(cells):
            got, want = paired_interval(*cells), by_the_paper(*cells)
            clipped = (max(want[0], -1.0), min(want[1], 1.0))
            assert tuple(got) == pytest.approx(clipped, rel=1e-12, abs=1e-12), cells


def test_mirrored():
    for cells in product((0, 1, 7, 30), repeat=4):
        if not sum(cells):
            continue
        both, first, second, neither = cells
        low, high = paired_interval(both, first, second, neither)
        swapped = paired_interval(both, second, first, neither)
        assert (-high, -low) == pytest.approx(tuple(swapped), abs=1e-15)
        flipped = paired_interval(neither, first, second, both)  # 1 - second and 1 - first
        assert (low, high) == pytest.approx(tuple(flipped), abs=1e-15)
        assert -1.0 <= low <= (first - second) / sum(cells) <= high <= 1.0


def test_a_second_that_is_always_right_leaves_wilsons_interval_of_the_errors():
    low, high = paired_interval(70, 0, 30, 0)
    share, other = wilson(0.7, 100), wilson(1.0, 100)
    below = math.hypot(0.7 - share.low, 0.0)
    above = math.hypot(share.high - 0.7, 1.0 - other.low)
    assert (low, high) == pytest.approx((-0.3 - below, -0.3 + above), abs=1e-15)


def test_it_covers():
    """Of 2,000 samples of 60 rows the 95 % interval holds the true difference about 95 % often."""
    rng = np.random.default_rng(0)
    cells = rng.multinomial(60, [0.6, 0.15, 0.05, 0.2], size=2000)
    ends = np.array([paired_interval(*line) for line in cells.tolist()])
    covered = np.mean((ends[:, 0] <= 0.1) & (ends[:, 1] >= 0.1))
    assert 0.935 <= covered <= 0.975


@pytest.mark.parametrize(
    ("first", "second"),
    [(0, 0), (1, 0), (5, 5), (12, 2), (2, 12), (0, 40), (60, 61), (300, 700), (51_000, 50_000)],
)
def test_mcnemar_is_the_binomial_test(first, second):
    want = binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar(first, second) == pytest.approx(want, rel=1e-9)


def test_mcnemar_of_many_rows_is_the_normal_test():
    half = 500_000_000
    assert mcnemar(half, half) == 1.0
    shift = 31_623  # 2 standard deviations of the difference
    z = (2 * shift - 1) / math.sqrt(2 * half)
    assert mcnemar(half + shift, half - shift) == pytest.approx(
        math.erfc(z / math.sqrt(2)), rel=1e-4
    )


def test_mcnemar_of_weights():
    assert math.isnan(mcnemar(2.5, 1.0))
    assert math.isnan(mcnemar(math.nan, math.nan))

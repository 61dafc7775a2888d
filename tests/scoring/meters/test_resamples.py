"""The bootstrap over groups of rows: its ends against SciPy's, and that it covers."""

import math

import numpy as np
import pytest
from scipy.stats import bootstrap, norm

from crossent.errors import InputError
from crossent.scoring.meters.resamples import Groups
from crossent.scoring.row_hash import GROUPS, groups_of
from crossent.scoring.rows import score_logprobs, score_rows
from crossent.scoring.wilson import wilson

RNG = np.random.default_rng(0)


def result(loss, weights=None, source=""):
    meter = Groups()
    meter.update(score_logprobs(logprob=-np.asarray(loss), weights=weights, source=source))
    return meter.result()


def test_sums_are_by_group():
    loss, weights = RNG.exponential(size=3000), RNG.random(3000)
    found = result(loss, weights, "f")
    group = groups_of(np.arange(3000), loss)
    for sums, values in ((found.weight, weights), (found.log_loss, weights * loss)):
        want = np.bincount(group, weights=values, minlength=GROUPS)
        np.testing.assert_allclose(sums, want, rtol=1e-14)
    assert not found.brier.any()


def test_totals_are_of_all_rows():
    p = np.array([[0.5, 0.5], [1.0, 0.0], [0.25, 0.75]])
    meter = Groups()
    meter.update(score_rows(labels=np.array([0, 0, 1]), values=p))
    want = math.log(2) - math.log(0.75), 0.5 + 0.125
    assert meter.totals() == (3.0, pytest.approx(want[0]), pytest.approx(want[1]), 0)
    meter.update(score_rows(labels=np.array([1]), values=p[1:2]))
    assert meter.totals()[1:] == (math.inf, pytest.approx(want[1] + 2), 1)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_ends_are_near_those_of_a_bootstrap_of_rows(level):
    loss = RNG.exponential(size=4000)
    found = result(loss)
    got = found.interval(found.log_loss, level)
    want = bootstrap(
        (loss,), np.mean, confidence_level=level, n_resamples=2000, method="percentile", rng=1
    ).confidence_interval
    width = want.high - want.low
    assert got.high - got.low == pytest.approx(width, rel=0.12)
    assert got.low < loss.mean() < got.high
    assert abs(got.low - want.low) < 0.12 * width
    assert found.interval(found.log_loss, level) == got  # the same draws in every call


def test_many_small_files_are_many_groups():
    meter = Groups()
    for file in range(400):
        meter.update(score_logprobs(logprob=-RNG.exponential(size=5), source=f"{file}.csv"))
    assert np.count_nonzero(meter.result().weight) > 800


def test_an_infinite_row_makes_both_ends_infinite():
    found = result([1.0, np.inf])
    assert found.interval(found.log_loss) == (math.inf, math.inf)


def test_no_rows_have_no_interval():
    found = Groups().result()
    assert all(map(math.isnan, found.interval(found.log_loss)))


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_is_a_share(level):
    found = result([1.0])
    with pytest.raises(InputError, match=r"between 0 and 1, as 0\.95"):
        found.interval(found.log_loss, level)


# 400 sets: the share of covering intervals has a standard error of 1.1 %. Shares take ten times as
# many, as they are quick to draw.
SETS, ROWS = 400, 2000


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weights"])
def test_the_interval_of_a_mean_loss_covers_it(weighted):
    rng = np.random.default_rng(5)
    covered = 0
    for number in range(SETS):
        # The loss -log p of p that is uniform: exponential, of mean 1.
        loss = rng.exponential(size=ROWS)
        weights = rng.gamma(2.0, size=ROWS) if weighted else None
        found = result(loss, weights, source=f"{number}")
        low, high = found.interval(found.log_loss)
        covered += low <= 1 <= high
    assert 0.92 <= covered / SETS <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.5, 0.9, 0.995])
@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weights"])
def test_the_interval_of_an_accuracy_covers_it(share, weighted):
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(10 * SETS):
        right = rng.random(ROWS) < share
        weights = rng.gamma(2.0, size=ROWS) if weighted else np.ones(ROWS)
        effective = weights.sum() ** 2 / (weights**2).sum()
        low, high = wilson(float(weights @ right / weights.sum()), effective)
        covered += low <= share <= high
    assert 0.92 <= covered / (10 * SETS) <= 0.98


def test_what_92_to_98_percent_allow():
    """A right interval passes in all but one of a thousand runs; one of 90 % fails nine in ten."""
    error = math.sqrt(0.95 * 0.05 / SETS)
    assert norm.cdf(0.92, 0.95, error) + norm.sf(0.98, 0.95, error) < 0.01
    assert norm.sf(0.92, 0.90, math.sqrt(0.9 * 0.1 / SETS)) < 0.1

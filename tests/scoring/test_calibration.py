"""Reliability, calibration errors and splits against sums written out."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from crossent.errors import InputError
from crossent.scoring.rows import score_rows
from crossent.scoring.tally import Tally
from tests import reference_scores as reference


def scores_of(p, labels, weights=None):
    p = np.asarray(p, dtype=np.float64)
    tally = Tally(tuple("abcdefgh"[: p.shape[1]]))
    weights = None if weights is None else np.asarray(weights, dtype=np.float64)
    tally.update(score_rows(labels=np.asarray(labels), values=p, weights=weights))
    return tally.result()


def two(sure, right, weights=None):
    """Rows of two classes with these confidences, the first predicted."""
    sure = np.asarray(sure, dtype=np.float64)
    return scores_of(np.stack([sure, 1 - sure], 1), 1 - np.asarray(right), weights).calibration


def test_bins_hold_their_lower_edge():
    found = two([0.6, np.nextafter(0.6, 0), 0.7, 1.0], [1, 1, 1, 1]).bins(10)
    assert [b.weight for b in found] == [0, 0, 0, 0, 0, 1, 1, 1, 0, 1]
    assert [(b.low, b.high) for b in found] == [(k / 10, (k + 1) / 10) for k in range(10)]


def test_an_empty_bin_is_undefined():
    empty = two([0.9], [1]).bins(10)[0]
    assert empty.weight == 0
    assert np.isnan(
        [empty.confidence, empty.accuracy, empty.accuracy_low, empty.accuracy_high]
    ).all()


@pytest.mark.parametrize("weight", [1.0, 5.0])
def test_the_interval_of_an_accuracy_is_wilsons(weight):
    right = [1] * 7 + [0] * 3
    got = two([0.75] * 10, right, [weight] * 10).bins(5)[3]
    want = binomtest(7, 10).proportion_ci(method="wilson")
    assert (got.accuracy_low, got.accuracy_high) == pytest.approx((want.low, want.high), rel=1e-12)


def test_errors_are_means_and_largest_of_gaps():
    got = two([0.55] * 3 + [0.95], [1, 1, 0, 0])
    gaps = [2 / 3 - 0.55, 0.95]
    assert got.ece(10) == pytest.approx((3 * gaps[0] + gaps[1]) / 4, rel=1e-14)
    assert got.mce(10) == pytest.approx(0.95)


@pytest.mark.parametrize("bins", [7, 25_200])
def test_bins_that_divide_25200(bins):
    assert len(two([0.9], [1]).bins(bins)) == bins


@pytest.mark.parametrize(
    ("bins", "words"),
    [
        (11, "got 11, take 10 or 12"),
        (25_201, "take 25200"),
        (0, "1 or more; got 0"),
        (-3, "got -3"),
    ],
)
def test_other_numbers_of_bins_are_refused(bins, words):
    with pytest.raises(InputError, match=words):
        two([0.9], [1]).ece(bins)


def test_equal_mass_takes_any_number_of_bins_and_splits_no_ties():
    sure = [0.6] * 10 + [0.8] * 70 + [0.9] * 20
    right = [1, 0] * 50
    got = two(sure, right)
    for bins in (1, 2, 3, 11, 99):
        found = [b for b in got.bins(bins, equal_mass=True) if b.weight]
        assert sum(b.weight for b in found) == 100
        assert len(found) <= 3
        assert {b.weight for b in found} <= {10, 70, 20, 80, 90, 100}
    assert [b.weight for b in got.bins(99, equal_mass=True) if b.weight] == [10, 70, 20]


def test_equal_mass_is_equal_where_nothing_is_tied():
    sure = np.random.default_rng(0).permutation(np.linspace(0.51, 0.99, 120))
    for bins in (2, 3, 8, 40):
        found = two(sure, np.ones(120, dtype=int)).bins(bins, equal_mass=True)
        assert [b.weight for b in found] == [120 / bins] * bins
        assert all(b.low <= b.confidence < b.high for b in found)


def test_weights_move_the_cuts():
    found = two([0.6, 0.7, 0.8, 0.9], [1] * 4, [3, 1, 1, 1]).bins(2, equal_mass=True)
    assert [b.weight for b in found] == [3, 3]


def test_a_split_by_hand():
    """One bin: right in 3 of 4 rows of confidence 0.9, two classes."""
    calibration = two([0.9] * 4, [1, 1, 1, 0])
    found = calibration.split(1)
    kl = 0.75 * math.log(0.75 / 0.9) + 0.25 * math.log(0.25 / 0.1)
    assert found.log_loss_calibration == pytest.approx(kl, rel=1e-13)
    entropy = -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    assert found.log_loss_refinement == pytest.approx(entropy, rel=1e-13)
    assert found.brier_calibration == pytest.approx(2 * 0.15**2, rel=1e-13)
    assert found.brier_refinement == pytest.approx(2 * 0.75 * 0.25, rel=1e-13)


def test_a_calibrated_model_has_little_to_remove_and_an_overconfident_one_much():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), size=20_000)
    labels = (rng.random((len(p), 1)) > p.cumsum(1)).sum(1)
    fair = scores_of(p, labels).calibration.split()
    assert 0 <= fair.log_loss_calibration < 3 * 15 / (2 * 20_000)
    sharp = p**3 / (p**3).sum(1, keepdims=True)
    over = scores_of(sharp, labels)
    found = over.calibration.split()
    assert found.log_loss_calibration > 0.1
    # Powers keep the order of rows, so recalibrating cannot beat the fair scores, but comes near.
    loss = scores_of(p, labels).log_loss
    assert loss - 0.01 < found.log_loss_refinement < over.log_loss


def test_a_split_is_of_fewer_bins_where_rows_are_few():
    p = np.random.default_rng(1).dirichlet(np.ones(3), size=27)
    calibration = scores_of(p, np.arange(27) % 3).calibration
    assert calibration.split() == calibration.split(3)


def test_even_shares_and_one_rival_make_the_brier_part_no_larger_than_the_score():
    """Two right rows whose gaps and rivals go together: (a - c)^2 times a mean would exceed it."""
    p = np.array([[0.9, 0.1] + [0.0] * 6, [0.8] + [0.2 / 7] * 7])
    scores = scores_of(p, [0, 0])
    split = scores.calibration.split(1)
    assert split.brier_refinement >= 0
    rows = reference.sample([0, 0], p.tolist())
    assert split.brier_calibration == pytest.approx(reference.split(rows, 1).brier_calibration)


def test_certain_and_wrong_has_no_refinement():
    found = scores_of([[1.0, 0.0]], [1]).calibration.split(1)
    assert found.log_loss_calibration == math.inf
    assert math.isnan(found.log_loss_refinement)
    assert (found.brier_calibration, found.brier_refinement) == (2.0, 0.0)


def test_soft_labels_count_by_their_share_of_the_prediction():
    p, q = np.array([[0.7, 0.3]]), np.array([[0.6, 0.4]])
    tally = Tally(("a", "b"))
    tally.update(score_rows(labels=None, values=p, target_probs=q))
    calibration = tally.result().calibration
    assert calibration.ece(10) == pytest.approx(0.1)
    found = calibration.split(1)
    assert found.log_loss_calibration == pytest.approx(
        0.6 * math.log(0.6 / 0.7) + 0.4 * math.log(0.4 / 0.3), rel=1e-12
    )
    assert found.log_loss_refinement == pytest.approx(-0.6 * math.log(0.6) - 0.4 * math.log(0.4))

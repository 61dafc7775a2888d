"""Row losses against scikit-learn and SciPy-free textbook sums."""

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from crossent.scoring.losses_by_row import (
    brier_by_row,
    entropy,
    log_loss_by_row,
    soft_brier_by_row,
    soft_log_loss_by_row,
    weighted_mean,
)

RNG = np.random.default_rng(3)
P = RNG.dirichlet(np.ones(5), size=40)
Y = RNG.integers(0, 5, size=40)
Q = np.eye(5)[Y]


def test_log_loss_of_each_row_is_scikit_learns():
    got = log_loss_by_row(Y, P)
    for row in range(len(Y)):
        want = log_loss([Y[row]], [P[row]], labels=range(5))
        assert got[row] == pytest.approx(want, rel=1e-12)


def test_one_hot_soft_labels_change_nothing():
    np.testing.assert_allclose(soft_log_loss_by_row(Q, P), log_loss_by_row(Y, P), rtol=1e-14)
    np.testing.assert_allclose(soft_brier_by_row(Q, P), brier_by_row(Y, P), rtol=1e-12)


def test_zero_at_the_label_is_infinite_and_elsewhere_free():
    p = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert log_loss_by_row(np.array([0, 0]), p).tolist() == [math.inf, 0.0]
    soft = np.array([[0.5, 0.5], [1.0, 0.0]])
    assert soft_log_loss_by_row(soft, p).tolist() == [math.inf, 0.0]


def test_a_probability_rounded_above_one_costs_nothing():
    loss = log_loss_by_row(np.array([0]), np.array([[1 + 2e-7, 0.0]]))
    assert str(loss[0]) == "0.0"


def test_a_confident_row_keeps_its_brier_digits():
    tiny = 1e-12
    score = brier_by_row(np.array([0]), np.array([[1 - tiny, tiny]]))[0]
    assert score == pytest.approx(2 * tiny**2, rel=1e-3)


def test_weighted_mean_is_the_mean_of_copies():
    values, weights = RNG.normal(size=9), np.array([0, 1, 2, 3, 0, 1, 1, 5, 2])
    want = np.repeat(values, weights).mean()
    assert weighted_mean(values, weights.astype(float)) == pytest.approx(want, rel=1e-14)
    assert weighted_mean(np.array([math.inf, 2.0]), np.array([0.0, 1.0])) == 2.0


def test_entropy_of_uniform_and_certain_shares():
    assert entropy(np.full(8, 1 / 8)) == pytest.approx(math.log(8), rel=1e-15)
    assert str(entropy(np.array([1.0, 0.0]))) == "0.0"

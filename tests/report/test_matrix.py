"""Which classes are shown and how strongly errors are coloured."""

import numpy as np
import pytest

from crossent.report.evaluation import evaluate
from crossent.report.matrix import ALL_UP_TO, MOST_CONFUSED, matrix_view
from crossent.scoring.rows import score_logprobs
from crossent.scoring.scores import MATRIX_UP_TO
from crossent.scoring.tally import Tally


def from_matrix(matrix):
    true, predicted = np.nonzero(matrix)
    weights = matrix[true, predicted].astype(float)
    return evaluate(true, np.eye(len(matrix))[predicted], sample_weight=weights)


def test_shares_are_of_the_true_class():
    view = matrix_view(from_matrix(np.array([[1, 3], [0, 0]])))
    assert view.counts.tolist() == [[1.0, 3.0], [0.0, 0.0]]
    assert view.shares.tolist() == [[0.25, 0.75], [0.0, 0.0]]


def test_a_small_matrix_is_whole():
    view = matrix_view(from_matrix(np.array([[90, 10], [0, 50]])))
    assert view.shown == (0, 1)
    assert view.whole
    assert view.top == pytest.approx(0.1)
    assert view.strength(0.1) == 1.0
    assert view.strength(0.025) == pytest.approx(0.5)


def test_small_errors_stay_pale():
    view = matrix_view(from_matrix(np.array([[9999, 1], [0, 10000]])))
    assert view.strength(1e-4) < 0.1


def test_a_large_matrix_is_cut_to_the_most_confused():
    size = ALL_UP_TO + 40
    matrix = np.diag(np.full(size, 100))
    matrix[97, 3], matrix[5, 88], matrix[41, 42] = 9, 8, 7
    view = matrix_view(from_matrix(matrix))
    assert len(view.shown) == MOST_CONFUSED
    assert {97, 3, 5, 88, 41, 42} <= set(view.shown)
    assert list(view.shown) == sorted(view.shown)
    assert not view.whole
    here = (view.shown.index(97), view.shown.index(3))
    assert view.counts[here] == 9
    assert view.shares[here] == pytest.approx(9 / 109)


def test_a_large_matrix_without_errors():
    view = matrix_view(from_matrix(np.eye(80)))
    assert len(set(view.shown)) == MOST_CONFUSED


def test_more_classes_than_a_matrix_is_made_of():
    size = MATRIX_UP_TO + 500
    labels = np.arange(size)
    said = labels.copy()
    said[[7, 2400]] = [2450, 3]
    tally = Tally(tuple(map(str, labels)))
    tally.update(score_logprobs(logprob=np.full(size, -1.0), labels=labels, predictions=said))
    view = matrix_view(tally.result())
    assert {7, 2450, 2400, 3} <= set(view.shown)
    assert view.counts[view.shown.index(7), view.shown.index(2450)] == 1
    assert view.counts.sum() == MOST_CONFUSED


def test_of_equal_counts_the_larger_share_is_shown():
    size = ALL_UP_TO + 1
    matrix = np.diag(np.full(size, 100))
    matrix[np.arange(40), np.arange(20, 60)] = 1
    matrix[60, 60], matrix[60, 59] = 1, 1
    assert {59, 60} <= set(matrix_view(from_matrix(matrix)).shown)

"""Which classes are shown and how strongly errors are coloured."""

import numpy as np
import pytest

from crossent.report.matrix import ALL_UP_TO, MOST_CONFUSED, matrix_view, row_shares
from crossent.scoring.evaluation import evaluate


def from_matrix(matrix):
    true, predicted = np.nonzero(matrix)
    weights = matrix[true, predicted].astype(float)
    return evaluate(true, np.eye(len(matrix))[predicted], sample_weight=weights)


def test_shares_are_of_the_true_class():
    shares = row_shares(np.array([[1.0, 3.0], [0.0, 0.0]]))
    assert shares.tolist() == [[0.25, 0.75], [0.0, 0.0]]


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

"""Confused pairs: order, rates, intervals, both directions together."""

import numpy as np
import pytest
from scipy.stats import binomtest

from crossent.scoring.meters.confusion import Cells
from crossent.scoring.pairs import directed_pairs, symmetric_pairs

MATRIX = np.array([[5.0, 2.0, 0.0], [2.0, 1.0, 0.0], [3.0, 0.0, 9.0]])
NAMES = ("a", "b", "c")


def cells_of(matrix, loss=None) -> Cells:
    true, predicted = np.nonzero(matrix)
    count = matrix[true, predicted]
    return Cells(true, predicted, count, 2 * count if loss is None else np.asarray(loss)[true])


def short(pairs):
    return [(p.true, p.predicted, p.count, p.share_of_true) for p in pairs]


def test_pairs_are_directed_and_sorted():
    cells = cells_of(MATRIX)
    assert short(directed_pairs(cells, NAMES, 1.0)) == [
        ("c", "a", 3.0, 0.25),
        ("b", "a", 2.0, 2 / 3),
        ("a", "b", 2.0, 2 / 7),
    ]
    assert len(directed_pairs(cells, NAMES, 1.0, 2)) == 2
    assert directed_pairs(cells_of(np.eye(3)), NAMES, 1.0) == ()
    assert not any(p.both for p in directed_pairs(cells, NAMES, 1.0))


def test_equal_pairs_are_in_the_order_of_classes():
    pairs = directed_pairs(cells_of(np.ones((3, 3))), NAMES, 1.0)
    assert [(p.true, p.predicted) for p in pairs] == [
        ("a", "b"), ("a", "c"), ("b", "a"), ("b", "c"), ("c", "a"), ("c", "b"),
    ]  # fmt: skip


def test_both_directions_are_added_up():
    pairs = symmetric_pairs(cells_of(MATRIX), NAMES, 1.0)
    assert short(pairs) == [("a", "b", 4.0, 0.4), ("a", "c", 3.0, 3 / 19)]
    assert all(p.both for p in pairs)
    assert len(symmetric_pairs(cells_of(MATRIX), NAMES, 1.0, 1)) == 1
    assert symmetric_pairs(cells_of(np.eye(3)), NAMES, 1.0) == ()


@pytest.mark.parametrize(
    ("find", "right", "of"), [(directed_pairs, 3, 12), (symmetric_pairs, 4, 10)]
)
def test_intervals_are_wilsons(find, right, of):
    want = binomtest(right, of).proportion_ci(method="wilson")
    pair = find(cells_of(MATRIX), NAMES, 1.0)[0]
    assert (pair.low, pair.high) == pytest.approx((want.low, want.high), rel=1e-12)


def test_weights_widen_an_interval_to_that_of_the_effective_rows():
    """Rows that weigh 10 each, of which two weigh as much as one row alone: effective 0.05 each."""
    heavy = directed_pairs(cells_of(10 * MATRIX), NAMES, 0.1)[0]
    light = directed_pairs(cells_of(MATRIX), NAMES, 1.0)[0]
    assert (heavy.low, heavy.high) == pytest.approx((light.low, light.high), rel=1e-12)


def test_losses_are_means_of_the_rows_of_the_cell():
    cells = Cells(
        np.array([0, 0, 1]),
        np.array([0, 1, 0]),
        np.array([4.0, 2.0, 6.0]),
        np.array([1.0, 3.0, 5.0]),
    )
    assert [p.log_loss for p in directed_pairs(cells, NAMES, 1.0)] == [5 / 6, 1.5]
    assert [p.log_loss for p in symmetric_pairs(cells, NAMES, 1.0)] == [1.0]
    cells.loss[1] = np.inf
    assert directed_pairs(cells, NAMES, 1.0)[1].log_loss == np.inf
    assert symmetric_pairs(cells, NAMES, 1.0)[0].log_loss == np.inf

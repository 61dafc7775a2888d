"""The cells of the confusion matrix against scikit-learn's and sums of losses."""

import math

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as sklearn_confusion

from crossent.scoring.meters.confusion import Confusion
from crossent.scoring.rows import Rows
from crossent.scoring.sums.counts import DENSE

RNG = np.random.default_rng(1)


def rows(true, predicted, loss=None, weight=None) -> Rows:
    true = np.asarray(true)
    loss = np.ones(len(true)) if loss is None else np.asarray(loss, dtype=np.float64)
    return Rows(
        source="",
        read=len(true),
        number=np.arange(len(true)),
        label=true,
        loss=loss,
        probability=np.exp(-loss),
        predicted=None if predicted is None else np.asarray(predicted),
        weight=None if weight is None else np.asarray(weight, dtype=np.float64),
    )


def cells(classes, *batches):
    meter = Confusion(classes)
    for batch in batches:
        meter.update(batch)
    return meter.cells()


@pytest.mark.parametrize("weighted", [False, True], ids=["counts", "weights"])
@pytest.mark.parametrize("classes", [7, 3000])  # an array, and the cells that occur
def test_matrix_is_scikit_learns(weighted, classes):
    assert (classes**2 > DENSE) == (classes == 3000)
    true, predicted = RNG.integers(0, 6, size=(2, 300))
    loss = RNG.exponential(size=300)
    weights = RNG.random(300) if weighted else None
    got = cells(classes, rows(true, predicted, loss, weights))
    want = sklearn_confusion(true, predicted, labels=range(7), sample_weight=weights)
    matrix = got.matrix(classes)
    np.testing.assert_allclose(matrix[:7, :7], want, rtol=1e-13)
    assert matrix.dtype == np.float64
    of_loss = loss if weights is None else loss * weights
    for t, p, total in zip(got.true, got.predicted, got.loss, strict=True):
        assert total == pytest.approx(math.fsum(of_loss[(true == t) & (predicted == p)]), rel=1e-15)
    order = got.true * classes + got.predicted
    assert (np.diff(order) > 0).all()


def test_sums_read_off_the_cells():
    got = cells(4, rows([0, 0, 2, 2, 2], [0, 2, 2, 0, 0], [0.5, 1, 2, 4, 8]))
    assert [a.tolist() for a in got.by_true(4)] == [[2, 0, 3, 0], [1.5, 0, 14, 0]]
    assert got.by_predicted(4).tolist() == [3, 0, 2, 0]
    assert got.right(4).tolist() == [1, 0, 1, 0]
    wrong = got.wrong()
    assert wrong.true.tolist() == [0, 2]
    assert wrong.predicted.tolist() == [2, 0]
    assert (wrong.count.tolist(), wrong.loss.tolist()) == ([1, 2], [1, 12])


def test_an_infinite_loss_is_that_of_its_cell_alone():
    got = cells(2, rows([0, 1, 1], [0, 1, 0], [1, 2, np.inf]), rows([1], [0], [5]))
    assert got.loss.tolist() == [1, np.inf, 2]
    assert got.count.tolist() == [1, 2, 1]


def test_certain_rows_have_a_cell():
    got = cells(2, rows([1, 1], [1, 1], [0, 0]))
    assert (got.true.tolist(), got.count.tolist(), got.loss.tolist()) == ([1], [2], [0])


def test_weights_of_any_size_keep_their_cells():
    got = cells(2, rows([0, 0, 1], [0, 1, 1], [700, np.inf, 1], [1e-300, 1e-300, 1e300]))
    assert got.count.tolist() == [1e-300, 1e-300, 1e300]
    assert got.loss.tolist() == [700 * 1e-300, np.inf, 1e300]


def test_rows_without_predictions_are_counted_under_their_label():
    got = cells(3, rows([2, 0, 2], None, [1, 2, 3]))
    assert [a.tolist() for a in got.by_true(3)] == [[1, 0, 2], [2, 0, 4]]


def test_rows_without_labels_have_no_cells():
    blank = rows([0], [0])
    meter = Confusion(1)
    meter.update(Rows("", 1, blank.number, None, blank.loss, blank.probability))
    assert len(meter.cells().true) == 0

"""The confusion matrix against scikit-learn's, and the order of pairs."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as sklearn_confusion

from crossent.scoring.confusion import Pair, confused_pairs, confusion_matrix


@pytest.mark.parametrize("weighted", [False, True], ids=["counts", "weights"])
def test_matrix_is_scikit_learns(weighted):
    rng = np.random.default_rng(1)
    true, predicted = rng.integers(0, 6, size=(2, 300))
    weights = rng.random(300) if weighted else None
    got = confusion_matrix(true, predicted, 7, weights)
    want = sklearn_confusion(true, predicted, labels=range(7), sample_weight=weights)
    np.testing.assert_allclose(got, want, rtol=1e-13)
    assert got.dtype == np.float64


def test_pairs_are_directed_and_sorted():
    matrix = np.array([[5.0, 2.0, 0.0], [2.0, 1.0, 0.0], [3.0, 0.0, 9.0]])
    assert confused_pairs(matrix, ("a", "b", "c")) == (
        Pair("c", "a", 3.0, 0.25),
        Pair("b", "a", 2.0, 2 / 3),
        Pair("a", "b", 2.0, 2 / 7),
    )
    assert len(confused_pairs(matrix, ("a", "b", "c"), 2)) == 2
    assert confused_pairs(np.eye(3), ("a", "b", "c")) == ()

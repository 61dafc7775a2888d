import numpy as np
import pytest
from sklearn.metrics import log_loss

from crossent.cli.score import score
from crossent.data.predictions.write import Predictions
from crossent.errors import InputError


def test_everything_that_a_file_holds_is_used():
    random = np.random.default_rng(0)
    probabilities = random.dirichlet([1, 1, 1], 50)
    labels, weights = random.integers(0, 3, 50), random.random(50)
    found = score(
        Predictions(("a", "b", "c"), labels, probabilities, weights=weights, rows=np.arange(9, 59))
    )
    expected = log_loss(labels, probabilities, sample_weight=weights)
    assert found.log_loss == pytest.approx(expected, rel=1e-12)
    assert found.classes == ("a", "b", "c")
    assert all(9 <= row.row < 59 for row in found.worst)


def test_soft_labels_are_scored_as_they_are():
    target = np.array([[0.25, 0.75], [1.0, 0.0]])
    given = np.array([[0.5, 0.5], [0.9, 0.1]])
    found = score(Predictions(("a", "b"), target.argmax(1), given, target_probs=target))
    assert found.log_loss == pytest.approx(-(target * np.log(given)).sum(1).mean())


def test_codes_of_classes_that_are_called_by_numbers():
    classes = ("3", "4", "5", "6", "7", "8")
    found = score(Predictions(classes, np.array([3, 4, 5]), np.eye(6)[[3, 4, 5]]))
    assert found.accuracy == 1.0


def test_predictions_without_labels_are_refused():
    with pytest.raises(InputError, match="without labels"):
        score(Predictions(("a", "b"), None, np.array([[0.5, 0.5]])))

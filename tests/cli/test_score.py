import numpy as np
import pytest
from sklearn.metrics import log_loss

from crossent.cli.score import score
from crossent.data.predictions import Predictions


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

import numpy as np

from crossent.data.dataset import Examples
from crossent.estimators.predictions import predictions
from crossent.estimators.settings import TrainSettings
from crossent.estimators.train import train


def test_new_examples_need_no_labels(table) -> None:
    run = train(*table, TrainSettings(epochs=1, loss="binary_cross_entropy", device="cpu"))
    new = Examples("new", table[2].features, None, table[2].rows)
    found = predictions(run.classifier, new)
    assert found.labels is None
    assert found.classes == ("a", "b", "c")
    np.testing.assert_array_equal(found.probabilities, run.test.probabilities)
    normalised = found.sigmoids / found.sigmoids.sum(1, keepdims=True)
    np.testing.assert_allclose(found.probabilities, normalised, rtol=1e-12)

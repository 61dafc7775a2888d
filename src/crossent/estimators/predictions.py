"""A trained classifier's answers for labelled or new examples, as `data.predictions` holds them."""

import torch

from crossent.data.dataset import Dataset, Examples
from crossent.data.predictions.write import Predictions
from crossent.estimators.classifier import FittedClassifier
from crossent.estimators.objective import probabilities, sigmoids


def predictions(classifier: FittedClassifier, examples: Dataset | Examples) -> Predictions:
    """Return the probabilities of every example beside what is known about it.

    The raw sigmoids are kept beside the probabilities for losses that train one class against
    the rest.
    """
    logits = torch.from_numpy(classifier.logits(examples.features))
    loss = classifier.settings.loss
    return Predictions(
        classes=classifier.classes,
        labels=examples.labels,
        probabilities=probabilities(loss, logits),
        sigmoids=sigmoids(loss, logits),
        target_probs=examples.target_probs,
        weights=examples.weights,
        rows=examples.rows,
    )

"""Predictions, from a file or from a model just trained, to their evaluation."""

from crossent.data.predictions import Predictions
from crossent.scoring.evaluation import Evaluation, evaluate


def score(predictions: Predictions) -> Evaluation:
    """Return the evaluation of labelled predictions. See `scoring.evaluate`."""
    return evaluate(
        predictions.labels,
        predictions.probabilities,
        classes=predictions.classes,
        sample_weight=predictions.weights,
        target_probs=predictions.target_probs,
        rows=predictions.rows,
    )

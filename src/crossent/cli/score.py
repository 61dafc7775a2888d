"""Predictions, from a file or from a model just trained, to their evaluation."""

from crossent.data.predictions import Predictions
from crossent.errors import InputError
from crossent.scoring.evaluation import Evaluation, evaluate_codes


def score(predictions: Predictions) -> Evaluation:
    """Return the evaluation of labelled predictions. See `scoring.evaluation.evaluate`."""
    if predictions.labels is None:
        raise InputError("predictions without labels cannot be scored")
    return evaluate_codes(
        predictions.labels,
        predictions.probabilities,
        classes=predictions.classes,
        sample_weight=predictions.weights,
        target_probs=predictions.target_probs,
        rows=predictions.rows,
    )

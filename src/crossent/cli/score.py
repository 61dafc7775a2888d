"""Predictions, from a file or from a model just trained, to their scores."""

import numpy as np

from crossent.data.predictions.write import Predictions
from crossent.errors import InputError
from crossent.scoring.rows import BLOCK, score_rows
from crossent.scoring.scores import Scores
from crossent.scoring.tally import Tally

# Where `train` writes what it scores: read from there again, the same rows are drawn.
FILE = "predictions.parquet"


def score(predictions: Predictions) -> Scores:
    """Return the scores of labelled predictions in memory."""
    if predictions.labels is None:
        raise InputError("predictions without labels cannot be scored")
    size = len(predictions.labels)
    numbers = np.arange(size) if predictions.rows is None else predictions.rows
    soft, weights = predictions.target_probs, predictions.weights
    tally = Tally(predictions.classes)
    for start in range(0, size, BLOCK):
        part = slice(start, start + BLOCK)
        tally.update(
            score_rows(
                labels=predictions.labels[part],
                values=predictions.probabilities[part],
                weights=None if weights is None else weights[part],
                target_probs=None if soft is None else soft[part],
                numbers=numbers[part],
                source=FILE,
            )
        )
    return tally.result()

"""The rows with the largest losses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WORST_ROWS = 24


@dataclass(frozen=True, slots=True)
class WorstRow:
    """One row: its number in the source, its label, what was predicted, and its loss in nats.

    `probability` is what the model gave to the label, `confidence` what it gave to its prediction.
    """

    row: int
    label: str
    prediction: str
    probability: float
    loss: float
    confidence: float


def worst_rows(
    classes: tuple[str, ...],
    codes: NDArray[np.int64],
    predicted: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    losses: NDArray[np.float64],
    counted: NDArray[np.bool_],
    rows: NDArray[np.int64],
) -> tuple[WorstRow, ...]:
    """Return the `WORST_ROWS` counted rows of largest loss, ties in order of appearance."""
    candidates = np.flatnonzero(counted)
    order = candidates[np.argsort(-losses[candidates], kind="stable")[:WORST_ROWS]]
    return tuple(
        WorstRow(
            row=int(rows[i]),
            label=classes[codes[i]],
            prediction=classes[predicted[i]],
            probability=float(probabilities[i, codes[i]]),
            loss=float(losses[i]),
            confidence=float(probabilities[i, predicted[i]]),
        )
        for i in order
    )

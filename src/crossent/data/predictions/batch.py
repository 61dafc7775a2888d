"""A batch of rows of predictions, and what every row of any format must hold.

Whether the probabilities are probabilities is for the scoring to say.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossent.data.files import named
from crossent.data.labels import INTEGER, listed, number
from crossent.errors import InputError, quoted


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """N rows of one source, for C classes.

    source: as the user named the file, '-' for standard input; rows: int64 (N,), what a column
    `row` says, else counted from 0; labels and predictions: int64 (N,), codes of the classes;
    values: float64 (N, C), as stored, of any strides; logprob: float64 (N,), nats; weights: float64
    (N,); target_probs: float64 (N, C); words and bytes: int64 (N,); places: int64 (N,), counted
    from 0 whatever a column `row` says, None where they are `rows`. None is for what the files do
    not tell.
    """

    source: str
    rows: NDArray[np.int64]
    labels: NDArray[np.int64] | None = None
    values: NDArray[np.float64] | None = None
    logprob: NDArray[np.float64] | None = None
    predictions: NDArray[np.int64] | None = None
    weights: NDArray[np.float64] | None = None
    target_probs: NDArray[np.float64] | None = None
    words: NDArray[np.int64] | None = None
    bytes: NDArray[np.int64] | None = None
    places: NDArray[np.int64] | None = None


def said(source: str) -> str:
    """Return a source as it stands in a message: standard input by its name."""
    return "standard input" if source == "-" else named(source)


def check_counts(
    values: NDArray[np.float64], where: str, rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return counts (N,) as integers; InputError where one is none."""
    with np.errstate(invalid="ignore"):
        bad = ~((values >= 0) & (values == np.floor(values)) & (values < 2.0**53))
    if bad.any():
        place = int(np.argmax(bad))
        raise InputError(
            f"{where}: a count must be an integer of 0 or more; row {rows[place]} has "
            f"{values[place]:g}"
        )
    return values.astype(np.int64)


def unknown_label(where: str, text: str, row: int, classes: tuple[str, ...], told: str) -> str:
    """Return the message for a label that is no class; `told` says what it has not."""
    places = INTEGER.fullmatch(text) and all(number(name) is None for name in classes)
    hint = ". Where labels are places, --classes names the classes in their order" if places else ""
    return (
        f"{where}: the label {quoted(text)} in row {row} {told}; the classes are "
        f"{listed(classes)}{hint}"
    )


def missing_label(where: str, row: int) -> str:
    """Return the message for a row without a label."""
    return f"{where}: the label is missing, first in row {row}; fill it in or remove the row"

"""Files of predictions as `crossent train` and `predict` write them.

One row per example: label, prediction, p_<class> ..., and where there are any sigmoid_<class> ...,
q_<class> ... (soft labels), row, weight. Parquet or CSV. `stream` reads them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.data.database import connected, identifier, literal
from crossent.data.predictions.table_file import write_table


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Predictions for N rows and C classes.

    labels: int64 (N,) codes into classes, None where unknown; probabilities, sigmoids and
    target_probs: float64 (N, C); weights: float64 (N,); rows: int64 (N,), numbers in the source.
    """

    classes: tuple[str, ...]
    labels: NDArray[np.int64] | None
    probabilities: NDArray[np.float64]
    sigmoids: NDArray[np.float64] | None = None
    target_probs: NDArray[np.float64] | None = None
    weights: NDArray[np.float64] | None = None
    rows: NDArray[np.int64] | None = None


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write a .parquet, .csv or .csv.gz; the file appears when it is complete, over an old one."""
    columns = _columns(predictions)
    names = list(columns)
    quote = [f"c{i}" for i, name in enumerate(names) if name in ("label", "prediction")]

    def copy(target: Path, options: str) -> int:
        kept = "parquet" in options
        parts = [f"c{i} AS {identifier(name)}" if kept else f"c{i}" for i, name in enumerate(names)]
        with connected() as connection:
            connection.register("given", {f"c{i}": columns[name] for i, name in enumerate(names)})
            query = f"SELECT {', '.join(parts)} FROM given"
            done = connection.execute(f"COPY ({query}) TO {literal(str(target))} ({options})")
            return int(done.fetchone()[0])

    write_table(path, names, quote, copy)


def _columns(predictions: Predictions) -> dict[str, NDArray[Any]]:
    names = np.empty(len(predictions.classes), dtype=object)
    names[:] = predictions.classes
    columns: dict[str, NDArray[Any]] = {}
    if predictions.labels is not None:
        columns["label"] = names[predictions.labels]
    columns["prediction"] = names[predictions.probabilities.argmax(axis=1)]
    for prefix, matrix in (
        ("p_", predictions.probabilities),
        ("sigmoid_", predictions.sigmoids),
        ("q_", predictions.target_probs),
    ):
        if matrix is not None:
            for name, values in zip(predictions.classes, matrix.T, strict=True):
                columns[prefix + name] = values
    if predictions.rows is not None:
        columns["row"] = predictions.rows
    if predictions.weights is not None:
        columns["weight"] = predictions.weights
    return columns

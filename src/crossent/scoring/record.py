"""Scores as strict JSON.

JSON has no infinity and no NaN: they are written as the strings "inf", "-inf" and "nan", which
Python's `float` reads. Whole numbers are written without a fraction.
"""

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from crossent.scoring.calibration import BINS, Bin, Calibration
from crossent.scoring.meters.confusion import Cells
from crossent.scoring.meters.worst import WorstRow
from crossent.scoring.per_class import ClassRow
from crossent.scoring.tokens import Tokens

if TYPE_CHECKING:
    from crossent.scoring.scores import Scores

# Above 2**53 a float no longer holds every whole number.
EXACT = 2.0**53
# A matrix of 200 classes takes 200 KB, and so do 10,000 cells.
JSON_MATRIX_UP_TO = 200
MOST_CELLS = 10_000
TOP_K = 10

NUMBERS = (
    "weight", "effective_rows", "log_loss", "bits", "perplexity", "log_perplexity", "accuracy",
    "brier", "prior_log_loss", "information", "share_of_label_entropy",
)  # fmt: skip
_SPLIT = {"bins": "split_bins"}
TOKENS = (
    "nats", "tokens", "words", "bytes", "perplexity", "log_perplexity", "word_perplexity",
    "log_word_perplexity", "byte_perplexity", "log_byte_perplexity", "bits_per_byte",
)  # fmt: skip


def record(scores: "Scores", *, bins: int = BINS) -> dict[str, Any]:
    """Return scores as strict JSON values, calibration in `bins` bins."""
    ranks = range(1, min(TOP_K, len(scores.ranks)) + 1)
    return {
        "classes": list(scores.classes),
        "rows": scores.rows,
        "infinite_rows": scores.infinite_rows,
        **{name: dump_number(getattr(scores, name)) for name in NUMBERS},
        "intervals": {
            name: [dump_number(end) for end in scores.interval(name)]
            for name in ("log_loss", "bits", "accuracy", "brier")
        },
        "top_k": {str(k): dump_number(scores.top_k(k)) for k in ranks},
        **_confusion(scores.cells, len(scores.classes)),
        "calibration": _calibration(scores.calibration, bins),
        "per_class": [dump_row(row) for row in scores.per_class],
        "tokens": _tokens(scores.tokens),
        "worst": [dump_row(row) for row in scores.worst],
    }


def dump_number(value: float) -> float | int | str:
    """Return `value` as a JSON value: a number, or "inf", "-inf", "nan"."""
    if not math.isfinite(value):
        return str(float(value))
    if value == math.floor(value) and abs(value) < EXACT:
        return int(value)
    return float(value)


def dump_row(row: ClassRow | WorstRow | Bin) -> dict[str, Any]:
    """Return the fields of `row` with every float written by `dump_number`."""
    return {
        name: dump_number(value) if isinstance(value, float) else value
        for name, value in asdict(row).items()
    }


def _confusion(cells: Cells, classes: int) -> dict[str, Any]:
    """Return the matrix, or of many classes the most frequent confusions."""
    if classes <= JSON_MATRIX_UP_TO:
        matrix = cells.matrix(classes).tolist()
        return {"confusion": [[dump_number(n) for n in line] for line in matrix]}
    wrong = cells.wrong()
    order = np.lexsort((wrong.predicted, wrong.true, -wrong.count))[:MOST_CELLS]
    return {
        "confusion": None,
        "cells": {
            "true": wrong.true[order].tolist(),
            "predicted": wrong.predicted[order].tolist(),
            "count": [dump_number(n) for n in wrong.count[order].tolist()],
            "loss": [dump_number(n) for n in wrong.loss[order].tolist()],
            "left_out": len(wrong.count) - len(order),
        },
    }


def _calibration(calibration: Calibration | None, bins: int) -> dict[str, Any] | None:
    if calibration is None:
        return None
    split = asdict(calibration.split())
    return {
        "ece": dump_number(calibration.ece(bins)),
        "ece_equal_mass": dump_number(calibration.ece(bins, equal_mass=True)),
        "mce": dump_number(calibration.mce(bins)),
        **{_SPLIT.get(name, name): dump_number(value) for name, value in split.items()},
        "bins": [dump_row(row) for row in calibration.bins(bins)],
        "bins_equal_mass": [dump_row(row) for row in calibration.bins(bins, equal_mass=True)],
    }


def _tokens(tokens: Tokens | None) -> dict[str, Any] | None:
    if tokens is None:
        return None
    values = {name: getattr(tokens, name) for name in TOKENS}
    return {name: None if v is None else dump_number(v) for name, v in values.items()}

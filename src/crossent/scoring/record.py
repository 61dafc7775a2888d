"""Numbers of an evaluation as strict JSON and back.

JSON has no infinity and no NaN: they are written as the strings "inf", "-inf" and "nan", which
Python's `float` reads. Whole numbers are written without a fraction.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from crossent.errors import InputError, quoted
from crossent.scoring.per_class import ClassRow
from crossent.scoring.worst import WorstRow

# Above 2**53 a float no longer holds every whole number.
EXACT = 2.0**53


def dump_number(value: float) -> float | int | str:
    """Return `value` as a JSON value: a number, or "inf", "-inf", "nan"."""
    if not math.isfinite(value):
        return str(float(value))
    if value == math.floor(value) and abs(value) < EXACT:
        return int(value)
    return float(value)


def dump_row(row: ClassRow | WorstRow) -> dict[str, Any]:
    """Return the fields of `row` with every float written by `dump_number`."""
    return {
        name: dump_number(value) if isinstance(value, float) else value
        for name, value in asdict(row).items()
    }


def load_number(record: Mapping[str, Any], name: str) -> float:
    """Return the number that `dump_number` wrote under `name`."""
    try:
        return float(record[name])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"an evaluation needs a number {name!r}; got {quoted(record)}") from error


def load_class_row(record: Mapping[str, Any]) -> ClassRow:
    """Return what `dump_row` wrote of a class."""
    names = ("support", "precision", "recall", "f1", "log_loss")
    return ClassRow(str(record["name"]), *(load_number(record, name) for name in names))


def load_worst_row(record: Mapping[str, Any]) -> WorstRow:
    """Return what `dump_row` wrote of a worst row."""
    return WorstRow(
        row=int(record["row"]),
        label=str(record["label"]),
        prediction=str(record["prediction"]),
        probability=load_number(record, "probability"),
        loss=load_number(record, "loss"),
        confidence=load_number(record, "confidence"),
    )

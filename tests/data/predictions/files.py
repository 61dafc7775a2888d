"""Predictions in every layout and format, and how a test reads a stream of them."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from crossent.data.predictions.options import PredictionOptions
from crossent.data.predictions.stream import open_predictions

NAMES = ("cat", "dog", "owl")

LABELS = np.array([0, 2, 1, 1])

VALUES = np.array([[0.5, 0.25, 0.25], [0.125, 0.375, 0.5], [1.0, 0.0, 0.0], [0.1, 0.7, 0.2]])

GOOD = "label,p_a,p_b\na,.5,.5\n"


def read(*files: Path | str, **options: Any) -> dict[str, Any]:
    """Return the whole stream: classes, kind, taken, and every array joined."""
    found: dict[str, Any] = {}
    with open_predictions([str(file) for file in files], PredictionOptions(**options)) as stream:
        batches = list(stream.batches())
        found = {"classes": stream.classes, "kind": stream.kind, "taken": stream.taken}
        found |= {"columns": stream.columns, "sources": stream.sources}
    for name in (
        "rows", "labels", "values", "logprob", "predictions", "weights", "target_probs",
        "words", "bytes",
    ):  # fmt: skip
        parts = [getattr(batch, name) for batch in batches]
        found[name] = None if parts[0] is None else np.concatenate(parts)
    found["source"] = [batch.source for batch in batches for _ in batch.rows]
    return found


def wide_csv(names: Sequence[str] = NAMES, end: str = "\n") -> str:
    lines = [",".join(["label", *(f"p_{name}" for name in names)])]
    lines += [
        ",".join([names[label], *map(repr, row)])
        for label, row in zip(LABELS.tolist(), VALUES.tolist(), strict=True)
    ]
    return end.join(lines) + end


def check(found: dict[str, Any], classes: tuple[str, ...] = NAMES) -> None:
    assert found["classes"] == classes
    assert found["kind"] == "probs"
    np.testing.assert_array_equal(found["rows"], np.arange(4))
    np.testing.assert_array_equal(found["labels"], LABELS)
    np.testing.assert_array_equal(found["values"], VALUES)
    assert found["labels"].dtype == found["rows"].dtype == np.int64
    assert found["values"].dtype == np.float64


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def jsonl(key: str = "probs", named: bool = True) -> str:
    return "".join(
        json.dumps({"label": NAMES[label] if named else label, key: row}) + "\n"
        for label, row in zip(LABELS.tolist(), VALUES.tolist(), strict=True)
    )


def wide_sql(type_: str = "DOUBLE") -> str:
    rows = ", ".join(
        f"('{NAMES[label]}', {', '.join(f'{value!r}::{type_}' for value in row)})"
        for label, row in zip(LABELS.tolist(), VALUES.tolist(), strict=True)
    )
    return f"FROM (VALUES {rows}) AS t(label, p_cat, p_dog, p_owl)"

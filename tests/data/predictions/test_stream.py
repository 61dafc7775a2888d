"""Every layout and format gives the same rows."""

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from crossent.data.predictions.options import PredictionOptions
from crossent.data.predictions.stream import open_predictions
from tests.data.predictions.files import (
    LABELS,
    NAMES,
    VALUES,
    check,
    jsonl,
    npz,
    read,
    wide_csv,
    wide_sql,
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", wide_csv()),
        ("bom.csv", "\ufeff" + wide_csv()),
        ("crlf.csv", wide_csv(end="\r\n")),
        ("a.tsv", wide_csv().replace(",", "\t")),
        ("comma.csv", wide_csv().replace(",", ";").replace(".", ",")),
        ("a.csv.gz", gzip.compress(wide_csv().encode())),
        ("gz.csv", gzip.compress(wide_csv().encode())),
        (
            "wide.jsonl",
            "".join(
                json.dumps(
                    {"label": NAMES[y], **dict(zip(map("p_{}".format, NAMES), p, strict=True))}
                )
                + "\n"
                for y, p in zip(LABELS.tolist(), VALUES.tolist(), strict=True)
            ),
        ),
    ],
)
def test_wide_files(write, name: str, content: str | bytes) -> None:
    found = read(write(name, content))
    check(found)
    assert found["columns"] == ("p_cat", "p_dog", "p_owl")
    assert found["taken"] == (
        "labels from 'label'",
        "probabilities of 3 classes from 'p_*': 'cat', 'dog', 'owl'",
    )


@pytest.mark.parametrize("type_", ["DOUBLE", "DECIMAL(9, 6)", "VARCHAR"])
def test_wide_parquet(parquet, type_: str) -> None:
    check(read(parquet("a.parquet", wide_sql(type_))))


def test_floats_of_32_bits_are_what_they_are(parquet) -> None:
    found = read(parquet("a.parquet", wide_sql("FLOAT")))
    np.testing.assert_array_equal(found["values"], VALUES.astype(np.float32).astype(np.float64))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", jsonl()),
        ("bom.jsonl", "\ufeff" + jsonl()),
        ("a.jsonl.gz", gzip.compress(jsonl().encode())),
        ("blank.jsonl", jsonl().replace("\n", "\n\n")),
        ("numbers.jsonl", jsonl(named=False)),
        ("other.ndjson", jsonl("probabilities")),
        ("list.csv", "label;probs\n" + "".join(
            f"{NAMES[y]};{p}\n" for y, p in zip(LABELS.tolist(), VALUES.tolist(), strict=True)
        )),
        ("quoted.csv", "label,probs\n" + "".join(
            f'{y},"{p}"\n' for y, p in zip(LABELS.tolist(), VALUES.tolist(), strict=True)
        )),
        ("a.npz", npz(labels=LABELS, probs=VALUES)),
        ("names.npz", npz(label=np.array(NAMES)[LABELS], p=VALUES)),
        ("bytes.npz", npz(y=np.array(NAMES).astype("S")[LABELS], probabilities=VALUES)),
        ("fortran.npz", npz(y=LABELS.astype(np.uint8), probs=np.asfortranarray(VALUES))),
    ],
)  # fmt: skip
def test_lists_and_arrays(write, name: str, content: str | bytes) -> None:
    check(read(write(name, content), classes=NAMES))


@pytest.mark.parametrize("type_", ["DOUBLE[]", "DOUBLE[3]", "VARCHAR", "DECIMAL(9,6)[]"])
@pytest.mark.parametrize("label", ["label", "label::UTINYINT", "label::VARCHAR", "label::DOUBLE"])
def test_list_columns(parquet, type_: str, label: str) -> None:
    rows = ", ".join(
        f"({y}, {p}::{type_})" for y, p in zip(LABELS.tolist(), VALUES.tolist(), strict=True)
    )
    query = f"SELECT {label} AS label, probs FROM (VALUES {rows}) AS t(label, probs)"
    check(read(parquet("a.parquet", query), prob="probs", classes=NAMES))
    check(read(parquet("a.parquet", query), prob="probs", classes=("0", "1", "2")), ("0", "1", "2"))


def test_the_stream_can_be_read_again(write) -> None:
    with open_predictions([str(write("a.csv", wide_csv()))], PredictionOptions()) as stream:
        first, second = (list(stream.batches()) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.labels, other.labels)


@pytest.mark.parametrize(
    ("columns", "options", "predicts", "lists"),
    [
        ("label,p_a,p_b", {}, True, False),
        ("p_a,p_b,q_a,q_b", {"soft_labels": "q_*"}, True, False),
        ("label,probs", {"classes": ("a", "b")}, True, True),
        ("label,logprob", {}, False, False),
        ("prediction,logprob", {}, False, False),
        ("label,prediction,logprob", {}, True, False),
        ("logprob", {}, False, False),
    ],
)
def test_what_a_stream_tells(
    write, columns: str, options: dict[str, Any], predicts: bool, lists: bool
) -> None:
    path = write("a.csv", f"{columns}\n{','.join('0' for _ in columns.split(','))}\n")
    with open_predictions([str(path)], PredictionOptions(**options)) as stream:
        assert (stream.predicts, stream.lists) == (predicts, lists)


@pytest.mark.parametrize("name", ["pyarrow", "duckdb"])
def test_names_of_parquet_that_differ_in_case(tmp_path: Path, name: str) -> None:
    """DuckDB calls the second one p_a_1."""
    path = tmp_path / "a.parquet"
    columns = {"label": ["a", "A"], "p_A": [0.25, 1.0], "p_a": [0.75, 0.0]}
    extra = {"nested": [{"x": 1, "y": [{"z": 2}]}] * 2, "more": [[1.0]] * 2}
    if name == "pyarrow":
        pyarrow.parquet.write_table(pyarrow.table({**extra, **columns, "last": [1, 2]}), path)
    else:
        duckdb.sql(f"COPY (SELECT {{'x': [1]}} AS s, 'b' AS label, 1 AS p_b, 0 AS p_c) TO '{path}'")
    found = read(path)
    assert found["classes"] == (("A", "a") if name == "pyarrow" else ("b", "c"))
    assert found["labels"].tolist() == ([1, 0] if name == "pyarrow" else [0])

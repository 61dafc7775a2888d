"""The files of `python -m benchmarks evaluate`: seeded predictions of a softmax model.

Parquet as `pandas.DataFrame.to_parquet` writes it: pyarrow's defaults, snappy, row groups of about
a million rows, none larger in memory here than one of them.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

CLASSES = 10
MANY = 100_000  # classes of the target-only and list layouts
CHUNK = 1_000_000
SEED = 6
NAMES = tuple(f"p_{name}" for name in range(CLASSES))
NOISE, MARGIN, TEMPERATURE = 1.0, 12.0, 1.5  # accuracy 0.83, log loss 0.48, overconfident by 0.02
WRONG = 0.3  # share of predictions that are not the label in the target-only file

Floats = np.ndarray


def predictions(rows: int) -> Iterator[tuple[np.ndarray, Floats]]:
    """Yield labels (n,) and probabilities (C, n) in chunks.

    A class is drawn with odds 1/(k + 1); its logit stands above normal noise by a margin that
    varies by row and class, and odd classes are mistaken for the even one below them.
    """
    rng = np.random.default_rng(SEED)
    odds = 1.0 / np.arange(1, CLASSES + 1) ** 0.5
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        labels = rng.choice(CLASSES, size=count, p=odds / odds.sum())
        margin = MARGIN * rng.random(count) * (1.0 + labels / CLASSES)
        logits = NOISE * rng.standard_normal((CLASSES, count))
        at = np.arange(count)
        logits[labels, at] += margin
        logits[labels ^ 1, at] += margin * rng.random(count)
        logits *= TEMPERATURE
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=0)
        yield labels, logits


def wide(path: Path, rows: int, *, words: bool = False) -> None:
    """Write `label` and p_0 .. p_9; with `words` labels such as 'class 3' and p_class 3."""
    names = np.array([f"class {name}" if words else name for name in range(CLASSES)])
    columns = [f"p_{name}" for name in names]
    _write(
        path,
        (
            {
                "label": names[labels],
                **dict(zip(columns, matrix, strict=True)),
            }
            for labels, matrix in predictions(rows)
        ),
    )


def text(path: Path, rows: int) -> None:
    """Write the rows of `wide` as CSV or as a JSON object a line, by the name's ending."""
    if path.suffix == ".csv":
        for number, (labels, matrix) in enumerate(predictions(rows)):
            table = pa.table({"label": labels, **dict(zip(NAMES, matrix, strict=True))})
            with path.open("ab") as out:
                csv.write_csv(table, out, csv.WriteOptions(include_header=number == 0))
        return
    form = '{"label": %d, ' + ", ".join(f'"{name}": %r' for name in NAMES) + "}\n"
    with path.open("w") as out:
        for labels, matrix in predictions(rows):
            columns = [labels.tolist(), *(column.tolist() for column in matrix)]
            out.writelines(form % row for row in zip(*columns, strict=True))


def target_only(path: Path, rows: int, *, words: bool = False) -> None:
    """Write label, prediction and logprob: 100,000 classes, Zipf, 30 % drawn anew."""
    rng = np.random.default_rng(SEED)
    names = np.array([f"word {name:06}" for name in range(MANY)]) if words else np.arange(MANY)
    cut = np.cumsum(1.0 / np.arange(1, MANY + 1))
    cut /= cut[-1]

    def chunks() -> Iterator[dict[str, np.ndarray]]:
        for start in range(0, rows, CHUNK):
            count = min(CHUNK, rows - start)
            labels, drawn = (
                np.minimum(np.searchsorted(cut, rng.random(count)), MANY - 1) for _ in range(2)
            )
            wrong = rng.random(count) < WRONG
            predicted = np.where(wrong, drawn, labels)
            logprob = -rng.exponential(np.where(wrong, 5.0, 0.5))
            yield {"label": names[labels], "prediction": names[predicted], "logprob": logprob}

    _write(path, chunks())


def listed(path: Path, rows: int) -> None:
    """Write label and `probs`, a FLOAT list of 100,000 entries, all in one row group."""
    labels, matrix = _many_rows(rows)
    lists = pa.ListArray.from_arrays(
        np.arange(0, rows * MANY + 1, MANY).astype(np.int32), pa.array(matrix.reshape(-1))
    )
    parquet.write_table(pa.table({"label": labels, "probs": lists}), path)


def arrays(path: Path, rows: int) -> None:
    """Write the same as NumPy arrays in one archive."""
    labels, matrix = _many_rows(rows)
    np.savez(path, label=labels, probs=matrix)


def _many_rows(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return labels (N,) and probabilities (N, 100,000) in float32."""
    rng = np.random.default_rng(SEED)
    matrix = rng.exponential(size=(rows, MANY)).astype(np.float32)
    labels = rng.integers(0, MANY, rows)
    matrix[np.arange(rows), labels] += 20_000.0 * rng.random(rows, np.float32)
    matrix /= matrix.sum(axis=1, keepdims=True)
    return labels, matrix


def _write(path: Path, chunks: Iterator[dict[str, np.ndarray]]) -> None:
    writer = None
    for chunk in chunks:
        table = pa.table(chunk)
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()

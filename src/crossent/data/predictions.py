"""Files of predictions: what `crossent train` and `predict` write and `evaluate` reads.

One row per example: label, prediction, p_<class> ..., and where there are any sigmoid_<class> ...,
q_<class> ... (soft labels), row, weight. Parquet or CSV. Scores nothing.
"""

import gzip
import json
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.data.choose import find_column, find_pattern, match
from crossent.data.database import TableFile, connected, literal, open_table
from crossent.data.files import named
from crossent.data.formats import find_format
from crossent.data.labels import encode, listed
from crossent.data.row_values import check_distributions, check_weights
from crossent.errors import InputError, quoted

COLUMNS_KEY = "crossent_columns"


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


@dataclass(frozen=True, slots=True)
class PredictionOptions:
    """Names in a file from elsewhere: the column of labels, the pattern of the probabilities.

    None stands for `label` and `p_*`; with both None the other columns of `Predictions` are read.
    """

    label: str | None = None
    prob: str | None = None
    weights: str | None = None


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write a .parquet, .csv or .csv.gz; the file appears when it is complete, over an old one."""
    kind = _suffix(path)
    columns = _columns(predictions)
    partial = path.absolute().with_name(f".{path.name}.partial")
    body = partial.with_name(f"{partial.name}.body")
    try:
        if kind == "parquet":
            _copy(columns, partial, f"FORMAT parquet, KV_METADATA {_metadata(list(columns))}")
        else:
            quote = [f"c{i}" for i, name in enumerate(columns) if name in ("label", "prediction")]
            _copy(columns, body, f"FORMAT csv, HEADER false, FORCE_QUOTE ({', '.join(quote)})")
            _join(partial, list(columns), body, packed=path.name.lower().endswith(".gz"))
        partial.replace(path)
    except OSError as error:
        raise InputError(f"{named(path)} cannot be written: {error.strerror or error}") from None
    finally:
        partial.unlink(missing_ok=True)
        body.unlink(missing_ok=True)


def read_predictions(path: Path, options: PredictionOptions | None = None) -> Predictions:
    """Read a CSV (packed by gzip or not) or Parquet file of predictions.

    Raises InputError naming file, row and column where the file is damaged or empty, a column is
    missing, a probability is negative or NaN, a row does not sum to 1 (within 1e-3), or a label
    has no column.
    """
    options = options or PredictionOptions()
    ours = options.label is None and options.prob is None
    label, pattern = options.label or "label", options.prob or "p_*"
    if pattern.count("*") != 1:
        raise InputError(f"--prob must hold one star for the class, such as 'p_*'; got {pattern!r}")
    kind = find_format(path)
    if kind not in ("csv", "parquet"):
        raise InputError(f"{named(path)} is neither CSV nor Parquet; predictions are one of them")
    with open_table(path, csv=kind == "csv", known=(label,)) as file:
        file = replace(file, names=_names(file))
        if not file.rows:
            raise InputError(f"{named(path)} has no rows")
        place = find_column(file, label, "--label")
        found = find_pattern(file, pattern, "--prob")
        classes = tuple(name for _, name in found)
        _refuse_twice(classes, file)
        probabilities = _probabilities(file, [i for i, _ in found])
        where = f"{named(path)}, column {quoted(file.names[place])}"
        unknown = f"has no column {quoted(pattern)}"
        texts = file.texts([place], exact=True)[0]
        labels, _ = encode(texts, where, classes, unknown=unknown)
        weights = options.weights or ("weight" if ours and "weight" in file.names else None)
        return Predictions(
            classes=classes,
            labels=labels,
            probabilities=probabilities,
            sigmoids=_matrix(file, "sigmoid_*", classes) if ours else None,
            target_probs=_matrix(file, "q_*", classes, sums=True) if ours else None,
            weights=None if weights is None else _weights(file, weights),
            rows=_rows(file) if ours else None,
        )


def _suffix(path: Path) -> str:
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        return "csv"
    if name.endswith(".parquet"):
        return "parquet"
    raise InputError(f"{named(path)}: name predictions .parquet, .csv or .csv.gz")


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


def _copy(columns: dict[str, NDArray[Any]], path: Path, options: str) -> None:
    import duckdb

    names = list(columns)
    if "parquet" in options:
        parts = [f"c{i} AS {_identifier(name)}" for i, name in enumerate(names)]
    else:
        parts = [f"c{i}" for i in range(len(names))]
    with connected() as connection:
        connection.register("given", {f"c{i}": columns[name] for i, name in enumerate(names)})
        try:
            connection.execute(
                f"COPY (SELECT {', '.join(parts)} FROM given) TO {literal(str(path))} ({options})"
            )
        except duckdb.Error as error:
            raise InputError(
                f"{named(path)} cannot be written: {' '.join(str(error).split())[:120]}"
            ) from None


def _join(path: Path, names: list[str], body: Path, *, packed: bool) -> None:
    """Write the line of names and the body that DuckDB wrote.

    DuckDB would rename p_A beside p_a, as its names ignore case.
    """
    header = ",".join(map(_cell, names)) + "\n"
    with path.open("wb") as raw, body.open("rb") as rows:
        # No name and no time in the gzip header: the same predictions are the same bytes.
        out = gzip.GzipFile("", "wb", 6, raw, mtime=0) if packed else raw
        out.write(header.encode("utf-8"))
        shutil.copyfileobj(rows, out)
        out.close()


def _cell(name: str) -> str:
    """Return a cell of the header; quoted where needed, and a lone \\r too, unlike Python's csv."""
    plain = name.strip() == name and not set(name) & set(',;|\t"\r\n')
    return name if plain else '"' + name.replace('"', '""') + '"'


def _metadata(names: list[str]) -> str:
    """Return the names as metadata of the file, for those that DuckDB renames (see `_join`)."""
    return f"{{{COLUMNS_KEY}: {literal(json.dumps(names))}}}"


def _names(file: TableFile) -> tuple[str, ...]:
    """Return the columns' names exactly as they were written."""
    if file.layout is not None:
        return file.layout.cells if file.layout.header else file.names
    query = f"SELECT value FROM parquet_kv_metadata({literal(file.pattern)}) WHERE key = ?"
    found = file.connection.execute(query, [COLUMNS_KEY.encode()]).fetchone()
    try:
        names = tuple(json.loads(found[0])) if found else file.names
    except ValueError:
        return file.names
    same = len(names) == len(file.names) and all(
        found.lower().startswith(name.lower())
        for name, found in zip(names, file.names, strict=True)
    )
    return names if same else file.names


def _refuse_twice(classes: tuple[str, ...], file: TableFile) -> None:
    name, columns = Counter(classes).most_common(1)[0]
    if columns > 1:
        raise InputError(f"{named(file.path)}: class {quoted(name)} has {columns} columns")


def _probabilities(file: TableFile, columns: list[int]) -> NDArray[np.float64]:
    values = np.stack(file.numbers(columns), axis=1)
    return check_distributions(values, named(file.path), tuple(file.names[i] for i in columns))


def _matrix(
    file: TableFile, pattern: str, classes: tuple[str, ...], *, sums: bool = False
) -> NDArray[np.float64] | None:
    places = {name: i for i, name in match(file.names, pattern)}
    if not places:
        return None
    if set(places) != set(classes):
        raise InputError(
            f"{named(file.path)}: the columns {pattern} must be of the same classes as p_*; "
            f"they are of {listed(tuple(places))}"
        )
    columns = [places[name] for name in classes]
    return _probabilities(file, columns) if sums else np.stack(file.numbers(columns), axis=1)


def _weights(file: TableFile, name: str) -> NDArray[np.float64]:
    column = find_column(file, name, "--weights")
    where = f"{named(file.path)}, column {quoted(file.names[column])}"
    return check_weights(file.numbers([column])[0], where)


def _rows(file: TableFile) -> NDArray[np.int64] | None:
    if "row" not in file.names:
        return None
    values = file.numbers([file.names.index("row")])[0]
    whole = np.isfinite(values).all() and (values == np.floor(values)).all()
    return values.astype(np.int64) if whole else None


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

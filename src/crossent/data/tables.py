"""A CSV or Parquet file as a dataset, and new files read as the one a model was trained on.

Puts the parts together: `database` reads, `choose` finds columns, `columns` and `labels` judge
their values.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.data.choose import choose, find_pattern, match, missing_column
from crossent.data.columns import read_columns, read_columns_like
from crossent.data.database import TableFile, open_table
from crossent.data.dataset import Dataset, Examples, Table
from crossent.data.files import named
from crossent.data.labels import MISSING_NUMBERS, encode
from crossent.data.options import ReadOptions
from crossent.data.row_values import check_distributions, check_weights
from crossent.errors import InputError, quoted


def read_table(path: Path, options: ReadOptions, *, name: str, csv: bool) -> Dataset:
    """Return the rows of a CSV or Parquet file, columns told apart by `options`.

    Raises InputError, naming file, column, row or line, for anything that cannot be learnt from:
    a missing column, a ragged line, no rows, a missing label, one class only, a regression target,
    inf among the features.
    """
    with open_table(path, csv=csv, known=options.columns()) as file:
        _refuse_empty(file)
        choice = choose(file, options)
        probs = None
        if choice.target is None:
            found = find_pattern(file, options.target_probs or "")
            probs, classes = _soft(file, [i for i, _ in found]), tuple(one for _, one in found)
            labels = probs.argmax(axis=1).astype(np.int64)
        else:
            labels, classes = _hard(file, choice.target, options.classes)
        weights = None if choice.weights is None else _weights(file, choice.weights)
        columns, notices = read_columns(file, choice.features, keep=choice.explicit)
        layout = file.layout
        return Dataset(
            name=name,
            features=Table(columns),
            labels=labels,
            classes=classes,
            rows=np.arange(file.rows, dtype=np.int64),
            target_probs=probs,
            weights=weights,
            notices=(*(layout.notices if layout else ()), *choice.notices, *notices),
            source={
                "path": str(path),
                "format": "csv" if csv else "parquet",
                "header": layout is None or layout.header,
                "width": len(file.names),
                "target": None if choice.target is None else file.names[choice.target],
                "target_probs": options.target_probs,
                "weights": None if choice.weights is None else file.names[choice.weights],
                "columns": [{"name": one.name, "kind": one.kind} for one in columns],
            },
        )


def read_table_like(
    path: Path, source: Mapping[str, Any], classes: tuple[str, ...], *, name: str, csv: bool
) -> Examples:
    """Return the rows of a file as the model of `source` knows them; labels where there are any.

    Raises InputError where a feature is missing or of another kind, or a label was never seen.
    """
    wanted = source["columns"]
    names = tuple(one["name"] for one in wanted)
    with open_table(path, csv=csv, known=names if source.get("header", True) else ()) as file:
        _refuse_empty(file)
        bare = file.layout is not None and not file.layout.header and not source.get("header")
        if bare and len(file.names) == len(names) != source["width"]:
            # No header, and as many columns as features: the column of the labels is not there.
            columns = read_columns_like(file, range(len(names)), wanted)
            rows = np.arange(file.rows, dtype=np.int64)
            return Examples(name, Table(columns), None, rows)
        if bare and len(file.names) != source["width"]:
            raise InputError(
                f"{named(path)} has {len(file.names)} columns; the model was trained on "
                f"{source['width']}, {len(names)} of them features"
            )
        places: list[int] = []
        for one in names:
            if one not in file.names:
                raise InputError(missing_column(file, one, "the model needs the column"))
            places.append(file.names.index(one))
        columns = read_columns_like(file, places, wanted)
        labels, probs = _labels_like(file, source, classes)
        weights = source.get("weights")
        return Examples(
            name=name,
            features=Table(columns),
            labels=labels,
            rows=np.arange(file.rows, dtype=np.int64),
            target_probs=probs,
            weights=_weights(file, file.names.index(weights)) if weights in file.names else None,
        )


def _labels_like(
    file: TableFile, source: Mapping[str, Any], classes: tuple[str, ...]
) -> tuple[NDArray[np.int64] | None, NDArray[np.float64] | None]:
    target: str | None = source.get("target")
    pattern: str | None = source.get("target_probs")
    if target in file.names:
        place = file.names.index(target)
        texts = set(file.texts([place])[0].tolist())
        if all(text is None or _stands_for_none(text, classes) for text in texts):
            return None, None
        return _hard(file, place, classes)[0], None
    found = {one: i for i, one in match(file.names, pattern)} if pattern else {}
    if pattern is None or not found:
        return None, None
    for one in classes:
        if one not in found:
            raise InputError(missing_column(file, pattern.replace("*", one), "--target-probs"))
    probs = _soft(file, [found[one] for one in classes])
    return probs.argmax(axis=1).astype(np.int64), probs


def _stands_for_none(text: str, classes: tuple[str, ...]) -> bool:
    return text.lower() in MISSING_NUMBERS and text not in classes


def _hard(
    file: TableFile, column: int, classes: tuple[str, ...] | None
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    where = f"{named(file.path)}, column {quoted(file.names[column])}"
    if not file.is_readable(column):
        raise InputError(f"{where} holds {file.types[column]}; labels must be texts or numbers")
    return encode(file.texts([column])[0], where, classes)


def _soft(file: TableFile, columns: list[int]) -> NDArray[np.float64]:
    values = np.stack(file.numbers(columns), axis=1)
    return check_distributions(values, named(file.path), tuple(file.names[i] for i in columns))


def _weights(file: TableFile, column: int) -> NDArray[np.float64]:
    where = f"{named(file.path)}, column {quoted(file.names[column])}"
    return check_weights(file.numbers([column])[0], where)


def _refuse_empty(file: TableFile) -> None:
    if not file.rows:
        raise InputError(f"{named(file.path)} has no rows")

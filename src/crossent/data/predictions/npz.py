"""An .npz of predictions as batches: its arrays are read from the archive a few rows at a time.

Arrays: label, labels or y (N,); probs, probabilities, p, logits or logprobs (N, C); logprob (N,);
weight (N,); row (N,); classes (C,). No pickles.
"""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.data.files import is_gzip
from crossent.data.labels import listed
from crossent.data.predictions.archive import (
    Member,
    array_names,
    header_of,
    opened_archive,
    read_array,
    row_reader,
)
from crossent.data.predictions.arrow import batch_rows
from crossent.data.predictions.batch import (
    Batch,
    check_counts,
    said,
    unknown_label,
)
from crossent.data.predictions.codes import look_up, lookup_of
from crossent.data.predictions.file import PredictionFile
from crossent.data.predictions.layout import Places
from crossent.data.predictions.options import Kind
from crossent.data.row_values import check_weights
from crossent.errors import InputError, quoted

CLASSES = "classes"
PREFIXES: dict[Kind, str] = {"probs": "p_", "logits": "logit_", "logprobs": "logprob_"}


def open_npz(source: str, path: Path) -> PredictionFile:
    """Return the arrays of an .npz as columns: (N, C) as a list column, with the types of SQL."""
    if is_gzip(path):
        raise InputError(f"{said(source)}: an .npz packed by gzip; unpack it first")
    with opened_archive(source, path) as archive:
        members = {name: header_of(archive, name, source) for name in array_names(archive)}
    return PredictionFile(
        source, path, "npz", tuple(members), tuple(_type(member) for member in members.values())
    )


def npz_classes(file: PredictionFile) -> tuple[str, ...] | None:
    """Return the names in the array `classes`, None where there is none."""
    if CLASSES not in file.names:
        return None
    with opened_archive(file.source, file.path) as archive:
        values = read_array(archive, CLASSES, file.source)
    if values.ndim != 1 or values.dtype.kind not in "iuUSb":
        raise InputError(f"{_array(file, CLASSES)} must hold names (C,); got {_shape(values)}")
    return tuple(_texts(values).tolist())


def npz_entries(file: PredictionFile, name: str) -> int:
    """Return how many classes the array of the probabilities has."""
    with opened_archive(file.source, file.path) as archive:
        member = header_of(archive, name, file.source)
    if len(member.shape) != 2:
        raise InputError(
            f"{_array(file, name)} must have the shape (N, C), a row each; got {member.shape}"
        )
    return member.shape[1]


def npz_labels(file: PredictionFile, places: Places) -> set[str]:
    """Return the distinct labels and predictions."""
    found: set[str] = set()
    with opened_archive(file.source, file.path) as archive:
        for place in (places.label, places.prediction):
            if place is not None:
                with row_reader(archive, file.names[place], file.source) as read:
                    while len(values := read(1 << 20)):
                        found.update(_texts(np.unique(values)).tolist())
    return found


def npz_batches(
    file: PredictionFile, places: Places, classes: tuple[str, ...], *, told: str
) -> Iterator[Batch]:
    """Yield the rows of an .npz; InputError where arrays differ in length or a value is bad."""
    singles = {
        "label": places.label,
        "prediction": places.prediction,
        "logprob": places.logprob,
        "weights": places.weights,
        "words": places.words,
        "bytes": places.bytes,
        "row": places.row,
        "values": next(iter(places.probs), None),
        "soft": next(iter(places.soft), None),
    }
    used = {role: place for role, place in singles.items() if place is not None}
    with opened_archive(file.source, file.path) as archive, ExitStack() as stack:
        total = _check_shapes(archive, file, used, len(classes))
        readers = {
            role: stack.enter_context(row_reader(archive, file.names[place], file.source))
            for role, place in used.items()
        }
        size = batch_rows(len(classes), ("values" in used) + ("soft" in used))
        for start in range(0, total, size):
            arrays = {role: read(min(size, total - start)) for role, read in readers.items()}
            rows = np.arange(start, start + len(next(iter(arrays.values()))))
            yield _batch(file, used, arrays, rows, classes, told)


def npz_columns(
    file: PredictionFile,
    places: Places,
    classes: tuple[str, ...],
    numbers: NDArray[np.int64],
    kind: Kind,
) -> dict[str, NDArray[Any]]:
    """Return the rows at these places as columns (M,): arrays by name, p_<class>, `number`.

    Of logits the columns are logit_<class>, by which they are read again as such.
    """
    matrix = next(iter(places.probs), None)
    chosen: dict[str, list[NDArray[Any]]] = {}
    with opened_archive(file.source, file.path) as archive, ExitStack() as stack:
        length = header_of(archive, file.names[_first(places)], file.source).shape[0]
        readers = {
            name: stack.enter_context(row_reader(archive, name, file.source))
            for i, name in enumerate(file.names)
            if i == matrix or header_of(archive, name, file.source).shape == (length,)
        }
        size = batch_rows(len(classes))
        for start in range(0, length, size):
            arrays = {name: read(min(size, length - start)) for name, read in readers.items()}
            found = np.arange(start, start + min(size, length - start))
            kept = np.isin(found, numbers)
            chosen.setdefault("number", []).append(found[kept])
            for name, values in arrays.items():
                chosen.setdefault(name, []).append(values[kept])
    columns: dict[str, NDArray[Any]] = {}
    for name, parts in chosen.items():
        values = np.concatenate(parts)
        if matrix is not None and name == file.names[matrix]:
            for j, one in enumerate(classes):
                columns[PREFIXES[kind] + one] = values[:, j].astype(np.float64)
        elif values.dtype.kind in "US":
            columns[name] = _texts(values).astype(object)
        else:
            columns[name] = values
    return columns


def _first(places: Places) -> int:
    found = (*places.probs, places.logprob, places.label)
    return next(place for place in found if place is not None)


def _batch(
    file: PredictionFile,
    used: dict[str, int],
    arrays: dict[str, NDArray[Any]],
    numbered: NDArray[np.int64],
    classes: tuple[str, ...],
    told: str,
) -> Batch:
    checks: dict[str, Callable[..., NDArray[Any]]] = {
        "weights": check_weights,
        "words": check_counts,
        "bytes": check_counts,
    }
    fields: dict[str, Any] = {}
    for role, values in arrays.items():
        where = _array(file, file.names[used[role]])
        if role in ("label", "prediction"):
            if classes:
                name = "labels" if role == "label" else "predictions"
                fields[name] = _codes(values, where, numbered, classes, told)
        elif role == "row":
            fields["rows"] = values.astype(np.int64, copy=False)
        elif role in checks:
            fields[role] = checks[role](values.astype(np.float64, copy=False), where, numbered)
        else:
            name = "target_probs" if role == "soft" else role
            fields[name] = values.astype(np.float64, copy=False)
    if "rows" in fields:
        fields["places"] = numbered
    return Batch(file.source, fields.pop("rows", numbered), **fields)


def _codes(
    values: NDArray[Any],
    where: str,
    numbered: NDArray[np.int64],
    classes: tuple[str, ...],
    told: str,
) -> NDArray[np.int64]:
    kind = values.dtype.kind
    if kind in "iufb":
        mode = "boolean" if kind == "b" else "number" if kind == "f" else "integer"
        numbers = values.astype(np.float64 if kind == "f" else np.int64, copy=False)
        codes = look_up(lookup_of(classes, mode, positions=kind != "b"), numbers)
    else:
        names = np.array(classes)
        order = np.argsort(names)
        texts = _texts(values) if kind == "S" else values
        place = np.minimum(np.searchsorted(names, texts, sorter=order), len(names) - 1)
        codes = np.where(names[order[place]] == texts, order[place], -1)
    if codes.size and codes.min() < 0:
        at = int(np.argmax(codes < 0))
        text = str(_texts(values[at : at + 1])[0])
        raise InputError(unknown_label(where, text, int(numbered[at]), classes, told))
    return codes


def _check_shapes(
    archive: zipfile.ZipFile, file: PredictionFile, used: dict[str, int], classes: int
) -> int:
    first: tuple[str, int] | None = None
    for role, place in used.items():
        name = file.names[place]
        member = header_of(archive, name, file.source)
        matrix = role in ("values", "soft")
        kinds = "iufUSb" if role in ("label", "prediction") else "iu" if role == "row" else "iufb"
        if member.dtype.kind not in kinds:
            raise InputError(f"{_array(file, name)} must hold numbers; got dtype {member.dtype}")
        if len(member.shape) != 1 + matrix:
            raise InputError(
                f"{_array(file, name)} must have the shape {'(N, C)' if matrix else '(N,)'}, a "
                f"row each; got {member.shape}"
            )
        if matrix and member.shape[1] != classes:
            raise InputError(
                f"{_array(file, name)} has {member.shape[1]:,} entries a row; there are "
                f"{classes:,} classes"
            )
        if first is None:
            first = (name, member.shape[0])
        elif member.shape[0] != first[1]:
            raise InputError(
                f"{said(file.source)}: the arrays differ in length: {quoted(first[0])} has "
                f"{first[1]:,} rows, {quoted(name)} has {member.shape[0]:,}"
            )
    return 0 if first is None else first[1]


def _type(member: Member) -> str:
    if len(member.shape) == 2 and member.dtype.kind in "iufb":
        return f"DOUBLE[{member.shape[1]}]"
    if len(member.shape) != 1:
        return "BLOB"
    kinds = {"i": "BIGINT", "u": "BIGINT", "f": "DOUBLE", "b": "BOOLEAN"}
    return kinds.get(member.dtype.kind, "VARCHAR")


def _texts(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8", "replace")
    if values.dtype.kind == "b":
        return np.where(values, "true", "false")
    return values.astype(str)


def _array(file: PredictionFile, name: str) -> str:
    return f"{said(file.source)}, array {quoted(name)}"


def _shape(values: NDArray[Any]) -> str:
    return f"{listed(list(map(str, values.shape)))} of {values.dtype}"

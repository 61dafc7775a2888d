"""DATA on the command line -> datasets: a built-in name, a folder, or a file of any format.

Chooses the reader. Built-in names win: `./digits` is the folder of that name.
"""

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.data import arrays, idx
from crossent.data.arrays import Arrays
from crossent.data.builtin import BUILTIN, read_builtin
from crossent.data.classes import choice_in, regroup_new
from crossent.data.dataset import Dataset, Examples, Features, Images, Table
from crossent.data.files import named
from crossent.data.formats import find_format
from crossent.data.labels import encode_array
from crossent.data.options import ReadOptions as ReadOptions
from crossent.data.row_values import check_distributions
from crossent.data.tables import read_table, read_table_like
from crossent.errors import InputError

Labels = tuple[NDArray[np.int64], tuple[str, ...], NDArray[np.float64] | None]


def open_dataset(data: str, options: ReadOptions | None = None) -> tuple[Dataset, Dataset | None]:
    """Return the examples that `data` names, and its own test part if it has one.

    data: `digits`, `mnist`, `fashion-mnist`; a CSV, Parquet, .npz, .npy or IDX file, packed by
    gzip or not; a folder with IDX or .npy files. `options.test` is read as the test part instead.
    Raises InputError, one line that names the file, for whatever cannot be learnt from.
    """
    options = options or ReadOptions()
    name = _name(data)
    if (table := _table_format(data)) is not None:
        main, test = read_table(Path(data), options, name=name, csv=table == "csv"), None
    else:
        main, test = _labelled(data, _read_arrays(data, options), options, name)
    if options.test is None:
        return main, test
    found = read_like(options.test, main.source, main.classes)
    if found.labels is None:
        raise InputError(f"--test {named(options.test)} has no labels; a test part needs them")
    return main, replace(
        main,
        features=found.features,
        labels=found.labels,
        rows=found.rows,
        target_probs=found.target_probs,
        weights=found.weights,
    )


def read_like(data: str, source: Mapping[str, Any], classes: tuple[str, ...]) -> Examples:
    """Return the examples that `data` names as a model trained on `source` knows them.

    source: `Dataset.source`; classes: the model's. Of data with a test part of its own, that part.
    Labels may be absent. Of a model of some classes, or of merged ones, they are those of its data
    or its own. Raises InputError where features are missing or differ in shape, or where a label
    was never seen in training.
    """
    chosen = choice_in(source, classes)
    if chosen is None:
        return _read_like(data, source, classes)
    known, choice = chosen
    try:
        found = _read_like(data, source, known)
    except InputError as error:
        try:
            return _read_like(data, source, classes)
        except InputError:
            raise error from None
    return regroup_new(found, known, choice)


def _read_like(data: str, source: Mapping[str, Any], classes: tuple[str, ...]) -> Examples:
    name = _name(data)
    if (table := _table_format(data)) is not None:
        if "columns" not in source:
            raise InputError(f"{named(data)} is a table; the model needs {_expected(source)}")
        return read_table_like(Path(data), source, classes, name=name, csv=table == "csv")
    found = _read_arrays(data, _options_like(data, source))
    x, y = (found.x, found.y) if found.x_test is None else (found.x_test, found.y_test)
    features, notices = arrays.features_of(x, named(data))
    _check_like(features, source, data)
    labels, _, probs = (None, (), None) if y is None else _labels(y, len(x), data, classes)
    rows = np.arange(len(x), dtype=np.int64)
    return Examples(name, features, labels, rows, target_probs=probs, notices=notices)


def _name(data: str) -> str:
    path = Path(data)
    if path.is_dir():
        return path.resolve().name
    return Path(path.name.removesuffix(".gz")).stem if data not in BUILTIN else data


def _table_format(data: str) -> str | None:
    """Return csv or parquet if `data` is a table, None if it is anything else that exists."""
    if data in BUILTIN or Path(data).is_dir():
        return None
    if not Path(data).exists():
        near = difflib.get_close_matches(data.lower().replace("_", "-"), BUILTIN, n=1)
        hint = f"did you mean {near[0]}?" if near else f"built in are {', '.join(BUILTIN)}"
        raise InputError(f"{named(data)}: no such file or folder; {hint}")
    found = find_format(Path(data))
    return found if found in ("csv", "parquet") else None


def _read_arrays(data: str, options: ReadOptions) -> Arrays:
    path = Path(data)
    if data in BUILTIN:
        options.refuse_all_but(where=data)
        return read_builtin(data)
    if path.is_dir():
        options.refuse_all_but(where=named(data))
        return _read_folder(path)
    found = find_format(path)
    if found == "npz":
        options.refuse_all_but("target", "features", where=named(data))
        return arrays.read_npz(path, next(iter(options.features or ()), None), options.target)
    options.refuse_all_but(where=named(data))
    return arrays.read_npy_pair(path) if found == "npy" else _read_idx_pair(idx.find_pair(path))


def _options_like(data: str, source: Mapping[str, Any]) -> ReadOptions:
    """Return the arrays that the model's own .npz was read by, where a new .npz has them too."""
    if Path(data).is_dir() or data in BUILTIN or find_format(Path(data)) != "npz":
        return ReadOptions()
    names = arrays.npz_names(Path(data))
    target, features = source.get("target"), source.get("features")
    return ReadOptions(
        target=target if target in names else None,
        features=(features,) if features in names else None,
    )


def _read_folder(folder: Path) -> Arrays:
    if pairs := idx.find_pairs(folder):
        main = _read_idx_pair(pairs[0])
        if pairs[1] is None:
            return main
        test = _read_idx_pair(pairs[1])
        return replace(main, x_test=test.x, y_test=test.y)
    if found := arrays.read_npy_folder(folder):
        return found
    raise InputError(
        f"{named(folder)} holds no data that is read from folders: neither IDX files, such as "
        "train-images-idx3-ubyte.gz, nor X.npy and y.npy; of anything else name the file"
    )


def _read_idx_pair(pair: idx.IdxPair) -> Arrays:
    return Arrays(idx.read_idx(pair.images), pair.labels and idx.read_idx(pair.labels))


def _labelled(
    data: str, found: Arrays, options: ReadOptions, name: str
) -> tuple[Dataset, Dataset | None]:
    where = named(data)
    features, notices = arrays.features_of(found.x, where)
    if found.y is None:
        raise InputError(
            f"{where} has no labels: expected an array y or labels, y.npy beside X.npy, or "
            "train-labels-idx1-ubyte beside train-images-idx3-ubyte"
        )
    wanted = options.classes or found.classes
    labels, classes, probs = _labels(found.y, len(features), data, wanted)
    source: dict[str, Any] = {
        "path": data,
        "format": "builtin" if data in BUILTIN else "arrays",
        "target": options.target,
        "features": options.features and options.features[0],
    }
    if isinstance(features, Images):
        source["image_shape"] = list(features.values.shape[1:])
    else:
        source["columns"] = [{"name": one.name, "kind": one.kind} for one in features.columns]
    rows = np.arange(len(labels), dtype=np.int64)
    main = Dataset(name, features, labels, classes, rows, probs, None, notices, source)
    if found.x_test is None or found.y_test is None:
        return main, None
    test, _ = arrays.features_of(found.x_test, f"{where}, test part")
    _check_like(test, source, f"{data}, test part")
    labels, _, probs = _labels(found.y_test, len(test), f"{data}, test part", classes)
    rows = np.arange(len(labels), dtype=np.int64)
    return main, replace(main, features=test, labels=labels, rows=rows, target_probs=probs)


def _labels(y: NDArray[Any], rows: int, data: str, classes: tuple[str, ...] | None) -> Labels:
    """Return codes, class names and, of one column per class, soft labels."""
    where = f"{named(data)}, labels"
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim not in (1, 2) or len(y) != rows:
        raise InputError(
            f"{where}: {rows:,} examples need labels of shape ({rows},); got {y.shape}"
        )
    if y.ndim == 1:
        return *encode_array(y, where, classes), None
    if y.dtype.kind not in "biuf":
        raise InputError(f"{where}: labels of one column per class must be numbers; got {y.dtype}")
    names = classes or tuple(str(i) for i in range(y.shape[1]))
    if len(names) != y.shape[1]:
        raise InputError(f"{where}: {len(names)} classes need as many columns; got {y.shape[1]}")
    probs = check_distributions(y.astype(np.float64), where, names)
    return probs.argmax(axis=1).astype(np.int64), names, probs


def _check_like(features: Features, source: Mapping[str, Any], data: str) -> None:
    if isinstance(features, Table):
        shape, same = f"{len(features.columns)} columns", "columns" in source
        same = same and [c.name for c in features.columns] == [c["name"] for c in source["columns"]]
    else:
        size = features.values.shape[1:]
        shape, same = f"images of {_times(size)}", list(size) == source.get("image_shape")
    if not same:
        raise InputError(f"{named(data)} holds {shape}; the model needs {_expected(source)}")


def _expected(source: Mapping[str, Any]) -> str:
    if "columns" in source:
        return f"the {len(source['columns'])} columns it was trained on"
    return f"images of {_times(source['image_shape'])}"


def _times(shape: Any) -> str:
    return "x".join(str(size) for size in shape)

"""NumPy files: .npz archives, and .npy pairs, by the names of their arrays. No pickles.

Also turns any array of examples, of IDX files too, into features and its labels into codes.
"""

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.data.dataset import Column, Features, Images, Table
from crossent.data.files import named, read_all
from crossent.errors import InputError, quoted

FEATURES = ("x", "features", "images", "data")
LABELS = ("y", "labels", "label", "target", "targets")
PARTS = ("train", "test")
FEW_LEVELS = 16  # images of digits as scikit-learn bundles them have levels 0 .. 16


@dataclass(frozen=True, slots=True, eq=False)
class Arrays:
    """Examples, their labels if there are any, those of a test part of their own, class names."""

    x: NDArray[Any]
    y: NDArray[Any] | None
    x_test: NDArray[Any] | None = None
    y_test: NDArray[Any] | None = None
    classes: tuple[str, ...] | None = None


def read_npz(path: Path, features: str | None = None, target: str | None = None) -> Arrays:
    """Return the arrays of an .npz: x and y, X_train and y_train, features and labels, ...

    `features` and `target` name others. Raises InputError where they are missing, ambiguous,
    pickled, or the file is damaged.
    """
    archive = _archive(path)
    keys = list(archive.files)
    given = {role: key for role, key in (("features", features), ("labels", target)) if key}
    for key in given.values():
        if key not in keys:
            raise InputError(f"{named(path)} has no array {quoted(key)}; it has {quoted(keys)}")
    roles = find_roles(keys, path, given)
    return _of_roles(roles, lambda key: _guarded(path, lambda: archive[key]), path, keys)


def npz_names(path: Path) -> tuple[str, ...]:
    """Return the names of the arrays in an .npz."""
    return tuple(_archive(path).files)


def read_npy_folder(folder: Path) -> Arrays | None:
    """Return the arrays of a folder's .npy files (X.npy and y.npy, ...), None if it has none."""
    files = {path.stem: path for path in sorted(folder.glob("*.npy"))}
    if not files:
        return None
    return _of_roles(
        find_roles(list(files), folder), lambda key: read_npy(files[key]), folder, list(files)
    )


def read_npy_pair(path: Path) -> Arrays:
    """Return the examples in `path` and, from the file beside it, their labels if there is one."""
    roles = find_roles([path.stem], path)
    role, part = next(iter(roles), ("features", "train"))
    if role == "labels":
        raise InputError(
            f"{named(path)} holds labels; name the file of the features, such as X.npy"
        )
    beside = find_roles([other.stem for other in sorted(path.parent.glob("*.npy"))], path.parent)
    label = beside.get(("labels", part))
    return Arrays(read_npy(path), None if label is None else read_npy(path.parent / f"{label}.npy"))


def read_npy(path: Path) -> NDArray[Any]:
    """Return the array in an .npy file."""
    return _guarded(path, lambda: np.load(io.BytesIO(read_all(path)), allow_pickle=False))


def find_roles(
    keys: list[str], path: Path, given: Mapping[str, str] | None = None
) -> dict[tuple[str, str], str]:
    """Return which array is what: (features or labels, train or test) -> its name.

    `given` names the arrays of some roles; only the others are looked for.

    >>> find_roles(["x_train", "y_train", "notes"], Path("f.npz"))
    {('features', 'train'): 'x_train', ('labels', 'train'): 'y_train'}

    """
    given = given or {}
    roles = {(role, "train"): key for role, key in given.items()}
    for key in keys:
        words = key.lower().replace("-", "_").split("_")
        part = next((part for part in PARTS if part in words), "train")
        base = "_".join(word for word in words if word not in PARTS)
        for role, names in (("features", FEATURES), ("labels", LABELS)):
            if base in names and role not in given:
                other = roles.setdefault((role, part), key)
                if other != key:
                    raise InputError(
                        f"{named(path)} holds {quoted(other)} and {quoted(key)}; keep one of them "
                        f"for the {role}"
                    )
    return roles


def features_of(values: NDArray[Any], where: str) -> tuple[Features, tuple[str, ...]]:
    """Return an array of examples as features, and notices of what was guessed.

    (N, D): a table of numeric columns x0 ... ; (N, H, W), (N, H, W, C) or (N, C, H, W): images.
    """
    if values.dtype.kind not in "biuf":
        raise InputError(f"{where}: features must be numbers; got dtype {values.dtype}")
    if values.ndim not in (2, 3, 4) or 0 in values.shape:
        raise InputError(
            f"{where}: features must have the shape (N, D), (N, H, W) or (N, H, W, C), with one "
            f"row at least; got {values.shape}"
        )
    if values.dtype.kind == "f" and not (finite := np.isfinite(values)).all():
        row, *rest = (int(i) for i in np.argwhere(~finite)[0])
        raise InputError(
            f"{where}: features must be finite; row {row}, column {', '.join(map(str, rest))} has "
            f"{values[(row, *rest)]}"
        )
    if values.ndim > 2:
        return _images(values)
    transposed = np.ascontiguousarray(values.T, dtype=np.float64)
    return Table(tuple(Column(f"x{i}", "numeric", x) for i, x in enumerate(transposed))), ()


def _images(values: NDArray[Any]) -> tuple[Images, tuple[str, ...]]:
    notices: list[str] = []
    if values.ndim == 4 and values.shape[1] in (1, 3) and values.shape[3] not in (1, 3):
        values = np.ascontiguousarray(values.transpose(0, 2, 3, 1))
        notices.append("images read as (N, C, H, W), the channels before the height")
    if values.dtype == np.bool_:
        return Images(values.astype(np.uint8), 1.0), tuple(notices)
    most, least = float(values.max()), float(values.min())
    maximum = _maximum(most, least, whole=values.dtype.kind in "iu")
    if maximum != 255.0:
        notices.append(f"pixels from {least:g} to {most:g}: divided by {maximum:g}, not by 255")
    return Images(
        values if values.dtype == np.uint8 else values.astype(np.float32), maximum
    ), tuple(notices)


def _maximum(most: float, least: float, *, whole: bool) -> float:
    if least < 0.0 or (not whole and most <= 1.0):
        return 1.0
    if whole and most <= FEW_LEVELS:
        return max(most, 1.0)
    return 255.0 if most <= 255.0 else 65535.0 if most <= 65535.0 else most


def _of_roles(
    roles: Mapping[tuple[str, str], str],
    read: Callable[[str], NDArray[Any]],
    path: Path,
    keys: list[str],
) -> Arrays:
    if ("features", "train") not in roles:
        raise InputError(
            f"{named(path)} has no array of features, such as x or images; it has {quoted(keys)}"
        )
    order = [(role, part) for part in PARTS for role in ("features", "labels")]
    found = [read(roles[key]) if key in roles else None for key in order]
    x, y, x_test, y_test = found
    assert x is not None
    if y_test is None:
        x_test = None
    return Arrays(x, y, x_test, y_test if x_test is not None else None)


def _archive(path: Path) -> Any:
    archive = _guarded(path, lambda: np.load(io.BytesIO(read_all(path)), allow_pickle=False))
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise InputError(f"{named(path)} is no .npz archive; call it .npy")
    return archive


def _guarded(path: Path, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except InputError:
        raise
    except (ValueError, EOFError, OSError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        text = " ".join(str(error).split())[:120]
        if "allow_pickle" in text or "pickled" in text:
            text = "it holds Python objects, which are not read; save numbers or strings"
        raise InputError(f"{named(path)} is no NumPy file or is damaged: {text}") from None

"""The data sets known by name: digits (scikit-learn's own), mnist and fashion-mnist (IDX files).

Finds files in `$CROSSENT_DATA` and the user's cache; never downloads: it says what to put where.
"""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from crossent.data.arrays import Arrays
from crossent.data.files import named
from crossent.data.idx import find_pairs, read_idx
from crossent.errors import InputError, MissingExtraError

BUILTIN = ("digits", "mnist", "fashion-mnist")

FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
SHA256 = {
    "mnist": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
    "fashion-mnist": (
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
}
ORIGIN = {
    "mnist": "the MNIST database, http://yann.lecun.com/exdb/mnist/ "
    "(the same files: https://storage.googleapis.com/cvdf-datasets/mnist/)",
    "fashion-mnist": "Zalando's Fashion-MNIST, https://github.com/zalandoresearch/fashion-mnist",
}
# In the order of the codes 0 .. 9, as that project's README names them.
FASHION = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def read_builtin(name: str) -> Arrays:
    """Return the examples of a built-in set; InputError, saying what is missing, if not there."""
    if name == "digits":
        return _digits()
    folder = find_folder(name)
    pairs = find_pairs(folder)
    assert pairs is not None
    arrays = [
        read_idx(path)
        for pair in pairs
        if pair is not None
        for path in (pair.images, pair.labels)
        if path is not None
    ]
    if len(arrays) != len(FILES):
        raise InputError(_missing(name))
    if name == "fashion-mnist":
        labels = [np.array(FASHION)[codes.clip(0, len(FASHION) - 1)] for codes in arrays[1::2]]
        return Arrays(arrays[0], labels[0], arrays[2], labels[1], FASHION)
    return Arrays(arrays[0], arrays[1], arrays[2], arrays[3])


def find_folder(name: str) -> Path:
    """Return the first folder that holds a set: `$CROSSENT_DATA/<name>`, then the user's cache."""
    for folder in _folders(name):
        if folder.is_dir() and find_pairs(folder):
            return folder
    raise InputError(_missing(name))


def user_cache() -> Path:
    """Return the platform's folder for cached files of this program."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "crossent"


def _folders(name: str) -> list[Path]:
    shared = os.environ.get("CROSSENT_DATA")
    return [*([Path(shared) / name] if shared else []), user_cache() / name]


def _missing(name: str) -> str:
    files = ", ".join(
        f"{file} (sha256 {digest})" for file, digest in zip(FILES, SHA256[name], strict=True)
    )
    places = " or ".join(named(folder) for folder in _folders(name))
    return f"{name} is not here: put into {places} these files of {ORIGIN[name]}: {files}"


def _digits() -> Arrays:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingExtraError("scikit-learn, which holds the digits,", "sklearn") from None
    digits: Any = load_digits()
    return Arrays(digits["images"].astype(np.uint8), digits["target"].astype(np.int64))

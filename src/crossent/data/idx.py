"""IDX files, the format of MNIST: one array per file, .gz or not, and which files belong together.

Returns plain arrays; what they mean as examples is decided in `open`.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.data.files import named, read_all
from crossent.errors import InputError

DTYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
TEST_WORDS = ("t10k", "test")


@dataclass(frozen=True, slots=True)
class IdxPair:
    """A file of examples and the file of their labels, if there is one."""

    images: Path
    labels: Path | None


def read_idx(path: Path) -> NDArray[Any]:
    """Return the array in an IDX file, in its own shape and native byte order.

    Raises InputError, with the file's name, where the file is missing, no IDX, cut off or damaged.
    """
    data = read_all(path)
    if not is_idx(data):
        raise InputError(
            f"{named(path)} is no IDX file: it begins with {data[:4].hex(' ') or 'nothing'}, "
            "not with 00 00 and a type and a number of dimensions"
        )
    start = 4 + 4 * data[3]
    shape = tuple(int.from_bytes(data[at : at + 4], "big") for at in range(4, start, 4))
    dtype = np.dtype(DTYPES[data[2]])
    expected = start + math.prod(shape) * dtype.itemsize
    if len(data) != expected:
        raise InputError(
            f"{named(path)} is cut off or damaged: {'x'.join(map(str, shape))} values need "
            f"{expected:,} bytes; got {len(data):,}. Copy it again"
        )
    values = np.frombuffer(data, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def is_idx(head: bytes) -> bool:
    """Say whether a file that begins with `head` is IDX."""
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in DTYPES and 0 < head[3] < 16


def find_pair(images: Path) -> IdxPair:
    """Return a file of images with its labels: `labels` for `images` in the name, idx1 for idx3."""
    if "images" not in images.name:
        return IdxPair(images, None)
    bare = images.name.removesuffix(".gz").replace("images", "labels")
    for dimensions in "2345":
        bare = bare.replace(f"idx{dimensions}", "idx1")
    for name in (bare, f"{bare}.gz"):
        if (images.parent / name).is_file():
            return IdxPair(images, images.parent / name)
    return IdxPair(images, None)


def find_pairs(folder: Path) -> tuple[IdxPair, IdxPair | None] | None:
    """Return the main pair of a folder and its test pair (t10k or test), None if it has no IDX.

    `train-images-idx3-ubyte` and its plain form are the same files packed and not; the plain one
    is taken.
    """
    found = {path.name for path in folder.iterdir() if "images" in path.name and _looks_idx(path)}
    names = sorted(name for name in found if name.removesuffix(".gz") not in found - {name})
    test = [name for name in names if any(word in name for word in TEST_WORDS)]
    main = [name for name in names if name not in test]
    if not names:
        return None
    if not main:
        main, test = test, []
    if len(main) > 1 or len(test) > 1:
        raise InputError(f"{named(folder)} holds several sets of IDX files; name one: {names[0]}")
    return find_pair(folder / main[0]), find_pair(folder / test[0]) if test else None


def _looks_idx(path: Path) -> bool:
    return path.is_file() and (".idx" in path.name or "-idx" in path.name or "ubyte" in path.name)

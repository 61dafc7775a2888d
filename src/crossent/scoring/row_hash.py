"""Hashes of rows: what is drawn by them is random but repeatable.

A row is drawn by what it is and never by when it came: any order of files draws the same.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

# Groups of rows for the bootstrap: their sums vary as those of single rows do, and 1,024 of them
# give the standard error to 2 %.
GROUPS = 1024


def hashed(numbers: NDArray[np.int64], seed: int = 0) -> Hashes:
    """Return a 64-bit hash of every number: SplitMix64's finalizer (Stafford's variant 13)."""
    x = numbers.astype(np.uint64)
    x += np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) % 2**64)
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


def groups_of(numbers: NDArray[np.int64], *scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bootstrap group, 0 .. 1023, of every row, by its number and its scores.

    Not by its file: a file of another name has the same groups, and rows of one number in a
    thousand files, whose scores differ, have not.
    """
    mixed = hashed(numbers)
    for score in scores:
        mixed = hashed((mixed ^ np.ascontiguousarray(score).view(np.uint64)).view(np.int64))
    return (mixed >> np.uint64(54)).astype(np.int64)


def seed_of(source: str, seed: int = 0) -> int:
    """Return a seed for the rows of a file: rows of one number in two files are not tied."""
    digest = hashlib.blake2b(source.encode("utf-8", "surrogateescape"), digest_size=8)
    return int.from_bytes(digest.digest(), "little") ^ seed

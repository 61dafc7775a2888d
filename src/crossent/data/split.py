"""Stratified samples and splits, by seed.

Works on codes: shares of rows are kept class by class, and every class has a row in every part.
"""

import numpy as np
from numpy.typing import NDArray

from crossent.errors import InputError, quoted

Index = NDArray[np.int64]


def stratified_sample(labels: Index, size: int, seed: int) -> Index:
    """Return the sorted places of `size` of `labels` (N,), each class in its share, at least once.

    >>> labels = np.repeat([0, 1], [80, 20])
    >>> np.bincount(labels[stratified_sample(labels, 10, seed=0)])
    array([8, 2])

    """
    if size < 1 or size > len(labels):
        raise InputError(
            f"--rows must be from 1 to {len(labels):,}, the rows there are; got {size}"
        )
    counts = np.bincount(labels)
    taken = allocate(counts, size, least=1 if size >= np.count_nonzero(counts) else 0)
    return np.sort(
        np.concatenate([p[:n] for p, n in zip(_shuffled(labels, seed), taken, strict=True)])
    )


def split_three(
    labels: Index,
    test_size: float,
    validation_size: float,
    seed: int,
    classes: tuple[str, ...] | None = None,
    *,
    sampled: bool = False,
) -> tuple[Index, Index, Index]:
    """Return sorted places of the training, validation and test rows of `labels` (N,).

    The sizes are shares of all rows; a share of 0 gives an empty part. Every class gets at least
    one row in each part that is not empty; raises InputError, naming the class by `classes`, if it
    has too few. `sampled`: the labels are a sample, of which the message advises to take more.

    >>> [len(part) for part in split_three(np.repeat([0, 1], 50), 0.2, 0.1, seed=0)]
    [70, 10, 20]

    """
    for flag, share in (("test", test_size), ("validation", validation_size)):
        if not 0.0 <= share < 1.0:
            raise InputError(f"--{flag}-size must be from 0 to below 1; got {share:g}")
    if test_size + validation_size >= 1.0:
        raise InputError(
            f"--test-size {test_size:g} and --validation-size {validation_size:g} leave nothing "
            "to train on"
        )
    counts = np.bincount(labels)
    parts = 1 + (test_size > 0.0) + (validation_size > 0.0)
    _refuse_small(counts, parts, classes, "give more --rows, or " if sampled else "")
    test = _share(counts, test_size, len(labels), counts - parts + 1)
    validation = _share(counts, validation_size, len(labels), counts - test - 1)
    found: tuple[list[Index], ...] = ([], [], [])
    for places, t, v in zip(_shuffled(labels, seed), test, validation, strict=True):
        found[2].append(places[:t])
        found[1].append(places[t : t + v])
        found[0].append(places[t + v :])
    train, check, held = (np.sort(np.concatenate(part)) for part in found)
    return train, check, held


def allocate(counts: Index, total: int, *, least: int = 0, most: Index | None = None) -> Index:
    """Return how many of each class make `total` in proportion to `counts`, by largest remainder.

    Each class gets from min(least, count) to `most`; so the sum may exceed a small `total`.

    >>> allocate(np.array([70, 25, 5]), 10, least=1)
    array([7, 2, 1])

    """
    most = counts if most is None else most
    ideal = counts * (total / max(int(counts.sum()), 1))
    taken = np.clip(np.floor(ideal).astype(np.int64), np.minimum(least, counts), most)
    while (short := total - int(taken.sum())) > 0 and (taken < most).any():
        behind = np.where(taken < most, ideal - taken, -np.inf)
        order = np.argsort(-behind, kind="stable")[: min(short, int((taken < most).sum()))]
        taken[order] += 1
    floor = np.minimum(least, counts)
    while (over := int(taken.sum()) - total) > 0 and (taken > floor).any():
        ahead = np.where(taken > floor, taken - ideal, -np.inf)
        order = np.argsort(-ahead, kind="stable")[: min(over, int((taken > floor).sum()))]
        taken[order] -= 1
    return taken


def _share(counts: Index, share: float, rows: int, most: Index) -> Index:
    if share == 0.0:
        return np.zeros_like(counts)
    return allocate(counts, round(share * rows), least=1, most=np.maximum(most, 0))


def _shuffled(labels: Index, seed: int) -> list[Index]:
    """Return the places of each class in random order: one permutation, then sorted by class."""
    order = np.random.default_rng(seed).permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    return np.split(by_class, np.cumsum(np.bincount(labels))[:-1])


def _refuse_small(counts: Index, parts: int, classes: tuple[str, ...] | None, advice: str) -> None:
    small = np.flatnonzero((counts > 0) & (counts < parts))
    if not small.size:
        return
    names = [classes[i] if classes else str(i) for i in small.tolist()]
    told = ", ".join(
        f"{quoted(name, 40)} with {counts[i]}" for name, i in zip(names[:5], small, strict=False)
    )
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    flags = " ".join(f"--drop-class {quoted(name, 40)}" for name in names[:5])
    raise InputError(
        f"every class needs {parts} rows, one in each of {parts} parts; too small: {told}{more}; "
        f"{advice}leave out by {flags}{' ...' if more else ''}"
    )

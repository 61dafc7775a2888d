"""Small data sets and the helpers to train on them."""

import numpy as np
import pytest
import torch

from crossent.data.dataset import Column, Dataset, Images, Table


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def blobs(rows: int = 240, classes: int = 3, seed: int = 0) -> Dataset:
    """Three clouds of points in a table of two numeric columns and a categorical one."""
    generator = np.random.default_rng(seed)
    labels = np.arange(rows) % classes
    angle = 2 * np.pi * labels / classes
    centre = 2.0 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = centre + generator.normal(size=(rows, 2))
    colours = np.empty(rows, dtype=object)
    colours[:] = [("red", "green")[code % 2] for code in labels]
    return Dataset(
        name="blobs",
        features=Table(
            (
                Column("x", "numeric", points[:, 0]),
                Column("y", "numeric", points[:, 1]),
                Column("colour", "categorical", colours),
            )
        ),
        labels=labels.astype(np.int64),
        classes=tuple("abc"[:classes]),
        rows=np.arange(rows),
        source={"path": "blobs.csv"},
    )


def stripes(rows: int = 120, side: int = 8, seed: int = 0) -> Dataset:
    """Noisy images of horizontal (class 0) and vertical (class 1) stripes."""
    generator = np.random.default_rng(seed)
    labels = np.arange(rows) % 2
    line = 200 * (np.arange(side) % 2)
    images = np.where(labels[:, None, None] == 0, line[:, None], line[None, :])
    images = (images + generator.integers(0, 56, size=(rows, side, side))).astype(np.uint8)
    return Dataset(
        name="stripes",
        features=Images(images),
        labels=labels.astype(np.int64),
        classes=("across", "down"),
        rows=np.arange(rows),
    )


def parts(data: Dataset) -> tuple[Dataset, Dataset, Dataset]:
    """Three parts of rows in turn: three fifths, one, one."""
    place = np.arange(len(data)) // len(data.classes) % 5
    chosen = (place < 3, place == 3, place == 4)
    return tuple(data.take(np.flatnonzero(choice)) for choice in chosen)


@pytest.fixture
def table() -> tuple[Dataset, Dataset, Dataset]:
    return parts(blobs())


@pytest.fixture
def images() -> tuple[Dataset, Dataset, Dataset]:
    return parts(stripes())

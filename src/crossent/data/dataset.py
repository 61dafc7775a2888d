"""What a reader returns: features, labels and what belongs to each row.

Holds data only. Nothing here reads a file, guesses a type or scales a value.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Kind: TypeAlias = Literal["numeric", "categorical"]


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """Raw pixels, (N, H, W) or (N, H, W, C); `maximum` is the pixel value that becomes 1."""

    values: NDArray[Any]
    maximum: float = 255.0

    def __len__(self) -> int:
        return len(self.values)

    def take(self, index: NDArray[np.int64]) -> Self:
        """Return the images at `index`, in its order."""
        return replace(self, values=self.values[index])


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column: float64 with NaN for missing, or objects, `str` with None for missing."""

    name: str
    kind: Kind
    values: NDArray[Any]

    def take(self, index: NDArray[np.int64]) -> Self:
        """Return the column's values at `index`, in its order."""
        return replace(self, values=self.values[index])


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of equal length."""

    columns: tuple[Column, ...]

    def __len__(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    def take(self, index: NDArray[np.int64]) -> Self:
        """Return the rows at `index`, in its order."""
        return replace(self, columns=tuple(column.take(index) for column in self.columns))


Features: TypeAlias = Images | Table


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """New data for a trained model: the features it knows, and labels where the data has them.

    labels: int64 (N,) codes into the model's classes; rows: int64 (N,) numbers in the source.
    """

    name: str
    features: Features
    labels: NDArray[np.int64] | None
    rows: NDArray[np.int64]
    target_probs: NDArray[np.float64] | None = None
    weights: NDArray[np.float64] | None = None
    notices: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Labelled examples.

    labels: int64 (N,) codes into `classes` (the largest of `target_probs` for soft labels);
    target_probs: float64 (N, C); weights: float64 (N,); rows: int64 (N,), the number of each
    example in its source, from 0, which survives sampling and splitting; notices: what was
    guessed or left out, a line each; source: JSON values that `read_like` needs to read new
    data the same way.
    """

    name: str
    features: Features
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    rows: NDArray[np.int64]
    target_probs: NDArray[np.float64] | None = None
    weights: NDArray[np.float64] | None = None
    notices: tuple[str, ...] = ()
    source: dict[str, Any] = field(default_factory=dict[str, Any])

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.int64]) -> Self:
        """Return the examples at `index`, in its order; classes, notices and source stay."""
        return replace(
            self,
            features=self.features.take(index),
            labels=self.labels[index],
            rows=self.rows[index],
            target_probs=None if self.target_probs is None else self.target_probs[index],
            weights=None if self.weights is None else self.weights[index],
        )

"""Features -> the float32 array a network takes; fitted on the training part.

Images are divided by their largest pixel value. Table columns: numbers are standardised, a missing
one becomes the mean; categories become one column each, all zero where missing or never seen.
"""

from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossent.data.dataset import Column, Dataset, Features, Images, Table
from crossent.errors import InputError, quoted

# A standard deviation below this share of the mean is rounding, not variation (as scikit-learn).
CONSTANT = 10 * float(np.finfo(np.float64).eps)
LIMIT = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class NumberScale:
    """One numeric column: (value - mean) / scale; scale 0 marks a constant, which becomes 0."""

    name: str
    mean: float
    scale: float


@dataclass(frozen=True, slots=True)
class CategorySet:
    """One categorical column: a column of the output for each category seen in training."""

    name: str
    categories: tuple[str, ...]


ColumnRule: TypeAlias = NumberScale | CategorySet


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """What is done to features, learnt from the training part.

    columns: the rules of a table, in the order of its columns, () for images; image_shape: (H, W)
    or (H, W, C) of the raw images, None for a table; maximum: the pixel value that becomes 1.
    """

    columns: tuple[ColumnRule, ...] = ()
    image_shape: tuple[int, ...] | None = None
    maximum: float = 1.0

    @classmethod
    def fit(cls, train: Dataset) -> Self:
        """Learn means, standard deviations and categories from the training part."""
        features = train.features
        if isinstance(features, Images):
            return cls(image_shape=features.values.shape[1:], maximum=float(features.maximum))
        return cls(columns=tuple(_rule(column) for column in features.columns))

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example after `apply`: (D,) or (C, H, W)."""
        if self.image_shape is None:
            return (sum(_width(rule) for rule in self.columns),)
        height, width, *channels = self.image_shape
        return (channels[0] if channels else 1, height, width)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of a table, in the order of training."""
        return tuple(rule.name for rule in self.columns)

    def apply(self, features: Features) -> NDArray[np.float32]:
        """Return (N, *input_shape) float32; columns of a table are found by name.

        Raises InputError where a column is missing or of another kind, images differ in shape, or
        a pixel is no finite number.
        """
        if isinstance(features, Images):
            return self._images(features.values)
        if self.image_shape is not None:
            raise InputError(f"the model needs images of shape {self.image_shape}; got a table")
        given = {column.name: column for column in features.columns}
        out = np.zeros((self.input_shape[0], len(features)), dtype=np.float32)
        at = 0
        for rule in self.columns:
            width = _width(rule)
            _fill(out[at : at + width], rule, given.get(rule.name))
            at += width
        return np.ascontiguousarray(out.T)

    def to_json(self) -> dict[str, Any]:
        """Return plain values; `from_json` gives the same object back."""
        if self.image_shape is not None:
            shape = [int(size) for size in self.image_shape]
            return {"kind": "images", "image_shape": shape, "maximum": self.maximum}
        return {"kind": "table", "columns": [_rule_to_json(rule) for rule in self.columns]}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return what `to_json` wrote; InputError if it is something else."""
        try:
            if values["kind"] == "images":
                shape = tuple(int(size) for size in values["image_shape"])
                return cls(image_shape=shape, maximum=float(values["maximum"]))
            return cls(columns=tuple(_rule_from_json(rule) for rule in values["columns"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"the stored preprocessing is damaged: {quoted(repr(error))}"
            ) from None

    def _images(self, values: NDArray[Any]) -> NDArray[np.float32]:
        if self.image_shape is None:
            raise InputError(f"the model needs the columns of a table; got images {values.shape}")
        if values.shape[1:] != self.image_shape:
            raise InputError(
                f"the model needs images of shape {self.image_shape}; got {values.shape[1:]}"
            )
        scaled = _pixels(values, self.maximum)
        if scaled.ndim == 3:
            return scaled[:, None]
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def table_of(rules: tuple[ColumnRule, ...], columns: dict[str, Any]) -> Table:
    """Return values by column name, of any array type, as the table that `rules` expect."""
    made: list[Column] = []
    for rule in rules:
        if rule.name not in columns:
            raise InputError(f"the model needs the column {quoted(rule.name)}; it is not there")
        _check_column(rule.name, columns[rule.name])
        if isinstance(rule, NumberScale):
            made.append(Column(rule.name, "numeric", _numbers(rule.name, columns[rule.name])))
        else:
            made.append(Column(rule.name, "categorical", _texts(columns[rule.name])))
    if len({len(column.values) for column in made}) > 1:
        raise InputError("the columns must be of the same length")
    return Table(tuple(made))


def _check_column(name: str, values: Any) -> None:
    try:
        dimensions = np.ndim(values)
    except ValueError:  # lists of different lengths
        dimensions = 2
    if dimensions != 1:
        raise InputError(f"column {quoted(name)} must hold one value a row; got {quoted(values)}")


def _numbers(name: str, values: Any) -> NDArray[np.float64]:
    try:
        if isinstance(values, np.ma.MaskedArray):
            return np.ma.filled(values.astype(np.float64), np.nan)
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"column {quoted(name)} must hold numbers") from None


def _texts(values: Any) -> NDArray[np.object_]:
    found = list(values)
    texts = np.empty(len(found), dtype=object)
    texts[:] = [None if v is None or v is np.ma.masked or v != v else str(v) for v in found]
    return texts


def _pixels(values: NDArray[Any], maximum: float) -> NDArray[np.float32]:
    """Return pixels as shares of `maximum`; InputError naming the row of one that is no number."""
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float32), np.nan)
    if values.dtype.kind == "O":
        values = np.stack([_numeric_image(row, image) for row, image in enumerate(values)])
    if values.dtype.kind not in "biuf":
        raise InputError(f"pixels must be numbers; row 0 holds {values.dtype.name} values")
    with np.errstate(over="ignore"):
        scaled = np.divide(values, np.float32(maximum), dtype=np.float32, casting="same_kind")
    if values.dtype.kind == "f":
        bad = ~np.isfinite(scaled.reshape(len(scaled), -1)).all(axis=1)
        if bad.any():
            row = int(np.argmax(bad))
            raise InputError(f"pixels must be finite numbers; row {row} holds nan, inf or more")
    return scaled


def _numeric_image(row: int, image: NDArray[Any]) -> NDArray[np.float64]:
    try:
        return image.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(f"pixels must be numbers; row {row} holds something else") from None


def missing_notices(*parts: Features, most: int = 5) -> tuple[str, ...]:
    """Return a line for each numeric column of `parts` of which values are missing, and filled in.

    More than `most` columns share the last line.
    """
    tables = [part for part in parts if isinstance(part, Table)]
    rows = sum(map(len, tables))
    counts: dict[str, int] = {}
    for column in (column for table in tables for column in table.columns):
        missing = int(np.isnan(column.values).sum()) if column.kind == "numeric" else 0
        if missing:
            counts[column.name] = counts.get(column.name, 0) + missing
    filled = "taken as the mean of the training part"
    lines = [
        f"column {quoted(name)}: {missing:,} of {rows:,} values missing, {filled}"
        for name, missing in list(counts.items())[:most]
    ]
    if len(counts) > most:
        lines.append(f"{len(counts) - most:,} more columns with missing values, {filled}")
    return tuple(lines)


def _rule(column: Column) -> ColumnRule:
    if column.kind == "categorical":
        return CategorySet(column.name, tuple(sorted(set(column.values.tolist()) - {None})))
    values = column.values[~np.isnan(column.values)]
    size = float(np.abs(values).max(initial=0.0))
    if size == 0.0:
        return NumberScale(column.name, 0.0, 0.0)
    # Divided by the largest first: the square of 1e200 would not be finite.
    share = values / size
    mean, spread = float(share.mean()), float(share.std())
    scale = spread * size if spread > CONSTANT * abs(mean) else 0.0
    return NumberScale(column.name, mean * size, scale)


def _fill(out: NDArray[np.float32], rule: ColumnRule, column: Column | None) -> None:
    if column is None:
        raise InputError(f"the model needs the column {quoted(rule.name)}; it is not there")
    kind = "numeric" if isinstance(rule, NumberScale) else "categorical"
    if column.kind != kind:
        raise InputError(
            f"column {quoted(rule.name)} is {column.kind}; the model was trained on a {kind} one"
        )
    if isinstance(rule, NumberScale) and np.isinf(column.values).any():
        row = int(np.argmax(np.isinf(column.values)))
        raise InputError(f"column {quoted(rule.name)} must be finite; row {row} holds inf")
    if isinstance(rule, CategorySet):
        places = {category: i for i, category in enumerate(rule.categories)}
        found = np.array([places.get(text, -1) for text in column.values.tolist()], dtype=np.int64)
        rows = np.flatnonzero(found >= 0)
        out[found[rows], rows] = 1.0
    elif rule.scale:
        with np.errstate(over="ignore"):
            values = (column.values - rule.mean) / rule.scale
        out[0] = np.clip(np.where(np.isnan(values), 0.0, values), -LIMIT, LIMIT)


def _width(rule: ColumnRule) -> int:
    return len(rule.categories) if isinstance(rule, CategorySet) else 1


def _rule_to_json(rule: ColumnRule) -> dict[str, Any]:
    if isinstance(rule, CategorySet):
        return {"name": rule.name, "kind": "categorical", "categories": list(rule.categories)}
    return {"name": rule.name, "kind": "numeric", "mean": rule.mean, "scale": rule.scale}


def _rule_from_json(values: dict[str, Any]) -> ColumnRule:
    if values["kind"] == "categorical":
        return CategorySet(values["name"], tuple(values["categories"]))
    return NumberScale(values["name"], float(values["mean"]), float(values["scale"]))

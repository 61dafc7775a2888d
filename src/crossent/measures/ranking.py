"""What each column of a table says about the labels, the most telling column first."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crossent.measures.contingency import Codes, codes, contingency, is_missing
from crossent.measures.samples import entropy_of, gain, miller_madow, ratio
from crossent.measures.units import Unit, nats

MOST_NUMBERS = 20  # different numbers that are taken one by one: codes, ratings, small counts
UNIQUE = (
    "{values:,} values in {rows:,} rows: nearly one a row. A gain here says nothing about new rows."
)
CONSTANT = "one value in every row"


class Ranked(NamedTuple):
    """What one column says about the labels, in the unit asked for."""

    name: str
    gain: float
    share: float  # of the entropy of the labels
    gain_ratio: float
    corrected: float  # the gain after Miller and Madow; may be below 0
    values: int  # different values or bins, what is missing counted as one
    kind: Literal["categories", "bins"]
    missing: int  # rows
    note: str  # what a reader should know before trusting the gain; often empty


def rank_columns(
    columns: Mapping[str, Any],
    labels: Any,
    *,
    bins: int = 10,
    unit: Unit = "nats",
    base: float | None = None,
) -> list[Ranked]:
    """Return what each column says about the labels, the largest information gain first.

    Equivalent: ``information_gain(labels, column)`` of each column, numbers being cut into bins.

    Numbers of more than 20 different values are cut at their quantiles into at most `bins` bins of
    about equally many rows, equal numbers staying together. Everything else are categories. What
    is missing (None, NaN) is a category of its own: that a value is missing may tell something.
    The gain of a column with many values is high by chance alone. `corrected` allows for it where
    most pairs of value and label occur several times, `gain_ratio` favours columns of few values,
    and `note` says where nearly every row has a value of its own, which nothing can correct.

    Args:
        columns: name to values, shape (N,) each: lists or arrays of numbers, text,
            dates (datetime64).
        labels: values, shape (N,); what is missing is a label of its own.
        bins: at most so many for a column of numbers, at least 2.
        unit: "nats" or "bits" for `gain` and `corrected`. base: of the logarithm, instead.

    Returns:
        A `Ranked` for each column; those of equal gain stay in their order.

    Raises:
        ValueError: a column without one value for each label, fewer than 2 bins, another unit.

    >>> table = {"wind": [1, 2, 1, 2], "sky": ["sun", "sun", "rain", "rain"]}
    >>> [(one.name, one.gain) for one in rank_columns(table, ["y", "y", "n", "n"], unit="bits")]
    [('sky', 1.0), ('wind', 0.0)]

    """
    nat = nats(unit, base)
    if bins < 2:
        raise ValueError(f"bins must be at least 2; got {bins}")
    known = codes(labels, "labels")[1]
    ranked = [_rank(name, values, known, bins, nat) for name, values in columns.items()]
    return sorted(ranked, key=lambda one: -one.gain)


def _rank(name: str, values: Any, labels: Codes, bins: int, nat: float) -> Ranked:
    title = f"column {name!r}"
    distinct, places = codes(values, title)
    # `codes` puts what is missing last, as one value.
    gaps = int(len(distinct) > 0 and is_missing(distinct[-1]))
    present = len(distinct) - gaps
    missing = int((places == present).sum())
    numeric = present > MOST_NUMBERS and _are_numbers(distinct[:present])
    if numeric:
        places = equal_mass(places, present, bins)
    cells = contingency(labels, places, names=("labels", title))
    value, entropy = gain(cells), entropy_of(cells.x, cells.counts)
    return Ranked(
        name=name,
        gain=value / nat,
        share=ratio(value, entropy),
        gain_ratio=ratio(value, entropy_of(cells.y, cells.counts)),
        corrected=(value + miller_madow(cells)) / nat,
        values=len(cells.y_values),
        kind="bins" if numeric else "categories",
        missing=missing,
        note=_note(len(cells.y_values), len(labels)),
    )


def _are_numbers(distinct: NDArray[Any]) -> bool:
    """Say whether sorted values are numbers or dates, which can be cut by their order."""
    if distinct.dtype.kind != "O":
        return distinct.dtype.kind in "iufmM"
    return all(isinstance(one, (int, float, np.number)) for one in distinct)


def equal_mass(places: Codes, present: int, bins: int) -> Codes:
    """Return the bin of each row from the place of its value among the sorted ones.

    What is missing, at the place `present`, goes to a bin of its own, the last.
    """
    inside = np.sort(places[places < present])
    # The last value of each bin but the last: at least k / bins of the rows are up to it.
    ends = np.unique(inside[-(-np.arange(1, bins) * len(inside) // bins) - 1])
    return np.where(places < present, np.searchsorted(ends, places), len(ends) + 1)


def _note(values: int, rows: int) -> str:
    if values == 1:
        return CONSTANT
    return UNIQUE.format(values=values, rows=rows) if 2 * values > rows else ""

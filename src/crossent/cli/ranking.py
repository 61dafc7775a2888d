"""The columns of a file ranked by information gain about its labels, as `report.ranking` shows it.

The gain, its corrections and its intervals are those of `crossent.measures`.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crossent.cli.distributions import unit_name
from crossent.cli.labelled_table import LabelledTable, read_labelled
from crossent.measures import entropy, from_counts
from crossent.measures.contingency import codes
from crossent.measures.intervals import Interval, bootstrap_interval
from crossent.measures.ranking import Ranked, equal_mass, rank_columns
from crossent.measures.samples import information_gain
from crossent.report.ranking import Ranking

if TYPE_CHECKING:
    from crossent.cli.measure import TableFlags

BINS = 10


def rank(path: Path, flags: "TableFlags", scale: Mapping[str, Any], top: int | None) -> Ranking:
    """Read the file and rank its columns; intervals, if asked for, for the first `top` of them."""
    table = read_labelled(path, flags.label, flags.columns, flags.ignore)
    bins = BINS if flags.bins is None else flags.bins
    columns = {column.name: column.values for column in table.columns}
    ranked = rank_columns(columns, table.labels, bins=bins, **scale)
    shares = from_counts(np.bincount(table.labels))
    return Ranking(
        file=str(path),
        label=table.label,
        rows=len(table.labels),
        label_values=len(table.classes),
        label_entropy=float(entropy(shares, **scale)),
        unit=unit_name(**scale),
        columns=ranked,
        intervals=_intervals(table, ranked[:top], bins, scale) if flags.intervals else {},
        notices=table.notices,
    )


def _intervals(
    table: LabelledTable, ranked: list[Ranked], bins: int, scale: Mapping[str, Any]
) -> dict[str, Interval]:
    """Return the intervals of all columns but those whose gain says nothing: a value a row."""
    values = {column.name: column.values for column in table.columns}
    gain = partial(information_gain, **scale)
    return {
        one.name: bootstrap_interval(gain, table.labels, _ranked_as(values[one.name], one, bins))
        for one in ranked
        if 2 * one.values <= len(table.labels)
    }


def _ranked_as(values: NDArray[Any], one: Ranked, bins: int) -> NDArray[Any]:
    """Return the values as `rank_columns` counted them: numbers by their bins."""
    if one.kind != "bins":
        return values
    places = codes(values, one.name)[1]
    present = len(np.unique(values[~np.isnan(values)]))
    return equal_mass(places, present, bins)

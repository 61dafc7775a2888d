"""Columns ranked by what they say about a label, for a terminal and as JSON."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from crossent.measures.intervals import Interval
from crossent.measures.ranking import Ranked
from crossent.report.measure import significant
from crossent.report.plain_table import cell_width, on_the_point, table
from crossent.report.words import cut, number, percent, visible

NAME_WIDTH = 40
NARROWEST_NAME = 12
ABOVE = "the interval lies above the gain: so many values say much by chance; see corrected"


class Ranking(NamedTuple):
    """Columns of a table, the most telling first, and what they are ranked by."""

    file: str
    label: str
    rows: int
    label_values: int
    label_entropy: float
    unit: str
    columns: Sequence[Ranked]
    intervals: Mapping[str, Interval]
    notices: Sequence[str] = ()


def text(ranking: Ranking, width: int, top: int | None = None) -> str:
    """Return the label's line and a table of its first `top` columns, then the notes."""
    shown = ranking.columns[:top]
    limit = max(NARROWEST_NAME, min(NAME_WIDTH, width // 3))
    names = [cut(visible(one.name), limit) for one in shown]
    parts = {f"gain ({ranking.unit})": _numbers([one.gain for one in shown])}
    if ranking.intervals:
        bounds = [ranking.intervals.get(one.name) for one in shown]
        parts["95% from"] = _numbers([None if one is None else one.low for one in bounds])
        parts["to"] = _numbers([None if one is None else one.high for one in bounds])
    parts |= {
        "share": [percent(one.share) for one in shown],
        "gain ratio": _numbers([one.gain_ratio for one in shown]),
        "corrected": _numbers([one.corrected for one in shown]),
        "values": [_values(one) for one in shown],
        "missing": [f"{one.missing:,}" for one in shown],
    }
    top_line = (
        f"{cut(visible(ranking.label), NAME_WIDTH)}: {ranking.rows:,} rows, "
        f"{ranking.label_values:,} values, entropy {significant(ranking.label_entropy)} "
        f"{ranking.unit}"
    )
    rows = list(zip(names, *parts.values(), strict=True))
    lines = [top_line, "", *table(["column", *parts], rows, width)]
    if len(ranking.columns) > len(shown):
        hidden = len(ranking.columns) - len(shown)
        lines.append(f"and {hidden:,} more: --top {len(ranking.columns)} shows them")
    notes = [
        f"{cut(visible(one.name), NAME_WIDTH)}: {note}"
        for one in shown
        for note in (one.note, _above(one, ranking.intervals))
        if note
    ]
    notes += map(visible, ranking.notices)
    lines += ["", *(f"note  {note}" for note in notes)] if notes else []
    return "\n".join(_wrapped(lines, width)) + "\n"


def record(ranking: Ranking, top: int | None = None) -> dict[str, Any]:
    """Return the ranking as a record of JSON: all columns, or the first `top`."""
    columns: list[dict[str, Any]] = []
    for one in ranking.columns[:top]:
        columns.append(one._asdict())
        if one.name in ranking.intervals:
            columns[-1]["interval"] = [float(end) for end in ranking.intervals[one.name]]
    whole = ranking._asdict() | {"columns": columns}
    del whole["intervals"]
    return whole


def _numbers(values: Sequence[float | None]) -> list[str]:
    return on_the_point(["" if value is None else number(value) for value in values])


def _values(one: Ranked) -> str:
    return f"{one.values:,} bins" if one.kind == "bins" else f"{one.values:,}"


def _above(one: Ranked, intervals: Mapping[str, Interval]) -> str:
    interval = intervals.get(one.name)
    return ABOVE if interval is not None and interval.low > one.gain else ""


def _wrapped(lines: Sequence[str], width: int) -> Iterator[str]:
    """Yield lines no longer than `width`; those of the table are, and keep their blanks."""
    for line in lines:
        if cell_width(line) <= width:
            yield line
        else:
            yield from textwrap.wrap(line, width, subsequent_indent="      ")

"""Measures of one distribution or of two, for a terminal and as JSON; the sums term by term.

Formats what it is given; the measures are computed in `cli.distributions`.
"""

import json
import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from crossent.report.plain_table import on_the_point, table
from crossent.scoring.record import dump_number


class Measured(NamedTuple):
    """One measure: its name, the call that gives it, its value and unit, why it is infinite."""

    name: str
    call: str
    value: float
    unit: str
    why: str = ""


class Column(NamedTuple):
    """A column of a table of outcomes: its head, its numbers, what its last row says, if anything.

    whole: the numbers are whole, or infinite, and shown without decimals.
    """

    head: str
    values: Sequence[float]
    total: float | None = None
    whole: bool = False


def significant(value: float) -> str:
    """Return six significant digits; infinity as inf.

    >>> significant(0.5), significant(123456.0), significant(1e-9), significant(math.inf)
    ('0.500000', '123456', '1.00000e-09', 'inf')

    """
    # Adding 0 takes the sign off -0.0, the entropy of what is certain.
    return f"{value + 0.0:#.6g}".replace(".e", "e").removesuffix(".")


def measures_text(measures: Sequence[Measured], width: int) -> str:
    """Return a line for each measure: name, value, unit; two lines where `width` is too small."""
    names = max(len(one.name) for one in measures)
    values = on_the_point([significant(one.value) for one in measures])
    ends = [f"{value} {one.unit}".rstrip() for value, one in zip(values, measures, strict=True)]
    beside = names + 2 + max(map(len, ends)) <= width
    lines: list[str] = []
    for one, end in zip(measures, ends, strict=True):
        line = f"{one.name:<{names}}  {end}"
        why = f"  {one.why}" if one.why else ""
        if not beside:
            lines += [one.name, f"  {significant(one.value)} {one.unit}".rstrip()]
            lines += [why] if why else []
        elif len(line + why) <= width:
            lines.append(line + why)
        else:
            lines += [line, why]
    return "\n".join(lines) + "\n"


def terms_text(title: str, columns: Sequence[Column], width: int, last: str = "sum") -> str:
    """Return a table with a row for each outcome and a last one for the totals."""
    cells = [_terms(column) for column in columns]
    outcomes = [*map(str, range(len(columns[0].values))), last]
    head = ["outcome", *(column.head for column in columns)]
    return "\n".join([title, *table(head, list(zip(outcomes, *cells, strict=True)), width)]) + "\n"


def codes_text(columns: Sequence[Column], width: int) -> str:
    """Return the table of code lengths and how their means stand to the entropy."""
    lines = terms_text("code lengths in bits", columns, width, "mean, p")
    mean = {column.head: column.total for column in columns}
    entropy, cross = mean["ideal p"], mean.get("ideal q")
    bounds = [
        f"H(p) {_bits(entropy)} <= Huffman p {_bits(mean['Huffman p'])} "
        f"<= Shannon p {_bits(mean['Shannon p'])} < H(p) + 1"
    ]
    if cross is not None and cross < math.inf:
        bounds.append(
            f"H(p, q) {_bits(cross)} <= Shannon q {_bits(mean['Shannon q'])} < H(p, q) + 1"
        )
    wrapped = [textwrap.fill(bound, width, subsequent_indent="  ") for bound in bounds]
    return lines + "\n" + "\n".join(wrapped) + "\n"


def record(
    p: Sequence[float],
    q: Sequence[float] | None,
    positions: Sequence[float] | None,
    measures: Sequence[Measured],
    terms: Sequence[Column] | None,
    words: Sequence[Column] | None,
    *,
    unit: str,
) -> dict[str, Any]:
    """Return all of it as a record of JSON; what was not asked for is not in it."""
    whole = {
        "unit": unit,
        "p": p,
        "q": q,
        "positions": positions,
        "measures": measures_record(measures),
        "terms": None if terms is None else terms_record(terms),
        "code_lengths": None if words is None else terms_record(words),
    }
    return {name: value for name, value in whole.items() if value is not None}


def to_json(record: Mapping[str, Any]) -> str:
    """Return strict JSON in full precision; infinity is the string "inf", as in reports."""
    return json.dumps(_strict(record), indent=1, allow_nan=False) + "\n"


def measures_record(measures: Sequence[Measured]) -> dict[str, Any]:
    """Return the measures by the calls of the API that give them."""
    return {
        one.call: {"value": one.value, "unit": one.unit or None}
        | ({"why": one.why} if one.why else {})
        for one in measures
    }


def terms_record(columns: Sequence[Column]) -> dict[str, Any]:
    """Return the columns of a table of terms, each with its total where it has one."""
    return {
        column.head: {"terms": list(column.values)}
        | ({} if column.total is None else {"total": column.total})
        for column in columns
    }


def _terms(column: Column) -> list[str]:
    cells = [f"{value:.0f}" if column.whole else _decimals(value) for value in column.values]
    return on_the_point([*cells, "" if column.total is None else _decimals(column.total)])


def _decimals(value: float) -> str:
    """Return six decimals; three digits of what they would not show."""
    return f"{value + 0.0:.6f}" if value == 0 or abs(value) >= 1e-4 else f"{value:.2e}"


def _strict(value: Any) -> Any:
    if isinstance(value, float):
        return value + 0.0 if math.isfinite(value) else dump_number(value)
    if isinstance(value, Mapping):
        return {str(key): _strict(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(entry) for entry in value]
    return value


def _bits(value: float | None) -> str:
    return "" if value is None else significant(value)

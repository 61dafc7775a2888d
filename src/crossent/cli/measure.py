"""`crossent measure`: measures of distributions, or columns ranked by what they say. No torch."""

import math
import shutil
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Group, Parameter

from crossent.cli.flags import LIST, flag
from crossent.errors import InputError, quoted

EXAMPLES = """\
Examples:
  crossent measure --p 0.1,0.7,0.2 --q 0.1,0.6,0.3
  crossent measure --p 10,70,20 --counts --unit bits --explain
  crossent measure iris.csv --label species --unit bits"""

PAIR = Group("Distributions", sort_key=1)
TABLE = Group("Columns of a table", sort_key=2)
BOTH = Group("Both", sort_key=3)
NARROWEST = 40
TOP = 20

app = App(name="measure", help_prologue=EXAMPLES)


def _switch(group: Group, help_line: str) -> Parameter:
    return flag(group, help_line, show_default=False)


def _numbers(help_line: str) -> Parameter:
    return flag(PAIR, help_line, allow_leading_hyphen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFlags:
    """The flags of `crossent measure --p`."""

    p: Annotated[str | None, _numbers("Probabilities, as 0.1,0.7,0.2 or 10%,70%,20%.")] = None
    q: Annotated[str | None, _numbers("As many of another distribution: a model, a code.")] = None
    counts: Annotated[bool, _switch(PAIR, "The numbers are counts: divide by their sum.")] = False
    positions: Annotated[
        str | None, _numbers("Where the outcomes lie on a line (Wasserstein). Default: 0,1,2,...")
    ] = None
    explain: Annotated[
        bool, _switch(PAIR, "Print the sums term by term, and the lengths of code words.")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFlags:
    """The flags of `crossent measure FILE`."""

    label: Annotated[str | None, flag(TABLE, "Column of the labels, by name or number.")] = None
    columns: Annotated[
        tuple[str, ...], flag(TABLE, "Columns to rank, as a,b or 'p_*'; all by default.", **LIST)
    ] = ()
    ignore: Annotated[tuple[str, ...], flag(TABLE, "Columns to leave out, as a,b.", **LIST)] = ()
    bins: Annotated[
        int | None, flag(TABLE, "Bins of a column of many different numbers. Default: 10.")
    ] = None
    top: Annotated[
        int | None, flag(TABLE, f"Columns to show. Default: {TOP}; with --json all.")
    ] = None
    intervals: Annotated[
        bool, _switch(TABLE, "Add 95% intervals of the gain, from 1000 resamples of the rows.")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFlags:
    """The flags of both."""

    unit: Annotated[Literal["nats", "bits"], flag(BOTH, "Unit of information.")] = "nats"
    base: Annotated[
        float | None, flag(BOTH, "Base of the logarithms, instead of a unit; 10 is hartleys.")
    ] = None
    json: Annotated[bool, _switch(BOTH, "Print JSON, in full precision.")] = False

    def scale(self) -> dict[str, Any]:
        """Return the unit and the base as the measures take them."""
        if self.base is not None and not 1 < self.base < math.inf:
            raise InputError(f"--base must be a number above 1; got {self.base:g}")
        return {"unit": self.unit, "base": self.base}


@app.default
def run(
    *file: Annotated[Path, Parameter(group=TABLE)],
    pair: Annotated[PairFlags, Parameter("*")] = PairFlags(),
    table: Annotated[TableFlags, Parameter("*")] = TableFlags(),
    output: Annotated[OutputFlags, Parameter("*")] = OutputFlags(),
) -> None:
    """Measure distributions, or rank the columns of a table by what they say about a label.

    Parameters
    ----------
    file
        CSV or Parquet file to rank the columns of, by information gain about --label.
    """
    width = max(shutil.get_terminal_size().columns, NARROWEST)
    if file:
        # More than one "file", or one beside --p, are numbers with blanks between them.
        path, *more = file
        commas = "; numbers are joined by commas without blanks, as 0.1,0.7,0.2, or quoted"
        lists = any(text is not None for text in (pair.p, pair.q, pair.positions))
        _refuse_set(
            pair, f"and FILE {quoted(str(path))} exclude each other{commas if lists else ''}"
        )
        if more:
            raise InputError(f"one argument too many: {quoted(str(more[0]))}")
        text = _of_table(path, table, output, width)
    else:
        _refuse_set(table, "is for the columns of a table; name its FILE")
        text = _of_pair(pair, output, width)
    print(text, end="")


def _of_pair(pair: PairFlags, output: OutputFlags, width: int) -> str:
    if pair.p is None:
        _refuse_set(pair, "needs --p with the probabilities of a distribution")
        raise InputError("give probabilities, as --p 0.1,0.7,0.2, or a FILE and its --label")
    from crossent.cli.distributions import code_lengths, measured, terms, unit_name
    from crossent.cli.numbers import read_pair
    from crossent.report import measure as report

    scale = output.scale()
    p, q, positions = read_pair(pair.p, pair.q, pair.positions, counts=pair.counts)
    found = measured(p, q, positions, scale)
    sums = terms(p, q, scale) if pair.explain else None
    words = code_lengths(p, q) if pair.explain else None
    unit = unit_name(**scale)
    if output.json:
        return report.to_json(report.record(p, q, positions, found, sums, words, unit=unit))
    text = report.measures_text(found, width)
    if sums and words:
        text += "\n" + report.terms_text(f"terms, logarithms in {unit}", sums, width)
        text += "\n" + report.codes_text(words, width)
    return text


def _of_table(file: Path, flags: TableFlags, output: OutputFlags, width: int) -> str:
    from crossent.cli.ranking import rank
    from crossent.report import ranking
    from crossent.report.measure import to_json

    _refuse_below(flags.bins, 2, "--bins")
    _refuse_below(flags.top, 1, "--top")
    top = flags.top if flags.top is not None or output.json else TOP
    found = rank(file, flags, output.scale(), top)
    return to_json(ranking.record(found, top)) if output.json else ranking.text(found, width, top)


def _refuse_set(flags: PairFlags | TableFlags, why: str) -> None:
    """Refuse a flag of the other use of the command: `--p` beside FILE, `--label` without."""
    for field in fields(flags):
        if getattr(flags, field.name) != field.default:
            raise InputError(f"--{field.name} {why}")


def _refuse_below(value: int | None, least: int, name: str) -> None:
    if value is not None and value < least:
        raise InputError(f"{name} must be at least {least}; got {value}")

"""`crossent evaluate`: files of predictions, from any model, to numbers and a report. No torch."""

import difflib
import shutil
import sys
from collections.abc import Sequence
from typing import Annotated

from cyclopts import App, Parameter

from crossent.cli.evaluation.flags import COLUMNS, AskedFlags, ColumnFlags, names
from crossent.errors import InputError, quoted

EXAMPLES = """\
Examples:
  crossent evaluate predictions.parquet
  crossent evaluate 'part-*.csv' --label truth --prob 'prob_*' --json
  crossent evaluate new.parquet --baseline old.parquet --fail-above 0.35
  crossent evaluate new.parquet --merge 'pet=cat,dog' --suggest-merges
  crossent evaluate new.parquet --pairs 20 --export-pair cat,dog rows.csv"""

NARROWEST = 40
# A hyphen alone is standard input; `_check_names` refuses other names that begin with one.
FILE = Parameter(
    group=COLUMNS,
    help="CSV, Parquet, JSONL or NPZ file; a pattern; - for standard input; saved statistics.",
    allow_leading_hyphen=True,
)
MORE = Parameter(group=COLUMNS, help="More files, scored together.", allow_leading_hyphen=True)

app = App(name="evaluate", help_prologue=EXAMPLES)


@app.default
def run(
    file: Annotated[str, FILE],
    /,
    *more: Annotated[str, MORE],
    columns: Annotated[ColumnFlags, Parameter("*")] = ColumnFlags(),  # noqa: B008  frozen
    asked: Annotated[AskedFlags, Parameter("*")] = AskedFlags(),  # noqa: B008  frozen
) -> int:
    """Score predictions, from any model."""
    from crossent.cli.evaluation.job import evaluate
    from crossent.report import text
    from crossent.report.comparison import difference_lines
    from crossent.report.json import to_json
    from crossent.report.merges import merge_lines, merges_table
    from crossent.report.pairs import pairs_table

    _check_names((file, *more))
    done = evaluate((file, *more), columns, asked, _quiet if asked.json else _announce)
    report, width = done.report, _width()
    if asked.json:
        print(to_json(report, **({} if asked.pairs is None else {"pairs": asked.pairs})), end="")
    else:
        print(text.render(report, part="log"), end="")
        if report.before is not None:
            print("\n" + merge_lines(report.before, report.evaluation, width), end="")
        if report.difference is not None:
            print("\n" + difference_lines(report.difference, width), end="")
        if asked.pairs is not None:
            print("\n" + pairs_table(report.evaluation, asked.pairs, width), end="")
        if asked.suggest_merges:
            print("\n" + merges_table(report.merges, width, report.evaluation), end="")
        print(*done.lines, sep="\n", end="\n" if done.lines else "")
    return failed(report.evaluation.log_loss, asked.fail_above)


def _check_names(files: Sequence[str]) -> None:
    for name in files:
        if name.startswith("-") and name != "-":
            known = [*names(ColumnFlags), *names(AskedFlags)]
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise InputError(f"Unknown option: {quoted(name)}.{hint} See: crossent evaluate --help")


def _announce(taken: Sequence[str]) -> None:
    from crossent.report.named_line import named_line

    print(*named_line("read", "; ".join(taken), _width()), sep="\n", flush=True)


def _quiet(taken: Sequence[str]) -> None:
    """Leave standard output to the JSON."""


def _width() -> int:
    return max(shutil.get_terminal_size().columns, NARROWEST)


def failed(log_loss: float, limit: float | None) -> int:
    """Return 1, and say so, where the log loss is not known to be as low as it has to be."""
    if limit is None or log_loss <= limit:
        return 0
    sys.stdout.flush()
    sys.stderr.write(
        f"crossent: the log loss, {log_loss:.6g} nats, is above --fail-above {limit:g}\n"
    )
    return 1

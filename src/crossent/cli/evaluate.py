"""`crossent evaluate`: a file of predictions, from any model, to numbers and a report. No torch."""

import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import App

from crossent.cli.flags import SWITCH

EXAMPLES = """\
Examples:
  crossent evaluate predictions.parquet
  crossent evaluate scores.csv --label truth --prob 'prob_*' --json"""

app = App(name="evaluate", help_prologue=EXAMPLES)


@app.default
def run(
    predictions: Path,
    /,
    *,
    label: str | None = None,
    prob: str | None = None,
    weights: str | None = None,
    report: Path | None = None,
    json: Annotated[bool, SWITCH] = False,
    force: Annotated[bool, SWITCH] = False,
) -> None:
    """Score a file of predictions, from any model.

    Parameters
    ----------
    predictions
        CSV or Parquet file with the label and the probability of every class, a row each.
    label
        Column of the labels; `label` by default.
    prob
        Columns of the probabilities, such as 'p_*' (the default); the rest of a name is the class.
    weights
        Column of the weights of the rows; `weight` by default, where the file has it.
    report
        HTML file to write the report to.
    json
        Print the whole report as JSON.
    force
        Overwrite the file of --report.
    """
    from crossent.cli.new_file import check_new, write_text
    from crossent.cli.score import score
    from crossent.data.predictions import PredictionOptions, read_predictions
    from crossent.report import html, text
    from crossent.report import json as report_json
    from crossent.report.model import SOFT_LABELS, Report

    check_new(report, "--report", force=force)
    found = read_predictions(predictions, PredictionOptions(label, prob, weights))
    result = Report(
        title=predictions.name,
        evaluation=score(found),
        command=_command(predictions, label=label, prob=prob, weights=weights),
        notices=() if found.target_probs is None else (SOFT_LABELS,),
    )
    if report is not None:
        write_text(report, html.render(result), "--report")
    print(report_json.to_json(result) if json else text.render(result, part="log"), end="")
    if report is not None and not json:
        print(f"report      {report}")


def _command(predictions: Path, **flags: str | None) -> str:
    words = ["crossent", "evaluate", str(predictions)]
    for name, value in flags.items():
        words += [] if value is None else [f"--{name}", value]
    return shlex.join(words)

"""`crossent predict`: a trained model's predictions for new data, to a new file."""

import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import App

from crossent.cli.flags import SWITCH

EXAMPLES = """\
Examples:
  crossent predict runs/digits-1 digits
  crossent predict runs/iris-1 new.csv --out new-predictions.csv"""

app = App(name="predict", help_prologue=EXAMPLES)


@app.default
def run(
    run: Path,
    data: str,
    /,
    *,
    out: Path = Path("predictions.parquet"),
    force: Annotated[bool, SWITCH] = False,
) -> None:
    """Write a trained model's predictions for new data.

    Parameters
    ----------
    run
        Folder that `crossent train` wrote.
    data
        What to predict: anything `crossent train` reads, labels or not.
    out
        File to write: CSV or Parquet, by its suffix.
    force
        Overwrite the file of --out.
    """
    from crossent.cli.errors import require
    from crossent.cli.new_file import check_new

    require("torch")
    check_new(out, "--out", force=force)

    from crossent.data.open import read_like
    from crossent.data.predictions.write import write_predictions
    from crossent.data.preprocess import missing_notices
    from crossent.estimators.artifact import load
    from crossent.estimators.predictions import predictions

    model = load(run)
    examples = read_like(data, model.source, model.classes)
    write_predictions(out, predictions(model, examples))
    for notice in (*examples.notices, *missing_notices(examples.features)):
        print(f"notice      {notice}")
    print(f"predicted   {len(examples):,} rows of {data}")
    print(f"file        {out}")
    if examples.labels is not None:
        print(f"score them  {shlex.join(['crossent', 'evaluate', str(out)])}")

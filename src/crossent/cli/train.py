"""`crossent train`: read, split, train, and leave a run: model, numbers, predictions, report."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from crossent.cli.config import apply_config
from crossent.cli.flags import DATA, TrainFlags

if TYPE_CHECKING:
    from crossent.cli.parts import Parts
    from crossent.estimators.history import Epoch
    from crossent.estimators.settings import TrainSettings
    from crossent.estimators.train import TrainedRun

EXAMPLES = """\
Examples:
  crossent train digits
  crossent train iris.csv --target species --model linear
  crossent train mnist --model cnn --epochs 10 --out runs/cnn"""

app = App(name="train", help_prologue=EXAMPLES, config=apply_config)


@app.default
def run(
    data: Annotated[str, Parameter(group=DATA)],
    *,
    flags: Annotated[TrainFlags, Parameter("*")] = TrainFlags(),  # noqa: B008  frozen
) -> int:
    """Train a classifier and report what it gets wrong.

    Parameters
    ----------
    data
        digits, mnist, fashion-mnist, or a file or folder: CSV, Parquet, NumPy, IDX.
    """
    from crossent.cli.errors import require
    from crossent.cli.parts import describe, read_parts
    from crossent.cli.run_folder import building, check_free

    require("torch")
    if flags.out is not None:
        check_free(flags.out)
    settings = flags.settings()
    parts = read_parts(data, flags)
    print(*describe(parts), sep="\n", flush=True)
    from crossent.cli.outputs import write_run
    from crossent.report import text

    with building(flags.out, parts.train.name) as (folder, final):
        trained = _train(parts, settings, folder, tensorboard=flags.tensorboard)
        report = write_run(folder, data, flags, parts, trained)
    history = trained.history
    if history.kept_epoch < len(history.epochs):
        kept = f"{history.kept_epoch} of {len(history.epochs)}, the lowest validation loss"
        print(f"kept        epoch {kept}")
    print(text.render(report), end="")
    print(f"report      {final / 'report.html'}")
    if not history.interrupted:
        return 0
    again = shlex.join(["crossent", "train", "--config", str(final / "config.json")])
    print(f"interrupted in epoch {len(history.epochs)}; to train in full: {again}")
    return 128 + trained.stopped_by


def _train(
    parts: "Parts", settings: "TrainSettings", folder: Path, *, tensorboard: bool
) -> "TrainedRun":
    from crossent.cli.progress import watching
    from crossent.estimators.run_log import RunLog
    from crossent.estimators.train import train

    rows = len(parts.train)
    epochs = settings.resolved(rows).epochs or 1
    events = folder / "tensorboard" if tensorboard else None
    with RunLog(folder / "log.jsonl", tensorboard=events) as log, watching(epochs, rows) as watcher:

        def on_epoch(epoch: "Epoch") -> None:
            log.write(epoch.to_dict())
            watcher.on_epoch(epoch)

        return train(
            parts.train,
            parts.validation,
            parts.test,
            settings,
            on_step=watcher.on_step,
            on_epoch=on_epoch,
        )

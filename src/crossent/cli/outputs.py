"""The files of a run, apart from `log.jsonl`, which grows while it trains.

Each part of the data is scored here, once; how a file is laid out is decided where it is written.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crossent._version import __version__
from crossent.cli import config
from crossent.cli.flags import TrainFlags
from crossent.cli.parts import Parts, facts
from crossent.cli.score import FILE, score
from crossent.data.predictions.write import write_predictions
from crossent.estimators.artifact import save
from crossent.estimators.predictions import predictions
from crossent.estimators.train import TrainedRun
from crossent.report import html
from crossent.report.model import SOFT_LABELS, Report
from crossent.scoring.scores import Scores


def write_run(
    folder: Path, data: str, flags: TrainFlags, parts: Parts, trained: TrainedRun
) -> Report:
    """Write everything that a run leaves into `folder`, and return its report."""
    answers = trained.test or predictions(trained.classifier, parts.test)
    report = _report(data, flags, parts, trained, score(answers))
    settings = trained.classifier.settings.to_dict()
    ended = {
        "interrupted": trained.history.interrupted,
        "stopped_early": trained.history.stopped_early,
        "epochs": len(trained.history.epochs),
        "kept_epoch": trained.history.kept_epoch,
    }
    save(folder, trained.classifier, {"crossent": __version__, **ended})
    config.write(folder / "config.json", {"data": data, **asdict(flags), **settings, "out": None})
    write_predictions(folder / FILE, answers)
    metrics = {"test": summary(report.evaluation)}
    for name, part in (("validation", parts.validation), ("train", parts.train)):
        if len(part):
            metrics[name] = summary(score(predictions(trained.classifier, part)))
    _write_json(folder / "metrics.json", {**metrics, **ended})
    (folder / "report.html").write_text(html.render(report), encoding="utf-8")
    return report


def _report(
    data: str, flags: TrainFlags, parts: Parts, trained: TrainedRun, evaluation: Scores
) -> Report:
    notices = parts.train.notices
    if parts.test.target_probs is not None:
        notices = (SOFT_LABELS, *notices)
    if trained.history.interrupted:
        notices = ("Training was interrupted: the model is as it was then.", *notices)
    return Report(
        title=parts.train.name,
        evaluation=evaluation,
        curves=tuple(epoch.to_dict() for epoch in trained.history.epochs),
        settings=trained.classifier.settings.to_dict(),
        data=facts(data, parts),
        command=flags.command(data),
        notices=notices,
    )


def summary(evaluation: Scores) -> dict[str, Any]:
    """Return the numbers of an evaluation, without its tables: nats, bits, shares, rows."""
    whole = evaluation.to_dict()
    return {name: value for name, value in whole.items() if not isinstance(value, list)}


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

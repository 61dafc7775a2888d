"""What `crossent evaluate` does between its flags and its printed lines: read, count, write."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossent.cli.class_names import join_names
from crossent.cli.evaluation.files import (
    check_apart_from,
    check_files,
    load_all,
    merge_into,
    opened_like,
    split_files,
    written,
)
from crossent.cli.evaluation.flags import AskedFlags, ColumnFlags, command
from crossent.cli.evaluation.notices import MOST_STEPS, notices
from crossent.cli.evaluation.passes import Chosen, Found, Task, count, score_steps
from crossent.cli.evaluation.scorer import scorer_of
from crossent.cli.progress import counting_rows
from crossent.data.files import named
from crossent.data.labels import listed
from crossent.data.predictions.batch import said
from crossent.data.predictions.stream import PredictionStream, open_predictions
from crossent.errors import InputError, quoted
from crossent.report.model import Report
from crossent.scoring.merging.merge import Merge, merge_classes
from crossent.scoring.merging.order import Step, suggest_merges
from crossent.scoring.scores import Scores
from crossent.scoring.tally import Tally


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A report, and a line for every file written."""

    report: Report
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """What is open: saved statistics, predictions, those of the baseline."""

    saved: Tally | None
    stream: PredictionStream | None
    baseline: PredictionStream | None


def evaluate(
    files: Sequence[str],
    columns: ColumnFlags,
    asked: AskedFlags,
    announce: Callable[[Sequence[str]], None],
) -> Evaluated:
    """Score the files and write what is asked for; `announce` is told first what is read."""
    asked.check()
    groups, exports = asked.groups(), asked.exports()
    saved, others = split_files(files)
    check_files(saved, others, columns, asked)
    with ExitStack() as stack:
        opened = _open(stack, saved, others, columns, asked)
        stream = opened.stream
        taken = _taken(saved, opened)
        merge, found = None, None
        if stream is not None:
            if exports and not stream.predicts:
                raise InputError(
                    f"{exports[0][3]} needs labels and predictions; beside --logprob name their "
                    "columns with --label and --prediction"
                )
            merge = _merge(stream.classes, groups)
            left = stream.classes if merge is None else merge.classes
            chosen = tuple(_chosen(left, *export[:4]) for export in exports)
            task = Task(
                stream.classes,
                scorer_of(stream),
                merge,
                None if opened.baseline is None else scorer_of(opened.baseline),
                chosen,
            )
            announce(taken)
            with counting_rows() as watch:
                found = count(task, stream, opened.baseline, watch)
        else:
            announce(taken)
        if found is not None and saved:
            check_apart_from(saved, found.tally, others[0])
        tally = _whole(opened.saved, found, others)
        scores = tally.result()
        steps = _steps(tally, scores, merge, opened) if asked.suggest_merges else ()
        report = Report(
            title=_title(files),
            evaluation=scores,
            data=_facts(files, taken, groups),
            command=command(files, columns, asked),
            notices=notices(tally, scores, stream, steps, named=bool(columns.classes)),
            bins=asked.bins,
            before=None if found is None or found.before is None else found.before.result(),
            merges=steps,
            difference=None
            if found is None or found.comparison is None
            else found.comparison.result(),
        )
        with written(asked, found, stream, tally, _page(asked, report)) as lines:
            pass
    return Evaluated(report, tuple(lines))


def _open(
    stack: ExitStack,
    saved: Sequence[str],
    others: Sequence[str],
    columns: ColumnFlags,
    asked: AskedFlags,
) -> _Opened:
    options = columns.options()
    tally, stream, baseline = load_all(saved), None, None
    if others and tally is None:
        stream = stack.enter_context(open_predictions(others, options))
    elif others and tally is not None:
        stream = stack.enter_context(opened_like(others, options, tally.classes, named(saved[0])))
    if asked.baseline is not None and stream is not None:
        whose = said(stream.sources[0])
        like = opened_like([asked.baseline], options, stream.classes, whose)
        baseline = stack.enter_context(like)
    return _Opened(tally, stream, baseline)


def _merge(classes: tuple[str, ...], groups: dict[str, tuple[str, ...]]) -> Merge | None:
    if not groups:
        return None
    try:
        merge = merge_classes(classes, groups)
    except InputError as error:
        raise InputError(f"--merge: {error}") from None
    if len(merge.classes) < 2:
        raise InputError("--merge leaves one class, which is always right; leave two at least")
    return merge


def _chosen(classes: tuple[str, ...], true: str, predicted: str, both: bool, flag: str) -> Chosen:
    codes: list[int] = []
    for name in (true, predicted):
        if name not in classes:
            raise InputError(
                f"{flag}: {quoted(name)} is not among the classes; they are {listed(classes)}"
            )
        codes.append(classes.index(name))
    return Chosen(codes[0], codes[1], both)


def _whole(saved: Tally | None, found: Found | None, others: Sequence[str]) -> Tally:
    if found is None:
        assert saved is not None
        return saved
    if saved is not None:
        merge_into(found.tally, saved, others[0])
    return found.tally


def _steps(tally: Tally, scores: Scores, merge: Merge | None, opened: _Opened) -> tuple[Step, ...]:
    """Return the merges to suggest, scored on all rows where these hold what is needed."""
    steps = suggest_merges(scores, MOST_STEPS)
    told = tally.told or frozenset()
    rows = opened.stream is not None and opened.saved is None
    if not (steps and rows and "probabilities" in told):
        return steps
    assert opened.stream is not None
    with counting_rows() as watch:
        return score_steps(steps, merge, opened.stream, watch)


def _page(asked: AskedFlags, report: Report) -> str | None:
    if asked.report is None:
        return None
    from crossent.report import html

    return html.render(report)


def _taken(saved: Sequence[str], opened: _Opened) -> list[str]:
    lines = [] if opened.stream is None else [*opened.stream.taken]
    if saved:
        lines.append(f"saved statistics from {listed(saved)}")
    return lines


def _title(files: Sequence[str]) -> str:
    if len(files) > 1:
        return f"{len(files)} files"
    return "standard input" if files[0] == "-" else Path(files[0]).name


def _facts(
    files: Sequence[str], taken: Sequence[str], groups: dict[str, tuple[str, ...]]
) -> dict[str, Any]:
    facts: dict[str, Any] = {"files": list(files), "read": list(taken)}
    if groups:
        facts["merged"] = [
            f"{join_names([new])}={join_names(members)}" for new, members in groups.items()
        ]
    return facts

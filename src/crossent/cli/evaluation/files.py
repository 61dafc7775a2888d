"""What `crossent evaluate` reads, saved statistics and predictions apart, and what it writes."""

import hashlib
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from crossent.cli.evaluation.flags import AskedFlags, ColumnFlags, given_names
from crossent.cli.evaluation.passes import Found
from crossent.cli.new_file import check_apart, check_new, new_file
from crossent.data.files import named
from crossent.data.labels import listed
from crossent.data.predictions.batch import said
from crossent.data.predictions.options import PredictionOptions
from crossent.data.predictions.spool import expanded
from crossent.data.predictions.stream import PredictionStream, open_predictions
from crossent.data.predictions.table_file import SUFFIXES
from crossent.errors import InputError, quoted
from crossent.scoring.stats_file import is_stats, load_stats, save_stats
from crossent.scoring.tally import Tally

NAMED = ("worst.", "examples.")  # statistics of rows by the names of their files
OF_ROWS = ("--baseline", "--merge", "--export-pair", "--export-cell")


def split_files(files: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the files of saved statistics and those of predictions; patterns are filled in."""
    saved: list[str] = []
    others: list[str] = []
    for name in expanded(files):
        (saved if name != "-" and is_stats(Path(name)) else others).append(name)
    return saved, others


def check_files(
    saved: Sequence[str], others: Sequence[str], columns: ColumnFlags, asked: AskedFlags
) -> None:
    """Refuse flags that the files cannot serve, and outputs that would destroy something."""
    if saved:
        _refuse_rows(saved[0], others, columns, asked)
    if len({Path(name).resolve() for name in saved}) < len(saved):
        raise InputError("the same saved statistics are named twice; their rows would count twice")
    baseline = [] if asked.baseline is None else split_files([asked.baseline])
    if baseline and baseline[0]:
        raise InputError(
            f"--baseline {named(baseline[0][0])} holds saved statistics; a difference needs rows"
        )
    if asked.baseline == "-" and "-" in others:
        raise InputError("FILES and --baseline cannot both be standard input")
    for *_, flag, path in asked.exports():
        if not path.name.lower().endswith(SUFFIXES):
            raise InputError(f"{flag} {quoted(str(path))}: name it .parquet, .csv or .csv.gz")
    outputs = asked.outputs()
    check_apart(outputs, [*saved, *others, *(name for part in baseline for name in part)])
    for path, flag in outputs:
        check_new(path, flag, force=asked.force)


def load_all(saved: Sequence[str]) -> Tally | None:
    """Return the statistics of all files together, None of none."""
    whole: Tally | None = None
    seen: list[str] = []
    for name in saved:
        part = load_stats(Path(name))
        print_ = fingerprint(part)
        if print_ in seen:
            raise InputError(_twice(name, saved[seen.index(print_)]))
        seen.append(print_)
        if whole is None:
            whole = part
        else:
            merge_into(whole, part, name)
    return whole


def fingerprint(tally: Tally) -> str:
    """Return a digest of statistics: the same for the same rows, whatever their files are called.

    Rows that are different, in two files, do not add up to the same 1,024 groups of sums.
    """
    head, arrays = tally.state()
    digest = hashlib.sha256(repr(sorted(head.items())).encode())
    for name, array in sorted(arrays.items()):
        if not name.startswith(NAMED):
            digest.update(f"{name}{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def check_apart_from(saved: Sequence[str], rows: Tally, source: str) -> None:
    """Refuse statistics of the very rows that are read beside them."""
    print_ = fingerprint(rows)
    for name in saved:
        if fingerprint(load_stats(Path(name))) == print_:
            raise InputError(_twice(name, source))


def _twice(name: str, other: str) -> str:
    return (
        f"{named(name)} holds the statistics of the same rows as {said(other)}; they would count "
        "twice"
    )


def merge_into(whole: Tally, part: Tally, name: str) -> None:
    """Add statistics to others; InputError that names the file."""
    try:
        whole.merge(part)
    except InputError as error:
        raise InputError(f"{named(name)}: {error}") from None


@contextmanager
def opened_like(
    files: Sequence[str], options: PredictionOptions, classes: tuple[str, ...], whose: str
) -> Generator[PredictionStream]:
    """Open predictions that must have `classes`, in that order whatever the order of the files."""
    with ExitStack() as stack:
        stream = stack.enter_context(open_predictions(files, options))
        # Those of target-only files are the labels that occur: fewer, perhaps.
        fits = set(stream.classes) == set(classes) or (
            not stream.columns and set(stream.classes) < set(classes)
        )
        if fits and stream.lists and stream.classes != classes:
            raise InputError(
                f"{named(stream.sources[0])} has lists in the order {listed(stream.classes)}, and "
                f"{whose} has {listed(classes)}; only columns can be put in another order"
            )
        if not fits or (stream.classes != classes and "-" in files):
            raise InputError(
                f"{named(stream.sources[0])} has the classes {listed(stream.classes)}, and {whose} "
                f"{listed(classes)}; --classes can name them for both"
            )
        if stream.classes != classes:
            options = replace(options, classes=classes, names_only=True)
            stream = stack.enter_context(open_predictions(files, options))
        yield stream


@contextmanager
def written(
    asked: AskedFlags,
    found: Found | None,
    stream: PredictionStream | None,
    tally: Tally,
    page: str | None,
) -> Generator[list[str]]:
    """Write every file that is asked for, all of them or, if the block fails, none; yield lines."""
    lines: list[str] = []
    with ExitStack() as stack:
        for place, (*_, flag, path) in enumerate(asked.exports()):
            assert stream is not None
            assert found is not None
            partial = stack.enter_context(new_file(path, flag))
            try:
                rows = stream.export(found.rows(place), partial)
            except InputError as error:
                raise InputError(str(error).replace(partial.name, path.name)) from None
            lines.append(f"exported    {rows:,} {'row' if rows == 1 else 'rows'} to {path}")
        if asked.save_stats is not None:
            save_stats(stack.enter_context(new_file(asked.save_stats, "--save-stats")), tally)
            lines.append(f"statistics  {asked.save_stats}")
        if asked.report is not None and page is not None:
            partial = stack.enter_context(new_file(asked.report, "--report"))
            partial.write_text(page, encoding="utf-8")
            lines.append(f"report      {asked.report}")
        yield lines


def _refuse_rows(
    saved: str, others: Sequence[str], columns: ColumnFlags, asked: AskedFlags
) -> None:
    needed = [name for name in given_names(asked) if name in OF_ROWS]
    needed += [] if others else given_names(columns)
    if needed:
        raise InputError(
            f"{needed[0]} needs the rows; {named(saved)} holds saved statistics, without rows"
        )

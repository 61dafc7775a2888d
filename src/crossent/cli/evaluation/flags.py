"""The flags of `crossent evaluate`, grouped as its help shows them.

What the columns mean is decided by `data`, what is asked of the scores by `scoring`.
"""

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Group, Parameter

from crossent.cli.class_names import join_names, parse_merge, parse_pair
from crossent.cli.flags import class_list, flag, merge_texts
from crossent.data.predictions.options import Kind, PredictionOptions
from crossent.errors import InputError, quoted

COLUMNS = Group("What the columns are", sort_key=1)
ASKED = Group("What is asked", sort_key=2)
CONFUSIONS = Group("Confusions", sort_key=3)
OUTPUT = Group("Output", sort_key=4)

BINS = 15
NUMBERS = ("--baseline", "--bins", "--merge", "--suggest-merges")  # change what a report says


def _switch(group: Group, help_line: str) -> Parameter:
    return flag(group, help_line, show_default=False)


def _list(group: Group, help_line: str, **options: Any) -> Parameter:
    return flag(group, help_line, show_default=False, **options)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFlags:
    """The flags that say what the columns of the files are."""

    label: Annotated[
        str | None, flag(COLUMNS, "Column of the labels, by name or number. Default: label.")
    ] = None
    prob: Annotated[
        str | None,
        flag(
            COLUMNS,
            "Columns of the probabilities, as 'p_*' (the rest of a name is the class), or a column "
            "of lists, or of one number: that of the second of two classes. Default: p_* or alike.",
        ),
    ] = None
    logprob: Annotated[
        str | None,
        flag(COLUMNS, "Column of the log-probability of the label alone, natural logarithm."),
    ] = None
    prediction: Annotated[
        str | None, flag(COLUMNS, "With --logprob: column of the predicted classes.")
    ] = None
    classes: Annotated[
        tuple[str, ...],
        _list(COLUMNS, "Classes in the order of the lists, as a,b,c.", converter=class_list),
    ] = ()
    kind: Annotated[
        Kind | None, flag(COLUMNS, "What the numbers are. Default: probs, or as their name says.")
    ] = None
    normalize: Annotated[bool, _switch(COLUMNS, "Divide each row by its sum.")] = False
    where: Annotated[
        str | None, flag(COLUMNS, "Rows to score: an SQL condition, as 'split = 3'.")
    ] = None
    weights: Annotated[
        str | None, flag(COLUMNS, "Column of the weights of the rows. Default: weight, if there.")
    ] = None
    soft_labels: Annotated[
        str | None, flag(COLUMNS, "Columns of soft labels, as 'q_*', or a column of lists.")
    ] = None
    words: Annotated[
        str | None, flag(COLUMNS, "With --logprob: column of the words a row stands for.")
    ] = None
    bytes: Annotated[
        str | None, flag(COLUMNS, "With --logprob: column of the bytes a row stands for.")
    ] = None

    def options(self) -> PredictionOptions:
        """Return the flags as the reader takes them."""
        given: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        given["classes"] = self.classes or None
        return PredictionOptions(**given)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFlags:
    """The flags that say what is to be found out."""

    baseline: Annotated[
        str | None,
        flag(ASKED, "Predictions of the same rows by another model: print the difference."),
    ] = None
    fail_above: Annotated[
        float | None,
        flag(
            ASKED,
            "Exit with 1 when the log loss, in nats, is above this.",
            allow_leading_hyphen=True,
        ),
    ] = None
    bins: Annotated[int, flag(ASKED, "Bins of the calibration, a divisor of 25,200.")] = BINS

    pairs: Annotated[int | None, flag(CONFUSIONS, "Print this many confusions, in a table.")] = None
    merge: Annotated[
        tuple[str, ...],
        _list(
            CONFUSIONS,
            "Score classes as one, as 'new=a,b'; may be repeated.",
            converter=merge_texts,
        ),
    ] = ()
    suggest_merges: Annotated[
        bool, _switch(CONFUSIONS, "Print which classes to merge, and what each merge costs.")
    ] = False
    export_pair: Annotated[
        tuple[tuple[str, Path], ...],
        _list(CONFUSIONS, "A,B FILE: write the rows of A taken for B or B for A; repeatable."),
    ] = ()
    export_cell: Annotated[
        tuple[tuple[str, Path], ...],
        _list(CONFUSIONS, "TRUE,PREDICTED FILE: write the rows of that cell; may be repeated."),
    ] = ()

    report: Annotated[Path | None, flag(OUTPUT, "HTML file to write the report to.")] = None
    save_stats: Annotated[
        Path | None, flag(OUTPUT, "File to write the statistics to; such files can be FILES.")
    ] = None
    json: Annotated[bool, _switch(OUTPUT, "Print everything as JSON.")] = False
    force: Annotated[bool, _switch(OUTPUT, "Overwrite files that are there.")] = False

    def check(self) -> None:
        """Refuse numbers that make no sense, before anything is read."""
        from crossent.scoring.calibration import check_bins

        if self.fail_above is not None and not 0 <= self.fail_above < math.inf:
            raise InputError(f"--fail-above must be a number of nats; got {self.fail_above:g}")
        if self.pairs is not None and self.pairs < 1:
            raise InputError(f"--pairs must be at least 1; got {self.pairs}")
        try:
            check_bins(self.bins)
        except InputError as error:
            raise InputError(f"--bins: {error}") from None

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Return the classes to merge, by new name."""
        found: dict[str, tuple[str, ...]] = {}
        for text in self.merge:
            new, members = parse_merge(text)
            if new in found:
                raise InputError(
                    f"--merge names {quoted(new)} twice; list all of its classes at once"
                )
            found[new] = members
        return found

    def exports(self) -> tuple[tuple[str, str, bool, str, Path], ...]:
        """Return class, predicted class, whether both ways, flag and file of every export."""
        return tuple(
            (*_pair(text, name), both, name, path)
            for name, both, given in (
                ("--export-pair", True, self.export_pair),
                ("--export-cell", False, self.export_cell),
            )
            for text, path in given
        )

    def outputs(self) -> list[tuple[Path, str]]:
        """Return every file to write, with its flag."""
        given = ((self.report, "--report"), (self.save_stats, "--save-stats"))
        found = [(path, name) for path, name in given if path is not None]
        return [*found, *((path, name) for *_, name, path in self.exports())]


def given_names(flags: ColumnFlags | AskedFlags) -> list[str]:
    """Return the names of the flags that are not at their defaults, as they are written."""
    both = zip(names(type(flags)), fields(flags), strict=True)
    return [name for name, field in both if getattr(flags, field.name) != field.default]


def names(flags: type[ColumnFlags | AskedFlags]) -> list[str]:
    """Return the names of the flags as they are written."""
    return [f"--{field.name.replace('_', '-')}" for field in fields(flags)]


def command(files: Sequence[str], columns: ColumnFlags, asked: AskedFlags) -> str:
    """Return the command line that prints the same numbers: no flag of a file to write."""
    words = ["crossent", "evaluate", *files]
    for flags in (columns, asked):
        for name, field in zip(names(type(flags)), fields(flags), strict=True):
            value = getattr(flags, field.name)
            if value != field.default and (flags is columns or name in NUMBERS):
                words += _words(name, value)
    return shlex.join(words)


def _words(name: str, value: object) -> list[str]:
    if value is True:
        return [name]
    if isinstance(value, tuple):
        texts = [join_names(value)] if name == "--classes" else [*map(str, value)]
    else:
        texts = [str(value)]
    given = ([f"{name}={text}"] if text.startswith("-") else [name, text] for text in texts)
    return [word for words in given for word in words]


def _pair(text: str, name: str) -> tuple[str, str]:
    try:
        found = parse_pair(text)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    if name == "--export-pair" and found[0] == found[1]:
        raise InputError(
            f"{name} needs two different classes; got {quoted(text)}; rows of a class that are "
            "right are those of --export-cell"
        )
    return found

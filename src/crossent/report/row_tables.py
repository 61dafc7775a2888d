"""The tables of a page that are a work list: confused pairs with rows of each, the worst rows."""

import math
from collections.abc import Sequence

from crossent.report.named_line import percent_range
from crossent.report.tables import Name, arrow, escape, side_by_side, table
from crossent.report.words import MISSING, count, cut, number, percent, probability, visible
from crossent.scoring.scores import Scores

EXAMPLES = 3
FILE_LENGTH = 28
FULL_LENGTH = 500


def pairs_tables(evaluation: Scores, name: Name, most: int) -> list[str]:
    """Return the `most` frequent directed confusions, twelve a table; none without errors."""
    of = len(evaluation.cells.wrong().count)
    rows = [
        (
            arrow(name(pair.true), name(pair.predicted)),
            count(pair.count),
            percent(pair.share_of_true),
            number(pair.log_loss),
        )
        for pair in evaluation.pairs(most)
    ]
    heads = ("true → predicted", "count", "of the true class", "mean loss")
    return side_by_side(heads, rows, names=1, of=f"of {of:,} pairs")


def work_list(evaluation: Scores, name: Name, most: int, files: Sequence[str]) -> str:
    """Return the `most` confused pairs in either direction, with rows to look at."""
    pairs = evaluation.pairs(most, symmetric=True)
    if not pairs:
        return ""
    rows = [
        (
            f'{name(pair.true)} <span class="to">↔</span> {name(pair.predicted)}',
            count(pair.count),
            percent(pair.share_of_true),
            percent_range(pair.low, pair.high),
            number(pair.log_loss),
            _direction(evaluation, pair.true, pair.predicted, files),
            _direction(evaluation, pair.predicted, pair.true, files),
        )
        for pair in pairs
    ]
    heads = (
        "pair", "count", "of both classes", "95% interval", "mean loss",
        "first taken for second", "second taken for first",
    )  # fmt: skip
    caption = "Both directions together, then each with some of its rows"
    return table(f"{caption}{_in(files)}", heads, rows, names=1)


def worst_tables(evaluation: Scores, name: Name, files: Sequence[str]) -> list[str]:
    """Return the rows of largest loss, in one table or in two that stand side by side.

    Columns that are unknown in every row are left out; `files` of several are a column.
    """
    worst = evaluation.worst
    columns = {"row": [f'<span class="whole">{row.row}</span>' for row in worst]}
    if len(evaluation.cells.count):
        columns["true → predicted"] = [_labels(row.label, row.prediction, name) for row in worst]
    elif evaluation.classes:
        columns["label"] = [name(row.label) for row in worst]
    if len(files) > 1:
        columns["file"] = [file_name(row.source, files) for row in worst]
    names = len(columns)
    columns["P(true)"] = [probability(row.probability) for row in worst]
    if any(not math.isnan(row.confidence) for row in worst):
        columns["P(predicted)"] = [percent(row.confidence) for row in worst]
    columns["loss"] = [number(row.loss) for row in worst]
    of = f"of {evaluation.rows:,} rows{_in(files)}"
    rows = list(zip(*columns.values(), strict=True))
    return side_by_side(list(columns), rows, names=names, of=of)


def files_of(evaluation: Scores, most: int) -> tuple[str, ...]:
    """Return the files that the worst rows and the rows behind the `most` first pairs are of."""
    found = {row.source for row in evaluation.worst}
    for pair in evaluation.pairs(most, symmetric=True):
        for names in ((pair.true, pair.predicted), (pair.predicted, pair.true)):
            found.update(source for source, _ in evaluation.examples(*names))
    return tuple(sorted(found - {""}))


def file_name(source: str, files: Sequence[str]) -> str:
    """Return a file name as HTML: without folders that all `files` share, of a long one the end."""
    full = visible(source)
    short = visible(source[_shared_folders(files) :])
    if len(short) > FILE_LENGTH:
        short = f"…{short[1 - FILE_LENGTH :]}"
    title = "" if short == full else f' title="{escape(cut(full, FULL_LENGTH))}"'
    return f"<bdi{title}>{escape(short)}</bdi>"


def _shared_folders(files: Sequence[str]) -> int:
    """Return how many characters at the start of all `files` are folders of all of them."""
    shared = 0
    if len(files) > 1:
        for level in zip(*(file.split("/")[:-1] for file in files), strict=False):
            if len(set(level)) > 1:
                break
            shared += len(level[0]) + 1
    return shared


def _direction(evaluation: Scores, true: str, predicted: str, files: Sequence[str]) -> str:
    pair = _pair(evaluation, true, predicted)
    if pair is None:
        return MISSING
    rows: dict[str, list[str]] = {}
    drawn = evaluation.examples(true, predicted)  # by file: every third of ten are of more files
    for source, row in drawn[:: max(1, len(drawn) // EXAMPLES)][:EXAMPLES]:
        rows.setdefault(source, []).append(str(row))
    parts = [
        f"{file_name(source, files) + ':' if len(files) > 1 else 'rows'} {', '.join(numbers)}"
        for source, numbers in rows.items()
    ]
    below = f"<small>{'; '.join(parts)}</small>" if parts else ""
    return f"{count(pair[0])} ({percent(pair[1])}){below}"


def _pair(evaluation: Scores, true: str, predicted: str) -> tuple[float, float] | None:
    """Return the count of one cell and its share of the true class, None if it does not occur."""
    a, b = evaluation.classes.index(true), evaluation.classes.index(predicted)
    cells = evaluation.cells
    of = cells.true == a
    found = float(cells.count[of & (cells.predicted == b)].sum())
    return (found, found / float(cells.count[of].sum())) if found else None


def _labels(label: str, prediction: str, name: Name) -> str:
    return arrow(name(label), name(prediction) if label != prediction else "")


def _in(files: Sequence[str]) -> str:
    return f", in {cut(visible(files[0]), 80)}" if len(files) == 1 else ""

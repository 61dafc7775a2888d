"""The tables of a page as HTML; the only place that escapes what it is given.

Every table is real HTML with a caption, and readable without JavaScript.
"""

import html
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from crossent.report.curve_charts import finite
from crossent.report.matrix import MatrixView
from crossent.report.words import MISSING, count, cut, number, percent, setting, visible
from crossent.scoring.per_class import ClassRow
from crossent.scoring.scores import Scores

Name = Callable[[str], str]

NAME_LENGTH = 28
TIMES = "\N{MULTIPLICATION SIGN}"

# Twelve rows stand beside a matrix of ten classes; longer lists go on in a second table.
ROWS_BESIDE = 12
NATURAL_ORDER_UP_TO = 12
MOST_CLASSES = 1000
FULL_TWICE_UP_TO = 100
MOST_EPOCHS = 100

# Full names in `title` may take 60 kB of a list of classes, however many there are.
TITLE_BUDGET = 60_000


def class_name(classes: int) -> Name:
    """Return how a label is shown in a page of so many classes: cut, the rest in `title`."""
    limit = max(60, min(10_000, TITLE_BUDGET // max(classes, 1)))

    def name(label: str) -> str:
        full = visible(label)
        short = cut(full, NAME_LENGTH)
        title = "" if short == full else f' title="{escape(cut(full, limit))}"'
        return f"<bdi{title}>{escape(short)}</bdi>"

    return name


def escape(text: str) -> str:
    """Return `text` as HTML that shows it, in an element or in a quoted attribute."""
    return html.escape(text, quote=True)


def classes_table(evaluation: Scores, name: Name) -> str:
    """Return the scores of every class; beyond twelve classes the weakest come first."""
    rows = list(evaluation.per_class)
    predicted = len(evaluation.cells.count) > 0
    caption = ""
    if len(rows) > NATURAL_ORDER_UP_TO:
        rows.sort(key=_weakness if predicted else _loss)
        caption = "Weakest F1 first" if predicted else "Largest loss first"
    if len(rows) > MOST_CLASSES:
        caption += f"; {MOST_CLASSES:,} of {len(rows):,} classes"
    rows = rows[:MOST_CLASSES]
    if not predicted:
        losses = ((name(row.name), count(row.support), number(row.log_loss)) for row in rows)
        return table(caption, ("class", "support", "log loss"), losses)
    mistaken = _mistaken(evaluation, name, {row.name for row in rows})
    cells = (
        (
            name(row.name),
            mistaken.get(row.name, MISSING),
            count(row.support),
            _bar(row.recall),
            percent(row.precision),
            percent(row.f1),
            number(row.log_loss),
        )
        for row in rows
    )
    heads = ("class", "most often taken for", "support", "recall", "precision", "F1", "log loss")
    return table(caption, heads, cells, names=2)


def _mistaken(evaluation: Scores, name: Name, wanted: set[str]) -> dict[str, str]:
    """Return what each class is most often taken for, of equals the first class, and how often."""
    wrong = evaluation.cells.wrong()
    order = np.lexsort((wrong.predicted, -wrong.count, wrong.true))
    first = order[np.unique(wrong.true[order], return_index=True)[1]]
    found: dict[str, str] = {}
    for cell in first:
        true, taken = (evaluation.classes[codes[cell]] for codes in (wrong.true, wrong.predicted))
        if true in wanted:
            times = f"{count(float(wrong.count[cell]))}{TIMES}"
            # Long lists hold each name in full once: a thousand of them are a tenth of the page.
            short = f"<bdi>{escape(cut(visible(taken), NAME_LENGTH))}</bdi>"
            label = name(taken) if len(wanted) <= FULL_TWICE_UP_TO else short
            found[true] = f'{label} <span class="soft">{times}</span>'
    return found


def matrix_table(view: MatrixView, classes: Sequence[str], name: Name) -> str:
    """Return the shown part of the confusion matrix, coloured as the chart is."""
    names = [name(classes[i]) for i in view.shown]
    head = "".join(f'<th scope="col">{text}</th>' for text in names)
    lines: list[str] = []
    for true, text in enumerate(names):
        cells = "".join(_matrix_cell(view, true, predicted) for predicted in range(len(names)))
        lines.append(f'<tr><th scope="row">{text}</th>{cells}</tr>')
    corner = '<td class="corner">true ↓ predicted →</td>'
    return (
        '<table class="matrix"><caption>Counts, and shares of the true class</caption>'
        f"<thead><tr>{corner}{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )


def curves_table(curves: Sequence[Mapping[str, Any]]) -> str:
    """Return what was recorded by epoch, at most a hundred epochs of it."""
    step = max(1, -(-len(curves) // MOST_EPOCHS))
    rows = (
        (
            f"{finite(epoch, 'epoch') or place * step + 1:g}",
            _or_dash(number, finite(epoch, "train_loss")),
            _or_dash(number, finite(epoch, "validation_loss")),
            _or_dash(percent, finite(epoch, "validation_accuracy")),
            _or_dash(lambda value: f"{value:.3g}", finite(epoch, "lr")),
        )
        for place, epoch in enumerate(curves[::step])
    )
    heads = ("epoch", "training loss", "validation loss", "validation accuracy", "learning rate")
    return table(f"Every {step}th epoch" if step > 1 else "", heads, rows)


def facts_table(caption: str, facts: Mapping[str, Any]) -> str:
    """Return settings as a table of names and values; empty without any."""
    lines: list[str] = []
    for key, value in facts.items():
        full = setting(value)
        short = cut(full, 300)
        title = "" if short == full else f' title="{escape(cut(full, 5000))}"'
        label = escape(cut(visible(str(key)).replace("_", " "), 60))
        lines.append(f'<tr><th scope="row">{label}</th><td{title}>{escape(short)}</td></tr>')
    if not lines:
        return ""
    return (
        f'<table class="facts"><caption>{escape(caption)}</caption>'
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def side_by_side(
    heads: Sequence[str], rows: Sequence[Sequence[str]], names: int, of: str
) -> list[str]:
    """Return tables of twelve rows each, which stand side by side where there is room."""
    parts: list[str] = []
    for start in range(0, len(rows), ROWS_BESIDE):
        end = min(start + ROWS_BESIDE, len(rows))
        parts.append(table(f"{start + 1} to {end} {of}", heads, rows[start:end], names))
    return parts


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], names: int = 0) -> str:
    """Return a table whose first column holds row headers, its first `names` columns text."""
    sides = [' class="name"' if column < names else "" for column in range(len(heads))]
    top = "".join(
        f'<th scope="col"{side}>{escape(head)}</th>'
        for side, head in zip(sides, heads, strict=True)
    )
    lines: list[str] = []
    for row in rows:
        cells = zip(sides[1:], row[1:], strict=True)
        rest = "".join(f"<td{side}>{cell}</td>" for side, cell in cells)
        lines.append(f'<tr><th scope="row"{sides[0]}>{row[0]}</th>{rest}</tr>')
    above = f"<caption><span>{escape(caption)}</span></caption>" if caption else ""
    return f"<table>{above}<thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def arrow(true: str, predicted: str) -> str:
    """Return two names with an arrow between them; without the second the row is right."""
    if not predicted:
        return f'{true} <span class="to">(right)</span>'
    return f'{true} <span class="to">→</span> {predicted}'


def _matrix_cell(view: MatrixView, true: int, predicted: int) -> str:
    value = float(view.counts[true, predicted])
    if value == 0:
        return "<td></td>"
    share = float(view.shares[true, predicted])
    level = math.ceil(5 * view.strength(share))
    kind = "right" if true == predicted else f"wrong{level}"
    return f'<td class="{kind}">{count(value)}<small>{percent(share)}</small></td>'


def _bar(share: float) -> str:
    if math.isnan(share):
        return MISSING
    width = round(60 * share, 1)  # of the 60 pixels in the style sheet
    return (
        f'<svg class="bar" aria-hidden="true"><rect class="all"/><rect width="{width:g}"/></svg>'
        f'<span class="figure">{percent(share)}</span>'
    )


def _loss(row: ClassRow) -> float:
    return -math.inf if math.isnan(row.log_loss) else -row.log_loss


def _weakness(row: ClassRow) -> float:
    return math.inf if math.isnan(row.f1) else row.f1


def _or_dash(words: Callable[[float], str], value: float | None) -> str:
    return MISSING if value is None else words(value)

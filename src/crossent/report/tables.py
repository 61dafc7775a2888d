"""The tables of a page as HTML; the only place that escapes what it is given.

Every table is real HTML with a caption, and readable without JavaScript.
"""

import html
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from crossent.report.curve_charts import finite
from crossent.report.matrix import MatrixView
from crossent.report.words import MISSING, count, cut, number, percent, setting, visible
from crossent.scoring.evaluation import Evaluation
from crossent.scoring.per_class import ClassRow

Name = Callable[[str], str]

NAME_LENGTH = 28
TIMES = "\N{MULTIPLICATION SIGN}"

# Twelve rows stand beside a matrix of ten classes; longer lists go on in a second table.
ROWS_BESIDE = 12
NATURAL_ORDER_UP_TO = 12
MOST_CLASSES = 1000
MOST_EPOCHS = 100

# Full names in `title` may take 200 kB of a page, however many classes it has.
TITLE_BUDGET = 200_000


def class_name(classes: int) -> Name:
    """Return how a label is shown in a page of so many classes: cut, the rest in `title`."""
    limit = max(80, min(10_000, TITLE_BUDGET // max(classes, 1)))

    def name(label: str) -> str:
        full = visible(label)
        short = cut(full, NAME_LENGTH)
        title = "" if short == full else f' title="{escape(cut(full, limit))}"'
        return f"<bdi{title}>{escape(short)}</bdi>"

    return name


def escape(text: str) -> str:
    """Return `text` as HTML that shows it, in an element or in a quoted attribute."""
    return html.escape(text, quote=True)


def pairs_tables(evaluation: Evaluation, name: Name, most: int) -> list[str]:
    """Return the `most` frequent directed confusions, twelve a table; none without errors."""
    pairs = evaluation.pairs()
    errors = sum(pair.count for pair in pairs)
    rows = [
        (
            _arrow(name(pair.true), name(pair.predicted)),
            count(pair.count),
            percent(pair.share_of_true),
            percent(pair.count / errors),
        )
        for pair in pairs[:most]
    ]
    heads = ("true → predicted", "count", "of the true class", "of all errors")
    return _side_by_side(heads, rows, names=1, of=f"of {len(pairs):,} pairs")


def classes_table(evaluation: Evaluation, name: Name) -> str:
    """Return the scores of every class; beyond twelve classes the weakest come first."""
    rows = list(evaluation.per_class)
    caption = ""
    if len(rows) > NATURAL_ORDER_UP_TO:
        rows.sort(key=_weakness)
        caption = "Weakest F1 first"
    if len(rows) > MOST_CLASSES:
        caption += f"; {MOST_CLASSES:,} of {len(rows):,} classes"
    mistaken: dict[str, str] = {}
    for pair in evaluation.pairs():
        taken = f'{name(pair.predicted)} <span class="soft">{count(pair.count)}{TIMES}</span>'
        mistaken.setdefault(pair.true, taken)
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
        for row in rows[:MOST_CLASSES]
    )
    heads = ("class", "most often taken for", "support", "recall", "precision", "F1", "log loss")
    return _table(caption, heads, cells, names=2)


def worst_tables(evaluation: Evaluation, name: Name) -> list[str]:
    """Return the rows of largest loss, in one table or in two that stand side by side."""
    rows = [
        (
            f'<span class="whole">{row.row}</span>',
            _arrow(name(row.label), name(row.prediction) if row.label != row.prediction else ""),
            percent(row.probability),
            percent(row.confidence),
            number(row.loss),
        )
        for row in evaluation.worst
    ]
    heads = ("row", "true → predicted", "P(true)", "P(predicted)", "loss")
    return _side_by_side(heads, rows, names=2, of=f"of {evaluation.rows:,} rows")


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
    return _table(f"Every {step}th epoch" if step > 1 else "", heads, rows)


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


def _side_by_side(
    heads: Sequence[str], rows: Sequence[Sequence[str]], names: int, of: str
) -> list[str]:
    parts: list[str] = []
    for start in range(0, len(rows), ROWS_BESIDE):
        end = min(start + ROWS_BESIDE, len(rows))
        parts.append(_table(f"{start + 1} to {end} {of}", heads, rows[start:end], names))
    return parts


def _table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], names: int = 0
) -> str:
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
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{above}<thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _arrow(true: str, predicted: str) -> str:
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
    width = round(60 * share, 1)
    return (
        f'<svg class="bar" width="60" height="6" aria-hidden="true">'
        f'<rect class="all" width="60" height="6" rx="3"/>'
        f'<rect width="{width:g}" height="6" rx="3"/></svg>'
        f'<span class="figure">{percent(share)}</span>'
    )


def _weakness(row: ClassRow) -> float:
    return math.inf if math.isnan(row.f1) else row.f1


def _or_dash(words: Callable[[float], str], value: float | None) -> str:
    return MISSING if value is None else words(value)

"""The sections of a page, each with its heading; what is not known has no section."""

import base64
import math
from importlib import resources
from string import Template

from crossent.report import calibration_tables, comparison, merges, row_tables, tables
from crossent.report.blocks import block_png
from crossent.report.matrix import MatrixView
from crossent.report.matrix_chart import BOTH_UP_TO
from crossent.report.model import Report
from crossent.report.words import count, cut, number, percent, visible
from crossent.scoring.scores import Scores

PAIRS = 20


def asset(name: str) -> str:
    """Return the text of a file in `assets`."""
    return (resources.files("crossent.report") / "assets" / name).read_text(encoding="utf-8")


def sections(report: Report, view: MatrixView | None) -> str:
    """Return all sections; `view` is None where predictions are not known."""
    result = report.evaluation
    name = tables.class_name(len(result.classes))
    files = row_tables.files_of(result, PAIRS)
    return "\n".join(
        part
        for part in (
            "" if view is None else _confusion(report, view, name),
            _merged(report),
            _difference(report),
            _pairs(result, name, files),
            _classes(result, name),
            _calibration(report),
            _worst(result, name, files),
            _merges(report),
            _training(report),
            _origin(report),
        )
        if part
    )


def _section(key: str, title: str, body: str) -> str:
    return f'<section aria-labelledby="{key}">\n<h2 id="{key}">{title}</h2>\n{body}\n</section>'


def _scrolls(parts: list[str]) -> str:
    return "".join(f'<div class="scroll">{part}</div>' for part in parts if part)


def _confusion(report: Report, view: MatrixView, name: tables.Name) -> str:
    matrix, pairs = _matrix(report, view, name), _beside(report.evaluation, view, name)
    body = f'<div class="confusion">\n<div>{matrix}</div>\n<div>{pairs}</div>\n</div>'
    return _section("confusion", "What is taken for what", body)


def _matrix(report: Report, view: MatrixView, name: tables.Name) -> str:
    classes = report.evaluation.classes
    shown = len(view.shown)
    size = "few" if shown <= 4 else "some" if shown <= BOTH_UP_TO else "many"
    part = "" if view.whole else f"<p>The {shown} most confused of {len(classes):,} classes.</p>"
    parts = {
        "size": size,
        "part": part,
        "table": tables.matrix_table(view, classes, name),
        "middle": percent(view.top / 4),
        "top": percent(view.top),
        "switch": "" if shown <= BOTH_UP_TO else asset("switch.html"),
    }
    return Template(asset("matrix.html")).substitute(parts)


def _overview(result: Scores) -> str:
    classes = len(result.classes)
    image = base64.b64encode(block_png(result.cells, classes)).decode()
    alt = f"All {classes:,} classes: errors off the diagonal, grey diagonal"
    return (
        f'<figure class="overview"><img src="data:image/png;base64,{image}" alt="{alt}">'
        f"<figcaption>All {classes:,} classes in their order: true classes downwards, "
        "predicted to the right. The stronger a point, the larger its share of the true class."
        "</figcaption></figure>"
    )


def _beside(result: Scores, view: MatrixView, name: tables.Name) -> str:
    """Return the pairs: beside a small matrix, below a large one, beside its overview."""
    beside = len(view.shown) <= BOTH_UP_TO
    most = tables.ROWS_BESIDE * (1 if beside or not view.whole else 2)
    found = _scrolls(row_tables.pairs_tables(result, name, most)) or "<p>No errors.</p>"
    if beside:
        return found
    return f'<div class="columns">{"" if view.whole else _overview(result)}{found}</div>'


def _pairs(result: Scores, name: tables.Name, files: tuple[str, ...]) -> str:
    found = row_tables.work_list(result, name, PAIRS, files)
    return _section("pairs", "Pairs to look at", _scrolls([found])) if found else ""


def _classes(result: Scores, name: tables.Name) -> str:
    if not result.classes:
        return ""
    tall = " tall" if len(result.classes) > 30 else ""
    body = f'<div class="scroll{tall}">{tables.classes_table(result, name)}</div>'
    return _section("classes", "Classes", body)


def _calibration(report: Report) -> str:
    calibration, bins = report.evaluation.calibration, report.bins
    if calibration is None:
        return ""
    body = Template(asset("calibration.html")).substitute(
        sentence=calibration_tables.sentence(calibration),
        errors=calibration_tables.errors_table(calibration, bins),
        split=calibration_tables.split_table(report.evaluation, calibration),
        table=calibration_tables.bins_table(calibration, bins),
        chance=number(calibration.by_chance()),
    )
    return _section("calibration", "Confidence and accuracy", body)


def _worst(result: Scores, name: tables.Name, files: tuple[str, ...]) -> str:
    found = _scrolls(row_tables.worst_tables(result, name, files))
    body = f'<div class="columns">{found}</div>'
    return _section("worst", "Rows with the largest loss", body)


def _difference(report: Report) -> str:
    difference = report.difference
    if difference is None:
        return ""
    facts = {
        "rows": f"the same {difference.rows:,}",
        "log loss": comparison.log_loss(difference),
    }
    counts = ""
    if not math.isnan(difference.accuracy):
        facts["accuracy"] = comparison.accuracy(difference)
        rows = [
            ("right", count(difference.both_right), count(difference.only_ours_right)),
            ("wrong", count(difference.only_baseline_right), count(difference.neither)),
        ]
        heads = ("these predictions", "baseline right", "baseline wrong")
        counts = tables.table("Rows that are right and wrong", heads, rows)
    if infinite := comparison.infinite_rows(difference):
        facts["infinite"] = infinite
    body = _scrolls([tables.facts_table("", facts), counts])
    return _section("difference", "Against the baseline", f'<div class="columns">{body}</div>')


def _merged(report: Report) -> str:
    after, before = report.evaluation, report.before
    if before is None:
        return ""
    facts = {
        "classes": f"{len(before.classes):,} to {len(after.classes):,}",
        "log loss": f"{number(before.log_loss)} to {number(after.log_loss)} nats",
        "label entropy": merges.entropy_kept(before, after),
    }
    if not math.isnan(after.accuracy):
        facts["accuracy"] = merges.accuracy_gained(before, after)
    body = _scrolls([tables.facts_table("", facts)])
    return _section("merged", "What merging gained", body)


def _merges(report: Report) -> str:
    steps = report.merges
    if not steps:
        return ""
    # The names of clusters grow with every step: their titles share what one page of names takes.
    name = tables.class_name(20 * len(steps))
    names = [
        f'{name(step.merged[0])} <span class="to">with</span> {name(step.merged[1])}'
        for step in steps
    ]
    columns = merges.columns(merges.stages(report.evaluation, steps))
    rows = list(zip([merges.NO_MERGE, *names], *columns.values(), strict=True))
    caption = f"{len(steps):,} merges, those that lose the least mutual information first"
    note = merges.NOTE + ("" if merges.ended(report.evaluation, steps) else f" {merges.GOES_ON}")
    body = Template(asset("merges.html")).substitute(
        table=tables.table(caption, ("merge", *columns), rows, names=1), note=note
    )
    return _section("merges", "What merging classes would buy", body)


def _training(report: Report) -> str:
    if not report.curves:
        return ""
    table = tables.curves_table(report.curves)
    return _section(
        "training", "Training", Template(asset("training.html")).substitute(table=table)
    )


def _origin(report: Report) -> str:
    inner = _scrolls(
        [
            tables.facts_table("Data", report.data),
            tables.facts_table("Settings", report.settings),
        ]
    )
    command = tables.escape(cut(visible(report.command), 2000)) if report.command else ""
    code = f"<pre><code>{command}</code></pre>\n" if command else ""
    if not inner and not code:
        return ""
    return _section("origin", "Data and settings", f'{code}<div class="columns">{inner}</div>')

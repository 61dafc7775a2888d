"""A report as one offline HTML page: summary, confusion matrix, tables, charts, settings.

Puts the parts together and seals the page with a content security policy of hashes. Escaping is
done in `tables`; text, style and script are files in `assets`.
"""

import base64
import hashlib
import json
from importlib import resources
from string import Template
from typing import Any

from crossent.report import tables
from crossent.report.blocks import block_png
from crossent.report.curve_charts import accuracy_chart, loss_chart
from crossent.report.matrix import MatrixView, matrix_view
from crossent.report.matrix_chart import BOTH_UP_TO, matrix_chart
from crossent.report.model import Report
from crossent.report.vega import bundle, compile_chart
from crossent.report.words import (
    amount,
    confusion_sentence,
    count,
    cut,
    number,
    percent,
    visible,
)
from crossent.scoring.evaluation import Evaluation


def render(report: Report) -> str:
    """Return `report` as one self-contained page: no network, no eval, the same bytes each time."""
    result = report.evaluation
    name = tables.class_name(len(result.classes))
    view = matrix_view(result)
    style, script, library = _asset("style.css"), _asset("report.js"), bundle()
    return Template(_asset("page.html")).substitute(
        policy=_policy(style, [library, script]),
        style=style,
        script=script,
        library=library,
        charts=_script_json(_charts(report, view)),
        title=tables.escape(cut(visible(report.title), 120)),
        size=_size(result),
        sentence=confusion_sentence(result, lambda label: f"<b>{name(label)}</b>"),
        summary="".join(_summary(result)),
        notices=_notices(report),
        matrix=_matrix(report, view, name),
        pairs=_pairs(result, view, name),
        classes=tables.classes_table(result, name),
        classes_tall=" tall" if len(result.classes) > 30 else "",
        worst=_scrolls(tables.worst_tables(result, name)),
        training=_training(report),
        origin=_origin(report),
    )


def _asset(name: str) -> str:
    return (resources.files("crossent.report") / "assets" / name).read_text(encoding="utf-8")


def _policy(style: str, scripts: list[str]) -> str:
    allowed = " ".join(_hash(text) for text in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _script_json(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _charts(report: Report, view: MatrixView) -> dict[str, Any]:
    specs = {
        "matrix": matrix_chart(view, report.evaluation.classes),
        "loss": loss_chart(report.curves),
        "accuracy": accuracy_chart(report.curves),
    }
    return {key: compile_chart(spec) for key, spec in specs.items() if spec is not None}


def _size(result: Evaluation) -> str:
    classes = len(result.classes)
    plural = "class" if classes == 1 else "classes"
    rows = "row" if result.rows == 1 else "rows"
    weight = f", weight {count(result.weight)}" if result.weight != result.rows else ""
    return f"{result.rows:,} {rows}{weight} · {classes:,} {plural}"


def _summary(result: Evaluation) -> list[str]:
    wrong = result.weight - float(result.confusion.trace())
    share = result.share_of_label_entropy
    gained = percent(share) if -1 <= share <= 1 else number(share)
    return [
        _item("Accuracy", percent(result.accuracy), f"{amount(result, wrong)} wrong"),
        _item("Log loss", number(result.log_loss), f"nats, {number(result.bits)} bits"),
        _item("Perplexity", number(result.perplexity), f"of {len(result.classes):,} classes"),
        _item(
            "Label entropy removed",
            gained,
            f"of {number(result.prior_log_loss)} nats",
        ),
        _item("Brier score", number(result.brier), "0 is best, 2 is worst"),
    ]


def _item(name: str, value: str, note: str) -> str:
    return f"<div><dt>{name}</dt><dd><strong>{value}</strong><span>{note}</span></dd></div>"


def _notices(report: Report) -> str:
    lines = [tables.escape(cut(visible(line), 400)) for line in report.notices]
    infinite = report.evaluation.infinite_rows
    if infinite:
        subject = "row has" if infinite == 1 else "rows have"
        lines.insert(0, f"{infinite:,} {subject} probability 0 at the label: the loss is infinite.")
    items = "".join(f"<li>{line}</li>" for line in lines)
    return f'<ul class="notices" aria-label="Notices">{items}</ul>' if items else ""


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
        "switch": "" if shown <= BOTH_UP_TO else _asset("switch.html"),
    }
    return Template(_asset("matrix.html")).substitute(parts)


def _overview(result: Evaluation) -> str:
    image = base64.b64encode(block_png(result.confusion)).decode()
    alt = f"All {len(result.classes):,} classes: errors off the diagonal, grey diagonal"
    return (
        f'<figure class="overview"><img src="data:image/png;base64,{image}" alt="{alt}">'
        f"<figcaption>All {len(result.classes):,} classes in their order: true classes downwards, "
        "predicted to the right. The stronger a point, the larger its share of the true class."
        "</figcaption></figure>"
    )


def _pairs(result: Evaluation, view: MatrixView, name: tables.Name) -> str:
    """Return the pairs: beside a small matrix, below a large one, beside its overview."""
    beside = len(view.shown) <= BOTH_UP_TO
    most = tables.ROWS_BESIDE * (1 if beside or not view.whole else 2)
    found = _scrolls(tables.pairs_tables(result, name, most)) or "<p>No errors.</p>"
    if beside:
        return found
    return f'<div class="columns">{"" if view.whole else _overview(result)}{found}</div>'


def _scrolls(parts: list[str]) -> str:
    return "".join(f'<div class="scroll">{part}</div>' for part in parts if part)


def _training(report: Report) -> str:
    if not report.curves:
        return ""
    table = tables.curves_table(report.curves)
    return Template(_asset("training.html")).substitute(table=table)


def _origin(report: Report) -> str:
    inner = _scrolls(
        [
            tables.facts_table("Data", report.data),
            tables.facts_table("Settings", report.settings),
        ]
    )
    command = tables.escape(cut(visible(report.command), 2000)) if report.command else ""
    code = f"<pre><code>{command}</code></pre>" if command else ""
    if not inner and not code:
        return ""
    return Template(_asset("origin.html")).substitute(command=code, facts=inner)

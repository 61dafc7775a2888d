"""A report as one offline HTML page: summary, charts, tables, settings.

Puts the parts together and seals the page with a content security policy of hashes. Escaping is
done in `tables`; text, style and script are files in `assets`.
"""

import base64
import hashlib
import json
from string import Template
from typing import Any

from crossent.report import summary, tables
from crossent.report.calibration_charts import reliability_chart, rows_chart
from crossent.report.curve_charts import accuracy_chart, loss_chart
from crossent.report.matrix import MatrixView, matrix_view
from crossent.report.matrix_chart import matrix_chart
from crossent.report.merge_charts import merge_accuracy_chart, merge_bits_chart
from crossent.report.model import Report
from crossent.report.sections import asset, sections
from crossent.report.vega import bundle, compile_chart
from crossent.report.words import confusion_sentence, cut, visible
from crossent.scoring.scores import Scores


def render(report: Report) -> str:
    """Return `report` as one self-contained page: no network, no eval, the same bytes each time."""
    result = report.evaluation
    view = matrix_view(result) if len(result.cells.count) else None
    style, script, library = asset("style.css"), asset("report.js"), bundle()
    return Template(asset("page.html")).substitute(
        policy=_policy(style, [library, script]),
        style=style,
        script=script,
        library=library,
        charts=_script_json(_charts(report, view)),
        title=tables.escape(cut(visible(report.title), 120)),
        size=summary.size(result),
        sentence="" if view is None else _sentence(result),
        summary=summary.items(report),
        notices=summary.notices(report),
        sections=sections(report, view),
    )


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


def _sentence(result: Scores) -> str:
    name = tables.class_name(len(result.classes))
    text = confusion_sentence(result, lambda label: f"<b>{name(label)}</b>")
    return f'<p class="sentence">{text}</p>'


def _charts(report: Report, view: MatrixView | None) -> dict[str, Any]:
    result = report.evaluation
    specs = {
        "matrix": None if view is None else matrix_chart(view, result.classes),
        "loss": loss_chart(report.curves),
        "accuracy": accuracy_chart(report.curves),
        "merge_accuracy": merge_accuracy_chart(report.merges, result.accuracy),
        "merge_bits": merge_bits_chart(report.merges),
    }
    if result.calibration is not None:
        bins = result.calibration.bins(report.bins)
        specs |= {"reliability": reliability_chart(bins), "rows": rows_chart(bins)}
    return {key: compile_chart(spec) for key, spec in specs.items() if spec is not None}

"""The Vega-Lite specification of the confusion matrix.

Errors are coloured by their share of the true class, hits are grey: what stands out is wrong.
"""

from collections.abc import Sequence
from typing import Any

from crossent.report.chart_frame import Spec, colour_params, frame
from crossent.report.matrix import MatrixView
from crossent.report.words import count, cut, percent, visible

NAME_LENGTH = 18

# Height of a row in pixels, by number of classes.
STEPS = ((4, 64), (12, 46), (25, 26), (60, 18))

# Up to here a cell holds its count and its share; beyond, the page switches between the two.
BOTH_UP_TO = 12
RIGHT = "datum.true == datum.predicted"
BAND = "bandwidth('x')"
CHARACTER = 6.5
NARROWEST_NAME = 6.5  # of letters 7 px high, without the room between the lines
TOOLTIP = {
    "expr": "{'true': names[datum.true], 'predicted': names[datum.predicted], "
    "'count': datum.count, 'of the true class': datum.share}"
}


def matrix_chart(view: MatrixView, classes: Sequence[str]) -> Spec:
    """Return the chart of the shown classes, with counts and shares of the true class."""
    names = [cut(visible(classes[i]), NAME_LENGTH) for i in view.shown]
    both = len(names) <= BOTH_UP_TO
    cells = _cells(view, both)
    widest = max((len(cell["count"]) for cell in cells), default=1)
    params: list[Spec] = [*colour_params(), {"name": "names", "value": names}]
    if not both:
        params.append({"name": "show", "value": "count"})
    texts = _both_texts(widest) if both else [_one_text(widest)]
    return {
        **frame("Confusion matrix: rows are true classes, columns are predicted classes"),
        "params": params,
        "height": {"step": next(step for most, step in STEPS if len(names) <= most)},
        "layer": [
            {
                "data": {"values": [{"true": i} for i in range(len(names))]},
                "mark": {"type": "rect", "fill": {"expr": "ink"}, "fillOpacity": 0.035},
                "encoding": {"y": _band("true", "true class", names)},
            },
            {
                "data": {"values": cells},
                "encoding": {
                    "x": _band("predicted", "predicted class", names),
                    "y": _band("true", "true class", names),
                },
                "layer": [_tiles(), *(_cell_text(mark) for mark in texts)],
            },
        ],
    }


def _cells(view: MatrixView, both: bool) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = []
    for true, counts in enumerate(view.counts.tolist()):
        for predicted, n in enumerate(counts):
            if n > 0:
                share = float(view.shares[true, predicted])
                cell = {"true": true, "predicted": predicted, "count": count(n)}
                cell |= {"share": percent(share), "strength": round(view.strength(share), 4)}
                cells.append(cell if both else {**cell, "short": _short_percent(share)})
    return cells


def _short_percent(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.0995 else f"{100 * share:.1f}"


def _band(field: str, title: str, names: list[str]) -> Spec:
    side = "x" if field == "predicted" else "y"
    axis: Spec = {
        "title": title,
        "labelExpr": "names[datum.value]",
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
        "titlePadding": 10,
        "labelLimit": 130,
        "labelOverlap": False,
        "labelFontSize": {"expr": f"clamp(bandwidth('{side}') - 1, 7, 12)"},
    }
    if field == "predicted":
        axis |= {"orient": "top", "labelAngle": 0}
        # On a phone sixty names would lie on each other; cells still say theirs.
        axis["labelOpacity"] = {"expr": f"{BAND} < {NARROWEST_NAME} ? 0 : 1"}
        # On a narrow page the matrix is about 460 px wide.
        if max(map(len, names)) * CHARACTER > 460 / len(names):
            axis |= {"labelAngle": -90, "labelAlign": "left", "labelBaseline": "middle"}
    domain = list(range(len(names)))
    scale = {"domain": domain, "paddingInner": 0.05, "paddingOuter": 0}
    return {"field": field, "type": "ordinal", "axis": axis, "scale": scale}


def _tiles() -> Spec:
    return {
        "mark": {"type": "rect", "cornerRadius": 2, "tooltip": TOOLTIP},
        "encoding": {
            "fill": {
                "condition": {"test": RIGHT, "value": {"expr": "muted"}},
                "value": {"expr": "error"},
            },
            "fillOpacity": {
                "condition": {"test": RIGHT, "value": 0.2},
                "value": {"expr": "0.06 + 0.94 * datum.strength"},
            },
        },
    }


def _both_texts(widest: int) -> list[Spec]:
    fits = f"{BAND} > 46"
    above: Spec = {
        "text": {"expr": "datum.count"},
        "fontSize": {"expr": f"clamp({BAND} / 3.4, 9, 15)"},
        "dy": {"expr": f"{fits} ? -7 : 0"},
        "opacity": {"expr": f"{BAND} > {CHARACTER * widest} ? 1 : 0"},
    }
    below: Spec = {
        "text": {"expr": "datum.share"},
        "fontSize": 11,
        "dy": 10,
        "opacity": {"expr": f"{fits} ? 1 : 0"},
    }
    return [above, below]


def _one_text(widest: int) -> Spec:
    return {
        "text": {"expr": "show == 'share' ? datum.short : datum.count"},
        "fontSize": {"expr": f"clamp({BAND} / 2.4, 8, 12)"},
        "opacity": {"expr": f"{BAND} > {5 * max(widest, 2)} ? 1 : 0"},
    }


def _cell_text(mark: Spec) -> Spec:
    fill = {
        "condition": [
            {"test": RIGHT, "value": {"expr": "ink"}},
            {"test": "datum.strength > flip", "value": {"expr": "on_error"}},
        ],
        "value": {"expr": "on_pale"},
    }
    # Text lies above its tile and would swallow the pointer.
    return {"mark": {**mark, "type": "text", "tooltip": TOOLTIP}, "encoding": {"fill": fill}}

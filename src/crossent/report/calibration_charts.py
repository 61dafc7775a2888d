"""Vega-Lite specifications of calibration: accuracy against confidence, and where the rows are."""

from collections.abc import Sequence
from typing import Any

from crossent.report.chart_frame import Spec, colour_params, frame
from crossent.report.named_line import percent_range
from crossent.report.words import count, percent
from crossent.scoring.calibration import Bin

# The two charts stand one above the other: their axes take the same room on the left.
AXIS_ROOM = 48
TOOLTIP = {
    "expr": "{'confidence': datum.between, 'mean': datum.mean, 'accuracy': datum.right, "
    "'95% interval': datum.interval, 'rows': datum.rows}"
}


def reliability_chart(bins: Sequence[Bin]) -> Spec | None:
    """Return the accuracy of each bin with its interval, and the diagonal; None without rows."""
    values = _values(bins)
    if not values:
        return None
    ends = [{"confidence": 0, "accuracy": 0}, {"confidence": 1, "accuracy": 1}]
    x = _axis("confidence", None)
    diagonal: Spec = {"type": "line", "strokeDash": [4, 4], "stroke": {"expr": "muted"}}
    point: Spec = {
        "type": "point",
        "filled": True,
        "size": 70,
        "opacity": 1,
        "fill": {"expr": "accent"},
        "stroke": {"expr": "page"},
        "strokeWidth": 1.5,
        "tooltip": TOOLTIP,
    }
    interval: Spec = {
        "type": "rule",
        "stroke": {"expr": "accent"},
        "strokeWidth": 2,
        "opacity": 0.55,
        "tooltip": TOOLTIP,
    }
    y = _axis("accuracy", "accuracy")
    return {
        **frame("Accuracy against confidence, in bins of equal width"),
        "params": colour_params(),
        "height": 300,
        "layer": [
            {"data": {"values": ends}, "mark": diagonal, "encoding": {"x": x, "y": y}},
            {
                "data": {"values": values},
                "mark": interval,
                "encoding": {
                    "x": x,
                    "y": _axis("low", "accuracy"),
                    "y2": {"field": "high"},
                },
            },
            {"data": {"values": values}, "mark": point, "encoding": {"x": x, "y": y}},
        ],
    }


def rows_chart(bins: Sequence[Bin]) -> Spec | None:
    """Return the share of the rows in each bin as bars, below the reliability chart."""
    values = _values(bins)
    if not values:
        return None
    y: Spec = {
        "field": "share",
        "type": "quantitative",
        "axis": _look("rows") | {"tickCount": 2, "grid": False},
        "scale": {"domainMin": 0, "nice": True},
    }
    bar: Spec = {"type": "bar", "fill": {"expr": "muted"}, "opacity": 0.45, "tooltip": TOOLTIP}
    return {
        **frame("Share of the rows in each bin of confidence"),
        "params": colour_params(),
        "height": 70,
        "data": {"values": values},
        "mark": bar | {"binSpacing": 1},
        "encoding": {
            "x": _axis("from", "confidence of the prediction") | {"bin": "binned"},
            "x2": {"field": "to"},
            "y": y,
        },
    }


def _values(bins: Sequence[Bin]) -> list[dict[str, Any]]:
    whole = sum(one.weight for one in bins)
    return [
        {
            "from": one.low,
            "to": one.high,
            "confidence": one.confidence,
            "accuracy": one.accuracy,
            "low": one.accuracy_low,
            "high": one.accuracy_high,
            "share": one.weight / whole,
            "between": f"{percent(one.low)} to {percent(one.high)}",
            "mean": percent(one.confidence),
            "right": percent(one.accuracy),
            "interval": percent_range(one.accuracy_low, one.accuracy_high),
            "rows": f"{count(one.weight)} ({percent(one.weight / whole)})",
        }
        for one in bins
        if one.weight > 0
    ]


def _axis(field: str, title: str | None) -> Spec:
    scale = {"domain": [0, 1], "nice": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": _look(title, field)}


def _look(title: str | None, field: str = "") -> Spec:
    axis: Spec = {"title": title, "format": ".0%", "tickCount": 5, "ticks": False}
    if field in ("confidence", "from"):
        return axis | {"grid": field == "confidence", "labelFlush": True, "labelPadding": 6}
    return axis | {"domain": False, "minExtent": AXIS_ROOM, "maxExtent": AXIS_ROOM}

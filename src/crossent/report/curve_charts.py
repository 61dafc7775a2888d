"""Vega-Lite specifications of what was recorded in training: loss and accuracy by epoch."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crossent.report.chart_frame import Spec, colour_params, frame
from crossent.report.words import number, percent

Curves = Sequence[Mapping[str, Any]]

TRAINING, VALIDATION = "training", "validation"
COLOUR = {TRAINING: {"expr": "muted"}, VALIDATION: {"expr": "accent"}}

# Four thousand points draw in a tenth of a second; no eye tells more apart on 500 px.
MOST_POINTS = 2000
FEW_EPOCHS = 8
LABEL_GAP = 7  # pixels above the lines: clear of a dot at their top
LABEL_ROOM = 20  # pixels between the legend and the lines


def loss_chart(curves: Curves) -> Spec | None:
    """Return training and validation loss by epoch, the best epoch marked; None without any."""
    points = [
        *_points(curves, "train_loss", TRAINING, number),
        *_points(curves, "validation_loss", VALIDATION, number),
    ]
    return _chart("Loss by epoch, in nats", "loss (nats)", points, min)


def accuracy_chart(curves: Curves) -> Spec | None:
    """Return validation accuracy by epoch, the best epoch marked; None without any."""
    points = _points(curves, "validation_accuracy", VALIDATION, percent)
    return _chart("Validation accuracy by epoch", "accuracy", points, max, "~%")


def finite(epoch: Mapping[str, Any], key: str) -> float | None:
    """Return the number under `key`, or None where it is missing, infinite or not a number."""
    value = epoch.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _points(curves: Curves, key: str, series: str, words: Callable[[float], str]) -> list[Spec]:
    step = max(1, -(-len(curves) // MOST_POINTS))
    points: list[Spec] = []
    for place, epoch in enumerate(curves[::step]):
        value = finite(epoch, key)
        if value is not None:
            number_of_epoch = finite(epoch, "epoch")
            when = place * step + 1 if number_of_epoch is None else number_of_epoch
            points.append({"epoch": when, "series": series, "value": value, "text": words(value)})
    return points


def _chart(
    description: str,
    title: str,
    points: list[Spec],
    choose: Callable[..., Spec],
    number_format: str | None = None,
) -> Spec | None:
    if not points:
        return None
    shown = [s for s in COLOUR if any(point["series"] == s for point in points)]
    judged = [point for point in points if point["series"] == VALIDATION]
    best = choose(judged, key=lambda point: point["value"]) if judged else None
    y = _y_axis(title, number_format)
    line: Spec = {"type": "line", "strokeWidth": 2}
    if len({point["epoch"] for point in points}) == 1:
        line["point"] = {"size": 50, "fill": {"expr": "accent"}}
    tooltip = "{'epoch': datum.epoch, 'curve': datum.series, 'value': datum.text}"
    stroke = {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": shown, "range": [COLOUR[s] for s in shown]},
        "legend": {"offset": 8 if best is None else 8 + LABEL_ROOM},
    }
    hover: Spec = {"type": "point", "size": 250, "opacity": 0, "tooltip": {"expr": tooltip}}
    return {
        **frame(description),
        "params": colour_params(),
        "height": 230,
        "data": {"values": points},
        "encoding": {"x": _x_axis(points)},
        "layer": [
            {"mark": line, "encoding": {"y": y, "stroke": stroke}},
            *([] if best is None else _best_mark(best, points, y)),
            {"mark": hover, "encoding": {"y": y}},
        ],
    }


def _x_axis(points: list[Spec]) -> Spec:
    axis: Spec = {"title": "epoch", "grid": False, "format": "d", "tickMinStep": 1}
    epochs = sorted({point["epoch"] for point in points})
    if len(epochs) <= FEW_EPOCHS:  # Vega's own ticks for 1 .. 2 are 1, 1.5 and 2
        axis["values"] = epochs
    return {
        "field": "epoch",
        "type": "quantitative",
        "scale": {"zero": False, "nice": False, "padding": 8},
        "axis": axis,
    }


def _y_axis(title: str, number_format: str | None) -> Spec:
    axis: Spec = {"title": title, "tickCount": 5, "domain": False, "ticks": False}
    if number_format is not None:
        axis["format"] = number_format
    return {
        "field": "value",
        "type": "quantitative",
        "scale": {"zero": False, "nice": True},
        "axis": axis,
    }


def _best_mark(best: Spec, points: list[Spec], y: Spec) -> list[Spec]:
    """Return a dot at the best epoch, and its label above the lines, joined by a dotted rule."""
    epochs = [point["epoch"] for point in points]
    late = best["epoch"] - min(epochs) > 0.5 * (max(epochs) - min(epochs))
    text: Spec = {
        "type": "text",
        "text": f"best: {best['text']} at epoch {best['epoch']:g}",
        "align": "right" if late else "left",
        "baseline": "bottom",
        "dx": 4 if late else -4,
        "fill": {"expr": "ink"},
        "fontSize": 12,
    }
    dot: Spec = {
        "type": "point",
        "filled": True,
        "size": 60,
        "fill": {"expr": "accent"},
        "stroke": {"expr": "page"},
        "strokeWidth": 2,
        "opacity": 1,
    }
    rule: Spec = {"type": "rule", "strokeDash": [1, 3], "stroke": {"expr": "muted"}}
    data = {"values": [best]}
    return [
        {"data": data, "mark": rule, "encoding": {"y": y, "y2": {"value": 0}}},
        {"data": data, "mark": dot, "encoding": {"y": y}},
        {"data": data, "mark": text, "encoding": {"y": {"value": -LABEL_GAP}}},
    ]

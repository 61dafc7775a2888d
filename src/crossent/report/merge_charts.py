"""Vega-Lite specifications of suggested merges: accuracy and label entropy lost by classes left."""

from collections.abc import Sequence

from crossent.report.chart_frame import Spec, colour_params, frame
from crossent.report.words import cut, digits, percent, visible
from crossent.scoring.merging.order import Step

FEW_CLASSES = 8
NAME_LENGTH = 30


def merge_accuracy_chart(steps: Sequence[Step], accuracy: float) -> Spec | None:
    """Return the accuracy after every merge; `accuracy` is that before any."""
    values = [accuracy, *(step.accuracy for step in steps)]
    texts = [percent(value) for value in values]
    return _chart("Accuracy after every merge", "accuracy", steps, values, texts, "~%")


def merge_bits_chart(steps: Sequence[Step]) -> Spec | None:
    """Return the bits of label entropy that are lost after every merge."""
    values = [0.0, *(step.bits_lost for step in steps)]
    texts = [f"{digits(value)} bits" for value in values]
    title = "label entropy lost (bits)"
    return _chart("Label entropy lost after every merge, in bits", title, steps, values, texts)


def _chart(
    description: str,
    title: str,
    steps: Sequence[Step],
    values: Sequence[float],
    texts: Sequence[str],
    number_format: str | None = None,
) -> Spec | None:
    if not steps:
        return None
    names = ["nothing merged", *(_words(step) for step in steps)]
    left = [steps[0].classes + 1, *(step.classes for step in steps)]
    points = [
        {"classes": n, "value": value, "text": text, "merge": name}
        for n, value, text, name in zip(left, values, texts, names, strict=True)
    ]
    axis: Spec = {"title": "classes left", "grid": False, "format": "d", "tickMinStep": 1}
    if len(points) <= FEW_CLASSES:
        axis["values"] = sorted(point["classes"] for point in points)
    look: Spec = {"title": title, "tickCount": 5, "domain": False, "ticks": False}
    if number_format is not None:
        look["format"] = number_format
    tooltip = f"{{'merged': datum.merge, 'classes left': datum.classes, '{title}': datum.text}}"
    line: Spec = {"type": "line", "strokeWidth": 2, "stroke": {"expr": "accent"}}
    hover: Spec = {"type": "point", "size": 250, "opacity": 0, "tooltip": {"expr": tooltip}}
    return {
        **frame(description),
        "params": colour_params(),
        "height": 200,
        "data": {"values": points},
        "encoding": {
            "x": {
                "field": "classes",
                "type": "quantitative",
                "scale": {"zero": False, "nice": False, "padding": 8, "reverse": True},
                "axis": axis,
            },
            "y": {
                "field": "value",
                "type": "quantitative",
                "scale": {"zero": False, "nice": True},
                "axis": look,
            },
        },
        "layer": [{"mark": line}, {"mark": hover}],
    }


def _words(step: Step) -> str:
    return " with ".join(cut(visible(name), NAME_LENGTH) for name in step.merged)

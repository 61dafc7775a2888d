"""What all charts of a page share: Vega-Lite frame, colours as parameters, axis style.

The page sets the parameters from its style sheet, so that one chart serves light, dark and print.
"""

from typing import Any

Spec = dict[str, Any]

COLOURS = ("page", "ink", "muted", "line", "accent", "error", "on_pale", "on_error")
FONT = "'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Noto Sans', sans-serif"


def frame(description: str) -> Spec:
    """Return the part of a specification that every chart of a page begins with."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": description,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 0, "top": 2, "right": 2, "bottom": 4},
        "background": None,
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "axis": {
                "labelColor": {"expr": "ink"},
                "titleColor": {"expr": "muted"},
                "gridColor": {"expr": "line"},
                "domainColor": {"expr": "line"},
                "tickColor": {"expr": "line"},
                "labelFontSize": 12,
                "titleFontSize": 12,
                "titleFontWeight": "normal",
            },
            "legend": {
                "labelColor": {"expr": "ink"},
                "labelFontSize": 12,
                "symbolType": "stroke",
                "symbolStrokeWidth": 3,
                "title": None,
                "orient": "top",
                "offset": 8,
            },
        },
    }


def colour_params() -> list[Spec]:
    """Return the parameters that hold colours; the page gives them their values.

    `flip` is the strength of an error from which its number is `on_error` instead of `on_pale`.
    """
    return [*({"name": name, "value": "gray"} for name in COLOURS), {"name": "flip", "value": 1}]

"""Make the pictures of docs/theory, from the library's own losses and measures.

python docs/images/theory.py [FOLDER]

The same bytes again under the same vl-convert: data are rounded to five digits, so that the last
digits of an exponential, which differ between machines, are not drawn.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import vl_convert

import crossent
from crossent import measures
from crossent.report.vega import VEGA_LITE

FOLDER = Path(__file__).with_name("theory")

# Colours of Okabe and Ito, told apart with every kind of colour vision; dashes for grey printers.
# Liberation Sans comes with vl-convert: text is as wide on every machine.
STYLES = (("#000000", []), ("#0072B2", [6, 2]), ("#D55E00", [2, 2]), ("#007A5A", [8, 3, 2, 3]))
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
WIDTH, HEIGHT = 410, 300
INK, LINE = "#333333", "#dddddd"


class Curve(NamedTuple):
    """A line, and its name written at a point; `key`: with a piece of the line before it."""

    name: str
    x: np.ndarray
    y: np.ndarray
    at: tuple[float, float]
    align: str = "left"
    key: bool = False


class Axis(NamedTuple):
    """A title with its unit, and what is shown; lines beyond are cut."""

    title: str
    low: float
    high: float


def chart(
    description: str,
    x: Axis,
    y: Axis,
    curves: list[Curve],
    dots: list[tuple[float, float]] | None = None,
) -> dict[str, Any]:
    """Return the Vega-Lite specification of curves that are named where they run."""
    layers: list[dict[str, Any]] = []
    for (colour, dash), curve in zip(STYLES, curves, strict=False):
        points = [{"x": digits(a), "y": digits(b)} for a, b in zip(curve.x, curve.y, strict=True)]
        line = {"type": "line", "stroke": colour, "strokeDash": dash, "strokeWidth": 2}
        layers.append(layer(points, {**line, "clip": True}, x, y))
        where = [{"x": curve.at[0], "y": curve.at[1]}]
        name = {"type": "text", "text": curve.name, "align": curve.align, "fill": colour}
        layers.append(layer(where, {**name, "fontSize": 12, "fontWeight": "bold"}, x, y))
        if curve.key:
            span = x.high - x.low
            ends = [curve.at[0] - share * span for share in (0.1, 0.02)]
            layers.append(layer([{"x": digits(end), "y": curve.at[1]} for end in ends], line, x, y))
    if dots:
        places = [{"x": digits(a), "y": digits(b)} for a, b in dots]
        mark = {"type": "point", "filled": True, "size": 60, "opacity": 1, "fill": INK}
        layers.append(layer(places, mark, x, y))
    axis = {
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": LINE,
        "domainColor": LINE,
        "tickColor": LINE,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "tickCount": 6,
    }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": description,
        "width": WIDTH,
        "height": HEIGHT,
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": {"left": 4, "top": 8, "right": 12, "bottom": 4},
        "background": "white",  # GitHub's dark pages have none of their own behind a picture
        "config": {"font": FONT, "view": {"stroke": None}, "axis": axis},
        "layer": layers,
    }


def layer(points: list[dict[str, float]], mark: dict[str, Any], x: Axis, y: Axis) -> dict[str, Any]:
    """Return one layer: points, drawn as a mark."""
    encoding: dict[str, Any] = {}
    for name, axis in (("x", x), ("y", y)):
        scale = {"domain": [axis.low, axis.high], "nice": False, "zero": False}
        encoding[name] = {
            "field": name,
            "type": "quantitative",
            "scale": scale,
            "axis": {"title": axis.title},
        }
    encoding["order"] = {"field": "x", "type": "quantitative"}
    if mark["type"] != "line":
        del encoding["order"]
    return {"data": {"values": points}, "mark": mark, "encoding": encoding}


def digits(value: float) -> float:
    """Return the number with the five digits that are drawn."""
    return float(f"{float(value):.5g}")


def value_and_slope(
    loss: Callable[[torch.Tensor], torch.Tensor], at: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the losses of rows at logits of the true class, and their derivatives."""
    z = torch.tensor(at[:, None], requires_grad=True)
    each = loss(z)
    (slope,) = torch.autograd.grad(each.sum(), z)
    return each.detach().numpy().ravel(), slope.numpy().ravel()


def surprise() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the surprise of an event, and what it adds to a mean."""
    p = np.concatenate([np.geomspace(1e-4, 0.02, 60), np.linspace(0.025, 1, 196)])
    own = measures.information(p, validate=False)
    yield (
        "surprise",
        chart(
            "Surprise of an event against its probability, and the term it adds to a mean",
            Axis("probability p", 0, 1),
            Axis("nats", 0, 6),
            [
                Curve("surprise: -log p", p, own, (0.4, 5), key=True),
                Curve("its term in a mean: p (-log p)", p, p * own, (0.4, 4.5), key=True),
            ],
        ),
    )


def entropy() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the entropy of a yes/no question, beside the surprise of a yes."""
    p = np.concatenate([np.geomspace(1e-4, 0.02, 60), np.linspace(0.025, 1, 196)])
    yield (
        "entropy",
        chart(
            "Entropy of a yes/no question and surprise of a yes against the probability of yes",
            Axis("probability of yes", 0, 1),
            Axis("nats", 0, 4),
            [
                Curve("entropy of the question", p, measures.entropy(pairs(p)), (0.2, 0.3)),
                Curve("surprise of a yes", p, measures.information(p, validate=False), (0.11, 2.4)),
            ],
            [(0.5, float(np.log(2)))],
        ),
    )


def pairs(p: np.ndarray) -> np.ndarray:
    """Return the distributions (p, 1 - p)."""
    return np.stack([p, 1 - p], axis=-1)


def squared_error() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield loss and slope of cross-entropy and the three squared errors, for a target of 1."""
    z = np.linspace(-10, 10, 201)
    yes = torch.zeros(len(z), dtype=torch.long)
    losses: tuple[Callable[[torch.Tensor], torch.Tensor], ...] = (
        lambda z: crossent.binary_cross_entropy_with_logits(
            z, torch.ones_like(z), reduction="none"
        ),
        lambda z: crossent.squared_error(z, yes, reduction="none"),
        lambda z: crossent.brier_loss(
            torch.cat([z, torch.zeros_like(z)], 1), yes, reduction="none"
        ),
        lambda z: crossent.sigmoid_squared_error(z, yes, reduction="none"),
    )
    both = [value_and_slope(loss, z) for loss in losses]
    names = ("cross-entropy", "raw scores", "Brier", "sigmoid")
    x = Axis("logit z of the true class (target 1)", -10, 10)
    for part, title, y, places in (
        (0, "Loss", Axis("loss (nats; squares have no unit)", 0, 12), LOSS_NAMES),
        (1, "Slope", Axis("slope: loss per unit of the logit", -3, 3), SLOPE_NAMES),
    ):
        curves = [
            Curve(name, z, of[part], *place)
            for name, of, place in zip(names, both, places, strict=True)
        ]
        words = "of cross-entropy and three squared errors against the logit of the true class"
        yield f"squared-error-{title.lower()}", chart(f"{title} {words}", x, y, curves)


LOSS_NAMES = (
    ((-8.7, 9.6), "left"),
    ((6.0, 8.2), "left"),
    ((-9.8, 2.6), "left"),
    ((-9.8, 1.0), "left"),
)
SLOPE_NAMES = (
    ((-9.6, -1.3), "left"),
    ((3.9, 2.2), "left"),
    ((-2.5, -0.5), "right"),
    ((-9.6, 0.25), "left"),
)


def label_smoothing() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the loss of three classes against the margin, for four amounts of smoothing."""
    margin = np.linspace(-2, 10, 241)
    logits = np.stack([margin, 0 * margin, 0 * margin], axis=1)
    curves, dots = [], []
    for eps, at in (
        (0.0, (6.5, 0.1)),
        (0.05, (7.2, 0.42)),
        (0.15, (6.5, 0.98)),
        (0.3, (5.2, 1.62)),
    ):
        y = crossent.cross_entropy(
            logits, np.zeros(len(margin), int), label_smoothing=eps, reduction="none"
        )
        curves.append(Curve(f"eps = {eps:g}", margin, y, at))
        if eps:
            t = np.array([1 - 2 * eps / 3, eps / 3, eps / 3])
            dots.append((float(np.log(t[0] / t[1])), float(measures.entropy(t))))
    yield (
        "label-smoothing",
        chart(
            "Loss of three classes against the margin of the true one, by smoothing",
            Axis("margin: logit of the true class above the others", -2, 10),
            Axis("loss (nats)", 0, 2.5),
            curves,
            dots,
        ),
    )


def focal() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield focal loss and its slope in the logit, against the probability of the true class."""
    p = np.concatenate([np.geomspace(1e-3, 0.02, 40), np.linspace(0.025, 0.999, 196)])
    z = np.log(p) - np.log1p(-p)
    yes = torch.zeros(len(p), dtype=torch.long)

    def loss(gamma: float) -> Callable[[torch.Tensor], torch.Tensor]:
        return lambda z: crossent.focal_loss(
            torch.cat([z, torch.zeros_like(z)], 1), yes, gamma=gamma, reduction="none"
        )

    gammas, was = (0, 1, 2, 5), ("", " (cross-entropy)")
    both = [value_and_slope(loss(gamma), z) for gamma in gammas]
    x = Axis("probability of the true class", 0, 1)
    for part, title, y, places in (
        (0, "Loss", Axis("loss (nats)", 0, 4), ((0.5, 3.6), (0.5, 3.3), (0.5, 3.0), (0.5, 2.7))),
        (
            1,
            "Slope",
            Axis("slope in the logit (nats)", -1.4, 0),
            ((0.55, -0.85), (0.55, -0.95), (0.55, -1.05), (0.55, -1.15)),
        ),
    ):
        curves = [
            Curve(f"gamma = {gamma}{was[gamma == 0]}", p, of[part], at, key=True)
            for gamma, of, at in zip(gammas, both, places, strict=True)
        ]
        words = "focal loss against the probability of the true class, for four gammas"
        yield f"focal-{title.lower()}", chart(f"{title} of {words}", x, y, curves)


def distances() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield distances of two Gaussian bumps of width 1 against how far apart they are."""
    place = np.linspace(-10, 16, 261)
    apart = np.linspace(0, 6, 61)
    bumps = measures.from_counts(np.exp(-0.5 * (place - apart[:, None]) ** 2))
    first = np.broadcast_to(bumps[0], bumps.shape).copy()
    x = Axis("how far apart two bumps are (their width is 1)", 0, 6)
    yield (
        "distances-bounded",
        chart(
            "Total variation, Hellinger and Jensen-Shannon distance of two bumps, by how far apart",
            x,
            Axis("distance (no unit; JS: square root of bits)", 0, 1.1),
            [
                Curve(
                    "total variation",
                    apart,
                    measures.total_variation(first, bumps),
                    (3.2, 0.55),
                    key=True,
                ),
                Curve("Hellinger", apart, measures.hellinger(first, bumps), (3.2, 0.45), key=True),
                Curve(
                    "Jensen-Shannon",
                    apart,
                    measures.js_distance(first, bumps, unit="bits"),
                    (3.2, 0.35),
                    key=True,
                ),
            ],
        ),
    )
    yield (
        "distances-unbounded",
        chart(
            "KL divergence and Wasserstein distance of two bumps, by how far apart they are",
            x,
            Axis("KL (nats), Wasserstein (widths)", 0, 18),
            [
                Curve(
                    "KL: nats", apart, measures.kl_divergence(first, bumps), (4.2, 11.5), "right"
                ),
                Curve(
                    "Wasserstein: widths",
                    apart,
                    measures.wasserstein(first, bumps, place),
                    (3.9, 3.0),
                ),
            ],
        ),
    )


MAKERS = (surprise, entropy, squared_error, label_smoothing, focal, distances)


def svg(spec: dict[str, Any]) -> str:
    """Return the picture of a specification."""
    return vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE) + "\n"


def main(folder: Path = FOLDER) -> None:
    """Write every picture into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for maker in MAKERS:
        for name, spec in maker():
            (folder / f"{name}.svg").write_text(svg(spec), encoding="utf-8")


if __name__ == "__main__":
    main(*(Path(folder) for folder in sys.argv[1:2]))

"""Curves: what is plotted, what is marked, what is left out."""

import math
import re

import pytest

from crossent.report.curve_charts import LABEL_GAP, MOST_POINTS, accuracy_chart, finite, loss_chart
from crossent.report.vega import VEGA_LITE, compile_chart


def epochs(losses, key="validation_loss"):
    return [{"epoch": i + 1, key: loss} for i, loss in enumerate(losses)]


def values(spec):
    return [(p["epoch"], p["series"], p["value"]) for p in spec["data"]["values"]]


def marks(spec):
    return [layer["mark"] for layer in spec["layer"]]


def test_the_best_epoch_is_marked():
    spec = loss_chart(epochs([3.0, 1.0, 2.0]))
    assert values(spec) == [(1, "validation", 3.0), (2, "validation", 1.0), (3, "validation", 2.0)]
    assert "best: 1.000 at epoch 2" in [mark.get("text") for mark in marks(spec)]
    spec = accuracy_chart(epochs([0.5, 0.75], "validation_accuracy"))
    assert "best: 75.0% at epoch 2" in [mark.get("text") for mark in marks(spec)]


def test_nothing_recorded_is_no_chart():
    assert loss_chart([]) is None
    assert accuracy_chart(epochs([1.0])) is None
    assert loss_chart(epochs([math.nan, None, math.inf])) is None


def test_holes_are_left_out():
    assert values(loss_chart(epochs([math.nan, 1.0, None, 2.0]))) == [
        (2, "validation", 1.0),
        (4, "validation", 2.0),
    ]
    spec = loss_chart([{"train_loss": 1.0}, {"train_loss": 0.5}])
    assert values(spec) == [(1, "training", 1.0), (2, "training", 0.5)]
    assert [mark.get("text") for mark in marks(spec)] == [None, None]


def test_long_training_is_thinned():
    spec = loss_chart(epochs([1.0] * (3 * MOST_POINTS + 1)))
    assert len(values(spec)) <= MOST_POINTS
    assert values(spec)[1][0] > 2


@pytest.mark.parametrize("losses", [[1.0], [2.0, 1.0]], ids=["one epoch", "two"])
def test_vega_lite_compiles_them(losses):
    spec = compile_chart(loss_chart(epochs(losses)))
    assert spec["$schema"].endswith("vega/v6.json")
    assert {"ink", "accent", "width"} <= {signal["name"] for signal in spec["signals"]}


@pytest.mark.parametrize("value", [None, "1", True, math.nan, math.inf])
def test_only_finite_numbers_count(value):
    assert finite({"x": value}, "x") is None
    assert finite({"x": 2}, "x") == 2.0


def drawn_texts(spec):
    import vl_convert

    svg = vl_convert.vegalite_to_svg({**spec, "width": 400}, vl_version=VEGA_LITE)
    return svg, re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 9, 20, 150])
def test_epochs_are_whole_and_written_once(count):
    spec = loss_chart(epochs([1 / (i + 1) for i in range(count)]))
    texts = drawn_texts(spec)[1]
    ticks = texts[: texts.index("epoch")]
    assert ticks == sorted({str(int(tick)) for tick in ticks}, key=int)
    assert ticks


@pytest.mark.parametrize("best", [0, 4, 9])
def test_the_best_epoch_is_named_above_the_lines(best):
    losses = [1.0 + abs(i - best) / 10 for i in range(10)]
    for spec in (loss_chart(epochs(losses)), accuracy_chart(epochs(losses, "validation_accuracy"))):
        labels = [layer for layer in spec["layer"] if layer["mark"].get("text")]
        assert [layer["encoding"]["y"] for layer in labels] == [{"value": -LABEL_GAP}]
        svg = drawn_texts(spec)[0]
        place = re.search(r'translate\([-\d.]+,([-\d.]+)\)"[^>]*>best:', svg)
        assert float(place[1]) <= -LABEL_GAP

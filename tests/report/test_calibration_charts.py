"""The charts of calibration: what is plotted."""

import numpy as np
import pytest

from crossent.report.calibration_charts import AXIS_ROOM, reliability_chart, rows_chart
from crossent.report.evaluation import evaluate
from crossent.report.vega import compile_chart


def bins(bins=5):
    given = np.array([[0.5, 0.5], [0.75, 0.25], [0.75, 0.25], [1.0, 0.0]])
    return evaluate([0, 1, 0, 0], given).calibration.bins(bins)


def test_every_bin_with_rows_is_a_point():
    spec = reliability_chart(bins())
    values = spec["layer"][2]["data"]["values"]
    assert [(v["confidence"], v["accuracy"], v["share"]) for v in values] == [
        (0.5, 1.0, 0.25),
        (0.75, 0.5, 0.5),
        (1.0, 1.0, 0.25),
    ]
    assert [v["rows"] for v in values] == ["1 (25.0%)", "2 (50.0%)", "1 (25.0%)"]
    assert values[1]["interval"] == "9.5% to 90.5%"
    assert (values[1]["low"], values[1]["high"]) == pytest.approx((0.0945, 0.9055), abs=1e-4)
    assert [v["confidence"] for v in spec["layer"][0]["data"]["values"]] == [0, 1]


def test_bars_are_where_the_bins_are():
    values = rows_chart(bins())["data"]["values"]
    assert [v["from"] for v in values] == pytest.approx([0.4, 0.6, 0.8])
    assert [v["to"] for v in values] == pytest.approx([0.6, 0.8, 1.0])


def test_without_rows_there_is_no_chart():
    empty = [one for one in bins() if not one.weight]
    assert empty
    assert reliability_chart(empty) is None
    assert rows_chart(empty) is None


@pytest.mark.parametrize("chart", [reliability_chart, rows_chart])
def test_vega_lite_compiles_them_with_the_same_axes(chart):
    spec = compile_chart(chart(bins()))
    scale = next(scale for scale in spec["scales"] if scale["name"] == "x")
    assert scale["domain"] == [0, 1]
    left = [axis for axis in spec["axes"] if axis["orient"] == "left" and axis.get("labels", True)]
    assert (left[0]["minExtent"], left[0]["maxExtent"]) == (AXIS_ROOM, AXIS_ROOM)

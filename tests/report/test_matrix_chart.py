"""The matrix chart: cells, labels, the switch."""

import numpy as np
import pytest

from crossent.report.evaluation import evaluate
from crossent.report.matrix import matrix_view
from crossent.report.matrix_chart import matrix_chart
from crossent.report.vega import compile_chart


def chart(labels, said, classes):
    result = evaluate(labels, np.eye(len(classes))[said], classes=classes)
    return matrix_chart(matrix_view(result), result.classes)


def cells(spec):
    return spec["layer"][1]["data"]["values"]


def params(spec):
    return {param["name"]: param["value"] for param in spec["params"]}


def test_cells_hold_counts_and_shares_and_no_zeros():
    spec = chart([0, 0, 0, 1], [0, 0, 1, 1], ("a", "b"))
    got = {(c["true"], c["predicted"]): (c["count"], c["share"]) for c in cells(spec)}
    assert got == {(0, 0): ("2", "66.7%"), (0, 1): ("1", "33.3%"), (1, 1): ("1", "100%")}
    assert params(spec)["names"] == ["a", "b"]
    assert "show" not in params(spec)


def test_many_classes_get_a_switch():
    names = [f"class {i}" for i in range(20)]
    spec = chart(list(range(20)), list(range(20)), names)
    assert params(spec)["show"] == "count"
    assert cells(spec)[0]["short"] == "100"


def test_labels_are_cut_and_made_visible():
    spec = chart([0, 1], [1, 0], ("x" * 1000, "a\nb"))
    first, second = params(spec)["names"]
    assert len(first) == 18
    assert second == "a\\nb"


@pytest.mark.parametrize("size", [1, 2, 12, 13, 60])
def test_vega_lite_compiles_it(size):
    spec = compile_chart(chart(list(range(size)), [0] * size, [str(i) for i in range(size)]))
    assert {scale["name"] for scale in spec["scales"]} >= {"x", "y"}

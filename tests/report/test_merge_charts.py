"""Charts of what merging buys and loses."""

import dataclasses

from crossent.report.merge_charts import merge_accuracy_chart, merge_bits_chart
from crossent.report.vega import compile_chart
from crossent.scoring.merging.order import Step

STEP = Step(("a\n", "b"), (0, 1), 2, 0.95, 0.9183, 0.6667, 0.75)
STEPS = (STEP, dataclasses.replace(STEP, merged=("a+b", "c"), classes=1, accuracy=1.0))


def test_the_curve_begins_before_any_merge():
    points = merge_accuracy_chart(STEPS, 0.9)["data"]["values"]
    assert [(p["classes"], p["value"], p["text"]) for p in points] == [
        (3, 0.9, "90.0%"),
        (2, 0.95, "95.0%"),
        (1, 1.0, "100%"),
    ]
    assert [p["merge"] for p in points] == ["nothing merged", "a\\n with b", "a+b with c"]
    assert [p["value"] for p in merge_bits_chart(STEPS)["data"]["values"]] == [0.0, 0.6667, 0.6667]


def test_without_steps_there_is_no_chart():
    assert merge_bits_chart(()) is None
    assert merge_accuracy_chart((), 0.5) is None


def test_vega_lite_compiles_them():
    for spec in (merge_accuracy_chart(STEPS, 0.9), merge_bits_chart(STEPS)):
        scale = next(s for s in compile_chart(spec)["scales"] if s["name"] == "x")
        assert scale["reverse"] is True

"""The JSON twin: strict, complete, the same bytes each time."""

import json

import numpy as np

from crossent.report.json import to_json
from crossent.scoring.evaluation import Evaluation, evaluate


def refuse(text):
    raise AssertionError(f"{text} is not JSON")


def test_same_bytes_for_the_same_report(make_report):
    assert to_json(make_report()) == to_json(make_report())
    first = to_json(make_report(settings={"a": 1, "b": 2}))
    assert first == to_json(make_report(settings={"b": 2, "a": 1}))
    assert first.endswith("}\n")


def test_it_is_strict_and_complete(make_report):
    result = evaluate([0, 1], [[1.0, 0.0], [1.0, 0.0]])
    curves = ({"epoch": 1, "train_loss": float("nan")},)
    report = make_report(evaluation=result, curves=curves)
    record = json.loads(to_json(report), parse_constant=refuse)
    assert record["evaluation"]["log_loss"] == "inf"
    assert record["curves"] == [{"epoch": 1, "train_loss": "nan"}]
    back = Evaluation.from_dict(record["evaluation"])
    np.testing.assert_array_equal(back.confusion, result.confusion)
    assert record["settings"] == {"hidden": [128], "loss": "cross_entropy", "model": "mlp"}


def test_hostile_labels_come_back(hostile_report):
    record = json.loads(to_json(hostile_report))
    assert tuple(record["evaluation"]["classes"]) == hostile_report.evaluation.classes

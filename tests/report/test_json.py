"""The JSON twin: strict, complete, the same bytes each time."""

import json

from crossent.report.evaluation import evaluate
from crossent.report.json import to_json


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
    assert record["evaluation"]["confusion"] == result.confusion.tolist()
    assert (record["merges"], record["before"], record["difference"]) == ([], None, None)
    assert record["settings"] == {"hidden": [128], "loss": "cross_entropy", "model": "mlp"}


def test_hostile_labels_come_back(hostile_report):
    record = json.loads(to_json(hostile_report))
    assert tuple(record["evaluation"]["classes"]) == hostile_report.evaluation.classes


def test_pairs_merges_and_the_baseline(compared):
    record = json.loads(to_json(compared, pairs=2), parse_constant=refuse)
    result, steps = compared.evaluation, compared.merges
    directed, symmetric = (record["evaluation"]["pairs"][k] for k in ("directed", "symmetric"))
    assert len(directed) == len(symmetric) == 2
    first = result.pairs(1)[0]
    assert directed[0]["interval"] == [first.low, first.high]
    drawn = [(row["source"], row["row"]) for row in directed[0]["examples"]]
    assert tuple(drawn) == result.examples(first.true, first.predicted)
    assert [step["merged"] for step in record["merges"]] == [list(step.merged) for step in steps]
    assert record["before"]["classes"] == list(compared.before.classes)
    assert record["difference"]["log_loss"] == compared.difference.log_loss
    assert len(json.loads(to_json(compared, pairs=None))["evaluation"]["pairs"]["directed"]) > 2


def test_calibration_is_in_as_many_bins_as_asked_for(make_report):
    record = json.loads(to_json(make_report(bins=20)))
    assert len(record["evaluation"]["calibration"]["bins"]) == 20

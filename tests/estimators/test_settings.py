import json
from dataclasses import fields

import pytest

from crossent.errors import InputError
from crossent.estimators.settings import TrainSettings


@pytest.mark.parametrize("model", ["linear", "mlp", "cnn"])
@pytest.mark.parametrize("optimizer", [None, "adam", "adamw", "sgd"])
@pytest.mark.parametrize("rows", [0, 1, 30, 1000, 60_000, 10**9])
def test_resolved_leaves_nothing_open_and_repeats(model, optimizer, rows) -> None:
    settings = TrainSettings(model=model, optimizer=optimizer, device="cpu", threads=1)
    full = settings.resolved(rows)
    open_ = [f.name for f in fields(full) if getattr(full, f.name) is None]
    assert open_ == ["class_weight", "patience"]  # where None means: none, off
    assert full.resolved(7) == full
    assert TrainSettings.from_dict(json.loads(json.dumps(full.to_dict()))) == full


def test_given_values_win() -> None:
    given = {"lr": 0.5, "epochs": 3, "batch_size": 7, "hidden": (5, 4), "weight_decay": 0.25}
    full = TrainSettings(**given).resolved(1000)
    assert {name: getattr(full, name) for name in given} == given


def test_few_rows_get_more_epochs_and_smaller_batches() -> None:
    few, many = TrainSettings().resolved(100), TrainSettings().resolved(60_000)
    assert few.epochs > many.epochs
    assert few.batch_size < many.batch_size


def test_linear_has_no_hidden_layer() -> None:
    assert TrainSettings(model="linear", hidden=(5,)).resolved(10).hidden == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "forest"), ("loss", "hinge"), ("class_weight", "even"), ("optimizer", "lbfgs"),
        ("schedule", "step"), ("hidden", (0,)), ("hidden", (1.5,)), ("hidden", (True,)),
        ("label_smoothing", 1.0), ("label_smoothing", -0.1), ("label_smoothing", float("nan")),
        ("focal_gamma", -1.0), ("focal_gamma", float("inf")), ("lr", 0.0), ("lr", -1.0),
        ("lr", "fast"), ("momentum", 1.0), ("weight_decay", -1e-9), ("epochs", 0), ("epochs", 1.5),
        ("batch_size", 0), ("patience", 0), ("seed", -1), ("seed", 2**63), ("threads", 0),
        ("device", ""), ("model", "x" * 500 + "\n"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_one_line(name, value) -> None:
    with pytest.raises(InputError) as caught:
        TrainSettings(**{name: value})
    message = str(caught.value)
    assert name in message
    assert "\n" not in message
    assert len(message) < 250


def test_unknown_names_are_refused() -> None:
    with pytest.raises(InputError, match="'learning_rate'"):
        TrainSettings.from_dict({"learning_rate": 0.1})
    with pytest.raises(InputError, match="hidden"):
        TrainSettings.from_dict({"hidden": "128"})

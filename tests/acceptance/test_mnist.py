"""What a user gets from MNIST with the command's defaults, and from 5,000 rows of it."""

import json

import numpy as np
import pytest

from crossent.cli.app import main


def accuracy(data_dir, tmp_path, monkeypatch, *flags: str) -> float:
    """Train on MNIST by the command line and return the test accuracy it recorded."""
    monkeypatch.setenv("CROSSENT_DATA", str(data_dir))
    out = tmp_path / "run"
    assert main(["train", "mnist", *flags, "--out", str(out)]) == 0
    return json.loads((out / "metrics.json").read_text())["test"]["accuracy"]


def test_one_hidden_layer_of_ten_on_five_thousand_rows(data_dir, tmp_path, monkeypatch) -> None:
    protocol = "--rows 5000 --test-size 0.2 --hidden 10 --epochs 20 --optimizer sgd"
    scores = []
    for seed in range(5):
        (tmp_path / str(seed)).mkdir()
        flags = [*protocol.split(), "--validation-size", "0", "--seed", str(seed)]
        scores.append(accuracy(data_dir, tmp_path / str(seed), monkeypatch, *flags))
    assert np.mean(scores) >= 0.85


@pytest.mark.slow
@pytest.mark.parametrize(("model", "goal"), [("linear", 0.92), ("mlp", 0.98), ("cnn", 0.99)])
def test_the_defaults_reach_the_goal(model, goal, data_dir, tmp_path, monkeypatch) -> None:
    assert accuracy(data_dir, tmp_path, monkeypatch, "--model", model) >= goal

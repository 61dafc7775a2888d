from dataclasses import asdict, fields

import pytest

from crossent.cli.config import NOT_A_KEY
from crossent.cli.flags import TrainFlags
from crossent.errors import InputError
from crossent.estimators.settings import TrainSettings

PROMISED = [
    *("target", "features", "ignore", "weights", "target-probs", "rows", "drop-class"),
    *("test", "test-size", "validation-size"),
    *("model", "hidden", "loss", "label-smoothing", "class-weight", "focal-gamma"),
    *("optimizer", "lr", "weight-decay", "epochs", "batch-size", "patience", "seed"),
    *("device", "threads", "out", "config", "tensorboard"),
]


@pytest.mark.parametrize("name", PROMISED)
def test_every_promised_flag_is_there(crossent, name: str):
    assert f"--{name} " in crossent("train", "--help").out


def test_defaults_are_those_of_the_settings():
    assert TrainFlags().settings() == TrainSettings()


def test_every_setting_has_a_flag():
    flags = {field.name for field in fields(TrainFlags)}
    assert {field.name for field in fields(TrainSettings)} <= flags
    assert NOT_A_KEY in flags


def test_flags_become_settings():
    flags = TrainFlags(model="linear", hidden=(3, 2), patience=4, target="y")
    settings = asdict(flags.settings())
    assert (settings["model"], settings["hidden"], settings["patience"]) == ("linear", (3, 2), 4)


def test_a_setting_without_sense_is_refused():
    with pytest.raises(InputError, match="label_smoothing"):
        TrainFlags(label_smoothing=1.5).settings()

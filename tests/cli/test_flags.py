import shlex
from dataclasses import asdict, fields
from typing import Annotated

import pytest
from cyclopts import App, Parameter
from hypothesis import given
from hypothesis import strategies as st

from crossent.cli.class_names import join_names
from crossent.cli.config import NOT_A_KEY
from crossent.cli.flags import TrainFlags
from crossent.errors import InputError
from crossent.estimators.settings import TrainSettings

PROMISED = [
    *("target", "features", "ignore", "weights", "target-probs", "rows", "drop-class"),
    *("only", "merge"),
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


def parse(*line: str) -> TrainFlags:
    app = App(result_action="return_value", exit_on_error=False, print_error=False)

    @app.default
    def train(data: str, *, flags: Annotated[TrainFlags, Parameter("*")] = TrainFlags()):  # noqa: B008
        del data
        return flags

    return app(list(line))


def test_classes_are_listed_as_csv():
    assert parse("d", "--only", '4,"a,b"', "--only", "9").only == ("4", "a,b", "9")
    assert parse("d", "--only=-1,1").only == ("-1", "1")
    assert parse("d", "--merge", "x=a,b", "--merge", 'y="c,d",e').merge == ("x=a,b", 'y="c,d",e')


NAMES = st.lists(st.text(alphabet="-aé ,\"='$", min_size=1, max_size=5), min_size=1, max_size=3)


@given(NAMES, NAMES, st.lists(st.tuples(NAMES, NAMES), max_size=2))
def test_the_printed_command_has_the_same_flags(
    only: list[str], drop: list[str], groups: list[tuple[list[str], list[str]]]
):
    merge = tuple(f"{join_names(new[:1])}={join_names(members)}" for new, members in groups)
    flags = TrainFlags(only=tuple(only), drop_class=tuple(drop), merge=merge, target="-1")
    words = shlex.split(flags.command("some data.csv"))
    assert words[:3] == ["crossent", "train", "some data.csv"]
    assert parse(*words[2:]) == flags

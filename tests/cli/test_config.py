import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pytest
from cyclopts import App, Parameter

from crossent.cli.config import apply_config, read, write
from crossent.cli.flags import TrainFlags
from crossent.errors import InputError


def parse(*line: str) -> tuple[str, TrainFlags]:
    app = App(
        config=apply_config, result_action="return_value", exit_on_error=False, print_error=False
    )

    @app.default
    def train(data: str, *, flags: Annotated[TrainFlags, Parameter("*")] = TrainFlags()):  # noqa: B008
        return data, flags

    return app(list(line))


def test_flags_over_file_over_defaults():
    Path("c.toml").write_text('data = "digits"\nepochs = 3\nbatch_size = 7\nlr = 0.1\n')
    data, flags = parse("--config", "c.toml", "--epochs", "5")
    assert data == "digits"
    assert (flags.epochs, flags.batch_size, flags.lr, flags.seed) == (5, 7, 0.1, TrainFlags().seed)
    assert parse("mnist", "--config", "c.toml")[0] == "mnist"


def test_every_kind_of_value():
    Path("c.toml").write_text(
        'data = "x"\nhidden = [8, 4]\nfeatures = ["a,b", "c"]\ndrop-class = "z"\n'
        "tensorboard = true\n"
        'class-weight = "balanced"\nlr = 1e-3\n'
    )
    flags = parse("--config", "c.toml")[1]
    assert (flags.hidden, flags.features, flags.drop_class) == ((8, 4), ("a,b", "c"), ("z",))
    assert (flags.tensorboard, flags.class_weight, flags.lr) == (True, "balanced", 0.001)
    assert parse("--config", "c.toml", "--hidden", "2", "--features", "q,r")[1].features == (
        "q",
        "r",
    )


@pytest.mark.parametrize(
    "line",
    [
        ["digits"],
        [
            "digits",
            "--hidden",
            "3,2,1",
            "--lr",
            "0.1",
            "--seed",
            "7",
            "--tensorboard",
            "--patience",
            "2",
        ],
        [
            "./a b.csv",
            "--features",
            "x y,z",
            "--drop-class",
            "a,b",
            "--drop-class",
            "[c]",
            "--loss",
            "focal",
        ],
    ],
)
def test_written_config_repeats_the_flags(line: list[str]):
    data, flags = parse(*line)
    write(Path("config.json"), {"data": data, **asdict(flags)})
    again, repeated = parse("--config", "config.json")
    assert (again, asdict(repeated) | {"config": None}) == (data, asdict(flags))


def test_written_config_leaves_out_what_was_not_given():
    write(
        Path("config.json"),
        {"data": "d", "config": Path("x"), "lr": None, "features": (), "batch_size": 2},
    )
    assert json.loads(Path("config.json").read_text()) == {"data": "d", "batch-size": 2}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("c.toml", "epoch = 3", "unknown key 'epoch'; did you mean 'epochs'?"),
        ("c.toml", "zzz = 3", "unknown key 'zzz'; known keys: batch-size, class-weight"),
        ("c.toml", 'config = "d.toml"', "unknown key 'config'"),
        ("c.toml", "[train]\nepochs = 3", "unknown key 'train'"),
        ("c.toml", "[epochs]\nx = 3", "epochs must be a text, a number"),
        ("c.toml", "epochs = ", "cannot be read"),
        ("c.json", "{", "cannot be read"),
        ("c.json", "[1]", "must hold a table"),
        ("c.json", '{"hidden": [[1]]}', "hidden must be a text, a number"),
        ("none.toml", None, "no such file"),
    ],
)
def test_a_bad_file_is_refused(name: str, text: str | None, expected: str):
    if text is not None:
        Path(name).write_text(text)
    with pytest.raises(InputError, match=r"--config '[cn]") as caught:
        parse("digits", "--config", name)
    assert expected in str(caught.value)


def test_a_bad_value_names_the_file(crossent):
    Path("c.toml").write_text('epochs = "many"')
    ended = crossent("train", "digits", "--config", "c.toml")
    assert ended.code == 2
    assert ended.err.startswith(
        'crossent: Invalid value for --epochs from c.toml: unable to convert "many"'
    )


def test_a_file_that_is_not_text():
    Path("c.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        read(Path("c.toml"))

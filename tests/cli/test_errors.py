import errno

import pytest

from crossent.cli.errors import EXTRAS, explain, missing_extra, one_line, require
from crossent.errors import InputError, MissingExtraError


def test_input_error_is_printed_as_raised():
    assert explain(InputError("rows must be positive; got -1")) == "rows must be positive; got -1"


def test_hostile_message_stays_in_one_printable_line():
    line = one_line("a\nb\r\n\tc \x1b[2J \x00 \u2028 é \ud800")
    assert line == r"a b c \x1b[2J \x00 é \ud800"


@pytest.mark.parametrize("module", sorted(EXTRAS))
def test_missing_module_names_its_extra(module: str):
    package, extra = EXTRAS[module]
    error = ModuleNotFoundError(f"No module named {module!r}", name=f"{module}.inside")
    assert explain(error) == f"{package} is not installed; run: pip install 'crossent[{extra}]'"


def test_missing_module_inside_a_command_loaded_by_name():
    error = ImportError("Cannot import module 'crossent.cli.train'")
    error.__cause__ = ModuleNotFoundError("No module named 'torch'", name="torch")
    assert isinstance(missing_extra(error), MissingExtraError)


def test_a_required_package(monkeypatch: pytest.MonkeyPatch):
    require("rich")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="torch is not installed"):
        require("torch")


def test_system_error_names_the_file():
    error = PermissionError(errno.EACCES, "Permission denied", "runs/x\ny")
    assert explain(error) == r"Permission denied: 'runs/x\ny'"


@pytest.mark.parametrize(
    "defect", [ModuleNotFoundError("no", name="crossent.nowhere"), KeyError("x"), ValueError("x")]
)
def test_a_defect_is_not_explained(defect: Exception):
    assert explain(defect) is None


def test_missing_data_is_named(crossent):
    ended = crossent("train")
    assert (ended.code, ended.err) == (
        2,
        "crossent: DATA needs a value. See: crossent train --help\n",
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (["trian"], "Unknown command 'trian'. Did you mean 'train'? See: crossent --help"),
        (["x"], "Unknown command 'x'. Commands: train, evaluate, predict, measure, doctor."),
        (["train", "digits", "--epoch", "3"], "Unknown option: --epoch. Did you mean --epochs?"),
        (["train", "digits", "--hiden=3"], "Unknown option: --hiden. Did you mean --hidden?"),
        (["train", "digits", "--epochs"], "--epochs needs a value."),
        (
            ["train", "digits", "--epochs", "many"],
            'Invalid value for --epochs: unable to convert "many" into int.',
        ),
        (["train", "digits", "--model", "mpl"], 'Did you mean "mlp"?'),
        (
            ["train", "digits", "--hidden", "3,x"],
            "Invalid value for --hidden: expected whole numbers, such as 256,128; got '3,x'. See",
        ),
        (
            ["train", "digits", "--hidden="],
            "--hidden: expected whole numbers, such as 256,128; got ''.",
        ),
        (["doctor", "a\nb"], r"One argument too many: 'a\nb'."),
        (["evaluate"], "FILE needs a value."),
        (["predict", "runs/x"], "DATA needs a value."),
    ],
)
def test_parse_error_is_one_line(crossent, line: list[str], expected: str):
    ended = crossent(*line)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("\n") == 1
    assert expected in ended.err

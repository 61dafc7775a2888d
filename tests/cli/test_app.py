import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from crossent import __version__
from crossent.cli.app import COMMANDS, main

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"
HEAVY = ("torch", "duckdb", "vl_convert", "sklearn", "safetensors", "jax")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_docs_section_with_its_help_examples(crossent, command: str):
    section = re.search(rf"^## {command}$(.*?)(?=^## |\Z)", DOCS.read_text(), re.M | re.S)
    assert section is not None
    for example in examples(crossent(command, "--help").out):
        assert example in section[1]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_starts_with_examples(crossent, command: str):
    out = crossent(*filter(None, [command, "--help"])).out
    assert out.startswith("Examples:\n  crossent")
    assert all(example.startswith(f"crossent {command}") for example in examples(out))
    assert out.index("Examples:") < out.index("Usage:")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_has_help(crossent, command: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "300")
    flags = [line for line in crossent(command, "--help").out.splitlines() if line.startswith("│")]
    assert [line for line in flags if not re.search(r"  \S.* [a-z]", line.strip("│* "))] == []


@pytest.mark.parametrize("command", ["", *COMMANDS])
@pytest.mark.parametrize("columns", ["1", "40", "80", "999"])
def test_help_at_odd_widths(crossent, command: str, columns: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", columns)
    ended = crossent(*filter(None, [command, "--help"]))
    assert (ended.code, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= max(int(columns), 40)


def test_no_command_prints_help(crossent):
    assert crossent().out == crossent("--help").out


def test_version(crossent):
    assert crossent("--version").out == f"{__version__}\n"


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_loads_nothing_heavy(shell, command: str):
    assert shell(*filter(None, [command, "--help"]), without=HEAVY).code == 0


def test_help_is_quick():
    """Processor time: what else the machine does must not count."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "crossent.cli.app", "--help"]
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(once() for _ in range(5)) <= 0.35


def test_a_missing_command_line_library_names_the_extra(shell):
    ended = shell("--help", without=("cyclopts",))
    assert ended.code == 2
    assert ended.err == "crossent: cyclopts is not installed; run: pip install 'crossent[cli]'\n"


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
def test_no_colour_without_a_terminal(shell, environment: dict[str, str]):
    ended = shell("train", "--help", **environment)
    assert "\x1b" not in ended.out + ended.err


def test_interrupt_before_anything_is_written(monkeypatch: pytest.MonkeyPatch, capsys):
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("crossent.cli.app.build_app", lambda: lambda *_, **__: interrupted())
    assert main(["train", "digits"]) == 130
    assert capsys.readouterr().err == "crossent: interrupted, nothing was written\n"


def test_a_defect_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("crossent.cli.app.build_app", lambda: broken)
    with pytest.raises(ZeroDivisionError):
        main(["doctor"])


def test_a_closed_pipe_is_no_error():
    code = f"{sys.executable} -m crossent.cli.app doctor | true"
    done = subprocess.run(
        ["bash", "-c", code], capture_output=True, text=True, env=os.environ, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def examples(text: str) -> list[str]:
    """Return the command lines under "Examples:"."""
    return [line.strip() for line in text.partition("\n\n")[0].splitlines()[1:]]


def test_the_first_help_shows_examples_of_the_commands_which_their_tests_run(crossent):
    shown = examples(crossent("--help").out)
    assert shown
    for example in shown:
        command = example.split()[1]
        assert example in examples(crossent(command, "--help").out)
    assert crossent("doctor").code == 0  # doctor's own example

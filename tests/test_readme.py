"""The README's code blocks run as they stand, from a copy of what a clone holds."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import dense, results

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


@pytest.mark.parametrize("code", [text for kind, text in BLOCKS if kind == "python"])
def test_python_blocks_run(code) -> None:
    exec(compile(code, "README.md", "exec"), {})


def test_console_blocks_run_in_order(clone) -> None:
    commands = re.findall(r"^\$ (.*)$", "\n".join(t for k, t in BLOCKS if k == "console"), re.M)
    assert len(commands) == 3
    for command in commands:
        program, *rest = command.split()
        assert program == "crossent"
        done = subprocess.run(
            [sys.executable, "-m", "crossent", *rest],
            cwd=clone, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert (clone / "iris.html").stat().st_size < 1_500_000
    assert (clone / "flowers.csv").is_file()
    named = re.findall(r"`([\w.]+\.(?:safetensors|json|jsonl|parquet|html))`", README)
    assert set(named) == {path.name for path in (clone / "runs" / "flowers").iterdir()}


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_make_targets_it_names_exist() -> None:
    targets = re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.M)
    assert set(re.findall(r"make ([a-z]+)", README)) <= set(targets)


def test_it_fits_one_screen() -> None:
    assert len(README.splitlines()) <= 70


def test_the_speed_table_is_that_of_its_results() -> None:
    document = json.loads((results.FOLDER / "dense.json").read_text())
    assert f"{dense.BEGIN}\n{dense.readme_table(document)}\n{dense.END}" in README
    assert dense.failures(document["results"]) == []

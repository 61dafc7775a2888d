import html
import json
import os
import pty
import re
import shlex
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, log_loss

from crossent.report.evaluation import evaluate

COMMAND = [sys.executable, "-m", "crossent.cli.app"]
QUICK = ("--model", "linear", "--epochs", "2", "--rows", "400")
FILES = [
    *("config.json", "log.jsonl", "metrics.json", "model.json", "model.safetensors"),
    *("predictions.parquet", "report.html"),
]


@pytest.fixture
def iris(workdir: Path) -> Path:
    """The iris flowers as a table with a header."""
    data = load_iris()
    rows = ["sepal_length,sepal_width,petal_length,petal_width,species"]
    rows += [
        ",".join([*map(str, row), data.target_names[label]])
        for row, label in zip(data.data, data.target, strict=True)
    ]
    path = workdir / "iris.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture
def mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sixty small images to train on and twenty to test on, named and laid out as MNIST."""
    folder = tmp_path / "sets" / "mnist"
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for part, count in (("train", 60), ("t10k", 20)):
        labels = (np.arange(count) % 3).astype(np.uint8)
        images = random.integers(0, 60, (count, 8, 8)) + labels[:, None, None] * 80
        head = struct.pack(">4B3I", 0, 0, 8, 3, count, 8, 8)
        pixels = head + images.astype(np.uint8).tobytes()
        (folder / f"{part}-images-idx3-ubyte").write_bytes(pixels)
        codes = struct.pack(">4BI", 0, 0, 8, 1, count) + labels.tobytes()
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(codes)
    monkeypatch.setenv("CROSSENT_DATA", str(tmp_path / "sets"))
    return folder


def names(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def metrics(run: str) -> dict:
    return json.loads(Path(run, "metrics.json").read_text())


def test_leaves_a_run_and_says_what_it_took(crossent):
    ended = crossent("train", "digits", *QUICK)
    assert (ended.code, ended.err) == (0, "")
    assert names("runs/digits-1") == FILES
    assert names("runs") == ["digits-1"]
    for expected in (
        "digits: 400 rows",
        "10: 0, 1, 2",
        "images of 8 x 8",
        "280 to train, 40 to validate, 80 to test",
        "epoch 2/2",
        "perplexity",
        "accuracy",
        "report      runs/digits-1/report.html",
    ):
        assert expected in ended.out
    assert ended.out.count(" -> ") <= 3


def test_numbers_are_those_of_scikit_learn(crossent):
    crossent("train", "digits", *QUICK)
    table = duckdb.sql("from 'runs/digits-1/predictions.parquet'")
    columns = table.fetchnumpy()
    probabilities = np.stack([columns[f"p_{c}"] for c in range(10)], 1)
    assert set(table.columns) >= {"label", "prediction", *(f"p_{c}" for c in range(10))}
    labels = columns["label"].astype(int)
    test = metrics("runs/digits-1")["test"]
    assert test["log_loss"] == pytest.approx(log_loss(labels, probabilities), rel=1e-9)
    assert test["bits"] == pytest.approx(test["log_loss"] / np.log(2), rel=1e-12)
    assert test["perplexity"] == pytest.approx(np.exp(test["log_loss"]), rel=1e-12)
    assert test["accuracy"] == pytest.approx(accuracy_score(labels, probabilities.argmax(1)))
    assert {"test", "validation", "train"} <= metrics("runs/digits-1").keys()


def test_evaluate_prints_the_same_numbers(crossent):
    trained = crossent("train", "digits", *QUICK).out
    again = crossent("evaluate", "runs/digits-1/predictions.parquet").out
    start = trained.index("test loss")
    lines = trained[start:].splitlines()
    assert again.startswith("read        labels from 'label'; probabilities of 10 classes from 'p_")
    assert again[again.index("log loss ") :].splitlines() == [
        lines[0].replace("test loss", "log loss "),
        *lines[1:-1],
    ]


def test_config_of_a_run_repeats_it_bit_for_bit(crossent):
    crossent("train", "digits", "--rows", "400", "--hidden", "8,4", "--seed", "3", "--epochs", "2")
    assert crossent("train", "--config", "runs/digits-1/config.json").code == 0
    names = ("model.safetensors", "model.json", "config.json", "metrics.json")
    for name in (*names, "predictions.parquet"):
        one, two = (Path(f"runs/digits-{n}", name).read_bytes() for n in (1, 2))
        assert one == two


def test_seed_matters(crossent):
    crossent("train", "digits", *QUICK)
    crossent("train", "digits", *QUICK, "--seed", "1")
    assert metrics("runs/digits-1") != metrics("runs/digits-2")


def test_out_is_written_once(crossent):
    assert crossent("train", "digits", *QUICK, "--out", "deep/er").code == 0
    assert names("deep/er") == FILES
    before = Path("deep/er/model.safetensors").read_bytes()
    refused = crossent("train", "digits", *QUICK, "--out", "deep/er")
    assert (refused.code, refused.out) == (2, "")
    assert "already holds a run" in refused.err
    assert Path("deep/er/model.safetensors").read_bytes() == before


def test_table(crossent, iris: Path):
    ended = crossent("train", "iris.csv", "--target", "species", "--model", "linear")
    assert "4 numeric: sepal_length, sepal_width, petal_length, petal_width" in ended.out
    assert "3: setosa, versicolor, virginica" in ended.out
    assert metrics("runs/iris-1")["test"]["accuracy"] >= 0.85


def test_class_left_out_and_columns_chosen(crossent, iris: Path):
    flags = ["--target", "species", "--drop-class", "setosa", "--features", "petal_length"]
    ended = crossent("train", "iris.csv", *flags, "--epochs", "2")
    assert "1 numeric: petal_length" in ended.out
    assert "2: versicolor, virginica" in ended.out


def test_only_some_classes_and_the_run_repeated(crossent):
    flags = ["--only", "9,4", "--model", "linear", "--epochs", "2"]
    ended = crossent("train", "digits", *flags)
    assert (ended.code, ended.err) == (0, "")
    assert "\nclasses     2: 4, 9 (of 10)\n" in ended.out
    table = duckdb.sql("from 'runs/digits-1/predictions.parquet'")
    assert [name for name in table.columns if name.startswith("p_")] == ["p_4", "p_9"]
    assert set(table.fetchnumpy()["label"].astype(str)) == {"4", "9"}
    assert json.loads(Path("runs/digits-1/model.json").read_text())["classes"] == ["4", "9"]
    assert json.loads(Path("runs/digits-1/config.json").read_text())["only"] == ["9", "4"]
    page = Path("runs/digits-1/report.html").read_text()
    assert "crossent train digits --only 9,4 --model linear --epochs 2" in page
    assert '<th scope="row">classes taken</th><td>4, 9</td>' in page
    Path("c.toml").write_text('data = "digits"\nonly = ["9", "4"]\nmodel = "linear"\nepochs = 2\n')
    for file in ("runs/digits-1/config.json", "c.toml"):
        assert crossent("train", "--config", file).code == 0
    for number in (2, 3):
        for name in ("model.safetensors", "model.json", "metrics.json", "predictions.parquet"):
            one, two = (Path(f"runs/digits-{n}", name).read_bytes() for n in (1, number))
            assert one == two


def test_merged_classes_with_names_that_need_quotes(crossent, workdir: Path):
    names = ['say "hi"', "b,c", "d", "e=f"]
    write = [",".join((str(i % 4 + i / 997), "1", f'"{names[i % 4]}"')) for i in range(200)]
    rows = [line.replace('say "hi"', 'say ""hi""') for line in write]
    Path("t.csv").write_text("\n".join(["x,z,y", *rows]) + "\n")
    flags = ["--target", "y", "--merge", '"d,e=f"=d,"e=f"', "--merge", '"b,c"="b,c","say ""hi"""']
    ended = crossent("train", "t.csv", *flags, "--epochs", "5")
    assert (ended.code, ended.err) == (0, "")
    assert "\nclasses     2: b,c, d,e=f (of 4)\n" in ended.out
    assert "\nmerged      d,e=f: d, e=f\n" in ended.out
    columns = duckdb.sql("from 'runs/t-1/predictions.parquet'").fetchnumpy()
    probabilities = np.stack([columns["p_b,c"], columns["p_d,e=f"]], 1)
    labels = (columns["label"] == "d,e=f").astype(int)
    assert sorted(set(columns["label"])) == ["b,c", "d,e=f"]
    assert metrics("runs/t-1")["test"]["log_loss"] == pytest.approx(log_loss(labels, probabilities))
    assert crossent("train", "--config", "runs/t-1/config.json").code == 0
    assert metrics("runs/t-1") == metrics("runs/t-2")
    printed = html.unescape(Path("runs/t-1/report.html").read_text())
    command = next(line for line in printed.split("<code>") if line.startswith("crossent train"))
    again = crossent(*shlex.split(command.partition("</code>")[0])[1:])
    assert (again.code, metrics("runs/t-3")) == (0, metrics("runs/t-1"))


def test_classes_of_the_own_test_part_are_chosen_too(crossent, mnist: Path):
    flags = ["--model", "linear", "--epochs", "1"]
    ended = crossent("train", "mnist", "--only", "0,2", *flags)
    assert "36 to train, 4 to validate, 13 to test" in ended.out
    ended = crossent("train", "mnist", "--merge", "round=0,2", *flags, "--test-size", "0.5")
    assert "classes     2: round, 1 (of 3)" in ended.out
    ended = crossent("train", "mnist", "--merge", "round=0,2", *flags, "--out", "run")
    assert "54 to train, 6 to validate, 20 to test" in ended.out
    labels = duckdb.sql("from 'run/predictions.parquet'").fetchnumpy()["label"].astype(str)
    expected = ["1" if i % 3 == 1 else "round" for i in range(20)]
    assert labels.tolist() == expected
    assert crossent("evaluate", "run/predictions.parquet").code == 0


def test_own_test_part(crossent, mnist: Path):
    ended = crossent("train", "mnist", "--model", "linear", "--epochs", "1")
    assert "54 to train, 6 to validate, 20 to test" in ended.out
    ended = crossent("train", "mnist", "--model", "linear", "--epochs", "1", "--test-size", "0.5")
    assert "30 to test" in ended.out


def test_test_file(crossent, iris: Path):
    lines = iris.read_text().splitlines()
    Path("test.csv").write_text("\n".join([lines[0], *lines[1::10]]) + "\n")
    flags = ["--target", "species", "--test", "test.csv", "--epochs", "2"]
    assert "135 to train, 15 to validate, 15 to test" in crossent("train", "iris.csv", *flags).out


def test_every_example_of_the_help(crossent, iris: Path, mnist: Path):
    from crossent.cli.train import EXAMPLES

    for line in EXAMPLES.splitlines()[1:]:
        ended = crossent(*shlex.split(line)[1:])
        assert (ended.code, ended.err) == (0, "")


def test_an_error_late_leaves_nothing(crossent, monkeypatch: pytest.MonkeyPatch, workdir: Path):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "report.html")

    monkeypatch.setattr("crossent.report.html.render", full)
    ended = crossent("train", "digits", *QUICK)
    assert ended.code == 2
    assert ended.err.startswith("crossent: runs folder 'runs' cannot be written: No space left on")
    ended = crossent("train", "digits", *QUICK, "--out", "x/y")
    assert ended.err == "crossent: --out 'x/y' cannot be written: No space left on device\n"
    assert list(workdir.iterdir()) == []


@pytest.mark.parametrize(("module", "extra"), [("torch", "app"), ("sklearn", "sklearn")])
def test_a_missing_part_names_the_extra(shell, workdir: Path, module: str, extra: str):
    ended = shell("train", "digits", without=(module,))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("\n") == 1
    assert ended.err.endswith(f"is not installed; run: pip install 'crossent[{extra}]'\n")
    assert list(workdir.iterdir()) == []


def test_tensorboard_events(crossent):
    assert crossent("train", "digits", *QUICK, "--tensorboard").code == 0
    assert list(Path("runs/digits-1").rglob("events.out.tfevents.*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_the_run_and_says_how_to_train_it_in_full(workdir: Path, number: int):
    line = [*COMMAND, "train", "digits", "--model", "linear", "--epochs", "1000000"]
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(line, **streams) as run:
        try:
            for text in run.stdout:
                if text.startswith("epoch"):
                    run.send_signal(number)
                    break
            rest, errors = run.communicate(timeout=60)
        finally:
            run.kill()  # never waits for ever
    assert (run.returncode, errors) == (128 + number, "")
    assert names("runs/digits-1") == FILES
    assert names("runs") == ["digits-1"]
    assert metrics("runs/digits-1")["interrupted"] is True
    assert "crossent train --config runs/digits-1/config.json" in rest.splitlines()[-1]
    assert json.loads(Path("runs/digits-1/config.json").read_text())["epochs"] == 1_000_000


def on_a_terminal() -> str:
    """Return what training prints to a pseudo-terminal of 80 columns."""
    ours, theirs = pty.openpty()
    line = [*COMMAND, "train", "digits", *QUICK]
    settings = {"TERM": "xterm-256color", "COLUMNS": "80"}
    process = subprocess.Popen(
        line, stdout=theirs, stderr=theirs, stdin=theirs, env=os.environ | settings
    )
    os.close(theirs)
    pieces = []
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says so when the other side has closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(ours)
    assert process.wait() == 0
    return b"".join(pieces).decode()


def test_a_bar_on_a_terminal():
    text = on_a_terminal()
    assert re.search(r"epoch.*━", text)
    assert "rows/s" in text
    assert re.search("\x1b\\[[0-9;]*3[0-9]", text)


def test_plain_lines_without_a_terminal(shell):
    ended = shell("train", "digits", *QUICK, COLUMNS="40", NO_COLOR="1", TERM="dumb")
    assert (ended.code, ended.err) == (0, "")
    assert "\x1b" not in ended.out
    assert [line[:9] for line in ended.out.splitlines() if line.startswith("epoch")] == [
        "epoch 1/2",
        "epoch 2/2",
    ]


def test_classes_called_by_numbers_are_scored_by_name(crossent, workdir: Path):
    rows = [f"{i % 6 + 0.1 * (i // 60)},{i % 7},{3 + i % 6}" for i in range(240)]
    Path("wine.csv").write_text("\n".join(["x,z,quality", *rows]) + "\n")
    crossent("train", "wine.csv", "--target", "quality", "--epochs", "20", "--out", "run")
    columns = duckdb.sql("from 'run/predictions.parquet'").fetchnumpy()
    names = [str(n) for n in range(3, 9)]
    probabilities = np.stack([columns[f"p_{c}"] for c in names], 1)
    right = accuracy_score(columns["label"], columns["prediction"])
    assert metrics("run")["test"]["accuracy"] == pytest.approx(right)
    assert right > 0.5
    codes = columns["label"].astype(int)
    assert evaluate(codes, probabilities, classes=names).accuracy == pytest.approx(right)


@pytest.mark.parametrize("end", ["| head -1", "> /dev/full", ">&-"])
def test_an_output_that_fails_does_not_cost_the_run(workdir: Path, end: str):
    line = shlex.join([*COMMAND, "train", "digits", "--model", "linear", "--epochs", "30"])
    done = subprocess.run(
        ["bash", "-c", f"{line} {end}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0 if end == ">&-" else 1, "")
    assert names("runs/digits-1") == FILES


def test_filled_in_values_are_told(crossent, workdir: Path):
    rows = [f"{'' if i % 4 == 0 else i / 7},{i % 5},{'ab'[i % 2]}" for i in range(60)]
    Path("t.csv").write_text("\n".join(["x,z,y", *rows]) + "\n")
    told = "column 'x': 15 of 60 values missing, taken as the mean of the training part"
    ended = crossent("train", "t.csv", "--target", "y", "--epochs", "2")
    assert f"notice      {told}\n" in ended.out
    assert told.replace("'", "&#x27;") in Path("runs/t-1/report.html").read_text()
    assert told in crossent("predict", "runs/t-1", "t.csv").out


def test_soft_labels_say_what_accuracy_uses(crossent, workdir: Path):
    rows = [f"{i / 7},{0.9 - 0.8 * (i % 2):.1f},{0.1 + 0.8 * (i % 2):.1f}" for i in range(60)]
    Path("t.csv").write_text("\n".join(["x,q_a,q_b", *rows]) + "\n")
    crossent("train", "t.csv", "--target-probs", "q_*", "--epochs", "2", "--out", "run")
    crossent("evaluate", "run/predictions.parquet", "--report", "page.html")
    for page in ("run/report.html", "page.html"):
        assert "most probable label of each row" in Path(page).read_text()

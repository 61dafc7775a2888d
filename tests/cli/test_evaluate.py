import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

CLASSES = ["cat", "dog", "eel, electric"]


@pytest.fixture
def scores(workdir: Path) -> Path:
    """A file of 200 predictions, with what scikit-learn makes of them beside it."""
    random = np.random.default_rng(0)
    probabilities = random.dirichlet([1, 2, 3], 200)
    labels = random.integers(0, 3, 200)
    rows = [",".join(["label", "p_cat", "p_dog", '"p_eel, electric"'])]
    rows += [
        ",".join([f'"{CLASSES[label]}"', *map(repr, map(float, row))])
        for label, row in zip(labels, probabilities, strict=True)
    ]
    path = workdir / "scores.csv"
    path.write_text("\n".join(rows) + "\n")
    np.savez(workdir / "truth.npz", labels=labels, probabilities=probabilities)
    return path


def test_numbers_are_those_of_scikit_learn(crossent, scores: Path):
    truth = np.load("truth.npz")
    loss = log_loss(truth["labels"], truth["probabilities"])
    accuracy = accuracy_score(truth["labels"], truth["probabilities"].argmax(1))
    found = json.loads(crossent("evaluate", scores, "--json").out)["evaluation"]
    assert found["log_loss"] == pytest.approx(loss, rel=1e-12)
    assert found["accuracy"] == pytest.approx(accuracy, rel=1e-12)
    text = crossent("evaluate", scores).out
    nats, bits = re.search(r"^log loss +([\d.]+) nats = ([\d.]+) bits", text).groups()
    assert float(nats) == pytest.approx(loss, abs=1e-3)
    assert float(bits) == pytest.approx(loss / np.log(2), abs=1e-3)
    assert f"accuracy    {accuracy:.1%}" in text


def test_columns_of_other_names(crossent, scores: Path):
    text = scores.read_text()
    Path("other.csv").write_text(text.replace("label,", "truth,", 1).replace("p_", "score."))
    same = crossent("evaluate", "other.csv", "--label", "truth", "--prob", "score.*")
    assert same.out == crossent("evaluate", scores).out


def test_needs_no_torch(shell, scores: Path):
    ended = shell("evaluate", str(scores), "--report", "r.html", without=("torch", "sklearn"))
    assert (ended.code, ended.err) == (0, "")
    assert "nats" in ended.out


def test_report_is_written_once(crossent, scores: Path):
    first = crossent("evaluate", scores, "--report", "r.html")
    assert first.out.endswith("report      r.html\n")
    written = Path("r.html").read_bytes()
    assert b"eel, electric" in written
    refused = crossent("evaluate", scores, "--report", "r.html")
    assert (refused.code, refused.out) == (2, "")
    assert crossent("evaluate", scores, "--report", "r.html", "--force").code == 0
    assert Path("r.html").read_bytes() == written


def test_writes_nothing_unasked(crossent, scores: Path, workdir: Path):
    before = sorted(workdir.iterdir())
    crossent("evaluate", scores)
    assert sorted(workdir.iterdir()) == before


@pytest.mark.parametrize("module", ["duckdb", "vl_convert"])
def test_a_missing_part_names_the_extra(shell, scores: Path, module: str):
    ended = shell("evaluate", str(scores), "--report", "r.html", without=(module,))
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert ended.err.endswith("is not installed; run: pip install 'crossent[cli]'\n")
    assert not Path("r.html").exists()


@pytest.mark.parametrize("columns", ["40", "200"])
def test_every_example_of_the_help(
    crossent, scores: Path, columns: str, monkeypatch: pytest.MonkeyPatch
):
    import duckdb

    duckdb.sql("copy (from 'scores.csv') to 'predictions.parquet'")
    scores.write_text(scores.read_text().replace("label,", "truth,", 1).replace("p_", "prob_"))
    monkeypatch.setenv("COLUMNS", columns)
    from crossent.cli.evaluate import EXAMPLES

    for line in EXAMPLES.splitlines()[1:]:
        assert crossent(*shlex.split(line)[1:]).code == 0


def test_read_again_is_the_same_text(crossent, scores: Path):
    assert crossent("evaluate", scores).out == crossent("evaluate", scores).out

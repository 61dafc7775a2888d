import csv
import shlex
from pathlib import Path

import duckdb
import numpy as np
import pytest
from sklearn.datasets import load_iris

import crossent as package

NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def write_iris(path: str, *, labels: bool, names: list[str] = NAMES) -> None:
    data = load_iris()
    with Path(path).open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, "species"] if labels else names)
        for row, label in zip(data.data, data.target, strict=True):
            values = [row[NAMES.index(name)] for name in names]
            writer.writerow([*values, data.target_names[label]] if labels else values)


@pytest.fixture
def run(crossent) -> str:
    """A model of the iris flowers in runs/iris-1."""
    write_iris("iris.csv", labels=True)
    flags = ["--target", "species", "--model", "linear", "--epochs", "5"]
    assert crossent("train", "iris.csv", *flags).code == 0
    return "runs/iris-1"


def read(path: str) -> dict[str, np.ndarray]:
    return duckdb.sql(f"from '{path}'").fetchnumpy()


def test_rows_without_labels(crossent, run: str):
    write_iris("new.csv", labels=False)
    before = sorted(Path(run).iterdir())
    ended = crossent("predict", run, "new.csv")
    assert (ended.code, ended.err) == (0, "")
    assert "150 rows" in ended.out
    assert "predictions.parquet" in ended.out
    found = read("predictions.parquet")
    assert list(found) == ["prediction", "p_setosa", "p_versicolor", "p_virginica", "row"]
    assert sorted(Path(run).iterdir()) == before


def test_the_same_answers_as_in_python(crossent, run: str):
    write_iris("new.csv", labels=False)
    crossent("predict", run, "new.csv", "--out", "p.csv")
    model = package.load(run)
    features = load_iris().data
    expected = model.predict_proba(dict(zip(NAMES, features.T, strict=True)))
    found = read("p.csv")
    got = np.stack([found[f"p_{name}"] for name in model.classes_], 1)
    np.testing.assert_array_equal(got, expected)
    assert found["prediction"].tolist() == model.predict(features).tolist()


def test_columns_in_another_order(crossent, run: str):
    write_iris("new.csv", labels=False)
    write_iris("turned.csv", labels=False, names=NAMES[::-1])
    crossent("predict", run, "new.csv", "--out", "a.csv")
    crossent("predict", run, "turned.csv", "--out", "b.csv")
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()


def test_labelled_rows_can_be_scored(crossent, run: str):
    ended = crossent("predict", run, "iris.csv")
    line = ended.out.splitlines()[-1].removeprefix("score them  ")
    assert line == "crossent evaluate predictions.parquet"
    assert "accuracy" in crossent(*shlex.split(line)[1:]).out


def test_an_existing_file_is_kept_unless_forced(crossent, run: str):
    Path("predictions.parquet").write_text("mine")
    refused = crossent("predict", run, "iris.csv")
    assert (refused.code, refused.out) == (2, "")
    assert Path("predictions.parquet").read_text() == "mine"
    assert crossent("predict", run, "iris.csv", "--force").code == 0
    assert len(read("predictions.parquet")["label"]) == 150


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sepal_length,sepal_width\n1,2\n", "petal_length"),
        (",".join([*NAMES, "species"]) + "\n1,2,3,4,tulip\n", "tulip"),
        (",".join(NAMES) + "\n1,2,3\n", "line 2"),
        ("", "empty"),
    ],
)
def test_data_that_the_model_does_not_know(crossent, run: str, text: str, expected: str):
    Path("new.csv").write_text(text)
    ended = crossent("predict", run, "new.csv")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert expected in ended.err
    assert not Path("predictions.parquet").exists()


def test_an_unknown_suffix(crossent, run: str, workdir: Path):
    before = sorted(workdir.iterdir())
    ended = crossent("predict", run, "iris.csv", "--out", "p.xlsx")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert sorted(workdir.iterdir()) == before


def test_every_example_of_the_help(crossent, run: str):
    from crossent.cli.predict import EXAMPLES

    write_iris("new.csv", labels=False)
    crossent("train", "digits", "--model", "linear", "--epochs", "1")
    for line in EXAMPLES.splitlines()[1:]:
        ended = crossent(*shlex.split(line)[1:])
        assert (ended.code, ended.err) == (0, "")


def test_no_torch_names_the_extra(shell):
    ended = shell("predict", "runs/x", "digits", without=("torch",))
    assert ended.code == 2
    assert ended.err == "crossent: torch is not installed; run: pip install 'crossent[app]'\n"


@pytest.mark.parametrize(
    ("flags", "rows", "classes"),
    [
        (["--only", "setosa,virginica"], 100, {"setosa", "virginica"}),
        (["--drop-class", "setosa"], 100, {"versicolor", "virginica"}),
        (["--merge", "v=versicolor,virginica"], 150, {"setosa", "v"}),
    ],
)
def test_data_as_it_was_trained_on(crossent, flags: list[str], rows: int, classes: set[str]):
    write_iris("iris.csv", labels=True)
    some = ["--target", "species", "--model", "linear", "--epochs", "2", "--out", "run", *flags]
    assert crossent("train", "iris.csv", *some).code == 0
    ended = crossent("predict", "run", "iris.csv")
    assert (ended.code, ended.err) == (0, "")
    assert f"predicted   {rows} rows" in ended.out
    left_out = "50 rows are left out: their classes are not among those of the model"
    assert (left_out in ended.out) == (rows == 100)
    found = read("predictions.parquet")
    assert set(found["label"]) == classes
    assert crossent("evaluate", "predictions.parquet").code == 0
    write_iris("new.csv", labels=False)
    assert "150 rows" in crossent("predict", "run", "new.csv", "--out", "new.parquet").out


def test_labels_that_are_merged_already(crossent):
    write_iris("iris.csv", labels=True)
    flags = ["--model", "linear", "--epochs", "2", "--out", "run", "--merge", "v=setosa,virginica"]
    assert crossent("train", "iris.csv", "--target", "species", *flags).code == 0
    text = Path("iris.csv").read_text()
    Path("merged.csv").write_text(text.replace("setosa", "v").replace("virginica", "v"))
    crossent("predict", "run", "iris.csv", "--out", "a.csv")
    crossent("predict", "run", "merged.csv", "--out", "b.csv")
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    Path("wrong.csv").write_text(text.replace("setosa", "rose"))
    ended = crossent("predict", "run", "wrong.csv", "--out", "c.csv")
    assert ended.code == 2
    assert "'rose'" in ended.err

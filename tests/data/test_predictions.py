import csv
import gzip
from dataclasses import fields, replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossent.data.predictions import (
    PredictionOptions,
    Predictions,
    read_predictions,
    write_predictions,
)
from crossent.errors import InputError

SUFFIXES = (".parquet", ".csv", ".csv.gz")
NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)


def predictions(classes: tuple[str, ...] = ("cat", "dog", "owl"), rows: int = 7) -> Predictions:
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(len(classes)), rows)
    return Predictions(
        classes,
        labels=random.integers(0, len(classes), rows),
        probabilities=probabilities,
        sigmoids=random.random((rows, len(classes))),
        target_probs=probabilities[::-1].copy(),
        weights=random.random(rows),
        rows=random.permutation(rows) * 3,
    )


def same(left: Predictions, right: Predictions) -> None:
    assert left.classes == right.classes
    for field in fields(left)[1:]:
        np.testing.assert_array_equal(getattr(left, field.name), getattr(right, field.name))


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10, deadline=None
)
@given(names=st.lists(NAMES, min_size=2, max_size=6, unique=True))
def test_any_class_names_come_back(tmp_path: Path, suffix: str, names: list[str]) -> None:
    given_ = predictions(tuple(names), rows=9)
    write_predictions(tmp_path / f"p{suffix}", given_)
    same(read_predictions(tmp_path / f"p{suffix}"), given_)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_hostile_class_names_come_back(tmp_path: Path, suffix: str) -> None:
    names = ("a,b", 'q"x', "n\nl", "r\r\nl", "A", "a", " sp ", "", "🙂", "nan", "1", "p_;\t|", "'")
    given_ = predictions(names, rows=200)
    write_predictions(tmp_path / f"p{suffix}", given_)
    same(read_predictions(tmp_path / f"p{suffix}"), given_)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_only_what_there_is_is_written(tmp_path: Path, suffix: str) -> None:
    bare = replace(predictions(), sigmoids=None, target_probs=None, weights=None, rows=None)
    write_predictions(tmp_path / f"p{suffix}", bare)
    same(read_predictions(tmp_path / f"p{suffix}"), bare)


def test_columns_as_others_read_them(tmp_path: Path) -> None:
    given_ = predictions(rows=3)
    write_predictions(tmp_path / "p.parquet", given_)
    write_predictions(tmp_path / "p.csv", given_)
    with (tmp_path / "p.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0])[:5] == ["label", "prediction", "p_cat", "p_dog", "p_owl"]
    assert list(rows[0])[-2:] == ["row", "weight"]
    found = duckdb.sql(f"SELECT * FROM '{tmp_path / 'p.parquet'}'").fetchall()
    names = np.array(given_.classes)
    for i, row in enumerate(rows):
        assert row["label"] == found[i][0] == names[given_.labels][i]
        assert row["prediction"] == found[i][1] == names[given_.probabilities.argmax(axis=1)][i]
        assert float(row["p_dog"]) == found[i][3] == given_.probabilities[i, 1]


def test_without_labels(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.csv", replace(predictions(), labels=None))
    assert (tmp_path / "p.csv").read_text().startswith("prediction,p_cat")
    with pytest.raises(InputError, match=r"--label 'label'.*has the columns 'prediction', 'p_cat'"):
        read_predictions(tmp_path / "p.csv")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_written_whole_and_the_same_each_time(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"p{suffix}"
    write_predictions(path, predictions())
    first = path.read_bytes()
    write_predictions(path, predictions())
    assert path.read_bytes() == first
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.csv", predictions())
    before = (tmp_path / "p.csv").read_bytes()
    with pytest.raises(InputError, match="cannot be written"):
        write_predictions(tmp_path / "p.csv", predictions(("a", "b\ud800")))
    assert (tmp_path / "p.csv").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(InputError, match="cannot be written"):
        write_predictions(tmp_path / "none" / "p.parquet", predictions())
    with pytest.raises(InputError, match=r"name predictions \.parquet"):
        write_predictions(tmp_path / "p.txt", predictions())


def test_a_file_from_elsewhere(write) -> None:
    path = write("f.tsv", "truth\tprob_b\tprob_a\tweight\n1.0\t.5\t.5\t80\na\t0.1\t0.9\t60\n")
    with pytest.raises(InputError, match=r"--label 'label'.*has the columns 'truth', 'prob_b'"):
        read_predictions(path)
    with pytest.raises(InputError, match=r"label '1\.0' in row 0 has no column 'prob_\*'"):
        read_predictions(path, PredictionOptions(label="truth", prob="prob_*"))
    path = write("g.csv", "truth,prob_b,prob_a,weight\nb,.5,.5,80\na,0.1,0.9,60\n")
    found = read_predictions(path, PredictionOptions(label="truth", prob="prob_*"))
    assert found.classes == ("b", "a")
    assert found.labels is not None
    assert found.labels.tolist() == [0, 1]
    assert found.probabilities.tolist() == [[0.5, 0.5], [0.1, 0.9]]
    assert found.weights is None
    options = PredictionOptions(label="truth", prob="prob_*", weights="weight")
    weights = read_predictions(path, options).weights
    assert weights is not None
    assert weights.tolist() == [80.0, 60.0]


def test_numbers_as_labels(write, parquet) -> None:
    found = read_predictions(write("f.csv", "label,p_0,p_1\n1.0,.5,.5\n0,1,0\n"))
    assert found.labels is not None
    assert found.labels.tolist() == [1, 0]
    found = read_predictions(parquet("f.parquet", "SELECT 1.0 AS label, 0.5 AS p_0, 0.5 AS p_1"))
    assert found.labels is not None
    assert found.labels.tolist() == [1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label,p_a,p_b\na,.5,.5\nb,.5,.6\n", r"row 1: p_a \.\.\. p_b must sum to 1"),
        ("label,p_a,p_b\na,.5,.5\nb,,1\n", "row 1: p_a must be a probability"),
        ("label,p_a,p_b\na,.5,.5\nb,nan,1\n", "row 1: p_a must be a probability"),
        ("label,p_a,p_b\na,-.5,1.5\n", "row 0: p_a must be a probability, 0 or more; got -0.5"),
        ("label,p_a,p_b\na,x,.5\n", "row 0: p_a must be a probability"),
        (
            "label,p_a,p_b\nz,.5,.5\n",
            r"label 'z' in row 0 has no column 'p_\*'; the classes are 'a', 'b'",
        ),
        ("label,p_a,p_b\na,1,0\n,.5,.5\n", "label is missing in 1 of 2 rows, first in row 1"),
        ("label,p_a,p_a\na,.5,.5\n", "class 'a' has 2 columns"),
        ("label,p_a\na,1\n", r"--prob 'p_\*' matches 1 columns"),
        ("label,p_a,p_b,q_a\na,1,0,1\n", r"columns q_\* must be of the same classes"),
        ("label,p_a,p_b,q_a,q_b\na,1,0,1,1\n", r"q_a \.\.\. q_b must sum to 1"),
        ("label,p_a,p_b,weight\na,1,0,-1\n", "column 'weight': a weight must be"),
        ("label,p_a,p_b\n", "has no rows"),
        ("label,p_a,p_b\na,1,0\nb,1\n", "line 3: expected 3 columns, got 2"),
        ("", "is empty"),
    ],
)
def test_bad_files_name_the_row(write, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        read_predictions(write("f.csv", text))
    assert "\n" not in str(error.value)
    assert "f.csv" in str(error.value)


def test_damaged_files_are_named(tmp_path: Path, write) -> None:
    write_predictions(tmp_path / "p.parquet", predictions())
    torn = write("torn.parquet", (tmp_path / "p.parquet").read_bytes()[:-20])
    with pytest.raises(InputError, match=r"torn\.parquet' is no Parquet file, cut off or damaged"):
        read_predictions(torn)
    write_predictions(tmp_path / "p.csv.gz", predictions())
    torn = write("torn.csv.gz", (tmp_path / "p.csv.gz").read_bytes()[:-6])
    with pytest.raises(InputError, match=r"torn\.csv\.gz' is a damaged or cut off gzip"):
        read_predictions(torn)
    with pytest.raises(InputError, match=r"none\.csv': no such file"):
        read_predictions(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is neither CSV nor Parquet"):
        read_predictions(write("x.npy", b"\x93NUMPY"))
    with pytest.raises(InputError, match="one star"):
        read_predictions(tmp_path / "p.parquet", PredictionOptions(prob="p_"))


def test_packed_by_content(tmp_path: Path, write) -> None:
    write_predictions(tmp_path / "p.csv", predictions())
    packed = write("q.csv", gzip.compress((tmp_path / "p.csv").read_bytes()))
    same(read_predictions(packed), predictions())

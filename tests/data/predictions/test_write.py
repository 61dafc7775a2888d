import csv
import gzip
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossent.data.predictions.options import PredictionOptions
from crossent.data.predictions.stream import open_predictions
from crossent.data.predictions.write import Predictions, write_predictions
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


def same(path: Path, written: Predictions) -> None:
    """Assert that the stream gives what was written, and ignores the sigmoids."""
    with open_predictions([str(path)], PredictionOptions()) as stream:
        (batch,) = stream.batches()
    assert stream.classes == written.classes
    for found, want in (
        (batch.labels, written.labels),
        (batch.values, written.probabilities),
        (batch.target_probs, written.target_probs),
        (batch.weights, written.weights),
    ):
        np.testing.assert_array_equal(found, want)
    rows = np.arange(len(batch.rows)) if written.rows is None else written.rows
    np.testing.assert_array_equal(batch.rows, rows)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10, deadline=None
)
@given(names=st.lists(NAMES, min_size=2, max_size=6, unique=True))
def test_any_class_names_come_back(tmp_path: Path, suffix: str, names: list[str]) -> None:
    given_ = predictions(tuple(names), rows=9)
    write_predictions(tmp_path / f"p{suffix}", given_)
    same(tmp_path / f"p{suffix}", given_)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_hostile_class_names_come_back(tmp_path: Path, suffix: str) -> None:
    names = ("a,b", 'q"x', "n\nl", "r\r\nl", "A", "a", " sp ", "", "🙂", "nan", "1", "p_;\t|", "'")
    given_ = predictions(names, rows=200)
    write_predictions(tmp_path / f"p{suffix}", given_)
    same(tmp_path / f"p{suffix}", given_)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_only_what_there_is_is_written(tmp_path: Path, suffix: str) -> None:
    bare = replace(predictions(), sigmoids=None, target_probs=None, weights=None, rows=None)
    write_predictions(tmp_path / f"p{suffix}", bare)
    same(tmp_path / f"p{suffix}", bare)


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
    soft = replace(predictions(), labels=None)
    write_predictions(tmp_path / "p.csv", soft)
    assert (tmp_path / "p.csv").read_text().startswith("prediction,p_cat")
    same(tmp_path / "p.csv", soft)
    write_predictions(tmp_path / "p.csv", replace(soft, target_probs=None))
    with pytest.raises(InputError, match=r"--label 'label'.*has the columns 'prediction', 'p_cat'"):
        same(tmp_path / "p.csv", soft)


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


def test_packed_by_content(tmp_path: Path, write) -> None:
    write_predictions(tmp_path / "p.csv", predictions())
    packed = write("q.csv", gzip.compress((tmp_path / "p.csv").read_bytes()))
    same(packed, predictions())

from pathlib import Path

import numpy as np
import pytest

from crossent.cli.evaluation.files import (
    check_apart_from,
    check_files,
    load_all,
    opened_like,
    split_files,
    written,
)
from crossent.cli.evaluation.flags import AskedFlags, ColumnFlags
from crossent.data.predictions.options import PredictionOptions
from crossent.errors import InputError
from crossent.scoring.rows import score_rows
from crossent.scoring.stats_file import load_stats, save_stats
from crossent.scoring.tally import Tally

CSV = "label,p_a,p_b\na,0.5,0.5\nb,0.25,0.75\n"


def tally(seed: int = 0, classes: tuple[str, ...] = ("a", "b")) -> Tally:
    random = np.random.default_rng(seed)
    made = Tally(classes)
    labels = random.integers(0, len(classes), 20)
    values = random.dirichlet(np.ones(len(classes)), 20)
    made.update(score_rows(labels=labels, values=values, source=f"f{seed}"))
    return made


@pytest.fixture
def files() -> None:
    """Two files of predictions and two of statistics."""
    Path("a.csv").write_text(CSV)
    Path("b.csv").write_text(CSV)
    save_stats(Path("s1.npz"), tally(1))
    save_stats(Path("s2.npz"), tally(2))
    np.savez("p.npz", label=np.array([0, 1]), probs=np.eye(2))


def test_statistics_and_predictions_apart(files: None):
    assert split_files(["a.csv", "-", "*.npz", "nowhere.npz"]) == (
        ["s1.npz", "s2.npz"],
        ["a.csv", "-", "p.npz", "nowhere.npz"],
    )
    with pytest.raises(InputError, match=r"'none\*\.csv' matches no file"):
        split_files(["s1.npz", "none*.csv"])


def test_statistics_add_up(files: None):
    both, one = load_all(["s1.npz", "s2.npz"]), tally(1)
    one.merge(tally(2))
    assert both is not None
    assert both.result().to_dict() == one.result().to_dict()
    assert load_all([]) is None


def test_statistics_of_other_classes_name_the_file(files: None):
    save_stats(Path("s3.npz"), tally(3, ("a", "b", "c")))
    with pytest.raises(InputError, match=r"^'s3.npz': statistics of the same classes"):
        load_all(["s1.npz", "s3.npz"])


@pytest.mark.parametrize(
    ("asked", "columns", "others", "expected"),
    [
        (
            AskedFlags(merge=("x=a,b",)),
            ColumnFlags(),
            ["a.csv"],
            "--merge needs the rows; 's1.npz'",
        ),
        (AskedFlags(baseline="b.csv"), ColumnFlags(), [], "--baseline needs the rows"),
        (
            AskedFlags(export_pair=(("a,b", Path("x.csv")),)),
            ColumnFlags(),
            [],
            "--export-pair need",
        ),
        (AskedFlags(), ColumnFlags(where="x > 1"), [], "--where needs the rows"),
        (AskedFlags(), ColumnFlags(normalize=True), [], "--normalize needs the rows"),
    ],
)
def test_flags_that_need_rows(
    files: None, asked: AskedFlags, columns: ColumnFlags, others: list[str], expected: str
):
    with pytest.raises(InputError, match=expected):
        check_files(["s1.npz"], others, columns, asked)


def test_columns_of_the_files_beside_statistics(files: None):
    asked = AskedFlags(suggest_merges=True, save_stats=Path("new.npz"))
    check_files(["s1.npz"], ["a.csv"], ColumnFlags(label="label"), asked)
    check_files(["s1.npz"], [], ColumnFlags(), asked)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (AskedFlags(report=Path("a.csv"), force=True), "--report names 'a.csv', which is read"),
        (AskedFlags(baseline="*.csv", report=Path("b.csv"), force=True), "'b.csv', which is read"),
        (
            AskedFlags(report=Path("x"), save_stats=Path("./x")),
            "--report and --save-stats both name 'x'",
        ),
        (AskedFlags(report=Path("s2.npz")), "'s2.npz' exists; give --force"),
        (AskedFlags(export_cell=(("a,b", Path("x.txt")),)), "--export-cell 'x.txt': name it"),
        (AskedFlags(baseline="s1.npz"), "--baseline 's1.npz' holds saved statistics"),
    ],
)
def test_outputs_that_would_destroy_something(files: None, asked: AskedFlags, expected: str):
    with pytest.raises(InputError, match=expected):
        check_files([], ["a.csv"], ColumnFlags(), asked)


def test_standard_input_is_read_once(files: None):
    with pytest.raises(InputError, match="cannot both be standard input"):
        check_files([], ["-"], ColumnFlags(), AskedFlags(baseline="-"))


def test_the_same_statistics_twice(files: None):
    with pytest.raises(InputError, match="count twice"):
        check_files(["s1.npz", "./s1.npz"], [], ColumnFlags(), AskedFlags())


@pytest.mark.parametrize("classes", [("a", "b"), ("b", "a")])
def test_classes_in_the_order_that_is_asked_for(files: None, classes: tuple[str, ...]):
    with opened_like(["a.csv"], PredictionOptions(), classes, "'x'") as stream:
        assert stream.classes == classes
        (batch,) = stream.batches()
    assert batch.labels is not None
    assert batch.values is not None
    assert [classes[code] for code in batch.labels] == ["a", "b"]
    assert batch.values[1, classes.index("b")] == 0.75


@pytest.mark.parametrize("classes", [("a", "c"), ("a",), ("a", "b", "c")])
def test_other_classes_are_refused(files: None, classes: tuple[str, ...]):
    with (
        pytest.raises(InputError, match=r"'a\.csv' has the classes 'a', 'b', and 'x' 'a'"),
        opened_like(["a.csv"], PredictionOptions(), classes, "'x'"),
    ):
        pass


def test_labels_that_occur_may_be_fewer_than_the_classes():
    Path("t.csv").write_text("label,logprob\nb,-1\na,-2\n")
    with opened_like(["t.csv"], PredictionOptions(), ("c", "b", "a"), "'x'") as stream:
        (batch,) = stream.batches()
    assert batch.labels is not None
    assert batch.labels.tolist() == [1, 2]


def test_all_files_or_none(workdir: Path):
    whole = tally()
    asked = AskedFlags(save_stats=Path("s.npz"), report=Path("r.html"))
    with pytest.raises(RuntimeError), written(asked, None, None, whole, "page"):
        raise RuntimeError
    assert list(workdir.iterdir()) == []
    with written(asked, None, None, whole, "page") as lines:
        assert not Path("s.npz").exists()
    assert lines == ["statistics  s.npz", "report      r.html"]
    assert Path("r.html").read_text() == "page"
    assert load_stats(Path("s.npz")).result().to_dict() == whole.result().to_dict()


def test_a_page_that_cannot_be_written_leaves_no_statistics(workdir: Path):
    asked = AskedFlags(save_stats=Path("s.npz"), report=Path("no/r.html"))
    with (
        pytest.raises(InputError, match=r"--report 'no/r\.html' cannot be written"),
        written(asked, None, None, tally(), "page"),
    ):
        pass
    assert list(workdir.iterdir()) == []


def test_the_same_rows_in_two_statistics(files: None):
    Path("copy.npz").write_bytes(Path("s1.npz").read_bytes())
    with pytest.raises(InputError, match=r"'copy\.npz' holds .* same rows as 's1\.npz'; .* twice"):
        load_all(["s1.npz", "s2.npz", "copy.npz"])


def test_rows_beside_their_own_statistics(files: None):
    with pytest.raises(InputError, match=r"'s2\.npz' holds .* same rows as 'x\.csv'"):
        check_apart_from(["s1.npz", "s2.npz"], tally(2), "x.csv")
    check_apart_from(["s1.npz", "s2.npz"], tally(3), "x.csv")


def test_lists_are_in_no_other_order():
    Path("l.jsonl").write_text('{"label": "a", "probs": [0.25, 0.75]}\n')
    options = PredictionOptions(classes=("a", "b"))
    with opened_like(["l.jsonl"], options, ("a", "b"), "'x'") as stream:
        assert stream.classes == ("a", "b")
    with (
        pytest.raises(InputError, match=r"lists in the order 'a', 'b', and 'x' has 'b', 'a'"),
        opened_like(["l.jsonl"], options, ("b", "a"), "'x'"),
    ):
        pass


def test_places_are_in_the_order_of_the_user():
    Path("w.csv").write_text("label,p_a,p_b\n0,0.25,0.75\n")
    options = PredictionOptions(classes=("a", "b"))
    with opened_like(["w.csv"], options, ("a", "b"), "'x'") as stream:
        assert next(stream.batches()).labels.tolist() == [0]
    with opened_like(["w.csv"], options, ("b", "a"), "'x'") as stream:
        batches = stream.batches()
        with pytest.raises(InputError, match="label '0' in row 0 is not among"):
            next(batches)

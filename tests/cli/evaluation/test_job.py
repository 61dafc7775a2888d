from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import log_loss

from crossent.cli.evaluation.flags import AskedFlags, ColumnFlags
from crossent.cli.evaluation.job import Evaluated, evaluate
from crossent.errors import InputError

LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 1])
VALUES = np.array([[5, 3, 2], [4, 4, 2], [1, 2, 7], [2, 6, 2]] * 2) / 10.0


def write(name: str, labels: np.ndarray = LABELS, values: np.ndarray = VALUES) -> str:
    rows = zip(labels, values, strict=True)
    lines = [",".join(["abc"[label], *map(repr, map(float, row))]) for label, row in rows]
    Path(name).write_text("\n".join(["label,p_a,p_b,p_c", *lines]) + "\n")
    return name


def run(*files: str, asked: AskedFlags | None = None, **columns: str) -> Evaluated:
    told: list[Sequence[str]] = []
    done = evaluate(files, ColumnFlags(**columns), asked or AskedFlags(), told.append)
    assert len(told) == 1
    assert list(told[0]) == done.report.data["read"]
    return done


def test_files_are_scored_together():
    one, two = write("1.csv", LABELS[:3], VALUES[:3]), write("2.csv", LABELS[3:], VALUES[3:])
    report = run(one, two).report
    assert report.evaluation.log_loss == pytest.approx(log_loss(LABELS, VALUES), rel=1e-12)
    assert (report.title, report.data["files"]) == ("2 files", ["1.csv", "2.csv"])
    assert report.data["read"] == [
        "labels from 'label'",
        "probabilities of 3 classes from 'p_*': 'a', 'b', 'c'",
    ]
    assert (report.difference, report.merges, report.notices) == (None, (), ())


def test_statistics_beside_predictions_are_one_evaluation():
    write("1.csv", LABELS[:3], VALUES[:3])
    write("2.csv", LABELS[3:], VALUES[3:])
    run("1.csv", asked=AskedFlags(save_stats=Path("1.npz")))
    run("2.csv", asked=AskedFlags(save_stats=Path("2.npz")))
    whole = run("1.csv", "2.csv").report.evaluation.to_dict()
    for files in (("1.npz", "2.npz"), ("2.npz", "1.csv"), ("2.csv", "1.npz")):
        report = run(*files).report
        assert report.evaluation.to_dict() == whole
        assert "saved statistics" in report.data["read"][-1]


def test_statistics_of_other_classes_beside_predictions():
    write("1.csv")
    run("1.csv", asked=AskedFlags(merge=("x=a,b",), save_stats=Path("1.npz")))
    with pytest.raises(
        InputError, match=r"'1\.csv' has the classes 'a', 'b', 'c', and '1\.npz' 'x'"
    ):
        run("1.npz", "1.csv")


def test_the_report_is_of_the_merged_classes():
    done = run(write("1.csv"), asked=AskedFlags(merge=("x=b,c",), suggest_merges=True))
    merged = np.stack([VALUES[:, 0], VALUES[:, 1:].sum(1)], axis=1)
    assert done.report.evaluation.classes == ("a", "x")
    assert done.report.evaluation.log_loss == pytest.approx(log_loss(np.minimum(LABELS, 1), merged))
    assert done.report.before is not None
    assert done.report.before.log_loss == pytest.approx(log_loss(LABELS, VALUES))
    assert done.report.data["merged"] == ["x=b,c"]
    assert [step.merged for step in done.report.merges] == [("a", "x")]
    assert done.report.merges[0].log_loss == pytest.approx(0.0, abs=1e-15)


def test_steps_without_the_rows_come_from_the_confusion():
    write("1.csv")
    rows = run("1.csv", asked=AskedFlags(suggest_merges=True, save_stats=Path("1.npz"))).report
    saved = run("1.npz", asked=AskedFlags(suggest_merges=True)).report
    assert [s.merged for s in saved.merges] == [s.merged for s in rows.merges] != []
    assert {step.log_loss for step in saved.merges} == {None}
    assert None not in {step.log_loss for step in rows.merges}


def test_a_baseline_with_its_columns_in_another_order():
    write("1.csv")
    other = VALUES[:, [1, 2, 0]]
    write("2.csv", LABELS, other)
    lines = [line.split(",") for line in Path("2.csv").read_text().splitlines()]
    Path("2.csv").write_text("".join(f"{b},{c},{label},{a}\n" for label, a, b, c in lines))
    difference = run("1.csv", asked=AskedFlags(baseline="2.csv")).report.difference
    assert difference is not None
    expected = log_loss(LABELS, VALUES) - log_loss(LABELS, other)
    assert difference.log_loss == pytest.approx(expected)
    assert difference.rows == 8


def test_soft_labels_have_their_notice():
    Path("1.csv").write_text("label,p_a,p_b,q_a,q_b\na,0.5,0.5,0.75,0.25\nb,0.5,0.5,0,1\n")
    report = run("1.csv", asked=AskedFlags(suggest_merges=True)).report
    (notice,) = report.notices
    assert notice.startswith("Soft labels")
    (step,) = report.merges
    assert step.log_loss == pytest.approx(0.0, abs=1e-15)  # both classes in one


def test_soft_labels_are_merged_in_every_step():
    text = "p_a,p_b,p_c,q_a,q_b,q_c\n.5,.3,.2,.1,.8,.1\n.2,.5,.3,.7,.2,.1\n.1,.2,.7,.1,0,.9\n"
    Path("1.csv").write_text(text)
    step, *_ = run("1.csv", asked=AskedFlags(suggest_merges=True), soft_labels="q_*").report.merges
    merged = f"x={','.join(step.merged)}"
    whole = run("1.csv", asked=AskedFlags(merge=(merged,)), soft_labels="q_*").report.evaluation
    assert step.log_loss == pytest.approx(whole.log_loss, rel=1e-14)


def test_log_probabilities_alone_have_no_steps_to_score():
    Path("1.csv").write_text("label,prediction,logprob\na,b,-1\nb,b,-0.5\na,a,-0.25\n")
    report = run("1.csv", asked=AskedFlags(suggest_merges=True)).report
    assert report.evaluation.log_loss == pytest.approx(1.75 / 3)
    assert [step.log_loss for step in report.merges] == [None]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (AskedFlags(merge=("x=a,d",)), "--merge: .*'d', which is not a class"),
        (AskedFlags(merge=("b=a,c",)), "--merge: .*'b' is a class outside the group"),
        (AskedFlags(merge=("x=a,b", "y=b,c")), "--merge: a class can be merged once; 'b'"),
        (AskedFlags(merge=("x=a,b,c",)), "--merge leaves one class"),
        (AskedFlags(export_pair=(("a,d", Path("x.csv")),)), "--export-pair: 'd' is not among"),
        (
            AskedFlags(merge=("x=a,b",), export_cell=(("a,c", Path("x.csv")),)),
            "--export-cell: 'a' is not among the classes; they are 'x', 'c'",
        ),
    ],
)
def test_classes_that_are_none_are_refused_before_reading(asked: AskedFlags, expected: str):
    write("1.csv", LABELS, VALUES * 2)  # which reading would refuse
    with pytest.raises(InputError, match=expected):
        evaluate(["1.csv"], ColumnFlags(), asked, lambda _: pytest.fail("announced"))
    assert [path.name for path in Path().iterdir()] == ["1.csv"]


@pytest.mark.parametrize("columns", ["label,logprob", "prediction,logprob", "logprob"])
def test_exports_need_labels_and_predictions(columns: str):
    Path("1.csv").write_text(f"{columns}\n{','.join(['-1'] * len(columns.split(',')))}\n")
    for asked in (
        AskedFlags(export_pair=(("a,b", Path("x.csv")),)),
        AskedFlags(export_cell=(("a,b", Path("x.csv")),)),
    ):
        with pytest.raises(InputError, match=r"^--export-[a-z]+ needs labels and predictions"):
            evaluate(["1.csv"], ColumnFlags(), asked, lambda _: pytest.fail("announced"))


@pytest.mark.parametrize("weights", ["1", "0"])
def test_exported_rows_are_those_of_the_pair_whatever_their_numbers(weights: str):
    """Rows with the same number: of another cell, left out by --where, of weight 0."""
    Path("1.csv").write_text(
        "label,p_a,p_b,row,weight,n\n"
        f"a,0,1,5,1,0\nb,0,1,5,1,1\nb,1,0,6,1,2\nb,1,0,6,1,9\na,0,1,7,{weights},4\n"
    )
    asked = AskedFlags(export_pair=(("a,b", Path("x.csv")),))
    run("1.csv", asked=asked, where="n < 9")
    found = [line.split(",")[-1] for line in Path("x.csv").read_text().splitlines()]
    assert found == ["n", "0", "2", *(["4"] if weights == "1" else [])]


def test_rows_and_their_own_statistics_do_not_count_twice():
    write("1.csv")
    run("1.csv", asked=AskedFlags(save_stats=Path("1.npz")))
    Path("2.csv").write_bytes(Path("1.csv").read_bytes())
    with pytest.raises(InputError, match=r"'1\.npz' holds the statistics of the same rows"):
        evaluate(["2.csv", "1.npz"], ColumnFlags(), AskedFlags(), lambda _: None)

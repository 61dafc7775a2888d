import dataclasses
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

from crossent.cli.evaluation import workers
from crossent.cli.evaluation.passes import Chosen, Task, count, score_steps
from crossent.cli.evaluation.scorer import scorer_of
from crossent.data.predictions.options import PredictionOptions
from crossent.data.predictions.stream import open_predictions
from crossent.errors import InputError
from crossent.scoring.merging.merge import merge_classes
from crossent.scoring.merging.order import suggest_merges

CLASSES = ("a", "b", "c", "d")
SIZE = 70_000  # more than one block


def write(name: str, labels: np.ndarray, values: np.ndarray) -> None:
    import duckdb

    table = {"label": np.array(CLASSES)[labels].astype(object)}
    table |= {f"p_{c}": values[:, j].copy() for j, c in enumerate(CLASSES)}
    connection = duckdb.connect()
    connection.register("t", table)
    connection.execute(f"copy t to '{name}'")


@pytest.fixture
def truth(workdir: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels and the probabilities of two models, in `a.parquet` and `b.parquet`."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, SIZE)
    ours = random.dirichlet([1, 2, 3, 1], SIZE)
    theirs = random.dirichlet([2, 1, 1, 1], SIZE)
    write("a.parquet", labels, ours)
    write("b.parquet", labels, theirs)
    return labels, ours, theirs


@pytest.mark.parametrize("threads", [1, 16])
def test_one_pass_for_all_numbers(truth, threads: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workers, "cores", lambda: threads)
    labels, ours, theirs = truth
    merge = merge_classes(CLASSES, {"x": ("b", "d")})
    seen: list[int] = []
    with (
        open_predictions(["a.parquet"], PredictionOptions()) as stream,
        open_predictions(["b.parquet"], PredictionOptions()) as baseline,
    ):
        task = Task(
            CLASSES,
            scorer_of(stream),
            merge,
            scorer_of(baseline),
            (Chosen(0, 1, both=True), Chosen(1, 1)),
        )
        found = count(task, stream, baseline, seen.append)
    assert sum(seen) == SIZE
    coarse = merge.codes[labels]
    mine, other = merge.probabilities(ours), merge.probabilities(theirs)
    assert found.before is not None
    assert found.comparison is not None
    assert found.before.result().log_loss == pytest.approx(log_loss(labels, ours), rel=1e-12)
    after = found.tally.result()
    assert after.classes == ("a", "x", "c")
    assert after.log_loss == pytest.approx(log_loss(coarse, mine), rel=1e-12)
    assert after.accuracy == accuracy_score(coarse, mine.argmax(1))
    difference = found.comparison.result()
    assert difference.log_loss == pytest.approx(
        log_loss(coarse, mine) - log_loss(coarse, other), rel=1e-9
    )
    best = mine.argmax(1)
    either = ((coarse == 0) & (best == 1)) | ((coarse == 1) & (best == 0))
    assert found.rows(0)["a.parquet"].tolist() == np.flatnonzero(either).tolist()
    right = (coarse == 1) & (best == 1)
    assert found.rows(1)["a.parquet"].tolist() == np.flatnonzero(right).tolist()


def test_the_number_of_threads_does_not_show(truth, monkeypatch: pytest.MonkeyPatch):
    records = []
    for threads in (1, 16):
        monkeypatch.setattr(workers, "cores", lambda n=threads: n)
        with open_predictions(["a.parquet"], PredictionOptions()) as stream:
            found = count(Task(CLASSES, scorer_of(stream)), stream, None, lambda _: None)
        records.append(found.tally.result().to_dict())
    assert records[0] == records[1]


@pytest.mark.parametrize("groups", [{}, {"x": ("b", "d")}])
def test_steps_are_scored_on_all_rows(truth, groups: dict[str, tuple[str, ...]]):
    labels, ours, _ = truth
    merge = merge_classes(CLASSES, groups) if groups else None
    with open_predictions(["a.parquet"], PredictionOptions()) as stream:
        task = Task(CLASSES, scorer_of(stream), merge)
        scores = count(task, stream, None, lambda _: None).tally.result()
        steps = score_steps(suggest_merges(scores), merge, stream, lambda _: None)
    first = steps[0]
    left = CLASSES if merge is None else merge.classes
    if merge is not None:
        labels, ours = merge.labels(labels), merge.probabilities(ours)
    step = merge_classes(left, {"new": first.merged})
    assert first.log_loss == pytest.approx(
        log_loss(step.labels(labels), step.probabilities(ours)), rel=1e-9
    )


def test_a_first_bad_row_is_named_whatever_reads_it(truth):
    labels, ours, _ = truth
    ours = ours.copy()
    ours[[300, SIZE - 1]] *= 2
    write("c.parquet", labels, ours)
    with (
        open_predictions(["c.parquet"], PredictionOptions()) as stream,
        pytest.raises(InputError, match=r"'c\.parquet', row 300: "),
    ):
        count(Task(CLASSES, scorer_of(stream)), stream, None, lambda _: None)


def test_found_parts_are_those_asked_for(truth):
    with open_predictions(["a.parquet"], PredictionOptions()) as stream:
        found = count(Task(CLASSES, scorer_of(stream)), stream, None, lambda _: None)
    values = {f.name: getattr(found, f.name) for f in dataclasses.fields(found)}
    assert [name for name, value in values.items() if value not in (None, ())] == ["tally"]

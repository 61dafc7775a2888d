"""The tally: what a layout tells, when rows count, and when tallies are refused."""

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from crossent.errors import InputError
from crossent.scoring.rows import score_logprobs, score_rows
from crossent.scoring.tally import Tally
from tests.scoring.batches import LAYOUTS, table

P = np.random.default_rng(0).dirichlet(np.ones(3), 40)
Y = np.random.default_rng(1).integers(0, 3, 40)


def scores(*batches, classes=("a", "b", "c")):
    tally = Tally(classes)
    for batch in batches:
        tally.update(batch)
    return tally.result()


def test_batches_are_one_table():
    got = scores(*(score_rows(labels=Y[k : k + 7], values=P[k : k + 7]) for k in range(0, 40, 7)))
    assert got.log_loss == pytest.approx(log_loss(Y, P, labels=range(3)), rel=1e-13)
    assert (got.rows, got.weight, got.effective_rows) == (40, 40.0, 40.0)


@pytest.mark.parametrize(
    ("layout", "unknown"),
    [
        ("wide", ()),
        ("soft labels", ()),
        ("label and prediction", ("brier",)),
        ("label", ("brier", "accuracy")),
        ("tokens", ("brier", "accuracy", "prior_log_loss")),
    ],
)
def test_what_the_columns_do_not_tell_is_undefined(layout, unknown):
    got = table(0, 60, 3, layout=layout, traps=False).tally().result()
    for name in ("log_loss", "brier", "accuracy", "prior_log_loss"):
        assert math.isnan(getattr(got, name)) == (name in unknown), name
    target_only = layout in LAYOUTS[2:]
    assert (got.calibration is None) == target_only
    assert (got.tokens is not None) == target_only
    assert len(got.ranks) == (0 if target_only else 3)
    known = "accuracy" not in unknown
    assert bool(len(got.cells.true)) == known
    assert math.isnan(got.interval("accuracy").low) == (not known)
    assert math.isnan(got.interval("brier").low) == ("brier" in unknown)
    assert len(got.per_class) == 3
    supports = [row.support for row in got.per_class]
    assert sum(supports) == (0 if layout == "tokens" else 60)
    assert all(math.isnan(row.f1) for row in got.per_class) == (not known)


def test_label_and_prediction_are_scored_as_the_matrix():
    wide = score_rows(labels=Y, values=P)
    thin = score_logprobs(
        logprob=np.log(P[np.arange(40), Y]), labels=Y, predictions=P.argmax(1).astype(np.int64)
    )
    a, b = scores(wide), scores(thin)
    assert b.log_loss == pytest.approx(a.log_loss, rel=1e-14)
    assert (b.accuracy, b.prior_log_loss) == (a.accuracy, a.prior_log_loss)
    np.testing.assert_array_equal(b.confusion, a.confusion)
    assert [p.count for p in b.pairs()] == [p.count for p in a.pairs()]


def test_an_infinite_row_of_no_weight_is_none():
    p = np.array([[1.0, 0.0], [1.0, 0.0]])
    got = scores(
        score_rows(labels=np.array([0, 1]), values=p, weights=np.array([1.0, 0.0])),
        classes=("a", "b"),
    )
    assert (got.log_loss, got.infinite_rows, got.accuracy, got.rows) == (0.0, 0, 1.0, 2)


def test_the_prior_is_the_entropy_of_the_labels_shares():
    """0.0 of one label and log 8 of eight equal ones, whatever is predicted."""
    one = scores(score_rows(labels=np.zeros(5, dtype=int), values=P[:5]))
    assert str(one.prior_log_loss) == "0.0"
    eight = np.full((8, 8), 1 / 8)
    got = scores(score_rows(labels=np.arange(8), values=eight), classes=tuple("abcdefgh"))
    assert got.prior_log_loss == pytest.approx(math.log(8), rel=1e-15)


def test_an_accuracy_is_never_above_1():
    rng = np.random.default_rng(0)
    for _ in range(40):
        labels = rng.integers(0, 3, 30)
        got = scores(score_rows(labels=labels, values=np.eye(3)[labels], weights=rng.random(30)))
        assert got.accuracy == got.top_k(1) == got.top_k(3) == 1.0
        assert got.error_rate == 0.0


@pytest.mark.parametrize("scale", [1e-150, 1e-40, 1e-10, 1e15, 1e150])
def test_the_scale_of_weights_does_not_matter(scale):
    weights = np.random.default_rng(2).random(40)
    a = scores(score_rows(labels=Y, values=P, weights=weights))
    b = scores(score_rows(labels=Y, values=P, weights=weights * scale))
    assert b.weight == pytest.approx(a.weight * scale, rel=1e-13)
    assert b.effective_rows == pytest.approx(a.effective_rows, rel=1e-12)
    for name in ("log_loss", "accuracy", "brier", "prior_log_loss"):
        assert getattr(b, name) == pytest.approx(getattr(a, name), rel=1e-13), name
    assert b.calibration.ece() == pytest.approx(a.calibration.ece(), rel=1e-12)
    assert b.interval("log_loss") == pytest.approx(tuple(a.interval("log_loss")), rel=1e-12)
    assert [p.predicted for p in b.pairs()] == [p.predicted for p in a.pairs()]


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_rows_without_weight_are_no_scores(rows):
    batch = score_rows(labels=Y[:rows], values=P[:rows], weights=np.zeros(rows))
    with pytest.raises(InputError, match=rf"weight above 0; got {rows} rows?$"):
        scores(batch)


def test_an_empty_tally_takes_any_layout():
    whole = Tally(("a", "b", "c"))
    whole.merge(Tally(("a", "b", "c")))
    whole.merge(table(0, 9, 3, layout="label").tally())
    whole.merge(Tally(("a", "b", "c")))
    assert whole.result().rows == 9


def test_many_classes_cost_their_cells():
    classes = 100_000
    tally = Tally(tuple(map(str, range(classes))))
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, 5000)
    tally.update(
        score_logprobs(
            logprob=-rng.exponential(size=5000),
            labels=labels,
            predictions=np.where(rng.random(5000) < 0.5, labels, 7),
        )
    )
    got = tally.result()
    assert len(got.cells.true) <= 5000
    assert got.pairs(3)[0].predicted == "7"
    with pytest.raises(InputError, match="100,000 classes is not made"):
        got.confusion  # noqa: B018

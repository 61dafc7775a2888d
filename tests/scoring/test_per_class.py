"""Class scores against scikit-learn's, absent classes included."""

import numpy as np
import pytest
from sklearn.metrics import log_loss, precision_recall_fscore_support

from crossent.scoring.meters.confusion import Confusion
from crossent.scoring.per_class import per_class_rows
from crossent.scoring.rows import score_rows

NAMES = tuple("abcdef")


def class_rows(codes, p, weights=None, names=NAMES):
    meter = Confusion(len(names))
    meter.update(score_rows(labels=codes, values=p, weights=weights))
    return per_class_rows(names, meter.cells())


@pytest.mark.parametrize("weighted", [False, True], ids=["counts", "weights"])
def test_scores_are_scikit_learns(weighted):
    rng = np.random.default_rng(2)
    # Class 4 never occurs, class 5 neither occurs nor is predicted.
    codes = rng.integers(0, 4, size=200)
    p = rng.dirichlet(np.ones(6), size=200)
    p[:, 5] = 0
    p /= p.sum(axis=1, keepdims=True)
    predicted = p.argmax(axis=1)
    weights = rng.random(200) * (rng.random(200) > 0.2) if weighted else None
    rows = class_rows(codes, p, weights)
    want = precision_recall_fscore_support(
        codes, predicted, labels=range(6), sample_weight=weights, zero_division=np.nan
    )
    got = [[getattr(row, name) for row in rows] for name in ("precision", "recall", "f1")]
    np.testing.assert_allclose(got, want[:3], rtol=1e-12)
    for code, row in enumerate(rows[:4]):
        mine = codes == code
        chosen = None if weights is None else weights[mine]
        loss = log_loss(codes[mine], p[mine], labels=range(6), sample_weight=chosen)
        assert row.log_loss == pytest.approx(loss, rel=1e-12)
        assert row.support == pytest.approx(mine.sum() if chosen is None else chosen.sum())
    assert np.isnan([rows[4].recall, rows[4].log_loss, rows[5].f1, rows[5].precision]).all()
    assert [row.name for row in rows] == list(NAMES)


def test_a_row_without_weight_does_not_make_its_class_infinite():
    p = np.array([[0.0, 1.0], [0.5, 0.5]])
    rows = class_rows(np.array([0, 0]), p, np.array([0.0, 1.0]), ("a", "b"))
    assert rows[0].log_loss == np.log(2)
    assert class_rows(np.array([0, 0]), p, None, ("a", "b"))[0].log_loss == np.inf


def test_without_predictions_only_support_and_loss_are_known():
    meter = Confusion(2)
    meter.update(score_rows(labels=np.array([0, 0]), values=np.array([[0.5, 0.5], [0.25, 0.75]])))
    row, absent = per_class_rows(("a", "b"), meter.cells(), predictions=False)
    assert (row.support, row.log_loss) == (2.0, pytest.approx(np.log(8) / 2))
    assert np.isnan([row.precision, row.recall, row.f1, absent.log_loss]).all()

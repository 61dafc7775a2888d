"""Class scores against scikit-learn's, absent classes included."""

import numpy as np
import pytest
from sklearn.metrics import log_loss, precision_recall_fscore_support

from crossent.scoring.confusion import confusion_matrix
from crossent.scoring.losses_by_row import log_loss_by_row
from crossent.scoring.per_class import per_class_rows

NAMES = tuple("abcdef")


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
    rows = per_class_rows(
        NAMES,
        confusion_matrix(codes, predicted, 6, weights),
        codes,
        log_loss_by_row(codes, p),
        weights,
    )
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


def test_a_row_without_weight_does_not_make_its_class_infinite():
    codes, losses = np.array([0, 0]), np.array([np.inf, 1.0])
    (row,) = per_class_rows(("a",), np.array([[1.0]]), codes, losses, np.array([0.0, 1.0]))
    assert row.log_loss == 1.0

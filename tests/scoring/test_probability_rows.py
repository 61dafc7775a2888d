"""Where the label stands in a row, against the textbook, by columns and by rows."""

import math

import mpmath
import numpy as np
import pytest
from scipy.special import log_softmax

from crossent.scoring.probability_rows import COLUMN_BLOCK, FEW, standing
from tests import reference_scores as reference

KINDS = ("probs", "logits", "logprobs")
RANDOM = np.random.default_rng(4)


def given_as(kind, p, scale=1.0):
    """The same distributions as another kind of numbers, or as masses that sum to `scale`."""
    with np.errstate(divide="ignore"):
        return {"probs": scale * p, "logits": np.log(p) + 7, "logprobs": np.log(p * scale)}[kind]


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("classes", [1, 2, 10, FEW, FEW + 1, 200])
@pytest.mark.parametrize("layout", ["C", "F"])
def test_numbers_of_a_row(classes, kind, normalize, layout):
    p = RANDOM.dirichlet(np.full(classes, 0.3), size=50)
    p[p < 1e-9] = 0
    p /= p.sum(1, keepdims=True)
    labels = RANDOM.integers(0, classes, 50)
    values = np.asarray(given_as(kind, p, 3.0 if normalize else 1.0), order=layout)
    before = values.copy()
    got = standing(values, labels, kind, normalize=normalize)
    np.testing.assert_array_equal(values, before)
    one_hot = np.eye(classes)[labels]
    near = {"rtol": 1e-12, "atol": 1e-15}
    losses = [reference.surprise(*row) for row in zip(p, one_hot, strict=True)]
    np.testing.assert_allclose(got.loss, losses, **near)
    np.testing.assert_allclose(got.probability, (p * one_hot).sum(1), **near)
    np.testing.assert_allclose(got.confidence, p.max(1), **near)
    np.testing.assert_array_equal(got.predicted, p.argmax(1))
    others = np.where(np.arange(classes) == p.argmax(1)[:, None], 0, p)
    np.testing.assert_allclose(got.rest, others.sum(1), **near)
    np.testing.assert_allclose(got.rest_squares, (others**2).sum(1), **near)
    np.testing.assert_allclose(got.brier, ((p - one_hot) ** 2).sum(1), **near)
    ranks = [reference.rank(*row) for row in zip(p, labels, strict=True)]
    np.testing.assert_array_equal(got.rank, ranks)


def test_blocks_are_rows_after_each_other():
    p = RANDOM.dirichlet(np.ones(3), size=COLUMN_BLOCK + 5)
    labels = RANDOM.integers(0, 3, len(p))
    whole = standing(p, labels, "probs", normalize=False)
    end = standing(p[COLUMN_BLOCK - 1 :], labels[COLUMN_BLOCK - 1 :], "probs", normalize=False)
    for name in whole.__slots__:
        np.testing.assert_array_equal(getattr(whole, name)[COLUMN_BLOCK - 1 :], getattr(end, name))


@pytest.mark.parametrize("row", [[0.0, 40.0], [700.0, -20.0], [0.0, 0.0], [30.0, 30.0 + 1e-9]])
@pytest.mark.parametrize("label", [0, 1])
def test_a_loss_of_logits_keeps_its_digits(row, label):
    got = standing(np.array([row]), np.array([label]), "logits", normalize=False)
    with mpmath.workdps(60):
        total = sum(mpmath.e ** mpmath.mpf(z) for z in row)
        exact = mpmath.log(total) - mpmath.mpf(row[label])
        other = mpmath.e ** mpmath.mpf(row[1 - label]) / total
    assert got.loss[0] == pytest.approx(float(exact), rel=1e-15)
    assert got.brier[0] == pytest.approx(float(2 * other**2), rel=1e-14)


def test_losses_of_logits_are_scipys():
    logits = RANDOM.normal(scale=30, size=(300, 12))
    labels = RANDOM.integers(0, 12, 300)
    got = standing(logits, labels, "logits", normalize=False)
    want = -log_softmax(logits, axis=1)[np.arange(300), labels]
    np.testing.assert_allclose(got.loss, want, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("kind", ["logits", "logprobs"])
def test_an_impossible_class_is_minus_infinity(kind):
    values = np.array([[0.0, -np.inf], [0.0, -np.inf]])
    got = standing(values, np.array([0, 1]), kind, normalize=False)
    assert got.loss.tolist() == [0.0, math.inf]
    assert str(got.loss[0]) == "0.0"
    assert got.total.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("classes", [3, FEW + 1])
def test_rows_that_are_no_distribution_are_seen(classes):
    p = np.full((5, classes), 1 / classes)
    p[0, 1], p[1, 1], p[2, 1] = np.nan, np.inf, -0.5
    p[3] = 0
    got = standing(p, np.zeros(5, dtype=np.int64), "probs", normalize=False)
    assert (np.isfinite(got.total) & ~got.negative & (got.total > 0)).tolist() == [0, 0, 0, 0, 1]


@pytest.mark.parametrize("classes", [1, 3, FEW + 1])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_logits_that_are_no_numbers_are_seen(classes, bad):
    z = np.zeros((2, classes))
    z[0, -1] = bad
    got = standing(z, np.zeros(2, dtype=np.int64), "logits", normalize=False)
    assert np.isfinite(got.total).tolist() == [False, True]


@pytest.mark.parametrize("classes", [3, FEW + 1])
def test_logits_nearer_than_a_rounding_are_still_told_apart(classes):
    z = np.full((1, classes), -1e3)
    z[0, :3] = [0.0, 1e-17, -800.0]
    got = standing(z, np.array([2]), "logits", normalize=False)
    assert got.predicted.tolist() == [1]
    z[0, 0] = -900.0  # both round to a probability of 0 beside 1e-17's
    assert standing(z, np.array([2]), "logits", normalize=False).rank.tolist() == [1]


@pytest.mark.parametrize(("kind", "normalize"), [("probs", True), ("logprobs", True)])
def test_a_loss_of_masses_keeps_its_digits(kind, normalize):
    masses = np.array([[3.0, 3e-20], [3e-20, 3.0]])
    values = masses if kind == "probs" else np.log(masses)
    got = standing(values, np.array([0, 1]), kind, normalize=normalize)
    np.testing.assert_allclose(got.loss, 1e-20, rtol=1e-12)
    np.testing.assert_allclose(got.brier, 2e-40, rtol=1e-12)

"""Soft labels against sums written out, for every kind of numbers."""

import math

import numpy as np
import pytest
from scipy.special import softmax

from crossent.scoring.rows import score_rows
from crossent.scoring.soft_rows import soft_loss, soft_squares
from tests import reference_scores as reference

RNG = np.random.default_rng(5)
P, Q = RNG.dirichlet(np.ones(4), size=(2, 30))
Z = RNG.normal(scale=5, size=(30, 4))


@pytest.mark.parametrize(
    ("kind", "values", "p", "normalize"),
    [
        ("probs", P, P, False),
        ("probs", 3 * P, P, True),
        ("logprobs", np.log(P), P, False),
        ("logprobs", np.log(P) + 2, P, True),
        ("logits", Z, softmax(Z, axis=1), False),
        ("logits", Z - 1e4, softmax(Z, axis=1), False),
    ],
)
def test_every_kind_is_its_probabilities(kind, values, p, normalize):
    got = soft_loss(Q, values, kind, normalize=normalize)
    want = [reference.surprise(*row) for row in zip(p, Q, strict=True)]
    np.testing.assert_allclose(got, want, rtol=1e-11)
    squares = soft_squares(Q, values, kind, normalize=normalize)
    np.testing.assert_allclose(squares, ((p - Q) ** 2).sum(1), rtol=1e-10)


def test_zero_at_part_of_the_label_is_infinite_and_elsewhere_free():
    p = np.array([[0.0, 1.0], [1.0, 0.0]])
    soft = np.array([[0.5, 0.5], [1.0, 0.0]])
    got = soft_loss(soft, p, "probs", normalize=False)
    assert got.tolist() == [math.inf, 0.0]
    assert str(got[1]) == "0.0"
    with np.errstate(divide="ignore"):
        logs = np.log(p)
    assert soft_loss(soft, logs, "logits", normalize=False).tolist() == [math.inf, 0.0]


@pytest.mark.parametrize(
    ("values", "kind", "normalize"),
    [
        ([0.0, -50.0, -60.0], "logits", False),
        ([0.0, -50.0, -60.0], "logprobs", True),
        ([1.0, 1e-22, 1e-26], "probs", True),
    ],
)
def test_a_soft_label_of_one_class_keeps_the_digits_of_a_hard_one(values, kind, normalize):
    given = np.array([values])
    hard = score_rows(labels=np.array([0]), values=given, kind=kind, normalize=normalize)
    soft = soft_loss(np.array([[1.0, 0.0, 0.0]]), given, kind, normalize=normalize)
    assert 0 < hard.loss[0] < 1e-20
    np.testing.assert_allclose(soft, hard.loss, rtol=1e-12)


def test_a_row_has_the_same_bits_in_any_batch():
    random = np.random.default_rng(0)
    p, q = (np.asfortranarray(random.dirichlet(np.ones(7), 41)) for _ in range(2))
    for function in (soft_loss, soft_squares):
        whole = function(q, p, "probs", normalize=False)
        alone = [
            function(q[i : i + 1], p[i : i + 1], "probs", normalize=False)[0] for i in range(41)
        ]
        assert whole.tolist() == alone

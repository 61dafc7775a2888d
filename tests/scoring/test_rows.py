"""Batches of rows: against scikit-learn, weights, and what is refused with which words."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from crossent.errors import InputError
from crossent.scoring.rows import Place, check_soft, score_logprobs, score_rows

RNG = np.random.default_rng(3)
P = RNG.dirichlet(np.ones(5), size=40)
Y = RNG.integers(0, 5, size=40)
Q = np.eye(5)[Y]


def test_log_loss_of_each_row_is_scikit_learns():
    got = score_rows(labels=Y, values=P)
    for row in range(len(Y)):
        want = log_loss([Y[row]], [P[row]], labels=range(5))
        assert got.loss[row] == pytest.approx(want, rel=1e-12)
    np.testing.assert_allclose(got.probability, np.exp(-got.loss), rtol=1e-14)
    np.testing.assert_allclose(got.brier, ((P - Q) ** 2).sum(1), rtol=1e-13)
    assert (got.read, got.number.tolist(), got.weight, got.soft) == (
        40,
        list(range(40)),
        None,
        None,
    )


def test_one_hot_soft_labels_change_nothing():
    hard, soft = score_rows(labels=Y, values=P), score_rows(labels=None, values=P, target_probs=Q)
    np.testing.assert_array_equal(soft.label, Y)
    np.testing.assert_allclose(soft.loss, hard.loss, rtol=1e-14)
    np.testing.assert_allclose(soft.brier, hard.brier, rtol=1e-12)
    np.testing.assert_array_equal(soft.soft, Q)


def test_soft_labels_beside_hard_ones_make_the_losses_only():
    other = (Y + 1) % 5
    got = score_rows(labels=other, values=P, target_probs=Q)
    np.testing.assert_array_equal(got.label, other)
    np.testing.assert_allclose(got.loss, score_rows(labels=Y, values=P).loss, rtol=1e-14)


def test_a_probability_rounded_above_one_costs_nothing():
    got = score_rows(labels=np.array([0]), values=np.array([[1 + 2e-7, 0.0]]))
    assert str(got.loss[0]) == "0.0"


def test_a_confident_row_keeps_its_brier_digits():
    tiny = 1e-12
    got = score_rows(labels=np.array([0]), values=np.array([[1 - tiny, tiny]]))
    assert got.brier[0] == pytest.approx(2 * tiny**2, rel=1e-3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_narrow_floats_are_read_as_the_float64_they_are(dtype):
    exact = RNG.dirichlet(np.ones(200), size=30).astype(dtype)
    labels = RNG.integers(0, 200, 30)
    got = score_rows(labels=labels, values=exact)
    want = score_rows(labels=labels, values=exact.astype(np.float64))
    np.testing.assert_array_equal(got.loss, want.loss)
    np.testing.assert_array_equal(got.brier, want.brier)
    assert got.loss.dtype == got.confidence.dtype == np.float64


def test_rows_without_weight_are_read_and_left_out():
    weights = np.arange(40) % 3.0
    keep = weights > 0
    got = score_rows(labels=Y, values=P, weights=weights, target_probs=Q, numbers=np.arange(40) + 7)
    whole = score_rows(labels=Y, values=P, target_probs=Q)
    assert got.read == 40
    np.testing.assert_array_equal(got.number, np.flatnonzero(keep) + 7)
    np.testing.assert_array_equal(got.weight, weights[keep])
    for name in (
        "label", "loss", "probability", "predicted", "confidence", "rest", "rest_squares", "rank",
        "brier", "soft",
    ):  # fmt: skip
        np.testing.assert_array_equal(getattr(got, name), getattr(whole, name)[keep])


def test_no_rows():
    got = score_rows(labels=Y[:0], values=P[:0])
    assert (got.read, len(got.loss), len(got.rank)) == (0, 0, 0)


BAD = [
    (
        [[0.5, 0.5], [0.5, 0.6]],
        {},
        r"row 1: probabilities must sum to 1 .*they sum to 1\.1; .*norm",
    ),
    ([[0.5, 0.5], [0.5, np.nan]], {}, r"row 1, column 1: .*finite numbers; got nan"),
    ([[0.5, np.inf]], {}, r"row 0, column 1: .*finite numbers; got inf"),
    ([[1.5, -0.5]], {}, r"row 0, column 1: .*not be negative; got -0\.5\. If these are logits"),
    ([[1.5, -0.5]], {"normalize": True}, r"must not be negative"),
    ([[0.0, 0.0]], {}, r"they sum to 0; they cannot be divided"),
    ([[0.0, 0.0]], {"normalize": True}, r"they sum to 0; they cannot be divided"),
    ([[0.0, np.nan]], {"kind": "logits"}, r"row 0, column 1: .*finite numbers; got nan"),
    ([[0.0, np.inf]], {"kind": "logits"}, r"row 0, column 1: .*finite numbers; got inf"),
    ([[-np.inf, -np.inf]], {"kind": "logits"}, r"row 0: no class is possible"),
    ([[-np.inf, -np.inf]], {"kind": "logprobs"}, r"row 0: no class is possible"),
    ([[0.0, 0.0]], {"kind": "logprobs"}, r"sum to exp\(0\.693147\)\. If these are logits"),
    ([[800.0, 900.0]], {"kind": "logprobs"}, r"sum to exp\(900\)\. If these are logits"),
]


@pytest.mark.parametrize(("values", "options", "words"), BAD)
def test_a_row_that_is_no_distribution_is_named(values, options, words):
    values = np.array(values)
    with pytest.raises(InputError, match=words) as caught:
        score_rows(labels=np.zeros(len(values), dtype=np.int64), values=values, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("classes", [2, 100])
def test_the_row_of_a_later_block_is_named(classes):
    values = np.full((20_000, classes), 1 / classes)
    values[17_000, 1] = 2
    numbers = np.arange(20_000) + 5
    with pytest.raises(InputError, match="row 17005"):
        score_rows(labels=np.zeros(20_000, dtype=np.int64), values=values, numbers=numbers)


def test_the_place_is_named():
    place = Place("'a.csv', ", "'p_*'", ("p_cat\n", "p_dog"), "--normalize", "--kind {}")
    with pytest.raises(InputError) as caught:
        score_rows(labels=np.array([0]), values=np.array([[-1.0, 2.0]]), place=place)
    assert str(caught.value) == (
        r"'a.csv', row 0, 'p_cat\n': 'p_*' must not be negative; got -1. If these are logits or "
        "log-probabilities, give --kind logits or --kind logprobs"
    )


@pytest.mark.parametrize("scale", [1e-3, 7.0, 1e6, 1e-200, 1e200])
def test_normalize_divides_by_the_sum(scale):
    got = score_rows(labels=Y, values=P * scale, normalize=True)
    want = score_rows(labels=Y, values=P)
    for name in ("loss", "probability", "confidence", "rest", "rest_squares", "brier"):
        np.testing.assert_allclose(getattr(got, name), getattr(want, name), rtol=1e-12)


@pytest.mark.parametrize(
    ("soft", "words"),
    [
        ([[1.0, 1.0]], r"soft labels must sum to 1.*row 7 sums to 2"),
        ([[1.5, -0.5]], r"row 7, column 1 has -0\.5"),
        ([[np.nan, 1.0]], r"row 7, column 0 has nan"),
    ],
)
def test_soft_labels_that_are_no_distribution_are_named(soft, words):
    with pytest.raises(InputError, match=words):
        check_soft(np.array(soft), np.array([7]), Place())


def test_log_probabilities_of_the_labels():
    got = score_logprobs(logprob=np.array([-1.5, 0.0, -np.inf, 1e-9]), labels=np.arange(4))
    assert got.loss.tolist() == [1.5, 0.0, np.inf, 0.0]
    assert got.probability.tolist() == [np.exp(-1.5), 1.0, 0.0, 1.0]
    assert [str(x) for x in got.loss[[1, 3]]] == ["0.0", "0.0"]
    assert (got.predicted, got.confidence, got.rank, got.brier) == (None, None, None, None)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.5])
def test_a_log_probability_that_is_none_is_named(bad):
    with pytest.raises(InputError, match=r"row 3: .*0 at most; got .*losses, change their sign"):
        score_logprobs(logprob=np.array([-1.0, bad]), numbers=np.array([2, 3]))


def test_log_probabilities_without_weight_are_left_out():
    words = np.array([3, 4])
    got = score_logprobs(
        logprob=np.array([-1.0, -2.0]), weights=np.array([0.0, 2.0]), words=words, bytes=words * 5
    )
    assert (got.read, got.loss.tolist(), got.weight.tolist()) == (2, [2.0], [2.0])
    assert (got.words.tolist(), got.bytes.tolist(), got.number.tolist()) == ([4], [20], [1])

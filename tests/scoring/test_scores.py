"""Scores: what is derived from the sums, and what is asked of them in words."""

import json
import math

import numpy as np
import pytest
from scipy.stats import binomtest

from crossent.errors import InputError
from crossent.scoring.rows import score_rows
from crossent.scoring.tally import Tally
from tests.scoring.batches import table

NAMES = ("a", "b", "c", "d", "e")


@pytest.fixture(scope="module")
def scores():
    return table(0, 120, 5, traps=False, source="f.csv").tally().result()


def test_derived_numbers(scores):
    assert scores.bits == pytest.approx(scores.log_loss * math.log2(math.e))
    assert scores.perplexity == pytest.approx(2**scores.bits)
    assert scores.log_perplexity == scores.log_loss
    assert scores.error_rate == 1 - scores.accuracy
    assert scores.information == pytest.approx(scores.prior_log_loss - scores.log_loss)
    share = 1 - scores.log_loss / scores.prior_log_loss
    assert scores.share_of_label_entropy == pytest.approx(share)


def of(labels, p, **options):
    p = np.asarray(p, dtype=np.float64)
    tally = Tally(NAMES[: p.shape[1]])
    tally.update(score_rows(labels=np.asarray(labels), values=p, **options))
    return tally.result()


def test_one_label_has_no_entropy_to_share():
    assert math.isnan(of([0], [[0.25, 0.75]]).share_of_label_entropy)


def test_a_loss_too_large_for_exp():
    assert of([0], [[0.0, 1.0]]).perplexity == math.inf
    assert of([0], [[np.nextafter(0, 1), 1.0]]).perplexity == math.inf


def test_top_k(scores):
    shares = [scores.top_k(k) for k in (1, 2, 5, 99)]
    assert shares == sorted(shares)
    assert (shares[0], shares[2], shares[3]) == (scores.accuracy, 1.0, 1.0)
    for k in (0, -1):
        with pytest.raises(InputError, match=f"k must be 1 or more; got {k}"):
            scores.top_k(k)


def test_intervals(scores):
    right = round(scores.accuracy * 120)
    want = binomtest(right, 120).proportion_ci(0.9, method="wilson")
    assert scores.interval("accuracy", 0.9) == pytest.approx((want.low, want.high), rel=1e-12)
    for name in ("log_loss", "brier", "bits"):
        low, high = scores.interval(name)
        wider = scores.interval(name, 0.999)
        assert wider.low < low < getattr(scores, name) < high < wider.high
    nats, bits = scores.interval("log_loss"), scores.interval("bits")
    assert bits == pytest.approx([end / math.log(2) for end in nats], rel=1e-15)
    with pytest.raises(InputError, match="got 'f1'"):
        scores.interval("f1")


def test_pairs_say_what_is_confused_with_what():
    got = of([0, 0, 1, 0], [[0.1, 0.9]] * 3 + [[0.9, 0.1]])
    (pair,) = got.pairs(3)
    assert (pair.true, pair.predicted, pair.count) == ("a", "b", 2.0)
    assert pair.share_of_true == pytest.approx(2 / 3)
    assert pair.log_loss == pytest.approx(math.log(10))
    (both,) = got.pairs(symmetric=True)
    assert (both.count, both.share_of_true, both.both) == (2.0, 0.5, True)


def test_examples_by_name(scores):
    pair = scores.pairs(1)[0]
    found = scores.examples(pair.true, pair.predicted)
    assert len(found) == min(pair.count, 10)
    assert {source for source, _ in found} == {"f.csv"}
    with pytest.raises(InputError, match="'z' is not among the 5 classes"):
        scores.examples("a", "z")


def test_a_matrix_of_2000_classes_is_the_largest():
    for classes, made in ((2000, True), (2001, False)):
        tally = Tally(tuple(map(str, range(classes))))
        tally.update(score_rows(labels=np.array([3]), values=np.eye(classes)[[5]]))
        got = tally.result()
        if made:
            assert got.confusion.sum() == got.confusion[3, 5] == 1
        else:
            with pytest.raises(InputError, match=r"2,001 classes is not made.*\.cells"):
                got.confusion  # noqa: B018


def test_scores_are_strict_json(scores):
    back = json.loads(json.dumps(scores.to_dict(), allow_nan=False))
    assert back["log_loss"] == scores.log_loss
    assert back["worst"][0]["source"] == "f.csv"

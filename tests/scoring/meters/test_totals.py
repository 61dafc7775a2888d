"""Sums over all rows: rows read, effective rows, words and bytes, ranks, soft labels."""

import math

import numpy as np
import pytest

from crossent.scoring.meters.totals import Ranks, SoftLabels, Totals
from crossent.scoring.rows import score_logprobs, score_rows


def totals(*batches):
    meter = Totals()
    for batch in batches:
        meter.update(batch)
    return meter


def test_rows_read_count_those_without_weight():
    p = np.full((4, 2), 0.5)
    batch = score_rows(labels=np.zeros(4, dtype=int), values=p, weights=np.array([0, 1, 3.0, 0]))
    meter = totals(batch, batch)
    assert (meter.read(), meter.sizes()) == (8, (0, 0))
    assert meter.effective(8.0) == 8.0**2 / 20  # Kish: two rows of 1, two of 3


def test_words_and_bytes_are_those_of_counted_rows():
    logprob = np.array([-1.0, -2.0, -3.0])
    counts = np.array([2, 3, 2**40])
    batch = score_logprobs(
        logprob=logprob, words=counts, bytes=counts + 1, weights=np.array([1.0, 0.0, 1.0])
    )
    assert (totals(batch).read(), totals(batch).sizes()) == (3, (2**40 + 2, 2**40 + 4))


def test_words_of_a_weight_are_those_of_copies():
    logprob, counts = np.array([-1.0, -2.0]), np.array([2, 3])
    twice = score_logprobs(logprob=logprob, words=counts, bytes=counts, weights=np.full(2, 2.0))
    once = score_logprobs(logprob=logprob, words=counts, bytes=counts)
    assert totals(twice).sizes() == totals(once, once).sizes() == (10, 10)


@pytest.mark.parametrize("scale", [1e-150, 1e-12, 1.0, 1e150])
def test_effective_rows_do_not_depend_on_the_scale_of_weights(scale):
    weights = np.array([1.0, 2.0, 5.0]) * scale
    batch = score_logprobs(logprob=-np.ones(3), weights=weights)
    assert totals(batch).effective(math.fsum(weights)) == pytest.approx(64 / 30, rel=1e-14)


def test_rows_without_weights_count_one_each():
    plain, weighted = (
        score_logprobs(logprob=-np.ones(3), weights=w) for w in (None, np.full(2 + 1, 2.0))
    )
    assert totals(plain).effective(3.0) == 3.0
    assert totals(plain, weighted).effective(9.0) == pytest.approx(81 / 15, rel=1e-15)
    assert totals().effective(0.0) == 0.0


def test_ranks_are_weights_by_rank():
    p = np.array([[0.5, 0.3, 0.2]] * 4)
    meter = Ranks(3)
    meter.update(score_rows(labels=np.array([0, 1, 1, 2]), values=p))
    assert meter.array().tolist() == [1, 2, 1]
    meter.update(score_rows(labels=np.array([2]), values=p[:1], weights=np.array([0.5])))
    assert meter.array().tolist() == [1, 2, 1.5]
    meter.update(score_logprobs(logprob=np.array([-1.0])))
    assert meter.array().tolist() == [1, 2, 1.5]


def test_soft_labels_are_summed_by_class():
    q = np.array([[0.25, 0.75], [1.0, 0.0]])
    meter = SoftLabels(2)
    meter.update(score_rows(labels=None, values=q, target_probs=q))
    assert meter.array().tolist() == [1.25, 0.75]
    batch = score_rows(labels=None, values=q, target_probs=q, weights=np.array([2.0, 0.0]))
    meter.update(batch)
    assert meter.array().tolist() == [1.75, 2.25]
    meter.update(score_rows(labels=np.array([0]), values=q[:1]))
    assert meter.array().tolist() == [1.75, 2.25]

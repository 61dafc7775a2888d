"""The paired difference against NumPy, its interval against SciPy's bootstrap of rows."""

import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap
from sklearn.metrics import accuracy_score, log_loss

from crossent.errors import InputError
from crossent.scoring.comparison import Comparison
from crossent.scoring.paired_shares import mcnemar, paired_interval
from crossent.scoring.rows import score_logprobs, score_rows

CLASSES = ("cat", "dog", "emu")


def sample(rows=400, seed=0, classes=3):
    """Labels, two models' probabilities, weights."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(classes, 0.6), size=rows)
    y = np.array([rng.choice(classes, p=line) for line in p])
    other = 0.7 * p + 0.3 * rng.dirichlet(np.ones(classes), size=rows)
    return y, p, other, rng.random(rows) + 0.1


def scored(y, p, w=None, source="a.csv", numbers=None):
    return score_rows(labels=y, values=p, weights=w, source=source, numbers=numbers)


def compare(y, p, other, w=None, numbers=None):
    meter = Comparison(CLASSES)
    meter.update(scored(y, p, w, numbers=numbers), scored(y, other, w, "b.csv", numbers))
    return meter


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weights"])
def test_difference_is_that_of_scikit_learns_scores(weighted):
    y, p, other, w = sample()
    w = w if weighted else None
    got = compare(y, p, other, w).result()
    want = log_loss(y, p, sample_weight=w) - log_loss(y, other, sample_weight=w)
    assert got.log_loss == pytest.approx(want, rel=1e-10)
    ours, theirs = (accuracy_score(y, q.argmax(axis=1), sample_weight=w) for q in (p, other))
    assert got.accuracy == pytest.approx(ours - theirs, rel=1e-10)
    assert got.rows == 400
    assert got.weight == pytest.approx(400 if w is None else w.sum())
    assert (got.infinite_ours, got.infinite_baseline) == (0, 0)


def test_counts_are_mcnemars():
    y, p, other, _ = sample()
    got = compare(y, p, other).result()
    ours, theirs = p.argmax(axis=1) == y, other.argmax(axis=1) == y
    counts = [(ours & theirs).sum(), (ours & ~theirs).sum(), (~ours & theirs).sum()]
    counts.append((~ours & ~theirs).sum())
    assert counts == [
        got.both_right,
        got.only_ours_right,
        got.only_baseline_right,
        got.neither,
    ]
    assert (got.accuracy_low, got.accuracy_high) == paired_interval(*(int(n) for n in counts))
    assert got.p_value == mcnemar(int(counts[1]), int(counts[2]))


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weights"])
def test_interval_is_that_of_resampled_rows(weighted):
    y, p, other, w = sample(rows=30_000)
    w = w if weighted else None
    got = compare(y, p, other, w).result()
    rows = np.arange(len(y))
    difference = np.log(other[rows, y]) - np.log(p[rows, y])
    weights = np.ones(len(y)) if w is None else w
    drawn = bootstrap(
        (difference * weights, weights),
        lambda d, v, axis: d.sum(axis=axis) / v.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=1000,
        batch=50,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    width = drawn.high - drawn.low
    assert got.low == pytest.approx(drawn.low, abs=0.08 * width)
    assert got.high == pytest.approx(drawn.high, abs=0.08 * width)
    assert got.low < got.log_loss < got.high
    # Paired: narrower than the two losses apart would be.
    one = np.std(np.log(p[rows, y])) ** 2 + np.std(np.log(other[rows, y])) ** 2
    assert got.high - got.low < 3.92 * math.sqrt(one / len(y))


def test_equal_weights_are_no_weights():
    y, p, other, _ = sample()
    plain, twice = compare(y, p, other).result(), compare(y, p, other, np.full(400, 2.0)).result()
    assert twice.weight == 800
    for name in ("log_loss", "low", "high", "accuracy", "accuracy_low", "accuracy_high"):
        assert getattr(twice, name) == pytest.approx(getattr(plain, name), rel=1e-12), name


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(0, 60), st.booleans(), st.booleans())
def test_any_order_has_the_same_bits(seed, cut, weighted, infinite):
    y, p, other, w = sample(rows=60, seed=seed)
    if infinite:
        p[3] = np.eye(3)[(y[3] + 1) % 3]
    numbers = np.random.default_rng(seed).permutation(1000)[:60]
    parts = [
        (y[s], p[s], other[s], w[s] if weighted else None, numbers[s])
        for s in (slice(cut), slice(cut, None))
    ]
    whole = compare(y, p, other, w if weighted else None, numbers).result()
    for first, second in (parts, parts[::-1]):
        meter = compare(*first)
        meter.merge(compare(*second))
        assert repr(meter.result()) == repr(whole)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_swapped_it_is_negated(seed):
    y, p, other, _ = sample(rows=80, seed=seed)
    one, two = compare(y, p, other).result(), compare(y, other, p).result()
    for name, mirror in (
        ("log_loss", "log_loss"),
        ("low", "high"),
        ("accuracy", "accuracy"),
        ("accuracy_low", "accuracy_high"),
    ):
        assert getattr(one, name) == pytest.approx(-getattr(two, mirror), rel=1e-9, abs=1e-15)
    assert one.only_ours_right == two.only_baseline_right
    assert one.p_value == two.p_value


def test_a_model_against_itself_is_exactly_nothing():
    y, p, _, w = sample()
    got = compare(y, p, p, w).result()
    assert (got.log_loss, got.low, got.high, got.accuracy) == (0.0, 0.0, 0.0, 0.0)
    assert compare(y, p, p).result().p_value == 1.0


def test_infinite_losses():
    y, sure = np.array([0, 1, 2]), np.eye(3)
    wrong, flat = np.eye(3)[[1, 1, 2]], np.full((3, 3), 1 / 3)
    ours = compare(y, wrong, flat).result()
    assert (ours.log_loss, ours.low, ours.high) == (math.inf,) * 3
    assert (ours.infinite_ours, ours.infinite_baseline) == (1, 0)
    theirs = compare(y, sure, wrong).result()
    assert (theirs.log_loss, theirs.low, theirs.high) == (-math.inf,) * 3
    assert (theirs.infinite_ours, theirs.infinite_baseline) == (0, 1)
    both = compare(y, wrong, wrong).result()
    assert all(math.isnan(x) for x in (both.log_loss, both.low, both.high))
    assert (both.infinite_ours, both.infinite_baseline, both.accuracy) == (1, 1, 0.0)


def test_no_rows():
    got = Comparison(CLASSES).result()
    assert (got.rows, got.weight) == (0, 0.0)
    assert all(math.isnan(x) for x in (got.log_loss, got.low, got.accuracy, got.accuracy_low))
    assert all(math.isnan(x) for x in (got.both_right, got.p_value))


def test_without_predictions_only_the_loss_is_compared():
    ours = score_logprobs(logprob=np.log([0.5, 0.25]))
    theirs = score_logprobs(logprob=np.log([0.25, 0.25]))
    meter = Comparison(())
    meter.update(ours, theirs)
    got = meter.result()
    assert got.log_loss == pytest.approx(-math.log(2) / 2)
    unknown = ("accuracy", "accuracy_low", "accuracy_high", "both_right", "neither", "p_value")
    assert all(math.isnan(asdict(got)[name]) for name in unknown)


def test_rows_of_weight_0_are_left_out():
    y, p, other, w = sample(rows=50)
    w[::3] = 0.0
    keep = w > 0
    numbers = np.arange(50)
    got = compare(y, p, other, w, numbers).result()
    assert got == compare(y[keep], p[keep], other[keep], w[keep], numbers[keep]).result()
    assert got.rows == keep.sum()


def test_rows_that_do_not_belong_together_are_named():
    y, p, _, w = sample(rows=4)
    y = np.array([0, 1, 2, 0])
    ours = scored(y, p, w, "a.csv", np.array([0, 2, 5, 7]))
    swapped = replace(ours, source="b.csv", number=np.array([0, 2, 7, 5]))
    relabelled = replace(ours, source="b.csv", label=np.array([0, 1, 1, 0]))
    heavier = replace(ours, source="b.csv", weight=np.array([*ours.weight[:3], 8.0]))
    shorter = scored(y[:3], p[:3], w[:3], "b.csv", np.array([0, 2, 5]))
    cases = (
        (ours, swapped, r"row 5 of 'a\.csv' stands beside row 7 of 'b\.csv'"),
        (ours, relabelled, r"row 5 is 'emu' in 'a\.csv' and 'dog' in 'b\.csv'"),
        (ours, heavier, r"row 7 weighs [\d.]+ in 'a\.csv' and 8 in 'b\.csv'"),
        (ours, shorter, r"row 7 of 'a\.csv' is not in 'b\.csv'"),
        (shorter, ours, r"row 7 of 'a\.csv' is not in 'b\.csv'"),
        (ours, replace(ours, weight=None, source="b.csv"), r"row 0 weighs .* and 1 in 'b\.csv'"),
    )
    for rows, baseline, message in cases:
        meter = Comparison(CLASSES)
        with pytest.raises(InputError, match=message):
            meter.update(rows, baseline)
        assert meter.result().rows == 0


def test_soft_labels_must_be_on_both_sides_and_the_same():
    y, p, other, _ = sample()
    q = np.eye(3)[y] * 0.9 + 0.1 / 3
    soft = score_rows(labels=None, values=p, target_probs=q, source="a.csv")
    same = score_rows(labels=None, values=other, target_probs=q, source="b.csv")
    meter = Comparison(CLASSES)
    meter.update(soft, same)
    assert meter.result().rows == len(y)
    for baseline, words in (
        (scored(y, other, source="b.csv"), "'a.csv' has soft labels and 'b.csv' has none"),
        (
            score_rows(labels=y, values=other, target_probs=np.roll(q, 1, axis=0), source="b.csv"),
            "the soft labels of row",
        ),
    ):
        with pytest.raises(InputError, match=words):
            Comparison(CLASSES).update(soft, baseline)

"""Steps scored again: each against a merge by hand and the textbook formula."""

import math
from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from crossent.scoring.merging.curve import MergeCurve
from crossent.scoring.merging.merge import merge_classes
from crossent.scoring.merging.order import Step, suggest_merges
from crossent.scoring.rows import score_rows
from crossent.scoring.tally import Tally
from tests.scoring.merging.clusters import merge_groups


def step(a, b, left):
    return Step((str(a), str(b)), (a, b), left, math.nan, math.nan, math.nan, math.nan)


@st.composite
def cases(draw):
    """Labels, probabilities with zeros and ties among them, weights, and any order of merges."""
    classes = draw(st.integers(2, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.integers(1, 40))
    # Multiples of 2^-6: sums are exact in any order, so that ties are ties here and there.
    p = rng.multinomial(64, rng.dirichlet(np.full(classes, 0.5)), size=size) / 64
    labels = rng.integers(0, classes, size=size)
    weights = rng.integers(0, 4, size=size) * rng.random() if draw(st.booleans()) else None
    alive, steps = list(range(classes)), []
    for _ in range(draw(st.integers(0, classes - 1))):
        a, b = sorted(int(c) for c in rng.choice(alive, size=2, replace=False))
        alive.remove(b)
        steps.append(step(a, b, len(alive)))
    return labels, p, weights, steps


def curve_of(steps, *batches):
    curve = MergeCurve(steps)
    for labels, p, weights in batches:
        curve.update(labels, p, weights)
    return curve


def textbook(labels, p, weights, steps, classes):
    """Log loss, accuracy and infinite rows after the last of `steps`."""
    merge = merge_classes(
        [str(c) for c in range(classes)],
        merge_groups([str(c) for c in range(classes)], steps),
    )
    label, left = merge.codes[labels], p @ np.eye(len(merge.classes))[merge.codes]
    w = np.ones(len(p)) if weights is None else weights
    with np.errstate(divide="ignore"):
        losses = -np.log(left[np.arange(len(p)), label])
    kept = w > 0
    loss = (w[kept] * losses[kept]).sum() / w.sum()
    hits = (w * (left.argmax(axis=1) == label)).sum() / w.sum()
    return loss, hits, int(np.isinf(losses[kept]).sum())


@settings(deadline=None)
@given(cases())
def test_every_step_is_the_textbook_formula(case):
    labels, p, weights, steps = case
    got = curve_of(steps, (labels, p, weights)).result()
    assert len(got) == len(steps)
    for count, found in enumerate(got, start=1):
        if weights is not None and not weights.any():
            assert math.isnan(found.log_loss)
            assert math.isnan(found.accuracy)
            continue
        loss, accuracy, infinite = textbook(labels, p, weights, steps[:count], p.shape[1])
        assert found.log_loss == pytest.approx(loss, rel=1e-12, abs=1e-14)
        assert found.accuracy == pytest.approx(accuracy, rel=1e-12, abs=1e-14)
        assert found.infinite_rows == infinite


def test_scikit_learn_scores_the_same_with_columns_added_by_hand():
    rng = np.random.default_rng(5)
    p = rng.dirichlet(np.full(4, 0.5), size=200)
    y, w = rng.integers(0, 4, size=200), rng.random(200)
    got = curve_of([step(1, 3, 3), step(0, 1, 2)], (y, p, w)).result()
    three = np.column_stack([p[:, 0], p[:, 1] + p[:, 3], p[:, 2]])
    want = log_loss(np.array([0, 1, 2, 1])[y], three, labels=range(3), sample_weight=w)
    assert got[0].log_loss == pytest.approx(want, rel=1e-12)
    two = np.column_stack([three[:, 0] + three[:, 1], three[:, 2]])
    want = log_loss(np.array([0, 0, 1, 0])[y], two, labels=range(2), sample_weight=w)
    assert got[1].log_loss == pytest.approx(want, rel=1e-12)


@settings(deadline=None)
@given(cases(), st.integers(0, 40))
def test_merged_curves_have_the_same_bits(case, cut):
    labels, p, weights, steps = case
    p = p * np.random.default_rng(cut).uniform(0.9999, 1.0, size=p.shape)
    parts = [
        (labels[part], p[part], None if weights is None else weights[part])
        for part in (slice(cut), slice(cut, None))
    ]
    whole = curve_of(steps, (labels, p, weights)).result()
    for order in (parts, parts[::-1]):
        first, second = curve_of(steps, order[0]), curve_of(steps, order[1])
        first.merge(second)
        for got in (first.result(), curve_of(steps, *order).result()):
            assert repr(got) == repr(whole)


@settings(deadline=None)
@given(cases())
def test_the_loss_never_rises(case):
    labels, p, weights, steps = case
    found = curve_of(steps, (labels, p, weights)).result()
    losses = [one.log_loss for one in found if not math.isnan(one.log_loss)]
    assert all(b <= a + 1e-13 for a, b in pairwise(losses))


@pytest.mark.parametrize("memory", [np.ascontiguousarray, np.asfortranarray])
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("kind", ["probs", "logits", "logprobs"])
def test_kinds_agree(kind, normalize, memory):
    rng = np.random.default_rng(2)
    p = rng.dirichlet(np.full(5, 0.3), size=60)
    p[0], p[1] = [1.0, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0]
    y = rng.integers(0, 5, size=60)
    steps = [step(1, 4, 4), step(0, 2, 3), step(0, 1, 2)]
    want = curve_of(steps, (y, p, None)).result()
    scale = rng.uniform(0.5, 2, size=(60, 1)) if normalize else 1.0
    with np.errstate(divide="ignore"):
        values = {
            "probs": p * scale,
            "logits": np.log(p) + 30 * rng.normal(size=(60, 1)),
            "logprobs": np.log(p * scale),
        }[kind]
    given = memory(values)
    curve = MergeCurve(steps)
    curve.update(y, given, kind=kind, normalize=normalize)
    np.testing.assert_array_equal(given, values)
    for one, other in zip(curve.result(), want, strict=True):
        assert one.log_loss == pytest.approx(other.log_loss, rel=1e-12)
        assert (one.accuracy, one.infinite_rows) == (other.accuracy, other.infinite_rows)


@settings(deadline=None)
@given(cases(), st.sampled_from(["probs", "logprobs"]))
def test_soft_labels_are_the_textbook_formula(case, kind):
    labels, p, weights, steps = case
    rng = np.random.default_rng(len(p))
    classes = p.shape[1]
    q = rng.multinomial(4, np.full(classes, 1 / classes), size=len(p)) / 4
    with np.errstate(divide="ignore"):
        values = p if kind == "probs" else np.log(p)
    curve = MergeCurve(steps)
    half = len(p) // 2
    for part in (slice(half), slice(half, None)):
        w = None if weights is None else weights[part]
        curve.update(labels[part], values[part], w, kind=kind, target_probs=q[part])
    w = np.ones(len(p)) if weights is None else weights
    names = [str(c) for c in range(classes)]
    for count, found in enumerate(curve.result(), start=1):
        merge = merge_classes(names, merge_groups(names, steps[:count]))
        if not w.any():
            assert math.isnan(found.log_loss)
            continue
        rows = score_rows(
            labels=merge.labels(labels),
            values=merge.probabilities(p),
            target_probs=merge.probabilities(q),
            weights=weights,
        )
        want = np.average(rows.loss, weights=rows.weight)
        assert found.log_loss == pytest.approx(want, rel=1e-12, abs=1e-13)
        assert found.infinite_rows == np.isinf(rows.loss).sum()
        hits = np.average(rows.predicted == rows.label, weights=rows.weight)
        if kind == "probs":  # logarithms do not keep ties
            assert found.accuracy == pytest.approx(hits, rel=1e-12, abs=1e-14)


def test_one_hot_soft_labels_are_hard_ones():
    rng = np.random.default_rng(6)
    p, y = rng.dirichlet(np.full(4, 0.5), size=90), rng.integers(0, 4, size=90)
    steps = [step(1, 3, 3), step(0, 1, 2)]
    soft = MergeCurve(steps)
    soft.update(y, p, target_probs=np.eye(4)[y])
    for one, other in zip(soft.result(), curve_of(steps, (y, p, None)).result(), strict=True):
        assert one.log_loss == pytest.approx(other.log_loss, rel=1e-13)
        assert one.accuracy == other.accuracy


def test_what_comes_from_the_confusion_stays():
    rng = np.random.default_rng(4)
    p = rng.dirichlet(np.full(4, 0.5), size=300)
    y = rng.integers(0, 4, size=300)
    tally = Tally(("a", "b", "c", "d"))
    tally.update(score_rows(labels=y, values=p))
    steps = suggest_merges(tally.result())
    got = curve_of(steps, (y, p, None)).result()
    assert len(got) == 3
    for one, other in zip(got, steps, strict=True):
        changed = {"log_loss", "accuracy", "infinite_rows"}
        kept = {name: value for name, value in asdict(one).items() if name not in changed}
        assert kept.items() <= asdict(other).items()
    # A row whose sum is largest at its label need not have had its largest class there.
    assert got[0].accuracy != steps[0].accuracy
    assert (got[-1].log_loss, got[-1].accuracy) == (pytest.approx(0, abs=1e-15), 1.0)


def test_no_rows_and_no_steps():
    assert MergeCurve([]).result() == ()
    empty = MergeCurve([step(0, 1, 1)])
    empty.update(np.zeros(0, dtype=np.int64), np.zeros((0, 2)))
    assert math.isnan(empty.result()[0].log_loss)
    none = MergeCurve([])
    none.update(np.array([0]), np.array([[0.5, 0.5]]))
    assert none.result() == ()

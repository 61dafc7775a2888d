"""Merged classes: scored by hand through scikit-learn, and the laws of adding probabilities."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from crossent.errors import InputError
from crossent.scoring.merging.merge import Merge, merge_classes
from crossent.scoring.rows import score_rows

CLASSES = ("bus", "car", "lorry", "tram", "bike")
ROAD = {"road": ["lorry", "car"], "rail": ["tram"]}


def sample(rows=80, classes=5, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(classes, 0.4), size=rows)
    return rng.integers(0, classes, size=rows), p


@st.composite
def merges(draw, classes=6):
    """A merge of `classes` classes into any clusters, and the clusters."""
    cluster = draw(st.lists(st.integers(0, 3), min_size=classes, max_size=classes))
    groups = {f"g{k}": [str(c) for c in range(classes) if cluster[c] == k] for k in set(cluster)}
    return merge_classes([str(c) for c in range(classes)], groups), cluster


def test_the_new_class_stands_where_its_first_member_stood():
    merge = merge_classes(CLASSES, ROAD)
    assert merge.classes == ("bus", "road", "rail", "bike")
    assert merge.codes.tolist() == [0, 1, 1, 2, 3]
    assert merge.codes.dtype == np.int64
    assert merge.labels(np.array([4, 2, 1, 0])).tolist() == [3, 1, 1, 0]


def test_a_group_may_keep_the_name_of_a_member():
    merge = merge_classes(CLASSES, {"car": ["bus", "car"]})
    assert merge.classes == ("car", "lorry", "tram", "bike")
    assert merge_classes(CLASSES, {}).classes == CLASSES


@pytest.mark.parametrize("kind", ["probs", "logits", "logprobs"])
def test_scores_are_scikit_learns_of_columns_added_by_hand(kind):
    y, p = sample()
    by_hand = np.column_stack([p[:, 0], p[:, 1] + p[:, 2], p[:, 3], p[:, 4]])
    want = log_loss(np.array([0, 1, 1, 2, 3])[y], by_hand, labels=range(4))
    values = {"probs": p, "logprobs": np.log(p), "logits": np.log(p) + np.arange(80)[:, None]}
    merge = merge_classes(CLASSES, ROAD)
    rows = score_rows(labels=merge.labels(y), values=merge.values(values[kind], kind), kind=kind)
    assert rows.loss.mean() == pytest.approx(want, rel=1e-12)
    assert rows.predicted.tolist() == by_hand.argmax(axis=1).tolist()


def test_any_order_of_memory_gives_the_same_bits():
    rng = np.random.default_rng(3)
    p = rng.dirichlet(np.full(40, 0.4), size=70)
    merge = merge_classes([str(c) for c in range(40)], {"all": [str(c) for c in range(5, 40)]})
    for kind, values in (("probs", p), ("logits", np.log(p))):
        want = merge.values(values, kind)
        np.testing.assert_array_equal(merge.values(np.asfortranarray(values), kind), want)
        np.testing.assert_array_equal(merge.values(values[:7], kind), want[:7])


def test_logits_keep_their_digits():
    merge = merge_classes("abc", {"ab": "ab"})
    for pair in ((0.0, -40.0), (800.0, 795.0), (-1e-30, -80.0), (-3.0, -3.0), (-745.0, -1000.0)):
        got = merge.values(np.array([[*pair, 0.0]]), "logits")[0, 0]
        with mpmath.workdps(60):
            want = mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(x)) for x in pair))
            assert abs(got - want) <= 2e-16 * abs(want), pair


def test_impossible_classes_stay_impossible():
    merge = merge_classes("abc", {"ab": "ab"})
    values = np.array([[-np.inf, -np.inf, 0.0], [-np.inf, -2.0, 0.0]])
    assert merge.values(values, "logprobs").tolist() == [[-np.inf, 0.0], [-2.0, 0.0]]


@pytest.mark.parametrize("bad", [-0.25, np.nan, np.inf])
def test_bad_members_are_not_hidden_by_the_sum(bad):
    merge = merge_classes("abc", {"ab": "ab"})
    merged = merge.probabilities(np.array([[0.5, 0.25, 0.25], [bad, 0.75, 0.5]]))
    with pytest.raises(InputError, match="row 1, column 0"):
        score_rows(labels=np.array([0, 0]), values=merged)
    if bad > 0:
        logits = merge.values(np.array([[bad, 0.75, 0.5]]), "logits")
        with pytest.raises(InputError, match="row 0, column 0"):
            score_rows(labels=np.array([0]), values=logits, kind="logits")


@settings(deadline=None)
@given(merges(), st.integers(0, 2**32 - 1))
def test_merging_never_raises_the_loss_of_a_row(merge, seed):
    merge, cluster = merge
    y, p = sample(rows=20, classes=6, seed=seed)
    p[::5] = np.eye(6)[np.arange(4)]
    merged = merge.probabilities(p)
    before = score_rows(labels=y, values=p).loss
    after = score_rows(labels=merge.labels(y), values=merged).loss
    assert (after <= before).all()
    assert (np.diff(np.unique(merge.codes, return_index=True)[1]) > 0).all()
    for code, name in enumerate(merge.classes):
        members = [c for c in range(6) if f"g{cluster[c]}" == name]
        np.testing.assert_allclose(merged[:, code], p[:, members].sum(axis=1), rtol=1e-15)


@settings(deadline=None)
@given(merges(), st.integers(0, 2**32 - 1))
def test_logits_merge_as_their_softmax_does(merge, seed):
    merge, _ = merge
    z = np.random.default_rng(seed).normal(scale=20, size=(9, 6))

    def softmax(x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    got = softmax(merge.values(z, "logits"))
    np.testing.assert_allclose(got, merge.probabilities(softmax(z)), rtol=1e-12)


@settings(deadline=None)
@given(merges(), st.integers(0, 2**32 - 1))
def test_soft_labels_add(merge, seed):
    merge, _ = merge
    q = np.random.default_rng(seed).dirichlet(np.ones(6), size=7)
    want = q @ (merge.codes[:, None] == np.arange(len(merge.classes)))
    np.testing.assert_allclose(merge.probabilities(q), want, rtol=1e-14)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"road": ["car", "lory"]}, "'road' merges 'lory', which is not a class; .* 'lorry'"),
        ({"road": ["car", "zzz"]}, "'zzz', which is not a class; classes: .*'bus', 'car'"),
        ({"x": ["car", "bus"], "y": ["tram", "bus"]}, "'bus' is named in 'x' and again in 'y'"),
        ({"x": ["car", "car"]}, "'car' is named in 'x' and again in 'x'"),
        ({"tram": ["car", "bus"]}, "'tram' is a class outside the group"),
        ({"tram": ["car", "bus"], "x": ["tram", "bike"]}, "'tram' is a class outside the group"),
        ({"x": []}, "'x' has none"),
    ],
)
def test_what_cannot_be_merged_is_named(groups, message):
    with pytest.raises(InputError, match=message) as caught:
        merge_classes(CLASSES, groups)
    assert "\n" not in str(caught.value)


def test_hostile_names_stay_in_one_line():
    with pytest.raises(InputError) as caught:
        merge_classes(["a\n\x1b[31m", "b"], {"x\n": ["a\n", "b"]})
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_merging_twice_is_merging_once():
    y, p = sample()
    first = merge_classes(CLASSES, {"road": ["car", "lorry"]})
    second = merge_classes(first.classes, {"land": ["road", "tram"]})
    once = merge_classes(CLASSES, {"land": ["car", "lorry", "tram"]})
    both = Merge(second.classes, second.labels(first.codes))
    assert both.classes == once.classes
    assert both.codes.tolist() == once.codes.tolist()
    np.testing.assert_array_equal(
        second.probabilities(first.probabilities(p)), once.probabilities(p)
    )
    assert second.labels(first.labels(y)).tolist() == once.labels(y).tolist()

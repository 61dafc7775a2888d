"""The order of merges against a search through all pairs, and the laws of information."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from crossent.scoring.merging.merge import merge_classes
from crossent.scoring.merging.order import Step, suggest_merges
from crossent.scoring.meters.confusion import Cells
from tests.scoring.merging.clusters import merge_groups


def scored(table, classes=None):
    table = np.asarray(table, dtype=np.float64)
    true, predicted = np.nonzero(table)
    cells = Cells(true, predicted, table[true, predicted], np.zeros(len(true)))
    names = tuple(str(c) for c in range(len(table))) if classes is None else tuple(classes)
    return SimpleNamespace(classes=names, cells=cells)


def bits(table):
    """Not scikit-learn's mutual_info_score: it cuts products of fractional counts to integers."""
    margins = entropy(table.sum(axis=1), base=2) + entropy(table.sum(axis=0), base=2)
    return margins - entropy(table.ravel(), base=2)


def merged(table, codes):
    """The table by cluster; rows and columns of one cluster added."""
    one_hot = codes[:, None] == np.arange(codes.max() + 1)
    return one_hot.T @ table @ one_hot


@st.composite
def tables(draw):
    size = draw(st.integers(2, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = draw(st.sampled_from([0.2, 0.6, 1.0]))
    cells = rng.integers(1, 1000, size=(size, size)) * (rng.random((size, size)) < density)
    cells += np.diag(rng.integers(1, 2000, size=size))
    return cells * (rng.random() if draw(st.booleans()) else 1.0)


def search(table):
    """The pair of every step, by the information of every table that one merge gives."""
    clusters = np.arange(len(table))
    while True:
        losses = {}
        for a in np.unique(clusters):
            for b in np.unique(clusters[clusters > a]):
                rows, columns = np.ix_(clusters == a, clusters == b)
                if table[rows, columns].sum() + table[columns.T, rows.T].sum() > 0:
                    tried = np.where(clusters == b, a, clusters)
                    left = merged(table, np.unique(tried, return_inverse=True)[1])
                    losses[int(a), int(b)] = -bits(left)
        if not losses:
            return
        a, b = min(losses, key=losses.__getitem__)
        # Only where the least is clear: ties have a test of their own.
        if sorted(losses.values())[:2][-1] - losses[a, b] < 1e-9 and len(losses) > 1:
            return
        clusters = np.where(clusters == b, a, clusters)
        yield a, b


@settings(deadline=None)
@given(tables())
def test_every_step_is_the_least_loss(table):
    got = [step.codes for step in suggest_merges(scored(table))]
    want = list(search(table))
    assert got[: len(want)] == want


@settings(deadline=None)
@given(tables())
def test_numbers_are_those_of_the_merged_table(table):
    steps = suggest_merges(scored(table))
    classes = [str(c) for c in range(len(table))]
    labels = entropy(table.sum(axis=1), base=2)
    for count, step in enumerate(steps, start=1):
        merge = merge_classes(classes, merge_groups(classes, steps[:count]))
        left = merged(table, merge.codes)
        assert step.classes == len(merge.classes) == len(table) - count
        assert step.accuracy == pytest.approx(np.trace(left) / left.sum(), rel=1e-12)
        label_bits = entropy(left.sum(axis=1), base=2)
        assert step.label_bits == pytest.approx(label_bits, abs=1e-12)
        assert step.bits_lost == pytest.approx(labels - label_bits, abs=1e-12)
        assert step.information_bits == pytest.approx(bits(left), abs=1e-11)
        assert step.log_loss is None
        assert step.infinite_rows is None


@settings(deadline=None)
@given(tables())
def test_information_only_goes_down(table):
    steps = suggest_merges(scored(table))
    information = [bits(table) + 1e-12, *(step.information_bits for step in steps)]
    lost = [0.0, *(step.bits_lost for step in steps)]
    assert all(a >= b >= 0.0 for a, b in pairwise(information))
    assert all(a <= b for a, b in pairwise(lost))
    for step in steps:
        assert 0.0 <= step.information_bits <= step.label_bits


@settings(deadline=None)
@given(tables(), st.integers(0, 9), st.sampled_from([2.0**-60, 2.0**40]))
def test_a_limit_is_a_beginning_and_a_scale_changes_nothing(table, limit, scale):
    steps = suggest_merges(scored(table))
    assert suggest_merges(scored(table), limit) == steps[:limit]
    assert suggest_merges(scored(table * scale)) == steps


def test_names_and_the_classes_left():
    table = [[50, 9, 0, 0], [8, 40, 1, 0], [0, 0, 30, 0], [0, 0, 0, 7]]
    steps = suggest_merges(scored(table, ("4", "9", "a+b", "x")))
    assert [step.merged for step in steps] == [("4", "9"), ("4+9", "a+b")]
    assert [step.codes for step in steps] == [(0, 1), (0, 2)]
    assert [step.classes for step in steps] == [3, 2]
    groups = merge_groups(("4", "9", "a+b", "x"), steps)
    assert groups == {"4+9+a+b": ("4", "9", "a+b")}
    assert merge_groups(("4", "9", "a+b", "x"), steps[:1]) == {"4+9": ("4", "9")}
    assert merge_groups(("4", "9"), ()) == {}
    chain = [SimpleNamespace(codes=(1, 3)), SimpleNamespace(codes=(1, 2))]
    assert merge_groups("abcd", chain) == {"b+c+d": ("b", "c", "d")}


def test_equal_losses_go_by_confusions_then_by_order():
    # Guesses between two classes: merging them loses nothing.
    blocks = np.kron(np.diag([1, 3, 3]), np.ones((2, 2)))
    steps = suggest_merges(scored(blocks))
    assert [step.codes for step in steps] == [(2, 3), (4, 5), (0, 1)]
    assert steps[-1].information_bits == pytest.approx(bits(blocks), rel=1e-12)
    assert steps[-1].accuracy == 1.0


def test_equal_losses_are_equal_whatever_the_rounding():
    """Two blocks of one table, the second with its classes in another order."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        block, order = rng.integers(1, 99, size=(4, 4)), rng.permutation(4)
        table = np.zeros((8, 8))
        table[:4, :4], table[4:, 4:] = block, block[np.ix_(order, order)]
        assert max(suggest_merges(scored(table), 1)[0].codes) < 4, seed


def test_what_is_not_confused_is_not_merged():
    assert suggest_merges(scored(np.diag([3, 0, 5]))) == ()
    assert suggest_merges(scored(np.zeros((3, 3)))) == ()
    assert len(suggest_merges(scored([[0, 0, 2], [0, 5, 0], [0, 0, 1]]))) == 1


def test_many_classes_by_their_cells():
    """Pairs far apart among 100,000 classes: nothing is as large as a matrix of the classes."""
    size = 100_000
    true = np.arange(0, size, 2)
    cells = Cells(
        np.concatenate([np.arange(size), true]),
        np.concatenate([np.arange(size), true + 1]),
        np.concatenate([np.full(size, 8.0), 1.0 + (true == 600)]),
        np.zeros(size + len(true)),
    )
    steps = suggest_merges(SimpleNamespace(classes=tuple(map(str, range(size))), cells=cells), 3)
    assert {step.codes for step in steps} <= {(int(a), int(a) + 1) for a in true}
    assert [step.classes for step in steps] == [size - 1, size - 2, size - 3]


def test_a_step_is_a_plain_record():
    step = suggest_merges(scored([[3, 1], [1, 3]]))[0]
    assert step == Step(
        merged=("0", "1"),
        codes=(0, 1),
        classes=1,
        accuracy=1.0,
        label_bits=0.0,
        bits_lost=1.0,
        information_bits=0.0,
    )

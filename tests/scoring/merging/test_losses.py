"""The losses kept up to date from merge to merge, against tables merged by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score

from crossent.scoring.merging.losses import ConfusedPairs, joined, xlogx


def information(table):
    return mutual_info_score(None, None, contingency=table)


def merged(table, a, b):
    table = table.copy()
    table[a] += table[b]
    table[:, a] += table[:, b]
    table[b] = table[:, b] = 0
    return table


@st.composite
def tables(draw):
    size = draw(st.integers(2, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = draw(st.sampled_from([0.1, 0.4, 1.0]))
    cells = rng.integers(1, 40, size=(size, size)) * (rng.random((size, size)) < density)
    if draw(st.booleans()):  # one class that all others are taken for
        cells[:, 0] = rng.integers(1, 9, size=size)
    return cells + np.diag(rng.integers(0, 60, size=size)) + 0.0


def pairs_of(table):
    true, predicted = np.nonzero(table)
    return ConfusedPairs(true, predicted, table[true, predicted], len(table))


@settings(deadline=None)
@given(tables(), st.randoms(use_true_random=False))
def test_losses_are_what_the_table_loses(table, random):
    if not table.any():
        return
    pairs, total = pairs_of(table), table.sum()
    while True:
        live = np.flatnonzero(np.isfinite(pairs.losses))
        cells = {
            (int(pairs.first[i]), int(pairs.second[i])): (pairs.forward[i], pairs.backward[i])
            for i in live
        }
        want = {
            (a, b): (table[a, b], table[b, a])
            for a in range(len(table))
            for b in range(a + 1, len(table))
            if table[a, b] + table[b, a] > 0
        }
        assert cells == want
        assert len(live) == len(want)
        np.testing.assert_array_equal(pairs.true, table.sum(axis=1) + 0 * pairs.true)
        before = information(table)
        for i in live:
            a, b = int(pairs.first[i]), int(pairs.second[i])
            loss = before - information(merged(table, a, b))
            assert pairs.losses[i] / total == pytest.approx(loss, abs=1e-12)
        if not len(live):
            return
        chosen = int(random.choice(live.tolist()))
        a, b = int(pairs.first[chosen]), int(pairs.second[chosen])
        pairs.merge(chosen)
        table = merged(table, a, b)
        pairs.true[b] = 0.0  # what was merged away is no cluster and is not read again


def test_x_log_x():
    np.testing.assert_allclose(xlogx(np.array([0.0, 1.0, 2.0])), [0.0, 0.0, 2 * np.log(2)])
    assert joined(np.array([0.0, 2.0]), np.array([5.0, 2.0])).tolist() == pytest.approx(
        [0.0, 4 * np.log(2)]
    )

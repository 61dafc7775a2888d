"""Counts by key against a dictionary of Python integers, dense and sparse."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossent.scoring.sums import counts
from crossent.scoring.sums.counts import Counts

SIZES = (7, 5_000, 10**10)  # by bincount, by np.add.at, sparse


def expected(pairs):
    total = Counter()
    for key, value in pairs:
        total[key] += value
    return {key: value for key, value in total.items() if value}


def found(meter):
    keys, values = meter.items()
    assert (np.diff(keys) > 0).all()
    return dict(zip(keys.tolist(), values.tolist(), strict=True))


def arrays(pairs):
    columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return columns[0].copy(), columns[1].copy()


@st.composite
def batches(draw):
    size = draw(st.sampled_from(SIZES))
    pair = st.tuples(
        st.integers(0, min(size, 9) - 1) | st.integers(0, size - 1), st.integers(0, 2**33 - 1)
    )
    return size, draw(st.lists(st.lists(pair, max_size=12), max_size=5))


@settings(deadline=None)
@given(batches())
def test_sums_are_those_of_a_dictionary(drawn):
    size, parts = drawn
    meter, merged = Counts(size), Counts(size)
    for part in parts:
        meter.add(*arrays(part))
        single = Counts(size)
        single.add(*arrays(part))
        merged.merge(single)
    want = expected([pair for part in parts for pair in part])
    assert found(meter) == found(merged) == want
    loaded = Counts(size)
    loaded.load(meter.state())
    assert found(loaded) == want


@pytest.mark.parametrize("size", SIZES)
def test_ones_are_counted_without_values(size):
    meter = Counts(size)
    meter.add(np.array([3, 1, 3]))
    meter.add(np.zeros(0, dtype=np.int64))
    assert found(meter) == {1: 1, 3: 2}


def test_sums_beyond_what_float64_holds():
    meter = Counts(2)
    many = np.full(2_000_003, 2**33 - 1)
    meter.add(np.ones(len(many), dtype=np.int64), many)
    assert meter.array().tolist() == [0, len(many) * (2**33 - 1)]  # above 2**53


def test_sparse_sums_are_compacted_as_they_come(monkeypatch):
    monkeypatch.setattr(counts, "PENDING", 10)
    meter = Counts(10**10)
    for start in range(40):
        meter.add(np.arange(start, start + 5))
        assert meter._waiting <= 50
    assert found(meter) == expected((k, 1) for s in range(40) for k in range(s, s + 5))


def test_a_state_does_not_tell_how_it_came_about():
    one, two = Counts(10**10), Counts(10**10)
    one.add(np.array([5, 10**9]), np.array([1, 4]))
    two.add(np.array([10**9]), np.array([3]))
    two.items()
    two.add(np.array([5, 10**9]))
    for name, array in one.state().items():
        np.testing.assert_array_equal(two.state()[name], array)


def test_an_array_of_sparse_counts(monkeypatch):
    monkeypatch.setattr(counts, "DENSE", 3)
    meter = Counts(5)
    meter.add(np.array([4, 4]))
    assert meter.array().tolist() == [0, 0, 0, 0, 2]

"""Counts of pairs against Counter and pandas' habits; what is one value and what are two."""

from collections import Counter

import jax
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossent.measures.contingency import codes, contingency, is_missing

NAMES = ("labels", "feature")
anything = st.one_of(st.integers(-3, 3), st.sampled_from(["a", "b", "1"]), st.none())


@given(st.lists(st.tuples(anything, anything), min_size=1))
def test_cells_are_the_counts_of_the_pairs(pairs) -> None:
    cells = contingency(*map(list, zip(*pairs, strict=True)), names=NAMES)
    found = {
        (cells.x_values[i], cells.y_values[j]): count
        for i, j, count in zip(cells.x, cells.y, cells.counts, strict=True)
    }
    assert found == Counter(pairs)


@given(st.lists(st.tuples(anything, anything, st.sampled_from([0.0, 0.5, 2.0])), min_size=1))
def test_weights_are_added_up_and_cells_without_weight_left_out(rows) -> None:
    x, y, weights = map(list, zip(*rows, strict=True))
    if not any(weights):
        with pytest.raises(ValueError, match=r"sample_weight must have a finite sum .*; got 0\.0"):
            contingency(x, y, weights, names=NAMES)
        return
    cells = contingency(x, y, weights, names=NAMES)
    expected: Counter = Counter()
    for a, b, weight in rows:
        expected[a, b] += weight
    found = {
        (cells.x_values[i], cells.y_values[j]): count
        for i, j, count in zip(cells.x, cells.y, cells.counts, strict=True)
    }
    assert found == {pair: weight for pair, weight in expected.items() if weight}


@pytest.mark.parametrize(
    ("values", "distinct", "places"),
    [
        ([3, 1, 3], [1, 3], [1, 0, 1]),
        (["b", "a", "b"], ["a", "b"], [1, 0, 1]),
        ([True, False, True], [False, True], [1, 0, 1]),
        ([1, "1", 1], [1, "1"], [0, 1, 0]),
        ([None, "a", None], ["a", None], [1, 0, 1]),
        ([float("nan"), 2, None, 1.5], [1.5, 2, None], [2, 1, 2, 0]),
        ([float("nan"), "nan"], ["nan", None], [1, 0]),
        (["a\0", "a"], ["a", "a\0"], [1, 0]),
        ((2, 1), [1, 2], [1, 0]),
        (np.array(["b", "a"]), ["a", "b"], [1, 0]),
        (np.array([0.0, -0.0, 1.0]), [0.0, 1.0], [0, 0, 1]),
        (np.ma.array([5, 6, 5], mask=[0, 0, 1]), [5, 6, None], [0, 1, 2]),
        (torch.tensor([7, 5]), [5, 7], [1, 0]),
        ([torch.tensor(7), torch.tensor(5), torch.tensor(7)], [5, 7], [1, 0, 1]),
        (jax.numpy.array([7, 5]), [5, 7], [1, 0]),
        (range(2), [0, 1], [0, 1]),
        ([2**63, 2**63 + 1, -1], [-1, 2**63, 2**63 + 1], [1, 2, 0]),  # floats in NumPy
    ],
    ids=str,
)
def test_distinct_values(values, distinct, places) -> None:
    found, where = codes(values, "labels")
    assert found.tolist() == distinct
    assert where.tolist() == places
    assert where.dtype == np.int64


@pytest.mark.parametrize("values", [np.array([np.nan, 1.0, np.nan]), [np.nan, 1.0, float("nan")]])
def test_every_nan_is_one_value_and_the_last(values) -> None:
    distinct, places = codes(values, "labels")
    assert places.tolist() == [1, 0, 1]
    assert [is_missing(one) for one in distinct] == [False, True]


def test_dates() -> None:
    dates = np.array(["2020-02-01", "NaT", "2020-01-01", "NaT"], "datetime64[D]")
    distinct, places = codes(dates, "labels")
    assert places.tolist() == [1, 2, 0, 2]
    assert is_missing(distinct[2])


@pytest.mark.parametrize(
    ("x", "y", "weight", "message"),
    [
        ([1, 2], [1], None, "got 2 values of labels and 1 of feature"),
        ([], [], None, "labels and feature must have at least one row; got none"),
        ([[1, 2], [3, 4]], [1, 2], None, r"labels must have one value a row.*got shape \(2, 2\)"),
        ([1, 2], [[1], [1, 2]], None, "feature must hold numbers, text, booleans or None"),
        ([1, 2], 5, None, r"feature must have one value a row.*got shape \(\)"),
        ([1, 2], [1, 2], [1.0], r"sample_weight must have one weight a row, shape \(2,\); got"),
        ([1, 2], [1, 2], [1.0, -1.0], r"at least 0; row 1 has -1\.0"),
        ([1, 2], [1, 2], [np.nan, 1.0], "at least 0; row 0 has nan"),
        ([1, 2], [1, 2], [1e308, 1e308], "finite sum above 0; got inf"),
    ],
)
def test_mistakes(x, y, weight, message) -> None:
    with pytest.raises(ValueError, match=message):
        contingency(x, y, weight, names=NAMES)

"""Sums of floats against rationals: exact in any order, rounded once at the end."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossent.scoring.sums import exact_sums
from crossent.scoring.sums.exact_sums import ExactSums, to_float

# From the smallest float to the largest.
NUMBERS = st.floats(0) | st.floats(0, 1) | st.sampled_from([0.0, 5e-324, 2.0**-1022, 1.7e308])
NUMBERS = NUMBERS.filter(math.isfinite)


def nearest(value: Fraction) -> float:
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf


def sums(parts, groups=1):
    meter = ExactSums(groups)
    for group, values in parts:
        meter.add(group, np.array(values, dtype=np.float64))
    return meter


@settings(deadline=None)
@given(st.lists(NUMBERS, max_size=30), st.randoms(use_true_random=False))
def test_a_sum_is_the_rational_one_rounded_once_in_any_order(values, random):
    want = nearest(sum(map(Fraction, values), Fraction()))
    forward = sums([(0, values)])
    assert forward.total() == want
    shuffled = random.sample(values, len(values))
    cut = random.randint(0, len(values))
    other = sums([(0, shuffled[:cut])])
    other.merge(sums([(0, shuffled[cut:])]))
    assert other.total() == want
    for name, array in forward.state().items():
        np.testing.assert_array_equal(other.state()[name], array)
    np.testing.assert_array_equal(other.array(), forward.array())


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), NUMBERS), max_size=40))
def test_groups_are_summed_apart_within_an_ulp(rows):
    group = np.array([g for g, _ in rows], dtype=np.int64)
    meter = sums([(group, [v for _, v in rows])], groups=5)
    for place, got in enumerate(meter.array()):
        want = nearest(sum((Fraction(v) for g, v in rows if g == place), Fraction()))
        assert got in (want, math.nextafter(want, 0), math.nextafter(want, math.inf))
    groups, totals = meter.items()
    np.testing.assert_array_equal(meter.array()[groups], totals)


def test_nothing_cancels_where_floats_forget():
    values = [1e16, 1.0, 1e-16] * 1000
    assert sums([(0, values)]).total() == math.fsum(values)
    assert sums([(0, sorted(values))]).total() == math.fsum(values)


def test_a_sum_above_the_largest_float_is_infinite():
    meter = sums([(0, [1.7e308, 1.7e308])])
    assert meter.total() == math.inf
    assert meter.array()[0] == math.inf


def test_saved_sums_come_back():
    meter = sums([(np.array([0, 900_000]), [0.1, 1e300])], groups=1_000_000)  # sparse
    loaded = ExactSums(1_000_000)
    loaded.load(meter.state())
    loaded.add(3, np.array([0.25]))
    groups, totals = loaded.items()
    assert (groups.tolist(), totals.tolist()) == ([0, 3, 900_000], [0.1, 0.25, 1e300])


def test_no_numbers_have_the_sum_0():
    assert sums([(0, [])]).total() == 0.0
    assert sums([]).items()[0].tolist() == []


@pytest.mark.parametrize("value", [1.0, 2.0**52, 1 - 2.0**-53, 1e17, 5e-324, 1.7e308 / 3])
def test_a_group_does_not_spill_into_the_next(value):
    assert sums([(1, [value] * 3)], groups=3).array().tolist() == [0, 3 * value, 0]


def test_limbs_are_carried_before_they_overflow(monkeypatch):
    # 2**32 rows of log 2 in one group, as merges of sums with themselves: 2**31 fill a limb.
    whole = sums([(0, [math.log(2)])])
    for _ in range(40):
        other = ExactSums(1)
        other.merge(whole)
        whole.merge(other)
    assert whole.total() == math.log(2) * 2.0**40
    assert whole.array()[0] == math.log(2) * 2.0**40
    # And as single additions, with room for few.
    monkeypatch.setattr(exact_sums, "_MOST", 3)
    few = sums([(0, [math.log(2)])] * 100)
    monkeypatch.undo()
    assert (
        few.state()["values"].tolist()
        == sums([(0, [math.log(2)] * 100)]).state()["values"].tolist()
    )


def test_wholes_are_subtracted_exactly():
    a, b = sums([(0, [1e16, 1e-16])]), sums([(0, [1e16])])
    assert to_float(a.wholes()[0] - b.wholes()[0]) == 1e-16
    assert to_float(b.wholes()[0] - a.wholes()[0]) == -1e-16
    assert to_float(-(2**3000)) == -math.inf

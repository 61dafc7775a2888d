"""Nats, bits and other bases: how many of one is another, and what is no unit."""

import math

import pytest

from crossent.measures.units import nats

WRONG = [0, -2.0, 0.5, 1, 1.0, math.inf, -math.inf, math.nan]


def test_bits_nats_and_bases() -> None:
    assert nats("nats", None) == 1.0
    assert nats("bits", None) == math.log(2)
    assert math.log(8) / nats("bits", None) == 3.0
    for base in (2, 3.0, 10, 1.5, math.e):
        assert nats("nats", base) == math.log(base)


def test_a_base_counts_before_a_unit() -> None:
    assert nats("bits", 10) == nats("nats", 10)


@pytest.mark.parametrize("base", WRONG)
def test_what_is_no_base(base) -> None:
    with pytest.raises(ValueError, match=r"base must be a number above 1; got "):
        nats("nats", base)


@pytest.mark.parametrize("unit", ["bans", "NATS", "", None, 2])
def test_what_is_no_unit(unit) -> None:
    with pytest.raises(ValueError, match=r"unit must be 'nats' or 'bits'.*; got "):
        nats(unit, None)

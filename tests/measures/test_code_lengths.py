"""Code lengths against every code that Kraft's inequality allows, and against 60 digits."""

import itertools
import math
from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossent.measures.code_lengths import huffman_lengths, shannon_lengths

counts = st.lists(st.integers(1, 40), min_size=1, max_size=5)


@given(st.floats(min_value=5e-324, max_value=1.0))
def test_shannon_is_the_ceiling_of_the_information(p):
    with mpmath.workdps(60):
        assert shannon_lengths([p]) == [float(mpmath.ceil(-mpmath.log(p, 2)))]


@pytest.mark.parametrize("bits", [0, 1, 2, 3, 29, 500, 1074])
def test_powers_of_two_get_their_own_bits(bits):
    p = 2.0**-bits
    assert shannon_lengths([p]) == [bits]
    if bits:
        assert shannon_lengths([math.nextafter(p, 1)]) == [bits if bits < 1074 else 1073]
    if bits < 1074:
        assert shannon_lengths([math.nextafter(p, 0)]) == [bits + 1]


@given(counts)
def test_no_code_has_a_smaller_mean_than_huffman(values):
    lengths = [int(length) for length in huffman_lengths(values)]
    mean = sum(c * n for c, n in zip(values, lengths, strict=True))
    assert sum(Fraction(1, 2**n) for n in lengths) == 1
    best = min(
        sum(c * n for c, n in zip(values, code, strict=True))
        for code in itertools.product(range(len(values)), repeat=len(values))
        if sum(Fraction(1, 2**n) for n in code) <= 1
    )
    assert mean == best


@given(counts)
def test_means_stand_between_the_entropy_and_one_bit_more(values):
    p = [value / sum(values) for value in values]
    entropy = -sum(value * math.log2(value) for value in p)
    huffman, shannon = (
        sum(value * length for value, length in zip(p, code(p), strict=True))
        for code in (huffman_lengths, shannon_lengths)
    )
    assert entropy - 1e-12 <= huffman <= shannon + 1e-12
    assert shannon < entropy + 1


def test_what_never_occurs_gets_no_word():
    assert huffman_lengths([0.5, 0.0, 0.5]) == [1, math.inf, 1]
    assert huffman_lengths([0.0, 1.0]) == [math.inf, 0]
    assert shannon_lengths([0.0, 1.0]) == [math.inf, 0]


def test_many_outcomes():
    n = 1 << 14
    assert set(huffman_lengths([1 / n] * n)) == {14}
    deep = [2.0**-i for i in range(1, 900)]
    assert huffman_lengths([*deep, deep[-1]]) == [*range(1, 900), 899]

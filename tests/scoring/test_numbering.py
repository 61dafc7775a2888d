"""What is drawn by a row's number is even, repeatable, and another for another file."""

import numpy as np
from scipy.stats import chisquare

from crossent.scoring.numbering import GROUPS, groups_of, mixed, seed_of

ROWS = np.arange(200_000)


def test_groups_are_even():
    counts = np.bincount(groups_of(ROWS), minlength=GROUPS)
    assert len(counts) == GROUPS
    assert 0.001 < chisquare(counts).pvalue < 0.999
    # Every tenth row, as a label that repeats would choose them.
    assert 0.001 < chisquare(np.bincount(groups_of(ROWS[::10]), minlength=GROUPS)).pvalue < 0.999


def test_splitmix64_as_published():
    # The first outputs of SplitMix64 seeded with 1234567: state k is the seed and k golden ratios.
    golden, state = 0x9E3779B97F4A7C15, 1234567
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    for want in published:
        assert int(mixed(np.array([state % 2**64], dtype=np.uint64).view(np.int64))[0]) == want
        state += golden


def test_numbers_are_mixed_without_collisions_and_by_seed():
    first = mixed(ROWS)
    assert len(np.unique(first)) == len(ROWS)
    assert np.array_equal(first, mixed(ROWS))
    assert not (first == mixed(ROWS, 1)).any()


def test_files_have_seeds_of_their_own():
    assert seed_of("a.csv") == seed_of("a.csv") != seed_of("b.csv")
    assert seed_of("a.csv", 3) != seed_of("a.csv")
    assert seed_of("\udcff.csv") != seed_of("\udcfe.csv")  # names that are no text

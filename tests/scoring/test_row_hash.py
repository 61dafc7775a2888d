"""What is drawn by a row's number is even, repeatable, and another for other scores."""

import numpy as np
from scipy.stats import chisquare

from crossent.scoring.row_hash import GROUPS, groups_of, hashed, seed_of

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
        assert int(hashed(np.array([state % 2**64], dtype=np.uint64).view(np.int64))[0]) == want
        state += golden


def test_numbers_are_mixed_without_collisions_and_by_seed():
    first = hashed(ROWS)
    assert len(np.unique(first)) == len(ROWS)
    assert np.array_equal(first, hashed(ROWS))
    assert not (first == hashed(ROWS, 1)).any()


def test_files_have_seeds_of_their_own():
    assert seed_of("a.csv") == seed_of("a.csv") != seed_of("b.csv")
    assert seed_of("a.csv", 3) != seed_of("a.csv")
    assert seed_of("\udcff.csv") != seed_of("\udcfe.csv")  # names that are no text


def test_rows_of_one_number_are_told_apart_by_their_scores():
    scores = np.random.default_rng(0).exponential(size=5000)
    counts = np.bincount(groups_of(np.zeros(5000, dtype=np.int64), scores), minlength=GROUPS)
    assert 0.001 < chisquare(counts).pvalue < 0.999
    assert groups_of(ROWS[:1], scores[:1]) == groups_of(ROWS[:1], scores[:1].copy())

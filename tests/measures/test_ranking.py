"""Columns ranked by their gain: scikit-learn on bins made by ranks, gaps, ties, notes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy
from sklearn.metrics import mutual_info_score

from crossent.measures.ranking import Ranked, rank_columns
from crossent.measures.samples import gain_ratio, information_gain

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 1000)
NOISY = LABELS + RNG.normal(size=1000)  # no two numbers are equal


def rank(values, labels=LABELS, **options) -> Ranked:
    return rank_columns({"x": values}, labels, **options)[0]


@pytest.mark.parametrize("bins", [2, 10, 25])
def test_numbers_are_cut_into_bins_of_equal_size(bins) -> None:
    ranks = np.argsort(np.argsort(NOISY))
    codes = ranks * bins // 1000
    found = rank(NOISY, bins=bins)
    assert (found.kind, found.values, found.missing, found.note) == ("bins", bins, 0, "")
    assert found.gain == pytest.approx(mutual_info_score(LABELS, codes), rel=1e-12)
    entropy = scipy_entropy(np.bincount(LABELS))
    assert found.share == pytest.approx(found.gain / entropy, rel=1e-12)
    assert found.gain_ratio == pytest.approx(gain_ratio(LABELS, codes), rel=1e-12)
    expected = information_gain(LABELS, codes, correction="miller-madow")
    assert found.corrected == pytest.approx(expected, rel=1e-12)


@given(st.lists(st.integers(0, 60), min_size=40, max_size=120), st.integers(2, 12))
def test_equal_numbers_stay_together_and_bins_are_about_equal(numbers, bins) -> None:
    # Of labels that are the numbers the feature is a function: the gain is its own entropy, and
    # the gain of two halves of equal rows that were split would be less.
    found = rank(np.array(numbers, float), numbers, bins=bins)
    if len(set(numbers)) <= 20:
        assert found.kind == "categories"
        assert found.values == len(set(numbers))
        return
    assert found.kind == "bins"
    assert 2 <= found.values <= bins
    assert found.gain_ratio == pytest.approx(1.0)
    # No bin is larger than an equal share and the most frequent number together.
    largest = len(numbers) / bins + max(numbers.count(x) for x in numbers)
    assert found.gain >= -np.log(min(1.0, largest / len(numbers))) - 1e-12


def test_few_numbers_text_and_booleans_are_categories() -> None:
    columns = {
        "few": LABELS % 2,
        "twenty": np.arange(1000) % 20,
        "text": [f"v{x}" for x in np.arange(1000) % 30],
        "flag": LABELS == 1,
    }
    found = {one.name: one for one in rank_columns(columns, LABELS)}
    assert [found[name].values for name in columns] == [2, 20, 30, 2]
    assert {one.kind for one in found.values()} == {"categories"}
    for name, values in columns.items():
        assert found[name].gain == information_gain(LABELS, values)
    assert rank(np.arange(1000) % 21).kind == "bins"


def test_the_most_telling_column_is_first() -> None:
    columns = {
        "noise": RNG.normal(size=1000),
        "same": ["x"] * 1000,
        "labels": LABELS,
        "also the same": [1] * 1000,
        "noisy": NOISY,
    }
    for options in ({}, {"unit": "bits"}, {"base": 1.5}):
        found = rank_columns(columns, LABELS, **options)
        assert [one.name for one in found] == ["labels", "noisy", "noise", "same", "also the same"]
        assert found[0].share == pytest.approx(1.0, rel=1e-15)
        assert found[0].gain_ratio == pytest.approx(1.0, rel=1e-15)
    nats, bits = rank(NOISY), rank(NOISY, unit="bits")
    assert bits.gain == pytest.approx(nats.gain / np.log(2))
    assert bits.corrected == pytest.approx(nats.corrected / np.log(2))
    assert (bits.share, bits.gain_ratio) == (nats.share, nats.gain_ratio)
    assert rank_columns({}, LABELS) == []


@pytest.mark.parametrize(
    "gaps",
    [
        lambda values, gone: np.where(gone, np.nan, values),
        lambda values, gone: [None if g else v for v, g in zip(values, gone, strict=True)],
        lambda values, gone: np.ma.array(values, mask=gone),
    ],
    ids=["NaN", "None", "masked"],
)
def test_what_is_missing_is_a_bin_of_its_own(gaps) -> None:
    gone = LABELS == 2
    found = rank(gaps(NOISY, gone), bins=4)
    assert (found.kind, found.values, found.missing) == ("bins", 5, int(gone.sum()))
    inside = NOISY[~gone]
    codes = np.full(1000, 4)
    codes[~gone] = np.argsort(np.argsort(inside)) * 4 // len(inside)
    assert found.gain == pytest.approx(mutual_info_score(LABELS, codes), rel=1e-12)
    text = rank([None if g else "here" for g in gone])
    assert (text.kind, text.values, text.missing) == ("categories", 2, int(gone.sum()))
    assert text.gain == pytest.approx(scipy_entropy([gone.sum(), (~gone).sum()]))


def test_infinities_dates_and_large_integers_are_cut_by_their_order() -> None:
    ranks = np.argsort(np.argsort(NOISY))
    expected = rank(NOISY).gain
    infinite = np.where(ranks == 0, -np.inf, np.where(ranks == 999, np.inf, NOISY))
    for values in (
        infinite,
        ranks.astype("datetime64[s]"),
        2**62 + ranks,
        [2**70 + int(x) for x in ranks],
    ):
        found = rank(values)
        assert (found.kind, found.values) == ("bins", 10)
        assert found.gain == expected


def test_notes() -> None:
    assert rank([str(i) for i in range(1000)]).note.startswith(
        "1,000 values in 1,000 rows: nearly one a row. A gain here says nothing about new rows"
    )
    assert rank([str(i) for i in range(1000)]).share == pytest.approx(1.0)
    assert rank([str(i // 2) for i in range(1000)]).note == ""
    assert rank(["x"] * 1000).note == rank([None] * 1000).note == "one value in every row"
    assert rank([None] * 1000).missing == 1000
    assert rank(["x"], ["label"]).share == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rank([1, 2]), "got 1000 values of labels and 2 of column 'x'"),
        (lambda: rank(NOISY, bins=1), "bins must be at least 2; got 1"),
        (lambda: rank(NOISY, unit="bans"), "unit must be"),
        (lambda: rank(np.zeros((1000, 2))), r"column 'x' must have one value a row.*\(1000, 2\)"),
        (lambda: rank([[1]] * 999 + [[1, 2]]), "column 'x' must hold numbers, text"),
    ],
)
def test_mistakes(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()

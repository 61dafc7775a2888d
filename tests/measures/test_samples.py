"""Gains of sequences: mpmath on counts, scikit-learn, textbook examples, the laws."""

from collections import Counter

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy
from sklearn.metrics import mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

from crossent.measures.contingency import contingency
from crossent.measures.samples import gain, gain_ratio, information_gain, purity, ratio
from tests.measures import reference_tables as exact
from tests.reference import ulps

ULPS = 4
values = st.one_of(st.integers(0, 4), st.sampled_from(["a", "b"]), st.none())
samples = st.lists(st.tuples(st.integers(0, 3), values), min_size=1, max_size=60).map(
    lambda rows: tuple(map(list, zip(*rows, strict=True)))
)


def sequences(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, feature and weights: a row for each cell of a table of counts."""
    x, y = np.indices(counts.shape)
    return x.ravel(), y.ravel(), counts.ravel()


def entropy_of(x: list) -> float:
    return float(scipy_entropy(list(Counter(x).values())))


# Quinlan (1986), table 1: fourteen Saturday mornings, and the gains he prints.
OUTLOOK = (
    "sunny sunny overcast rain rain rain overcast sunny sunny rain sunny overcast overcast rain"
)
WINDY = [int(c) for c in "01000110001101"]
PLAY = list("NNPPPNPNPPPPPN")


def test_the_gains_of_a_textbook() -> None:
    outlook = OUTLOOK.split()
    assert information_gain(PLAY, outlook, unit="bits") == pytest.approx(0.246, abs=1e-3)
    assert information_gain(PLAY, WINDY, unit="bits") == pytest.approx(0.048, abs=1e-3)
    assert gain_ratio(PLAY, outlook) == pytest.approx(0.156, abs=1e-3)
    # Manning, Raghavan, Schütze (2008), figure 16.4: purity 0.71.
    clusters = [0] * 6 + [1] * 6 + [2] * 5
    assert purity(list("xxxxxo" + "xoooo◇" + "xx◇◇◇"), clusters) == 12 / 17


@pytest.mark.parametrize("rows", [10**3, 10**6, 10**12])
@pytest.mark.parametrize("shape", [(2, 2), (3, 7), (10, 40)], ids=str)
def test_every_digit_of_counts_near_independence(shape, rows) -> None:
    rng = np.random.default_rng(0)
    for noise in (0.0, 1e-9, 1e-3, 1.0):
        p = np.outer(rng.dirichlet(np.ones(shape[0])), rng.dirichlet(np.ones(shape[1])))
        counts = np.round(rows * p * np.exp(noise * rng.normal(size=shape)))
        labels, feature, weight = sequences(counts)
        value = information_gain(labels, feature, sample_weight=weight)
        assert ulps(value, exact.gain(counts)) < ULPS


@pytest.mark.parametrize("one", [2**52 - 1, 1e9, 4.0])
def test_one_row_beside_independence(one) -> None:
    counts = np.array([[one, one], [one, one + 1]])
    labels, feature, weight = sequences(counts)
    value = information_gain(labels, feature, sample_weight=weight)
    assert value > 0
    assert ulps(value, exact.gain(counts)) < ULPS


@pytest.mark.parametrize("one", [1.0, 0.1])
def test_cells_of_0_near_independence(one) -> None:
    counts = one * np.array([[10**6, 1, 10**6], [10**6, 0, 10**6], [10**6, 0, 10**6 + 1]])
    labels, feature, weight = sequences(counts)
    value = information_gain(labels, feature, sample_weight=weight)
    assert ulps(value, exact.gain(counts)) < ULPS


def test_independence_is_0() -> None:
    labels, feature, weight = sequences(np.outer([3, 7, 11], [2, 5]))
    assert information_gain(labels, feature, sample_weight=weight) == 0.0
    assert information_gain([1, 1, 2, 2], [5, 6, 5, 6]) == 0.0


@pytest.mark.parametrize("scale", [1.0, 1e300, 1e-300, 0.1])
def test_weights_of_any_size(scale) -> None:
    counts = np.array([[0.3, 0.25], [1e-4, 7.0]]) * scale
    labels, feature, weight = sequences(counts)
    value = information_gain(labels, feature, sample_weight=weight)
    assert ulps(value, exact.gain(counts, 1000)) < ULPS


@pytest.mark.parametrize("shape", [(2, 2), (3, 5)], ids=str)
def test_every_digit_of_real_weights_near_independence(shape) -> None:
    for seed in range(50):
        rng = np.random.default_rng(seed)
        counts = np.outer(rng.random(shape[0]), rng.random(shape[1]))
        labels, feature, weight = sequences(counts)
        value = information_gain(labels, feature, sample_weight=weight)
        # Sums of such weights are known to 2^-106, and about sqrt(gain) is what is left of them.
        assert ulps(value, exact.gain(counts)) < ULPS + 2.0**-53 / np.sqrt(value)


def test_digits_of_a_ratio_of_nearly_constant_columns() -> None:
    counts = np.array([[10**12, 1], [5, 3]])
    labels, feature, weight = sequences(counts)
    value = gain_ratio(labels, feature, sample_weight=weight)
    columns = counts.sum(axis=0)
    assert ulps(value, exact.gain(counts) / exact.gain(np.diag(columns))) < ULPS
    assert ratio(1.0 + 2.0**-52, 1.0) == 1.0


def test_weights_of_very_different_sizes() -> None:
    for counts in ([[1.0, 0.0], [0.0, 1e-200]], [[1.0, 1e-200], [1e-200, 1e-300]]):
        labels, feature, weight = sequences(np.array(counts))
        value = information_gain(labels, feature, sample_weight=weight)
        assert ulps(value, exact.gain(counts, 1000)) < ULPS


@given(samples)
def test_equal_to_scikit_learn(sample) -> None:
    labels, feature = sample
    texts = [str(x) for x in feature]
    expected = mutual_info_score(labels, texts)
    found = information_gain(labels, feature)
    assert found == pytest.approx(expected, abs=1e-14)
    assert information_gain(labels, feature, base=10) == pytest.approx(
        expected / np.log(10), abs=1e-14
    )
    table = contingency_matrix(labels, texts)
    assert purity(labels, feature) == table.max(axis=0).sum() / len(labels)


@given(samples)
def test_laws(sample) -> None:
    labels, feature = sample
    found, of_labels, of_feature = (
        information_gain(labels, feature),
        entropy_of(labels),
        entropy_of(feature),
    )
    assert found >= 0
    assert found <= min(of_labels, of_feature) + 1e-15
    assert found == pytest.approx(information_gain(feature, labels), rel=1e-14)
    assert information_gain(labels, labels) == pytest.approx(of_labels, rel=1e-15)
    of_both = entropy_of(list(zip(labels, feature, strict=True)))
    assert found == pytest.approx(of_labels + of_feature - of_both, abs=1e-14)  # chain rule
    merged = ["x" if one in (0, 1, "a", None) else one for one in feature]
    assert information_gain(labels, merged) <= found + 1e-15
    share = gain_ratio(labels, feature)
    assert 0 <= share <= 1
    assert share == pytest.approx(found / of_feature if of_feature else 0, abs=1e-13)


@given(samples, st.integers(0, 10))
def test_weights_are_repetitions(sample, seed) -> None:
    labels, feature = sample
    weight = np.random.default_rng(seed).integers(0, 4, len(labels))
    weight[0] = 1
    repeated = [[x for x, n in zip(s, weight, strict=True) for _ in range(n)] for s in sample]
    for measure in (information_gain, gain_ratio, purity):
        assert measure(labels, feature, sample_weight=weight) == pytest.approx(
            measure(*repeated), rel=1e-14
        )
    options = {"correction": "miller-madow"}
    weighted = information_gain(labels, feature, sample_weight=weight.astype(float), **options)
    assert weighted == pytest.approx(information_gain(*repeated, **options), rel=1e-13, abs=1e-15)


@given(samples)
def test_the_correction_of_miller_and_madow(sample) -> None:
    labels, feature = sample

    def corrected(x: list) -> float:
        return entropy_of(x) + (len(set(x)) - 1) / (2 * len(x))

    both = list(zip(labels, feature, strict=True))
    expected = corrected(labels) + corrected(feature) - corrected(both)
    found = information_gain(labels, feature, correction="miller-madow")
    assert found == pytest.approx(expected, abs=1e-14)


def test_the_correction_takes_most_of_the_bias() -> None:
    rng = np.random.default_rng(0)
    plain, corrected = [], []
    for _ in range(200):
        labels, feature = rng.integers(0, 3, (2, 500))
        plain.append(information_gain(labels, feature))
        corrected.append(information_gain(labels, feature, correction="miller-madow"))
    assert np.mean(plain) == pytest.approx(2 * 2 / (2 * 500), rel=0.2)
    assert abs(np.mean(corrected)) < 0.1 * np.mean(plain)
    assert min(corrected) < 0


def test_as_many_values_as_rows() -> None:
    n = 200_000
    labels = np.arange(n) % 7
    assert information_gain(labels, np.arange(n)) == pytest.approx(entropy_of(labels.tolist()))
    assert len(contingency(np.arange(n), np.arange(n), names=("x", "y")).counts) == n
    assert gain(contingency(np.arange(n), np.arange(n), names=("x", "y"))) == pytest.approx(
        float(mpmath.log(n))
    )


def test_missing_values_are_a_value() -> None:
    assert information_gain([0, 0, 1, 1], [None, float("nan"), 1, 1], unit="bits") == 1.0
    assert purity(torch.tensor([0, 0, 1]), np.array([np.nan, np.nan, 2.0])) == 1.0
    assert gain_ratio([1, 2], ["same", "same"]) == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: information_gain([1], [1, 2]), "got 1 values of labels and 2 of feature"),
        (lambda: purity([1], [1, 2]), "got 1 values of labels and 2 of clusters"),
        (lambda: gain_ratio([], []), "at least one row"),
        (lambda: information_gain([1], [1], correction="mm"), "'miller-madow' or None; got 'mm'"),
        (lambda: information_gain([1], [1], unit="bans"), "unit must be 'nats' or 'bits'"),
        (
            lambda: information_gain(
                [1, 1], [1, 1], sample_weight=[0.5, 1.5], correction="miller-madow"
            ),
            r"whole numbers for the Miller-Madow .*; row 0 has 0\.5\. Pass",
        ),
    ],
)
def test_mistakes(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()

"""The bootstrap interval against the binomial distribution and against drawing rows."""

from functools import partial

import numpy as np
import pytest
from scipy.stats import binom

from crossent.measures.intervals import Interval, bootstrap_interval
from crossent.measures.samples import gain_ratio, information_gain, purity

LABELS = ["a"] * 700 + ["b"] * 300
RNG = np.random.default_rng(5)
FEATURE = np.where(RNG.random(1000) < 0.8, np.arange(1000) < 700, RNG.random(1000) < 0.5)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_the_share_of_one_label_is_binomial(level) -> None:
    found = bootstrap_interval(purity, LABELS, [0] * 1000, level=level, resamples=4000)
    ends = binom.ppf([(1 - level) / 2, (1 + level) / 2], 1000, 0.7) / 1000
    np.testing.assert_allclose(found, ends, atol=0.002)


@pytest.mark.parametrize(
    "measure",
    [information_gain, gain_ratio, partial(information_gain, correction="miller-madow", base=2)],
    ids=["gain", "ratio", "corrected"],
)
def test_equal_to_drawing_rows(measure) -> None:
    found = bootstrap_interval(measure, LABELS, FEATURE, level=0.8)
    labels, rng = np.array(LABELS), np.random.default_rng(1)
    rows = (rng.integers(0, 1000, 1000) for _ in range(1000))
    drawn = [measure(labels[i], FEATURE[i]) for i in rows]
    low, high = np.quantile(drawn, [0.1, 0.9])
    assert found.low == pytest.approx(low, abs=0.1 * (high - low))
    assert found.high == pytest.approx(high, abs=0.1 * (high - low))
    assert found.low < measure(LABELS, FEATURE) < found.high


def test_the_gain_of_no_relation_is_below_its_interval() -> None:
    labels, feature = np.random.default_rng(0).integers(0, 8, (2, 400))
    value = information_gain(labels, feature)
    assert bootstrap_interval(information_gain, labels, feature, resamples=200).low > value


def test_seeds_and_generators() -> None:
    def interval(random_state):
        return bootstrap_interval(purity, LABELS, FEATURE, resamples=50, random_state=random_state)

    assert isinstance(interval(0), Interval)
    assert interval(0) == interval(0) == interval(np.random.default_rng(0))
    assert interval(0) != interval(1)
    generator = np.random.default_rng(0)
    assert interval(generator) != interval(generator)


def test_one_pair_and_one_resample() -> None:
    assert bootstrap_interval(information_gain, ["a"], [1]) == (0.0, 0.0)
    low, high = bootstrap_interval(purity, LABELS, FEATURE, resamples=1)
    assert low == high


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 95}, r"level must be between 0 and 1, as 0\.95; got 95"),
        ({"level": 1.0}, "level must be between"),
        ({"resamples": 0}, "resamples must be at least 1; got 0"),
        ({"measure": partial(purity, sample_weight=[1, 1])}, "must not set sample_weight"),
        ({"feature": [1]}, "got 2 values of labels and 1 of feature"),
    ],
)
def test_mistakes(options, message) -> None:
    given = {"measure": purity, "labels": [1, 2], "feature": [1, 2], **options}
    measure, labels, feature = (given.pop(name) for name in ("measure", "labels", "feature"))
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(measure, labels, feature, **given)

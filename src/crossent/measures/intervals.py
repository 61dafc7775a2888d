"""How far a measure of samples would move in another sample of the same size: the bootstrap."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from crossent.measures.contingency import contingency


class Interval(NamedTuple):
    """The ends of an interval, in the unit of the measure."""

    low: float
    high: float


def bootstrap_interval(
    measure: Callable[..., float],
    labels: Any,
    feature: Any,
    *,
    level: float = 0.95,
    resamples: int = 1000,
    random_state: int | np.random.Generator = 0,
) -> Interval:
    """Return the percentile bootstrap interval of a measure of two sequences.

    Equivalent: the quantiles (1 - level) / 2 and (1 + level) / 2 of the measure of as many rows,
    drawn with replacement, `resamples` times. Drawn are the counts of the pairs that occur, which
    have the multinomial distribution: the time depends on the pairs, not on the rows.

    The information gain of a sample is on average above that of its source, by about
    (R - 1) (C - 1) / (2 n) nats, and the gain of a resample is above that of the sample again. An
    interval of a small gain may lie above the gain itself: it says how much a value varies, not
    whether there is a relation. `functools.partial(information_gain, correction="miller-madow")`
    has less of that bias.

    Args:
        measure: `information_gain`, `gain_ratio`, `purity`, or a `functools.partial` of one with
            its options: a function of labels, feature and `sample_weight` (counts of rows).
        labels: values of any kind, shape (N,). feature: values, shape (N,).
        level: the share of resamples inside, between 0 and 1.
        resamples: how many; each takes about as long as one call of the measure.
        random_state: a seed, or a NumPy Generator, which is advanced.

    Raises:
        ValueError: sequences of different lengths or of none, a level outside (0, 1), no
            resamples, a partial that sets `sample_weight`.

    Reference: B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.

    >>> from crossent.measures.samples import purity
    >>> low, high = bootstrap_interval(purity, ["a", "a", "b", "b"] * 25, [0, 0, 0, 1] * 25)
    >>> low < 0.75 < high
    True

    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be between 0 and 1, as 0.95; got {level}")
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1; got {resamples}")
    if isinstance(measure, partial) and "sample_weight" in measure.keywords:
        raise ValueError(
            "measure must not set sample_weight: the counts of a resample are its weights. "
            "Repeat rows instead."
        )
    cells = contingency(labels, feature, names=("labels", "feature"))
    rows, shares = int(cells.counts.sum()), cells.counts / cells.counts.sum()
    draw = np.random.default_rng(random_state).multinomial
    values = [measure(cells.x, cells.y, sample_weight=draw(rows, shares)) for _ in range(resamples)]
    low, high = np.quantile(values, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(float(low), float(high))

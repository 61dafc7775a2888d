"""Two classifiers on the same rows: is the difference of their accuracies more than chance?"""

import math

import numpy as np

from crossent.measures.intervals import Interval
from crossent.scoring.wilson import wilson


def paired_interval(
    both: float, only_first: float, only_second: float, neither: float, level: float = 0.95
) -> Interval:
    """Return Newcombe's interval of the difference of two shares of the same rows, first - second.

    From how many rows both, one and none are right: the square-and-add interval, Wilson's of each
    share joined by their correlation, with the correlation corrected for continuity; near 0 and 1
    and with few rows it covers where Wald's does not. NaN without rows.

    Reference: R. G. Newcombe, Improved confidence intervals for the difference between binomial
    proportions based on paired data, Statistics in Medicine 17 (1998), method 10.

    >>> low, high = paired_interval(36, 12, 2, 0)
    >>> round(low, 4), round(high, 4)
    (0.0569, 0.3404)
    """
    rows = both + only_first + only_second + neither
    if not rows > 0:
        return Interval(math.nan, math.nan)
    first, second = (both + only_first) / rows, (both + only_second) / rows
    low_1, high_1 = wilson(first, rows, level)
    low_2, high_2 = wilson(second, rows, level)
    margins = (both + only_first) * (only_second + neither)
    margins *= (both + only_second) * (only_first + neither)
    product = both * neither - only_first * only_second
    if product > 0:
        product = max(product - rows / 2.0, 0.0)
    phi = product / math.sqrt(margins) if margins > 0 else 0.0
    difference = (only_first - only_second) / rows
    below = _side(first - low_1, high_2 - second, phi)
    above = _side(high_1 - first, second - low_2, phi)
    return Interval(max(difference - below, -1.0), min(difference + above, 1.0))


def mcnemar(only_first: float, only_second: float) -> float:
    """Return the p-value of McNemar's exact test that either is right alone equally often.

    Two-sided: twice the chance of so few of the smaller count among so many tosses of a coin, at
    most 1. NaN for sums of weights that are not whole.

    Reference: Q. McNemar, Note on the sampling error of the difference between correlated
    proportions or percentages, Psychometrika 12 (1947).

    >>> round(mcnemar(12, 2), 4)
    0.0129
    """
    if only_first % 1.0 or only_second % 1.0:
        return math.nan
    rows, least = only_first + only_second, min(only_first, only_second)
    largest = (
        math.lgamma(rows + 1) - math.lgamma(least + 1) - math.lgamma(rows - least + 1)
    ) - rows * math.log(2)
    # Each term to the one before, downwards from `least`; 40 standard deviations are all of them.
    count = int(min(least, 20.0 * math.sqrt(rows) + 100.0))
    k = least - np.arange(count)
    terms = np.cumprod(k / (rows - k + 1.0))
    return min(2.0 * math.exp(largest) * (1.0 + float(terms.sum())), 1.0)


def _side(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(one * one - 2.0 * phi * one * other + other * other, 0.0))

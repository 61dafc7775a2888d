"""The interval of a share."""

import math
from statistics import NormalDist

from crossent.errors import InputError
from crossent.measures.intervals import Interval


def wilson(share: float, rows: float, level: float = 0.95) -> Interval:
    """Return Wilson's score interval of a share of `rows` rows; NaN without rows.

    (s + z^2/2n +- z sqrt(s (1 - s)/n + z^2/4n^2)) / (1 + z^2/n), z the normal quantile. With
    weights, n is the effective number of rows, (sum w)^2 / sum w^2 (Kish, 1965).

    Reference: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    JASA 22 (1927).

    >>> low, high = wilson(0.8, 100)
    >>> round(low, 4), round(high, 4)
    (0.7112, 0.8666)
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"level must be between 0 and 1, as 0.95; got {level}")
    if not rows > 0 or math.isnan(share):
        return Interval(math.nan, math.nan)
    z = NormalDist().inv_cdf((1.0 + level) / 2.0)
    square = z * z / rows
    middle = (share + square / 2.0) / (1.0 + square)
    half = z * math.sqrt(max(share * (1.0 - share), 0.0) / rows + square / (4.0 * rows))
    half /= 1.0 + square
    # At 0 and 1 the ends are exact, but for rounding.
    low = 0.0 if share <= 0.0 else max(middle - half, 0.0)
    return Interval(low, 1.0 if share >= 1.0 else min(middle + half, 1.0))

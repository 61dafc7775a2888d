"""The unit of an information: nats, bits, or any other base of the logarithm."""

import math
from typing import Literal

Unit = Literal["nats", "bits"]


def nats(unit: Unit, base: float | None) -> float:
    """Return how many nats one of this unit is: log 2 for bits, the logarithm of `base`.

    To divide by: log(8) / log(2) is 3, and log(8) * (1 / log(2)) is not.

    >>> round(nats("bits", None), 4), nats("nats", 10) == math.log(10)
    (0.6931, True)

    """
    if base is not None:
        if not (math.isfinite(base) and base > 1.0):
            raise ValueError(f"base must be a number above 1; got {base!r}")
        return math.log(base)
    if unit not in ("nats", "bits"):
        raise ValueError(f"unit must be 'nats' or 'bits'; got {unit!r}")
    return 1.0 if unit == "nats" else math.log(2.0)

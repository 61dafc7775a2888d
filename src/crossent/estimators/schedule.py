"""The learning rate as a function of how far training has come.

A pure function of progress, without a scheduler's state.
"""

import math
from typing import Literal

Schedule = Literal["one_cycle", "constant"]

WARM = 0.25  # share of the steps that rise, as in Smith and Topin (2019)
START = 0.04  # of the peak at the first step: 1/25, as in PyTorch's OneCycleLR


def learning_rate(schedule: Schedule, peak: float, progress: float) -> float:
    """Return the learning rate at `progress`, the share 0 .. 1 of all steps that is done.

    "constant" is the peak throughout. "one_cycle" rises along a half cosine to the peak in the
    first quarter of the steps and falls along another to 0 (Smith and Topin 2019).

    >>> [round(learning_rate("one_cycle", 1.0, p), 3) for p in (0.0, 0.25, 0.625, 1.0)]
    [0.04, 1.0, 0.5, 0.0]

    """
    if schedule == "constant":
        return peak
    if progress < WARM:
        return peak * (START + (1.0 - START) * _half_cosine(progress / WARM))
    return peak * (1.0 - _half_cosine((progress - WARM) / (1.0 - WARM)))


def _half_cosine(share: float) -> float:
    """Return a smooth rise from 0 to 1."""
    return 0.5 * (1.0 - math.cos(math.pi * share))

"""Paired timing: every round runs every contender once, in an order that turns with the round.

Other work on the machine and a drifting clock strike all contenders of a round alike, so ratios
are taken within a round, and their median and quartiles reported.
"""

import gc
import math
from collections.abc import Callable, Mapping
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import NamedTuple

SAMPLE = 0.004  # seconds that a sample of a short call is stretched to, by repeating the call
SETTLE = 0.010  # libgomp's workers spin for up to 8 ms after a parallel region
MOST_ROUNDS, LEAST_ROUNDS = 101, 5

Contenders = Mapping[str, Callable[[], object]]


class Times(NamedTuple):
    """Seconds a call of every contender and round, and how many calls made one sample."""

    seconds: dict[str, list[float]]
    calls: dict[str, int]

    @property
    def rounds(self) -> int:
        """How many rounds were run."""
        return len(next(iter(self.seconds.values())))

    def milliseconds(self) -> dict[str, float]:
        """Return the median of each contender."""
        return {name: _round(1e3 * median(values)) for name, values in self.seconds.items()}

    def faster(self, *names: str) -> str:
        """Return which of these contenders has the lowest median."""
        return min(names, key=lambda name: median(self.seconds[name]))

    def ratio(self, over: str, under: str) -> dict[str, float]:
        """Return the median and the quartiles of over / under within each round."""
        return self.ratio_of(lambda turn: turn[over] / turn[under])

    def ratio_of(self, figure: Callable[[dict[str, float]], float]) -> dict[str, float]:
        """Return the median and the quartiles of a figure of each round's times."""
        rounds = (
            dict(zip(self.seconds, turn, strict=True))
            for turn in zip(*self.seconds.values(), strict=True)
        )
        values = [figure(turn) for turn in rounds]
        lower, middle, upper = quantiles(values, n=4, method="inclusive")
        return {"median": _round(middle), "lower": _round(lower), "upper": _round(upper)}


def interleaved(contenders: Contenders, seconds: float) -> Times:
    """Time the contenders for about so many seconds, LEAST_ROUNDS at the least."""
    calls = {name: _calls(call) for name, call in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    gc.collect()
    gc.disable()
    try:
        began = perf_counter()
        for turn in range(MOST_ROUNDS):
            if turn >= LEAST_ROUNDS and perf_counter() - began > seconds:
                break
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                times[name].append(_sample(contenders[name], calls[name]))
    finally:
        gc.enable()
    return Times(times, calls)


def _calls(call: Callable[[], object]) -> int:
    """Warm up, and return how many calls make a sample."""
    call()
    fastest = min(_sample(call, 1) for _ in range(2))
    return max(1, int(SAMPLE / max(fastest, 1e-7)))


def _sample(call: Callable[[], object], calls: int) -> float:
    sleep(SETTLE)
    began = perf_counter()
    for _ in range(calls):
        call()
    return (perf_counter() - began) / calls


def _round(value: float, digits: int = 4) -> float:
    """Return a value with so many significant digits."""
    if not value or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))

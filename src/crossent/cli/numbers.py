"""Lists of numbers on the command line: `0.1,0.7,0.2`, `10%,70%,20%`, counts, positions."""

import math
import sys
from collections.abc import Sequence
from typing import NamedTuple

from crossent.data.labels import number
from crossent.errors import InputError, quoted
from crossent.measures import from_counts
from crossent.measures.rows import OFF


class Pair(NamedTuple):
    """Probabilities p, those of q if there is a q, and the places of their outcomes if given."""

    p: list[float]
    q: list[float] | None
    positions: list[float] | None


def read_pair(p: str, q: str | None, positions: str | None, *, counts: bool) -> Pair:
    """Return what --p, --q and --positions hold, counts divided by their sum.

    Raises InputError naming the flag, for what is no distribution or not as long as p.
    """
    read = _shares if counts else read_distribution
    first = read(p, "--p")
    if positions is not None and q is None:
        raise InputError("--positions needs --q: distances are between two distributions")
    second = None if q is None else read(q, "--q")
    places = None if positions is None else read_numbers(positions, "--positions")
    for name, given in (("--q", second), ("--positions", places)):
        if given is not None and len(given) != len(first):
            raise InputError(
                f"{name} must have a number for each of the {len(first)} outcomes of --p; "
                f"got {len(given)}"
            )
    return Pair(first, second, places)


def read_numbers(text: str, flag: str, *, percent: bool = False) -> list[float]:
    """Return the numbers of a list joined by commas; InputError naming `flag` and the place.

    >>> read_numbers("10%, 0.9", "--p", percent=True)
    [0.1, 0.9]

    """
    parts = [part.strip() for part in text.split(",")]
    values: list[float] = []
    for place, part in enumerate(parts):
        value = number(part.removesuffix("%").rstrip())
        if value is None or (part.endswith("%") and not percent):
            which = "" if len(parts) == 1 else f" as number {place}"
            raise InputError(
                f"{flag} needs numbers joined by commas, such as {_example(percent)}; "
                f"got {quoted(part)}{which}"
            )
        values.append(value / 100 if part.endswith("%") else value)
    return values


def read_distribution(text: str, flag: str) -> list[float]:
    """Return probabilities; InputError where one is negative or they do not sum to 1."""
    values = read_numbers(text, flag, percent=True)
    _refuse_negative(values, flag, "a probability")
    total = sum(values)
    if not abs(total - 1.0) <= OFF:
        raise InputError(
            f"{flag} sums to {total:.7g}; probabilities sum to 1. "
            "If these are counts or weights, give --counts"
        )
    return values


def read_counts(text: str, flag: str) -> list[float]:
    """Return counts; InputError where one is negative, or the sum is 0 or inf."""
    values = read_numbers(text, flag)
    _refuse_negative(values, flag, "a count")
    total = sum(values)
    if total == 0:
        raise InputError(f"{flag} holds counts that sum to 0; there is nothing to share")
    if total == math.inf:
        raise InputError(
            f"{flag} holds counts whose sum is beyond the largest number, "
            f"{sys.float_info.max:.2g}; divide them by a number first"
        )
    return values


def _shares(text: str, flag: str) -> list[float]:
    return [float(share) for share in from_counts(read_counts(text, flag))]


def _refuse_negative(values: Sequence[float], flag: str, what: str) -> None:
    for outcome, value in enumerate(values):
        if value < 0:
            raise InputError(f"{flag}: outcome {outcome} is {value:g}; {what} is at least 0")


def _example(percent: bool) -> str:
    return "0.1,0.7,0.2" if percent else "1,7,2"

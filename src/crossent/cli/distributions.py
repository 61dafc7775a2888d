"""Every measure of one distribution or of two, and their sums term by term: numbers only.

The formulas are those of `crossent.measures`; the lengths of code words are always in bits.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from crossent.measures import (
    bhattacharyya_coefficient,
    bhattacharyya_distance,
    cross_entropy,
    entropy,
    hellinger,
    information,
    js_distance,
    js_divergence,
    kl_divergence,
    perplexity,
    renyi_divergence,
    renyi_entropy,
    total_variation,
    wasserstein,
)
from crossent.measures.code_lengths import huffman_lengths, shannon_lengths
from crossent.report.measure import Column, Measured

Numbers = Sequence[float]
SHOWN = 3  # outcomes that are named as the reason of an infinity


class _Row(NamedTuple):
    """A measure: its name, its function and arguments, its unit, when it is infinite."""

    name: str
    function: Callable[..., Any]
    arguments: str
    unit: Literal["log", "sqrt", "", "outcomes", "positions"] = "log"
    infinite: Literal["", "q is 0", "p is 0", "apart"] = ""


ROWS = (
    _Row("entropy of p", entropy, "p"),
    _Row("entropy of q", entropy, "q"),
    _Row("cross-entropy of p under q", cross_entropy, "p, q", infinite="q is 0"),
    _Row("cross-entropy of q under p", cross_entropy, "q, p", infinite="p is 0"),
    _Row("KL divergence p || q", kl_divergence, "p, q", infinite="q is 0"),
    _Row("KL divergence q || p", kl_divergence, "q, p", infinite="p is 0"),
    _Row("Jensen-Shannon divergence", js_divergence, "p, q"),
    _Row("Jensen-Shannon distance", js_distance, "p, q", "sqrt"),
    _Row("total variation", total_variation, "p, q", ""),
    _Row("Hellinger distance", hellinger, "p, q", ""),
    _Row("Bhattacharyya coefficient", bhattacharyya_coefficient, "p, q", ""),
    _Row("Bhattacharyya distance", bhattacharyya_distance, "p, q", infinite="apart"),
    _Row("Renyi-1/2 divergence p || q", renyi_divergence, "p, q, 0.5", infinite="apart"),
    _Row("Renyi-2 divergence p || q", renyi_divergence, "p, q, 2", infinite="q is 0"),
    _Row("Renyi-2 entropy of p", renyi_entropy, "p, 2"),
    _Row("Renyi-2 entropy of q", renyi_entropy, "q, 2"),
    _Row("Renyi-inf entropy of p", renyi_entropy, "p, inf"),
    _Row("Renyi-inf entropy of q", renyi_entropy, "q, inf"),
    _Row("Wasserstein distance", wasserstein, "p, q", "positions"),
    _Row("perplexity of p", perplexity, "p", "outcomes"),
    _Row("perplexity of q", perplexity, "q", "outcomes"),
    _Row("perplexity of p under q", perplexity, "p, q", "outcomes", "q is 0"),
)


def unit_name(unit: str, base: float | None) -> str:
    """Return the unit of logarithms of a base; `unit` where there is none.

    >>> unit_name("nats", None), unit_name("nats", 2.0), unit_name("nats", 10.0)
    ('nats', 'bits', 'hartleys')

    """
    if base is None:
        return unit
    return {2.0: "bits", math.e: "nats", 10.0: "hartleys"}.get(base, f"base {base:g}")


def measured(
    p: Numbers, q: Numbers | None, positions: Numbers | None, scale: Mapping[str, Any]
) -> list[Measured]:
    """Return every measure of p, or of p and q; `scale`: the unit and the base of the logarithms.

    positions: of the outcomes on a line, for the Wasserstein distance; 0, 1, 2, ... without.
    """
    log = unit_name(**scale)
    units = {"log": log, "sqrt": f"sqrt({log})"}
    reasons: dict[str, str] = {}
    if q is not None:
        reasons = {
            "q is 0": f"q is 0 where p is not: {_only_in(p, q)}",
            "p is 0": f"p is 0 where q is not: {_only_in(q, p)}",
            "apart": "p and q share no outcome",
        }
    found: list[Measured] = []
    for row in ROWS:
        names = row.arguments.split(", ")
        if q is None and "q" in names:
            continue
        if row.function is wasserstein and positions is not None:
            names.append("positions")
        known = {"p": p, "q": q, "positions": positions}
        given = [known[name] if name in known else float(name) for name in names]
        value = float(row.function(*given, **(scale if row.unit in units else {})))
        why = reasons.get(row.infinite, "") if math.isinf(value) else ""
        call = f"{row.function.__name__}({', '.join(names)})"
        found.append(Measured(row.name, call, value, units.get(row.unit, row.unit), why))
    return found


def terms(p: Numbers, q: Numbers | None, scale: Mapping[str, Any]) -> list[Column]:
    """Return the sums that entropy, cross-entropy and KL divergence are, term by term."""
    log_p = _information(p, scale)
    own = _times(p, log_p)
    if q is None:
        return [
            Column("p", p, sum(p)),
            Column("-log p", log_p),
            Column("-p log p", own, sum(own)),
        ]
    log_q = _information(q, scale)
    cross = _times(p, log_q)
    gains = _times(p, [b - a if a < math.inf else 0.0 for a, b in zip(log_p, log_q, strict=True)])
    return [
        Column("p", p, sum(p)),
        Column("q", q, sum(q)),
        Column("-log p", log_p),
        Column("-log q", log_q),
        Column("-p log p", own, sum(own)),
        Column("-p log q", cross, sum(cross)),
        Column("p log p/q", gains, sum(gains)),
    ]


def code_lengths(p: Numbers, q: Numbers | None) -> list[Column]:
    """Return the bits of every word of the codes built for p and q, and their means under p."""
    built = {"p": p} | ({} if q is None else {"q": q})
    columns: list[Column] = []
    for name, one in built.items():
        columns.append(_mean(f"ideal {name}", _information(one, {"unit": "bits"}), p))
    for name, one in built.items():
        columns.append(_mean(f"Shannon {name}", shannon_lengths(one), p, whole=True))
    for name, one in built.items():
        columns.append(_mean(f"Huffman {name}", huffman_lengths(one), p, whole=True))
    return columns


def _information(p: Numbers, scale: Mapping[str, Any]) -> list[float]:
    return [float(value) for value in information(p, **scale)]


def _times(p: Numbers, values: Numbers) -> list[float]:
    """Return p times the values; 0 where p is 0, whatever the value."""
    return [a * b if a else 0.0 for a, b in zip(p, values, strict=True)]


def _mean(head: str, lengths: Numbers, p: Numbers, *, whole: bool = False) -> Column:
    return Column(head, lengths, sum(_times(p, lengths)), whole)


def _only_in(p: Numbers, q: Numbers) -> str:
    """Return at which outcomes p is above 0 and q is not, in words."""
    places = [str(i) for i, (a, b) in enumerate(zip(p, q, strict=True)) if a > 0 and b == 0]
    more = f" and {len(places) - SHOWN:,} more" if len(places) > SHOWN else ""
    return f"outcome{'s' if len(places) > 1 else ''} {', '.join(places[:SHOWN])}{more}"

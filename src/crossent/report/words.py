"""Numbers, labels and the one sentence that says what is confused with what.

Labels are hostile: `visible` makes every invisible character a visible escape. Escaping for HTML
is done in `tables`.
"""

import json
import math
import unicodedata
from collections.abc import Callable
from typing import Any

from crossent.scoring.scores import Scores

# Control, format, surrogate, line and paragraph separators; the zero-width joiner is part of emoji.
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
JOINER = "\u200d"
SMALLEST = 1e-6
ROUNDING = 1e-12
MISSING = "\N{EN DASH}"


def visible(label: str) -> str:
    r"""Return `label` with control and format characters escaped, in one line, never empty.

    >>> visible("a\nb"), visible("")
    ('a\\nb', '(empty)')
    """
    if not label:
        return "(empty)"
    if label.isspace():
        return ascii(label)
    if label.isprintable():
        return label
    return "".join(
        ascii(c)[1:-1] if unicodedata.category(c) in INVISIBLE and c != JOINER else c for c in label
    )


def cut(text: str, limit: int) -> str:
    """Return `text`, or its start and an ellipsis, in at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def percent(share: float) -> str:
    """Return a share as a percentage that is 0% or 100% only when the share is exactly that.

    >>> percent(0.9725), percent(0.99996), percent(1.0), percent(0.0002)
    ('97.2%', '99.996%', '100%', '0.02%')
    """
    if not math.isfinite(share):
        return MISSING
    if share in (0, 1):
        return f"{share:.0%}"
    digits = 1
    while digits < 4 and float(f"{100 * share:.{digits}f}") in (0, 100):
        digits += 1
    if 0 < share < SMALLEST:
        return "<0.0001%"
    if 1 - SMALLEST < share < 1:
        return ">99.9999%"
    return f"{100 * share:.{digits}f}%"


def probability(value: float) -> str:
    """Return `percent`, and of less than a millionth its power of ten.

    >>> probability(0.25), probability(3.2e-9), probability(0.0)
    ('25.0%', '3.2e-09', '0%')
    """
    return f"{value:.1e}" if 0 < value < SMALLEST else percent(value)


def number(value: float) -> str:
    """Return four significant digits: 0.1042, 12.34, 12,345; infinity as ∞, NaN as a dash."""
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:,.0f}" if abs(value) >= 999.95 else f"{value:#.4g}"


def digits(value: float) -> str:
    """Return `number` of a difference; what rounding leaves of equal terms, below 1e-12, is 0."""
    return number(0.0 if abs(value) < ROUNDING else value)


def count(value: float) -> str:
    """Return a number of rows, or a sum of row weights, with thousands separated."""
    return f"{value:,.0f}" if value == math.floor(value) else f"{value:,.2f}"


def setting(value: Any) -> str:
    """Return a JSON value in one line: text as it is, numbers as repr, lists and maps as JSON."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: MISSING}[value]
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple) and all(isinstance(v, str | int | float) for v in value):
        return ", ".join(setting(v) for v in value) or MISSING
    return visible(json.dumps(value, ensure_ascii=False, default=str))


def amount(evaluation: Scores, value: float) -> str:
    """Return "3 rows", "1 row", or "weight 2.50" where rows are weighted."""
    if evaluation.weight != evaluation.rows:
        return f"weight {count(value)}"
    return f"{count(value)} {'row' if value == 1 else 'rows'}"


def confusion_sentence(evaluation: Scores, name: Callable[[str], str]) -> str:
    """Return what is most often taken for what, in plain words; `name` formats a class name."""
    wrong = evaluation.cells.wrong()
    pairs = evaluation.pairs(3)
    if not pairs:
        return "Every row is right: no class is taken for another."
    first = pairs[0]
    text = (
        f"Most often {name(first.true)} is taken for {name(first.predicted)}: "
        f"{amount(evaluation, first.count)}, {percent(first.share_of_true)} of class "
        f"{name(first.true)}."
    )
    if len(pairs) > 1:
        others = [f"{name(pair.true)} for\u00a0{name(pair.predicted)}" for pair in pairs[1:]]
        text += f" Then {' and '.join(others)}."
    if len(wrong.count) > 3:
        share = sum(pair.count for pair in pairs) / float(wrong.count.sum())
        text += f" These three make up {percent(share)} of all errors."
    return text

"""Lines of a terminal: what a number is, then the number; further lines stand below the number."""

import math
import textwrap

from crossent.report.plain_table import cell_width
from crossent.report.words import MISSING, ROUNDING, cut, number, percent, visible
from crossent.scoring.scores import Scores

INDENT = 12
NAME_WIDTH = 40
NARROWEST_NAME = 5


def named_line(name: str, text: str, width: int | None = None) -> list[str]:
    """Return `name` and `text` in lines of at most `width`, a single one without a width.

    >>> named_line("accuracy", "97.2% (281 rows of 10,000 wrong)", 30)
    ['accuracy    97.2% (281 rows of', '            10,000 wrong)']
    """
    whole = f"{name:<{INDENT}}{text}"
    if width is None or cell_width(whole) <= width:
        return [whole]
    blanks = " " * INDENT
    return textwrap.wrap(whole, max(width, 2 * INDENT), subsequent_indent=blanks)


def class_label(name: str, width: int | None = None, *, beside: int = 0) -> str:
    """Return a class name for a line that holds two of them and `beside` other characters."""
    room = NAME_WIDTH if width is None else (width - beside) // 2
    return in_columns(visible(name), max(NARROWEST_NAME, min(NAME_WIDTH, room)))


def in_columns(text: str, columns: int) -> str:
    """Return `text`, or its start and an ellipsis, in so many columns of a terminal.

    >>> in_columns("honda", 4), in_columns("ホンダ", 4)
    ('hon…', 'ホ…')
    """
    short = cut(text, columns)
    while cell_width(short) > columns and len(short) > 1:
        short = cut(short, len(short) - 1)
    return short


def wrong_weight(scores: Scores) -> float:
    """Return the weight of the rows that are predicted wrong."""
    return float(scores.cells.wrong().count.sum())


def number_range(low: float, high: float) -> str:
    """Return the ends of an interval as "0.11 to 0.17"; "" without ends, or with no room between.

    Of one row, or of rows that are all alike, a bootstrap has nothing to draw from.

    >>> number_range(0.109731, 0.173612), number_range(1.2, 1.2)
    ('0.1097 to 0.1736', '')
    """
    if not math.isfinite(high - low) or high - low <= ROUNDING * abs(high):
        return ""
    return f"{number(low)} to {number(high)}"


def percent_range(low: float, high: float) -> str:
    """Return two shares as "1.4% to 3.2%", a dash where they are not known.

    >>> percent_range(0.014, 0.032)
    '1.4% to 3.2%'
    """
    return MISSING if math.isnan(low) else f"{percent(low)} to {percent(high)}"

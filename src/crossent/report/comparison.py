"""What predictions gain over a baseline on the same rows, in words."""

import math

from crossent.report.named_line import named_line
from crossent.report.words import count, number
from crossent.scoring.comparison import Difference


def difference_lines(difference: Difference, width: int | None = None) -> str:
    """Return a few lines: ours less the baseline in log loss and accuracy, and the counts."""
    lines = [
        ("baseline", f"on the same {difference.rows:,} rows"),
        ("log loss", log_loss(difference)),
    ]
    if not math.isnan(difference.accuracy):
        lines += [("accuracy", accuracy(difference)), ("right", counts(difference))]
    if infinite := infinite_rows(difference):
        lines.append(("infinite", infinite))
    return "\n".join(line for name, text in lines for line in named_line(name, text, width)) + "\n"


def log_loss(difference: Difference) -> str:
    """Return the difference of the log losses with its interval and what follows from it."""
    value = difference.log_loss
    if math.isnan(value):
        return "no difference: both are infinite"
    if math.isinf(value):
        return "better: that of the baseline is infinite" if value < 0 else "worse: it is infinite"
    low, high = difference.low, difference.high
    verdict = judged(-high, -low)
    return f"{signed(value)} nats (95%: {signed(low)} to {signed(high)}): {verdict}"


def accuracy(difference: Difference) -> str:
    """Return the difference of the accuracies in points with its interval, and McNemar's test."""
    low, high = difference.accuracy_low, difference.accuracy_high
    text = (
        f"{points(difference.accuracy)} points (95%: {points(low)} to {points(high)}): "
        f"{judged(low, high)}"
    )
    if math.isnan(difference.p_value):
        return text
    return f"{text}; McNemar's exact test: p {p_value(difference.p_value)}"


def counts(difference: Difference) -> str:
    """Return how many rows both, one and neither predict right."""
    return (
        f"{count(difference.only_ours_right)} only here, "
        f"{count(difference.only_baseline_right)} only in the baseline, "
        f"{count(difference.both_right)} in both, {count(difference.neither)} in neither"
    )


def infinite_rows(difference: Difference) -> str:
    """Return how many rows have an infinite loss on either side, "" if none has."""
    ours, theirs = difference.infinite_ours, difference.infinite_baseline
    if not (ours or theirs):
        return ""
    return f"rows of infinite loss: {ours:,} here, {theirs:,} in the baseline"


def judged(low: float, high: float) -> str:
    """Return what an interval of a gain says.

    >>> judged(0.1, 0.2), judged(-0.2, -0.1), judged(-0.1, 0.1)
    ('better', 'worse', 'no clear difference')
    """
    if low > 0:
        return "better"
    return "worse" if high < 0 else "no clear difference"


def signed(value: float) -> str:
    """Return four digits with their sign, + too."""
    return f"+{number(value)}" if value > 0 else number(value)


def points(share: float) -> str:
    """Return a difference of shares in percentage points.

    >>> points(0.0123), points(-0.5)
    ('+1.23', '-50.00')
    """
    return f"{100 * share:+.2f}" if share else "0"


def p_value(value: float) -> str:
    """Return two digits of a p-value, and of a very small one a bound."""
    return "< 0.0001" if value < 1e-4 else f"= {value:.2g}"

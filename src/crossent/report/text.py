"""A report as a few lines for a terminal. No colour, no file."""

import math

from crossent.report.model import Report
from crossent.report.named_line import (
    INDENT,
    class_label,
    named_line,
    number_range,
    percent_range,
    wrong_weight,
)
from crossent.report.words import amount, count, number, percent
from crossent.scoring.scores import Scores
from crossent.scoring.tokens import Tokens

PAIRS = 3
TOP_K = 5


def render(report: Report, *, part: str = "test", width: int | None = None) -> str:
    """Return the scores of the `part` that was evaluated and its most confused pairs, in lines.

    What the columns do not tell has no line. Lines longer than `width` are wrapped.
    """
    lines = [*score_lines(report, part), *_pairs(report.evaluation, width)]
    return "\n".join(line for name, text in lines for line in named_line(name, text, width)) + "\n"


def score_lines(report: Report, part: str) -> list[tuple[str, str]]:
    """Return the scores, each with its name, without the pairs."""
    result = report.evaluation
    return [
        (f"{part} loss ", _log_loss(result)),
        *_perplexities(result),
        *_accuracy(result),
        *_calibration(result, report.bins),
        *_prior(result),
        *_infinite(result),
    ]


def perplexity(log_perplexity: float) -> str:
    """Return exp of a logarithm in four digits; above the largest float as a power of e.

    >>> perplexity(0.5), perplexity(1234.5)
    ('1.649', 'e^1,234')
    """
    if log_perplexity > math.log(1e15) and math.isfinite(log_perplexity):
        return f"e^{number(log_perplexity)}"
    return number(math.exp(log_perplexity))


def token_perplexities(tokens: Tokens) -> list[tuple[str, str, str]]:
    """Return (unit, perplexity, of how many) of the units that are counted: token, word, byte."""
    parts = [
        ("token", tokens.log_perplexity, tokens.tokens),
        ("word", tokens.log_word_perplexity, tokens.words),
        ("byte", tokens.log_byte_perplexity, tokens.bytes),
    ]
    return [
        (unit, perplexity(value), f"{count(n)} {unit}{'' if n == 1 else 's'}")
        for unit, value, n in parts
        if n is not None
    ]


def _log_loss(result: Scores) -> str:
    text = f"{number(result.log_loss)} nats = {number(result.bits)} bits"
    if between := number_range(*result.interval("log_loss")):
        text += f" (95%: {between} nats)"
    if result.is_stream:
        return text
    return f"{text}, perplexity {perplexity(result.log_perplexity)}"


def _perplexities(result: Scores) -> list[tuple[str, str]]:
    tokens = result.tokens
    if tokens is None or not result.is_stream:
        return []
    lines: list[tuple[str, str]] = []
    for unit, value, of in token_perplexities(tokens):
        more = f", {number(tokens.bits_per_byte)} bits a byte" if unit == "byte" else ""
        lines.append(("" if lines else "perplexity", f"{value} a {unit} ({of}){more}"))
    return lines


def _accuracy(result: Scores) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    if not math.isnan(result.accuracy):
        wrong = f"{amount(result, wrong_weight(result))} of {count(result.weight)} wrong"
        between = percent_range(*result.interval("accuracy"))
        lines.append(("accuracy", f"{percent(result.accuracy)} (95%: {between}), {wrong}"))
    if len(result.ranks) > TOP_K:
        lines.append((f"top {TOP_K}", percent(result.top_k(TOP_K))))
    if not math.isnan(result.brier):
        lines.append(("Brier", f"{number(result.brier)} (0 is best, 2 is worst)"))
    return lines


def _calibration(result: Scores, bins: int) -> list[tuple[str, str]]:
    calibration = result.calibration
    if calibration is None:
        return []
    text = f"error {percent(calibration.ece(bins))} (ECE, {bins} bins)"
    removed = calibration.split().log_loss_calibration
    if removed <= calibration.by_chance():
        text += "; recalibrating would remove no more than chance makes"
    elif math.isfinite(removed):
        text += f"; recalibrating would remove {number(removed)} nats"
    return [("calibration", text)]


def _prior(result: Scores) -> list[tuple[str, str]]:
    if math.isnan(result.prior_log_loss):
        return []
    prior = result.prior_log_loss
    text = f"{number(prior)} nats = {number(prior / math.log(2))} bits"
    share = result.share_of_label_entropy
    if share < 0:
        text += "; the model is worse than predicting label frequencies"
    elif share <= 1:
        text += f", of which the model removes {percent(share)}"
    return [("label entropy ", text)]


def _infinite(result: Scores) -> list[tuple[str, str]]:
    if not result.infinite_rows:
        return []
    rows = "row has" if result.infinite_rows == 1 else "rows have"
    return [("infinite", f"{result.infinite_rows:,} {rows} probability 0 at the label")]


def _pairs(result: Scores, width: int | None) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for pair in result.pairs(PAIRS):
        numbers = f"({count(pair.count)}, {percent(pair.share_of_true)})"
        beside = INDENT + len(" ->  ") + len(numbers)
        names = [class_label(name, width, beside=beside) for name in (pair.true, pair.predicted)]
        lines.append(("" if lines else "confused", f"{' -> '.join(names)} {numbers}"))
    return lines

"""The top of a page: how much was evaluated, the scores with their intervals, what to know."""

import math

from crossent.report import tables
from crossent.report.model import Report
from crossent.report.named_line import number_range, percent_range, wrong_weight
from crossent.report.text import TOP_K, perplexity, token_perplexities
from crossent.report.words import amount, count, cut, number, percent, visible
from crossent.scoring.scores import Scores
from crossent.scoring.tokens import Tokens


def size(result: Scores) -> str:
    """Return "5,000 rows · 10 classes", and of a stream of tokens what is counted."""
    rows = f"{result.rows:,} {'row' if result.rows == 1 else 'rows'}"
    if result.weight != result.rows:
        rows += f", weight {count(result.weight)}"
    parts = [rows]
    if result.tokens is not None and result.is_stream:
        parts = [of for _, _, of in token_perplexities(result.tokens)]
    classes = len(result.classes)
    if classes:
        parts.append(f"{classes:,} {'class' if classes == 1 else 'classes'}")
    return " · ".join(parts)


def items(report: Report) -> str:
    """Return the scores as the entries of a description list."""
    result = report.evaluation
    parts = [*_accuracy(result), _log_loss(result)]
    if result.tokens is not None and result.is_stream:
        parts += _perplexities(result.tokens)
    else:
        of = f"of {len(result.classes):,} classes"
        parts.append(_item("Perplexity", perplexity(result.log_perplexity), of))
    parts += [*_prior(result), *_calibration(result, report.bins), *_brier(result)]
    return "".join(parts)


def notices(report: Report) -> str:
    """Return what a reader should know as a list; empty without any."""
    lines = [tables.escape(cut(visible(line), 400)) for line in report.notices]
    infinite = report.evaluation.infinite_rows
    if infinite:
        subject = "row has" if infinite == 1 else "rows have"
        lines.insert(0, f"{infinite:,} {subject} probability 0 at the label: the loss is infinite.")
    entries = "".join(f"<li>{line}</li>" for line in lines)
    return f'<ul class="notices" aria-label="Notices">{entries}</ul>' if entries else ""


def _item(name: str, value: str, *notes: str) -> str:
    below = "".join(f"<span>{note}</span>" for note in notes)
    return f"<div><dt>{name}</dt><dd><strong>{value}</strong>{below}</dd></div>"


def _accuracy(result: Scores) -> list[str]:
    if math.isnan(result.accuracy):
        return []
    notes = [
        f"95%: {percent_range(*result.interval('accuracy'))}",
        f"{amount(result, wrong_weight(result))} wrong",
    ]
    if len(result.ranks) > TOP_K:
        notes.append(f"top {TOP_K}: {percent(result.top_k(TOP_K))}")
    return [_item("Accuracy", percent(result.accuracy), *notes)]


def _log_loss(result: Scores) -> str:
    between = number_range(*result.interval("log_loss"))
    notes = [f"95%: {between}"] if between else []
    return _item("Log loss", number(result.log_loss), f"nats, {number(result.bits)} bits", *notes)


def _perplexities(tokens: Tokens) -> list[str]:
    parts = [
        _item(f"Perplexity a {unit}", value, f"of {of}")
        for unit, value, of in token_perplexities(tokens)
    ]
    if tokens.bytes is not None:
        parts.append(_item("Bits a byte", number(tokens.bits_per_byte)))
    return parts


def _prior(result: Scores) -> list[str]:
    if math.isnan(result.prior_log_loss):
        return []
    share = result.share_of_label_entropy
    gained = percent(share) if -1 <= share <= 1 else number(share)
    bits = number(result.prior_log_loss / math.log(2))
    return [
        _item(
            "Label entropy removed",
            gained,
            f"of {number(result.prior_log_loss)} nats, {bits} bits",
        )
    ]


def _calibration(result: Scores, bins: int) -> list[str]:
    if result.calibration is None:
        return []
    return [_item("Calibration error", percent(result.calibration.ece(bins)), f"{bins} bins")]


def _brier(result: Scores) -> list[str]:
    if math.isnan(result.brier):
        return []
    between = number_range(*result.interval("brier"))
    notes = [f"95%: {between}"] if between else []
    return [_item("Brier score", number(result.brier), *notes, "0 is best, 2 is worst")]

"""A report as a few lines for a terminal. No colour, no file."""

from crossent.report.model import Report
from crossent.report.words import amount, count, cut, number, percent, visible
from crossent.scoring.evaluation import Evaluation

PAIRS = 3
NAME_WIDTH = 40


def render(report: Report, *, part: str = "test") -> str:
    """Return the scores of the `part` that was evaluated and its most confused pairs, in lines."""
    result = report.evaluation
    wrong = result.weight - float(result.confusion.trace())
    lines = [
        _line(
            f"{part} loss ",
            f"{number(result.log_loss)} nats = {number(result.bits)} bits, "
            f"perplexity {number(result.perplexity)}",
        ),
        _line(
            "accuracy",
            f"{percent(result.accuracy)} ({amount(result, wrong)} of {count(result.weight)} wrong)",
        ),
        _line("label prior", _prior(result)),
    ]
    if result.infinite_rows:
        plural = "row has" if result.infinite_rows == 1 else "rows have"
        lines.append(
            _line("infinite", f"{result.infinite_rows:,} {plural} probability 0 at the label")
        )
    return "\n".join(lines + _pairs(result)) + "\n"


def _prior(result: Evaluation) -> str:
    text = f"{number(result.prior_log_loss)} nats"
    share = result.share_of_label_entropy
    if not -1 <= share <= 1:
        return text
    if share < 0:
        return f"{text}; the model is worse than predicting label frequencies"
    return f"{text}, of which the model removes {percent(share)}"


def _pairs(result: Evaluation) -> list[str]:
    return [
        _line(
            "" if place else "confused",
            f"{cut(visible(pair.true), NAME_WIDTH)} -> {cut(visible(pair.predicted), NAME_WIDTH)} "
            f"({count(pair.count)}, {percent(pair.share_of_true)})",
        )
        for place, pair in enumerate(result.pairs(PAIRS))
    ]


def _line(name: str, text: str) -> str:
    return f"{name:<12}{text}"

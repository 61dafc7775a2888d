"""What merging classes buys and what it costs, for a terminal."""

import math
import textwrap
from collections.abc import Sequence

from crossent.report.comparison import points
from crossent.report.named_line import in_columns, named_line
from crossent.report.plain_table import on_the_point, table
from crossent.report.words import number, percent, visible
from crossent.scoring.merging.order import Step
from crossent.scoring.scores import Scores

NAME_WIDTH = 40
NARROWEST_NAME = 14
ROUNDING = 1e-12
NOTE = "Bits a row: of the label lost, left, and told by the prediction."


def merges_table(steps: Sequence[Step], width: int = 100) -> str:
    """Return the suggested merges, in their order, with the accuracy and the bits after each."""
    if not steps:
        return "No class is taken for another: there is nothing to merge.\n"
    room = max(NARROWEST_NAME, min(NAME_WIDTH, width // 2))
    scored = any(step.log_loss is not None for step in steps)
    parts = {
        "merge": [in_columns(merged(step), room) for step in steps],
        "classes": [f"{step.classes:,}" for step in steps],
        "accuracy": [percent(step.accuracy) for step in steps],
        "bits lost": on_the_point([digits(step.bits_lost) for step in steps]),
        "left": on_the_point([digits(step.label_bits) for step in steps]),
        "told": on_the_point([digits(step.information_bits) for step in steps]),
    }
    if scored:
        losses = [math.nan if s.log_loss is None else s.log_loss for s in steps]
        parts["loss, nats"] = on_the_point([digits(value) for value in losses])
    lines = table(list(parts), list(zip(*parts.values(), strict=True)), width)
    return "\n".join([*lines, "", *textwrap.wrap(NOTE, width)]) + "\n"


def digits(value: float) -> str:
    """Return four digits; what rounding leaves of a difference of equal sums is 0."""
    return number(0.0 if abs(value) < ROUNDING else value)


def merged(step: Step) -> str:
    """Return the two clusters of a step in words."""
    return " with ".join(visible(name) for name in step.merged)


def merge_lines(before: Scores, after: Scores, width: int | None = None) -> str:
    """Return what a merge gained, and how many bits of the label it kept."""
    lines = [("merged", f"{len(before.classes):,} classes to {len(after.classes):,}")]
    if not math.isnan(after.accuracy):
        lines.append(("accuracy", accuracy_gained(before, after)))
    lines += [
        ("log loss", f"{number(before.log_loss)} to {number(after.log_loss)} nats"),
        ("label bits", bits_kept(before, after)),
    ]
    return "\n".join(line for name, text in lines for line in named_line(name, text, width)) + "\n"


def accuracy_gained(before: Scores, after: Scores) -> str:
    """Return both accuracies and the gain in points."""
    gain = points(after.accuracy - before.accuracy)
    return f"{percent(before.accuracy)} to {percent(after.accuracy)} ({gain} points)"


def bits_kept(before: Scores, after: Scores) -> str:
    """Return the label's entropy before and after, and the share that is left."""
    bits = [number(scores.prior_log_loss / math.log(2)) for scores in (before, after)]
    if not before.prior_log_loss > 0:
        return " to ".join(bits)
    return f"{' to '.join(bits)}, {percent(after.prior_log_loss / before.prior_log_loss)} kept"

"""What merging classes buys and what it costs, in words."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from crossent.measures.entropies import entropy
from crossent.report.comparison import points
from crossent.report.named_line import in_columns, named_line
from crossent.report.plain_table import GAP, cell_width, on_the_point, table
from crossent.report.words import MISSING, digits, number, percent, visible
from crossent.scoring.merging.order import Step
from crossent.scoring.scores import Scores

NAME_WIDTH = 40
NARROWEST_NAME = 16
BETWEEN = " with "
NO_MERGE = "(none)"
NOTE = (
    "MI: mutual information of label and prediction. H(label): label entropy that is left; lost: "
    "what of it is lost. All three in bits a row, the log loss in nats."
)

GOES_ON = "More merges would follow: classes are still confused after the last of these."


def merges_table(steps: Sequence[Step], width: int = 100, scores: Scores | None = None) -> str:
    """Return the suggested merges, in their order, with what is known after each.

    The `scores` before any merge stand in the first line.
    """
    if not steps:
        return "No class is taken for another: there is nothing to merge.\n"
    found = columns(steps if scores is None else stages(scores, steps))
    parts = {head: on_the_point(column) for head, column in found.items()}
    beside = sum(len(GAP) + max(map(cell_width, (head, *parts[head]))) for head in parts)
    room = max(NARROWEST_NAME, min(NAME_WIDTH, width - beside))
    names = [] if scores is None else [NO_MERGE]
    names += [merged(step, room) for step in steps]
    lines = table(["merge", *parts], list(zip(names, *parts.values(), strict=True)), width)
    note = NOTE if scores is None or ended(scores, steps) else f"{NOTE} {GOES_ON}"
    return "\n".join([*lines, "", *textwrap.wrap(note, width)]) + "\n"


def columns(steps: Sequence[Step]) -> dict[str, list[str]]:
    """Return the numbers of the steps by head; the log loss only where any step has one."""
    parts = {
        "classes": [f"{step.classes:,}" for step in steps],
        "MI": [digits(step.information_bits) for step in steps],
        "H(label)": [digits(step.label_bits) for step in steps],
        "lost": [digits(step.bits_lost) for step in steps],
        "accuracy": [percent(step.accuracy) for step in steps],
    }
    if any(step.log_loss is not None for step in steps):
        losses = [step.log_loss for step in steps]
        parts["log loss"] = [MISSING if loss is None else digits(loss) for loss in losses]
    return parts


def stages(scores: Scores, steps: Sequence[Step]) -> list[Step]:
    """Return the steps with one before them in which nothing is merged, that of `scores`."""
    first = steps[0]
    cells = scores.cells
    shares = cells.count / cells.count.sum()
    true, predicted = (np.bincount(codes, shares) for codes in (cells.true, cells.predicted))
    nats = sum(float(entropy(part / part.sum())) for part in (true, predicted))
    nats -= float(entropy(shares / shares.sum()))
    start = replace(
        first,
        classes=len(scores.classes),
        accuracy=scores.accuracy,
        label_bits=first.label_bits + first.bits_lost,
        bits_lost=0.0,
        information_bits=nats / math.log(2),
        log_loss=None if first.log_loss is None else scores.log_loss,
    )
    return [start, *steps]


def ended(scores: Scores, steps: Sequence[Step]) -> bool:
    """Say whether no two clusters are confused any more after `steps`."""
    cluster = np.arange(len(scores.classes))
    for step in steps:
        kept, gone = step.codes
        cluster[cluster == gone] = kept
    return bool((cluster[scores.cells.true] == cluster[scores.cells.predicted]).all())


def merged(step: Step, room: int = 2 * NAME_WIDTH) -> str:
    """Return the two clusters of a step, each cut where both do not fit into `room` columns.

    >>> merged(Step(("cat+dog+emu", "fox"), (0, 3), 1, 1.0, 0.0, 1.5, 0.0), 16)
    'cat+do… with fox'
    """
    first, second = (visible(name) for name in step.merged)
    room -= len(BETWEEN)
    second = in_columns(second, max(room - cell_width(first), room // 2))
    return f"{in_columns(first, room - cell_width(second))}{BETWEEN}{second}"


def merge_lines(before: Scores, after: Scores, width: int | None = None) -> str:
    """Return what a merge gained, and how much of the label entropy it kept."""
    lines = [("merged", f"{len(before.classes):,} classes to {len(after.classes):,}")]
    if not math.isnan(after.accuracy):
        lines.append(("accuracy", accuracy_gained(before, after)))
    lines += [
        ("log loss", f"{number(before.log_loss)} to {number(after.log_loss)} nats"),
        ("label entropy ", entropy_kept(before, after)),
    ]
    return "\n".join(line for name, text in lines for line in named_line(name, text, width)) + "\n"


def accuracy_gained(before: Scores, after: Scores) -> str:
    """Return both accuracies and the gain in points."""
    gain = points(after.accuracy - before.accuracy)
    return f"{percent(before.accuracy)} to {percent(after.accuracy)} ({gain} points)"


def entropy_kept(before: Scores, after: Scores) -> str:
    """Return the label entropy in bits before and after, and the share that is left."""
    bits = [digits(scores.prior_log_loss / math.log(2)) for scores in (before, after)]
    text = f"{' to '.join(bits)} bits"
    if not before.prior_log_loss > 0:
        return text
    return f"{text}, {percent(after.prior_log_loss / before.prior_log_loss)} kept"

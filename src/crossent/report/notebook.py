"""Scores as a fragment of HTML for a notebook: a small table without scripts or styles."""

from crossent.report import tables
from crossent.report.model import Report
from crossent.report.summary import size
from crossent.report.text import score_lines
from crossent.report.words import count, percent
from crossent.scoring.scores import Scores

PAIRS = 5


def fragment(scores: Scores) -> str:
    """Return the scores and the most confused pairs as one table; labels are escaped."""
    name = tables.class_name(len(scores.classes))
    rows = [
        (tables.escape(head.strip()), tables.escape(text))
        for head, text in score_lines(Report("", scores), "log")
    ]
    for place, pair in enumerate(scores.pairs(PAIRS)):
        numbers = f"({count(pair.count)}, {percent(pair.share_of_true)})"
        text = f"{tables.arrow(name(pair.true), name(pair.predicted))} {numbers}"
        rows.append(("" if place else "confused", text))
    return tables.table(size(scores), ("score", "value"), rows)

"""The most confused pairs of classes, as plain text and as JSON: one way, then either way."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from crossent.report.named_line import class_label
from crossent.report.plain_table import on_the_point, table
from crossent.report.words import count, number, percent
from crossent.scoring.pairs import Pair
from crossent.scoring.scores import Scores

COLUMN = 12  # characters of the widest column of numbers, which stands beside the names


def pairs_table(scores: Scores, limit: int | None, width: int = 100) -> str:
    """Return the `limit` most confused pairs in two tables: each direction, and both together."""
    one_way = scores.pairs(limit)
    if not len(scores.cells.count):
        return "The predicted classes are not known: no pairs.\n"
    if not one_way:
        return "Every row is right: no class is taken for another.\n"
    lines = _table("true -> predicted", "of true", " -> ", one_way, width)
    lines += [
        "",
        *_table("either way", "of both", ", ", scores.pairs(limit, symmetric=True), width),
    ]
    return "\n".join(lines) + "\n"


def pairs_record(scores: Scores, limit: int | None) -> dict[str, Any]:
    """Return the same pairs for JSON, with the rows drawn from each direction."""
    return {
        "directed": [
            {
                **_record(pair),
                "examples": [
                    {"source": source, "row": row}
                    for source, row in scores.examples(pair.true, pair.predicted)
                ],
            }
            for pair in scores.pairs(limit)
        ],
        "symmetric": [_record(pair) for pair in scores.pairs(limit, symmetric=True)],
    }


def _record(pair: Pair) -> dict[str, Any]:
    values = asdict(pair)
    del values["both"]
    values["interval"] = [values.pop("low"), values.pop("high")]
    return values


def _table(head: str, of: str, between: str, pairs: Sequence[Pair], width: int) -> list[str]:
    beside = len(between) + COLUMN
    rows = [
        (
            between.join(class_label(name, width, beside=beside) for name in (p.true, p.predicted)),
            count(p.count),
            percent(p.share_of_true),
            percent(p.low),
            percent(p.high),
        )
        for p in pairs
    ]
    losses = on_the_point([number(pair.log_loss) for pair in pairs])
    heads = [head, "rows", of, "95% from", "to", "loss, nats"]
    return table(heads, [[*row, loss] for row, loss in zip(rows, losses, strict=True)], width)

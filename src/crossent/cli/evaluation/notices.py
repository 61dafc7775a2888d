"""What a reader of an evaluation should know: what the numbers are not, or may not be."""

from collections.abc import Sequence

from crossent.data.labels import listed
from crossent.data.predictions.stream import PredictionStream
from crossent.report.model import SOFT_LABELS
from crossent.scoring.merging.order import Step
from crossent.scoring.scores import Scores
from crossent.scoring.tally import Tally

# Every one is scored on all rows; a thousand classes have no use for more.
MOST_STEPS = 100


def notices(
    tally: Tally,
    scores: Scores,
    stream: PredictionStream | None,
    steps: Sequence[Step],
    *,
    named: bool,
) -> tuple[str, ...]:
    """Return the notices of an evaluation; `named` says that the user has named the classes."""
    found = [SOFT_LABELS] if "soft labels" in (tally.told or ()) else []
    empty = [row.name for row in scores.per_class if not row.support]
    columns = stream is not None and stream.columns and not named
    if columns and 0 < len(empty) < len(scores.classes):
        found.append(f"No row has the label {listed(empty)}; the columns alone name such a class.")
    if len(steps) == MOST_STEPS:
        found.append(f"Of the merges only the first {MOST_STEPS} were looked for.")
    return tuple(found)

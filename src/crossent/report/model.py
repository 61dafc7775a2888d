"""What every renderer of a report is given. Holds data only; see `text`, `json` and `html`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crossent.scoring.comparison import Difference
from crossent.scoring.merging.order import Step
from crossent.scoring.record import BINS
from crossent.scoring.scores import Scores

SOFT_LABELS = (
    "Soft labels: the losses use them as they are; accuracy, the confusion matrix and the classes "
    "use the most probable label of each row."
)


@dataclass(frozen=True, slots=True)
class Report:
    """An evaluation with what is known about how it came to be.

    `curves` holds one mapping per epoch with any of the keys epoch, train_loss, validation_loss,
    validation_accuracy, lr; `settings` and `data` hold JSON values; `command` reproduces the run;
    `notices` are lines a reader should know (columns left out, values guessed). `bins` is how many
    calibration is shown in; `merges` are suggested ones, `before` are the scores before the merges
    that were asked for, `difference` is that to a baseline.
    """

    title: str
    evaluation: Scores
    curves: tuple[Mapping[str, Any], ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    command: str = ""
    notices: tuple[str, ...] = ()
    bins: int = BINS
    merges: tuple[Step, ...] = ()
    before: Scores | None = None
    difference: Difference | None = None

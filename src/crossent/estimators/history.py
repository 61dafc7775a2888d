"""What training recorded, epoch by epoch. Holds numbers only."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training part.

    train_loss is the objective averaged over the pass, while the weights moved; validation_loss
    the log loss in nats, validation_objective the objective, both after it; None without a
    validation part. steps counts from the start of the run; lr is that of the last step.
    """

    epoch: int
    steps: int
    rows: int
    train_loss: float
    validation_loss: float | None
    validation_objective: float | None
    validation_accuracy: float | None
    lr: float
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, a line of `log.jsonl`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class History:
    """Every epoch, the one whose weights were kept, and why training ended."""

    epochs: tuple[Epoch, ...]
    kept_epoch: int
    stopped_early: bool = False
    interrupted: bool = False

"""The numbers of an evaluation: what meters add up to, and what is derived from them."""

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossent.errors import InputError, quoted
from crossent.measures.intervals import Interval
from crossent.scoring.calibration import Calibration
from crossent.scoring.meters.confusion import Cells
from crossent.scoring.meters.examples import Drawn
from crossent.scoring.meters.resamples import Resamples
from crossent.scoring.meters.worst import WorstRow
from crossent.scoring.pairs import Pair, directed_pairs, symmetric_pairs
from crossent.scoring.per_class import ClassRow
from crossent.scoring.tokens import Tokens, exp
from crossent.scoring.wilson import wilson

Floats = NDArray[np.float64]
Score: TypeAlias = Literal["log_loss", "bits", "accuracy", "brier"]

MATRIX_UP_TO = 2000


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Scores:
    """How good predicted probabilities are; losses in nats, means over row weights.

    `rows` counts those of weight 0 too; `effective_rows` is (sum w)^2 / sum w^2. `brier` is the sum
    over classes of squared differences (0 to 2). `prior_log_loss` is the loss of predicting the
    label frequencies in every row: the entropy of the labels. `cells` are the confusions: true
    class, predicted class, weight, loss. `ranks` holds the weight of the rows whose label is the
    most probable class, the second, ... `infinite_rows` counts rows whose label (or part of a soft
    label) was given probability 0. What the columns of a file do not tell is NaN, empty or None.
    """

    classes: tuple[str, ...]
    rows: int
    weight: float
    effective_rows: float
    log_loss: float
    accuracy: float
    brier: float
    prior_log_loss: float
    infinite_rows: int
    cells: Cells
    ranks: Floats
    per_class: tuple[ClassRow, ...]
    worst: tuple[WorstRow, ...]
    calibration: Calibration | None
    resamples: Resamples
    tokens: Tokens | None
    drawn: Drawn

    @property
    def is_stream(self) -> bool:
        """Whether the rows are a stream of tokens: without classes, or with counts of words."""
        told = self.tokens
        if told is None:
            return False
        return not self.classes or told.words is not None or told.bytes is not None

    @property
    def bits(self) -> float:
        """The log loss in bits: `log_loss / log(2)`."""
        return self.log_loss / math.log(2)

    @property
    def perplexity(self) -> float:
        """`exp(log_loss)`: the number of equally likely classes that would cost as much."""
        return exp(self.log_loss)

    @property
    def log_perplexity(self) -> float:
        """The logarithm of the perplexity, which does not overflow: the log loss."""
        return self.log_loss

    @property
    def error_rate(self) -> float:
        """The share of rows whose most probable class is not the label."""
        return 1.0 - self.accuracy

    @property
    def information(self) -> float:
        """Nats per row gained over the label frequencies: `prior_log_loss - log_loss`."""
        return self.prior_log_loss - self.log_loss

    @property
    def share_of_label_entropy(self) -> float:
        """The part of the labels' entropy that the model removes; NaN if that entropy is 0."""
        if self.prior_log_loss == 0:
            return math.nan
        return self.information / self.prior_log_loss

    @property
    def confusion(self) -> Floats:
        """The confusion matrix, (C, C): rows are true classes, columns predicted ones.

        Raises:
            InputError: above 2,000 classes, where it would be gigabytes; `cells` holds its entries.
        """
        if len(self.classes) > MATRIX_UP_TO:
            raise InputError(
                f"a confusion matrix of {len(self.classes):,} classes is not made (at most "
                f"{MATRIX_UP_TO:,}); take the cells that occur from .cells or .pairs()"
            )
        return self.cells.matrix(len(self.classes))

    def top_k(self, k: int) -> float:
        """Return the share of rows whose label is among the k most probable classes.

        Of equally probable classes the earlier stands first, so that `top_k(1)` is the accuracy.
        """
        if k < 1:
            raise InputError(f"k must be 1 or more; got {k}")
        if not len(self.ranks) or not self.weight:
            return math.nan
        return min(float(self.ranks[:k].sum()) / self.weight, 1.0)

    def interval(self, name: Score, level: float = 0.95) -> Interval:
        """Return the interval of a score at `level`.

        Of the accuracy it is Wilson's. Of the others it is the percentile bootstrap (2,000 draws,
        always the same) over 1,024 groups into which rows fall by their number.
        """
        if name == "accuracy":
            return wilson(self.accuracy, self.effective_rows, level)
        if name == "brier":
            unknown = self.calibration is None
            return self.resamples.interval(
                self.resamples.brier * (math.nan if unknown else 1), level
            )
        if name not in ("log_loss", "bits"):
            raise InputError(
                f"an interval is of log_loss, bits, accuracy or brier; got {quoted(name)}"
            )
        low, high = self.resamples.interval(self.resamples.log_loss, level)
        scale = 1.0 if name == "log_loss" else math.log(2)
        return Interval(low / scale, high / scale)

    def pairs(self, limit: int | None = None, *, symmetric: bool = False) -> tuple[Pair, ...]:
        """Return the `limit` most frequent confusions, all of them without a limit.

        A directed one are the rows of one class predicted as another; `symmetric` adds up both
        directions.
        """
        if limit is not None and limit < 0:
            raise InputError(f"limit must be 0 or more, or None for all; got {limit}")
        effective = self.effective_rows / self.weight if self.weight else 0.0
        find = symmetric_pairs if symmetric else directed_pairs
        return find(self.cells, self.classes, effective, limit)

    def examples(self, true: str, predicted: str) -> tuple[tuple[str, int], ...]:
        """Return (file, row) of up to ten rows of class `true` predicted as `predicted`.

        Drawn at random by their numbers: the same rows in any order of the files.
        """
        codes = [self._code(true), self._code(predicted)]
        return self.drawn.of(*codes)

    def _code(self, name: str) -> int:
        if name not in self.classes:
            raise InputError(f"{quoted(name)} is not among the {len(self.classes)} classes")
        return self.classes.index(name)

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as strict JSON values; infinity and NaN as strings."""
        from crossent.scoring.record import record

        return record(self)

"""All meters together: updated with batches, merged over files and machines, read at the end."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.errors import InputError
from crossent.scoring.meters.confidence import Confidence
from crossent.scoring.meters.confusion import Cells, Confusion
from crossent.scoring.meters.examples import Examples
from crossent.scoring.meters.meter import load_states, states
from crossent.scoring.meters.resamples import Groups
from crossent.scoring.meters.totals import Ranks, SoftLabels, Totals
from crossent.scoring.meters.worst import Worst
from crossent.scoring.per_class import per_class_rows
from crossent.scoring.rows import Rows
from crossent.scoring.scores import Scores
from crossent.scoring.sums.counts import State
from crossent.scoring.tokens import Tokens

Floats = NDArray[np.float64]

# What rows may tell, by the fields that say so; all batches of a tally tell the same.
PARTS = {
    "labels": "label",
    "predictions": "predicted",
    "probabilities": "confidence",
    "soft labels": "soft",
    "words": "words",
    "bytes": "bytes",
}


class Tally:
    """The state of an evaluation. Any order of updates and merges gives the same bits.

    >>> import numpy as np
    >>> from crossent.scoring.rows import score_rows
    >>> tally = Tally(("cat", "dog"))
    >>> tally.update(score_rows(labels=np.array([0]), values=np.array([[0.75, 0.25]])))
    >>> round(tally.result().log_loss, 4)
    0.2877
    """

    def __init__(self, classes: tuple[str, ...], *, seed: int = 0) -> None:
        self.classes = classes
        self.seed = seed
        self.told: frozenset[str] | None = None
        size = len(classes)
        self._totals = Totals()
        self._groups = Groups()
        self._confusion = Confusion(size)
        self._ranks = Ranks(size)
        self._soft = SoftLabels(size)
        self._confidence = Confidence(size)
        self._worst = Worst()
        self._examples = Examples(size, seed)

    def update(self, rows: Rows) -> None:
        """Take in a batch of rows."""
        self._tell(frozenset(n for n, field in PARTS.items() if getattr(rows, field) is not None))
        for meter in self._meters().values():
            meter.update(rows)

    def merge(self, other: "Tally") -> None:
        """Take in what `other` has taken in.

        Raises:
            InputError: other classes, or rows that tell something else.
        """
        if self.classes != other.classes:
            raise InputError(
                f"statistics of the same classes in the same order can be combined; got "
                f"{_some(self.classes)} and {_some(other.classes)}"
            )
        if self.seed != other.seed:
            raise InputError(
                f"statistics of one seed can be combined; got {self.seed} and {other.seed}"
            )
        if other.told is None:
            return
        self._tell(other.told)
        theirs = other._meters()
        for name, meter in self._meters().items():
            meter.merge(theirs[name])

    def result(self) -> Scores:
        """Return the scores of all rows taken in.

        Raises:
            InputError: no row, or none of weight above 0.
        """
        told = self.told or frozenset()
        read = self._totals.read()
        words, size = self._totals.sizes()
        weight, loss, brier, infinite = self._groups.totals()
        if not weight:
            rows = "row" if read == 1 else "rows"
            raise InputError(f"at least one row must have a weight above 0; got {read} {rows}")
        effective = self._totals.effective(weight)
        cells = self._confusion.cells()
        for array in (cells.true, cells.predicted, cells.count, cells.loss):
            array.setflags(write=False)
        predictions = "predictions" in told
        stream = "probabilities" not in told
        by_class = per_class_rows(self.classes, cells, predictions=predictions)
        calibration = self._confidence.result(loss / weight, brier / weight, effective / weight)
        ranks = np.zeros(0) if stream else self._ranks.array().astype(np.float64)
        ranks.setflags(write=False)
        # The label of a right row has rank 0: one exact sum, as in `Scores.top_k`.
        right = float(cells.right(len(self.classes)).sum() if stream else ranks[0])
        none = np.zeros(0, dtype=np.int64)
        return Scores(
            classes=self.classes,
            rows=read,
            weight=weight,
            effective_rows=effective,
            log_loss=loss / weight,
            accuracy=min(right / weight, 1.0) if predictions else math.nan,
            brier=math.nan if stream else brier / weight,
            prior_log_loss=self._prior(cells, told),
            infinite_rows=infinite,
            cells=cells if predictions else Cells(none, none, np.zeros(0), np.zeros(0)),
            ranks=ranks,
            per_class=by_class,
            worst=self._worst.result(self.classes),
            calibration=None if stream else calibration,
            resamples=self._groups.result(),
            tokens=Tokens(
                loss,
                weight,
                words if "words" in told else None,
                size if "bytes" in told else None,
            )
            if stream
            else None,
            drawn=self._examples.result(),
        )

    def state(self) -> tuple[dict[str, Any], State]:
        """Return JSON values and arrays that `load` takes: the same for the same rows."""
        head = {
            "classes": list(self.classes),
            "seed": self.seed,
            "told": None if self.told is None else sorted(self.told),
        }
        return head, states(self._meters())

    @classmethod
    def load(cls, head: Mapping[str, Any], arrays: Mapping[str, NDArray[np.generic]]) -> "Tally":
        """Return the tally whose `state` this is."""
        tally = cls(tuple(head["classes"]), seed=head["seed"])
        tally.told = None if head["told"] is None else frozenset(head["told"])
        load_states(tally._meters(), arrays)
        return tally

    def _meters(self) -> dict[str, Any]:
        return {
            "totals": self._totals,
            "groups": self._groups,
            "confusion": self._confusion,
            "ranks": self._ranks,
            "soft": self._soft,
            "confidence": self._confidence,
            "worst": self._worst,
            "examples": self._examples,
        }

    def _tell(self, told: frozenset[str]) -> None:
        if self.told is None:
            self.told = told
        elif self.told != told:
            odd = ", ".join(sorted(self.told ^ told))
            raise InputError(f"rows with and without {odd} cannot be scored together")

    def _prior(self, cells: Cells, told: frozenset[str]) -> float:
        if "labels" not in told:
            return math.nan
        soft = "soft labels" in told
        sums = self._soft.array() if soft else cells.by_true(len(self.classes))[0]
        shares = sums[sums > 0] / sums.sum()
        return float(-(shares * np.log(shares)).sum() + 0.0)


def _some(classes: tuple[str, ...]) -> str:
    names = ", ".join(map(repr, classes[:4]))
    return f"{len(classes)} classes ({names}{', ...' if len(classes) > 4 else ''})"

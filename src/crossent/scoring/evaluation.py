"""`evaluate` and its result: one summary of predicted probabilities against labels.

Ties together the row losses, the confusion matrix, the classes and the worst rows.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossent.errors import InputError
from crossent.scoring.confusion import Pair, confused_pairs, confusion_matrix
from crossent.scoring.inputs import (
    read_codes,
    read_labels,
    read_probabilities,
    read_rows,
    read_target_probs,
    read_weights,
)
from crossent.scoring.losses_by_row import (
    Floats,
    brier_by_row,
    entropy,
    log_loss_by_row,
    soft_brier_by_row,
    soft_log_loss_by_row,
    weighted_mean,
)
from crossent.scoring.per_class import ClassRow, per_class_rows
from crossent.scoring.record import (
    dump_number,
    dump_row,
    load_class_row,
    load_number,
    load_worst_row,
)
from crossent.scoring.worst import WorstRow, worst_rows

SUMMARY = ("log_loss", "accuracy", "brier", "prior_log_loss", "weight")


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """How good predicted probabilities are; losses in nats, means over row weights.

    `brier` is the sum over classes of squared differences (0 to 2). `prior_log_loss` is the loss of
    predicting the label frequencies in every row: the entropy of the labels. `confusion` (C, C) has
    true classes as rows, predicted ones as columns. `infinite_rows` counts rows whose label (or
    part of a soft label) was given probability 0.
    """

    classes: tuple[str, ...]
    rows: int
    weight: float
    log_loss: float
    accuracy: float
    brier: float
    prior_log_loss: float
    infinite_rows: int
    confusion: NDArray[np.float64]
    per_class: tuple[ClassRow, ...]
    worst: tuple[WorstRow, ...]

    @property
    def bits(self) -> float:
        """The log loss in bits: `log_loss / log(2)`."""
        return self.log_loss / math.log(2)

    @property
    def perplexity(self) -> float:
        """`exp(log_loss)`: the number of equally likely classes that would cost as much."""
        try:
            return math.exp(self.log_loss)
        except OverflowError:
            return math.inf

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

    def pairs(self, limit: int | None = None) -> tuple[Pair, ...]:
        """Return the `limit` most frequent directed confusions, all of them without a limit."""
        return confused_pairs(self.confusion, self.classes, limit)

    def to_dict(self) -> dict[str, Any]:
        """Return the evaluation as strict JSON values; `from_dict` reads them back exactly."""
        return {
            "classes": list(self.classes),
            "rows": self.rows,
            "infinite_rows": self.infinite_rows,
            **{name: dump_number(getattr(self, name)) for name in SUMMARY},
            "bits": dump_number(self.bits),
            "perplexity": dump_number(self.perplexity),
            "information": dump_number(self.information),
            "share_of_label_entropy": dump_number(self.share_of_label_entropy),
            "confusion": [[dump_number(n) for n in line] for line in self.confusion.tolist()],
            "per_class": [dump_row(row) for row in self.per_class],
            "worst": [dump_row(row) for row in self.worst],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Evaluation":
        """Return the evaluation that `to_dict` wrote; InputError if a part is missing."""
        try:
            return cls(
                classes=tuple(str(name) for name in record["classes"]),
                rows=int(record["rows"]),
                infinite_rows=int(record["infinite_rows"]),
                **{name: load_number(record, name) for name in SUMMARY},
                confusion=_frozen(np.array(record["confusion"], dtype=np.float64)),
                per_class=tuple(load_class_row(row) for row in record["per_class"]),
                worst=tuple(load_worst_row(row) for row in record["worst"]),
            )
        except KeyError as error:
            raise InputError(f"an evaluation needs {error.args[0]!r}; it is missing.") from error


def evaluate(
    labels: ArrayLike | Sequence[Hashable] | None,
    probabilities: ArrayLike,
    *,
    classes: Iterable[Hashable] | None = None,
    sample_weight: ArrayLike | None = None,
    target_probs: ArrayLike | None = None,
    rows: ArrayLike | None = None,
) -> Evaluation:
    """Score predicted probabilities against labels.

    Equivalent to, for hard labels::

        loss = -np.log(probabilities[np.arange(N), labels])
        log_loss = np.average(loss, weights=sample_weight)

    Probabilities are used as given: never clipped, never renormalised. A probability of 0 at the
    label makes the log loss infinite, and `infinite_rows` says in how many rows.

    Args:
        labels: (N,) codes 0 .. C-1 or class names; None takes the largest of `target_probs`.
            Integers are names where `classes` holds integers, or holds the text of every label
            ("3" for 3): with classes "3" .. "8" the label 3 is "3". They are codes otherwise.
        probabilities: (N, C), each row summing to 1 within 1e-3.
        classes: names of the C columns. Without them codes are named "0", "1", ..., and other
            labels are sorted, as in scikit-learn.
        sample_weight: (N,) finite and non-negative; a weight k counts as k copies of the row.
        target_probs: (N, C) soft labels. Losses, Brier score and prior then use them; accuracy,
            confusion and classes use `labels`.
        rows: (N,) the numbers by which `worst` names rows; 0 .. N-1 without.

    Raises:
        InputError: naming the row and the value, for wrong shapes, rows that do not sum to 1,
            negative or non-finite numbers, and unknown labels.

    >>> result = evaluate(["cat", "dog"], [[0.75, 0.25], [0.5, 0.5]])
    >>> round(result.log_loss, 4), result.accuracy, result.pairs(1)[0].predicted
    (0.4904, 0.5, 'cat')
    """
    return _evaluate(read_labels, labels, probabilities, classes, sample_weight, target_probs, rows)


def evaluate_codes(
    codes: ArrayLike,
    probabilities: ArrayLike,
    *,
    classes: Iterable[Hashable],
    sample_weight: ArrayLike | None = None,
    target_probs: ArrayLike | None = None,
    rows: ArrayLike | None = None,
) -> Evaluation:
    """See `evaluate`; `codes` (N,) are places in `classes`, even of classes named "3" .. "8".

    >>> evaluate_codes([1, 1], [[0.25, 0.75], [0.5, 0.5]], classes=("1", "2")).confusion[1].tolist()
    [1.0, 1.0]
    """
    return _evaluate(read_codes, codes, probabilities, classes, sample_weight, target_probs, rows)


def _evaluate(
    read: Callable[..., tuple[NDArray[np.int64], tuple[str, ...]]],
    labels: Any,
    probabilities: ArrayLike,
    classes: Iterable[Hashable] | None,
    sample_weight: ArrayLike | None,
    target_probs: ArrayLike | None,
    rows: ArrayLike | None,
) -> Evaluation:
    given = read_probabilities(probabilities)
    size, columns = given.shape
    soft = None if target_probs is None else read_target_probs(target_probs, (size, columns))
    if labels is None:
        codes, names = read_codes(_largest(soft), columns, classes)
    else:
        codes, names = read(labels, columns, classes)
    if len(codes) != size:
        raise InputError(f"labels and probabilities must match; got {len(codes)} and {size} rows.")
    weights = None if sample_weight is None else read_weights(sample_weight, size)
    numbers = np.arange(size) if rows is None else read_rows(rows, size)
    counted = np.ones(size, dtype=np.bool_) if weights is None else weights > 0

    losses = log_loss_by_row(codes, given) if soft is None else soft_log_loss_by_row(soft, given)
    squares = brier_by_row(codes, given) if soft is None else soft_brier_by_row(soft, given)
    predicted = given.argmax(axis=1).astype(np.int64)
    confusion = confusion_matrix(codes, predicted, columns, weights)
    weight = float(confusion.sum())
    return Evaluation(
        classes=names,
        rows=size,
        weight=weight,
        log_loss=weighted_mean(losses, weights),
        accuracy=float(np.trace(confusion)) / weight,
        brier=weighted_mean(squares, weights),
        prior_log_loss=entropy(_label_shares(confusion, soft, weights)),
        infinite_rows=int(np.isinf(losses[counted]).sum()),
        confusion=_frozen(confusion),
        per_class=per_class_rows(names, confusion, codes, losses, weights),
        worst=worst_rows(names, codes, predicted, given, losses, counted, numbers),
    )


def _largest(soft: Floats | None) -> NDArray[np.intp]:
    if soft is None:
        raise InputError("labels are needed unless target_probs are given; got neither.")
    return soft.argmax(axis=1)


def _label_shares(confusion: Floats, soft: Floats | None, weights: Floats | None) -> Floats:
    if soft is None:
        return confusion.sum(axis=1) / confusion.sum()
    shares = np.average(soft, axis=0, weights=weights)
    return shares / shares.sum()


def _frozen(array: Floats) -> Floats:
    array.setflags(write=False)
    return array

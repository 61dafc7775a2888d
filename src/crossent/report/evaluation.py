"""`crossent.evaluate` and what it returns: scores that can show themselves.

The numbers are `scoring`'s; the page is `html`'s.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from crossent.report.model import SOFT_LABELS, Report
from crossent.report.words import number
from crossent.scoring.inputs import (
    column_names,
    read_codes,
    read_labels,
    read_matrix,
    read_rows,
    read_target_probs,
    read_weights,
)
from crossent.scoring.rows import BLOCK, Kind, Place, score_rows
from crossent.scoring.scores import Scores
from crossent.scoring.tally import Tally


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Evaluation(Scores):
    """Scores with a report: `.report("page.html")`, and a page in a notebook. See `evaluate`."""

    notices: tuple[str, ...] = ()

    def report(self, path: str | Path, *, title: str = "predictions") -> None:
        """Write the report to an HTML file: one page that needs no network."""
        from crossent.report.html import render

        Path(path).write_text(render(self._report(title)), encoding="utf-8")

    def __repr__(self) -> str:
        """Return the scores in one line; all of them are in `.to_dict()`."""
        shown = (
            f"{name}={number(getattr(self, name))}" for name in ("log_loss", "accuracy", "brier")
        )
        return f"Evaluation(rows={self.rows}, classes={len(self.classes)}, {', '.join(shown)})"

    def _repr_html_(self) -> str:
        """Return the scores for a notebook: a table without scripts."""
        from crossent.report.notebook import fragment

        return fragment(self)

    def _report(self, title: str) -> Report:
        return Report(title=title, evaluation=self, notices=self.notices)


def evaluate(
    labels: ArrayLike | Sequence[Hashable] | None,
    probabilities: ArrayLike,
    *,
    classes: Iterable[Hashable] | None = None,
    sample_weight: ArrayLike | None = None,
    target_probs: ArrayLike | None = None,
    rows: ArrayLike | None = None,
    kind: Kind = "probs",
    normalize: bool = False,
) -> Evaluation:
    """Score predicted probabilities against labels.

    Equivalent to, for hard labels::

        loss = -np.log(probabilities[np.arange(N), labels])
        log_loss = np.average(loss, weights=sample_weight)

    Probabilities are used as given: never clipped and, without `normalize`, never rescaled. A
    probability of 0 at the label makes the log loss infinite, and `infinite_rows` says in how many
    rows.

    Args:
        labels: (N,) codes 0 .. C-1 or class names; None takes the largest of `target_probs`.
            Integers are names where `classes` holds integers, or holds the text of every label
            ("3" for 3): with classes "3" .. "8" the label 3 is "3". They are codes otherwise.
        probabilities: (N, C), each row summing to 1 within 1e-3.
        classes: names of the C columns. Without them they are the names of a data frame's columns;
            of an array codes are named "0", "1", ..., and other labels are sorted, as in
            scikit-learn.
        sample_weight: (N,) finite and non-negative; a weight k counts as k copies of the row.
        target_probs: (N, C) soft labels. Losses, Brier score, prior and calibration then use
            them; accuracy, confusion and classes use `labels`.
        rows: (N,) the numbers by which `worst` names rows; 0 .. N-1 without.
        kind: what `probabilities` hold: "probs", "logits", or "logprobs" (natural logarithms).
        normalize: divide each row by its sum.

    Raises:
        InputError: naming the row and the value, for wrong shapes, rows that do not sum to 1,
            negative or non-finite numbers, and unknown labels.

    >>> result = evaluate(["cat", "dog"], [[0.75, 0.25], [0.5, 0.5]])
    >>> round(result.log_loss, 4), result.accuracy, result.pairs(1)[0].predicted
    (0.4904, 0.5, 'cat')
    """
    if classes is None:
        classes = column_names(probabilities)
    given = read_matrix(probabilities)
    size, columns = given.shape
    soft = None if target_probs is None else read_target_probs(target_probs, (size, columns))
    if labels is None and soft is not None:
        codes, names = read_codes(soft.argmax(axis=1), columns, classes)
    else:
        codes, names = read_labels(labels, size, columns, classes)
    weights = None if sample_weight is None else read_weights(sample_weight, size)
    numbers = np.arange(size) if rows is None else read_rows(rows, size)
    tally = Tally(names)
    for start in range(0, size, BLOCK):
        part = slice(start, start + BLOCK)
        tally.update(
            score_rows(
                labels=codes[part],
                values=given[part],
                kind=kind,
                normalize=normalize,
                weights=None if weights is None else weights[part],
                target_probs=None if soft is None else soft[part],
                numbers=numbers[part],
                place=Place(),
            )
        )
    return shown(tally.result(), () if soft is None else (SOFT_LABELS,))


def shown(scores: Scores, notices: tuple[str, ...] = ()) -> Evaluation:
    """Return scores as an evaluation that can be shown."""
    values = {field.name: getattr(scores, field.name) for field in fields(Scores)}
    return Evaluation(**values, notices=notices)

"""The passes over files of predictions: one for all numbers, one more for the merges suggested.

Memory does not grow with the rows, but for the numbers of rows to export.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from crossent.cli.evaluation.lockstep import lockstep
from crossent.cli.evaluation.scorer import Scorer, piece, scorer_of
from crossent.cli.evaluation.workers import fold
from crossent.data.predictions.batch import Batch
from crossent.data.predictions.stream import PredictionStream
from crossent.scoring.comparison import Comparison
from crossent.scoring.merging.curve import MergeCurve
from crossent.scoring.merging.merge import Merge
from crossent.scoring.merging.order import Step
from crossent.scoring.rows import BLOCK, Rows
from crossent.scoring.tally import Tally

# From here on a batch is 2,048 rows or fewer than that by its 64 MiB, and every thread holds two.
MANY_CLASSES = 2000

Numbers = dict[str, list[NDArray[np.int64]]]
Watch = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows to export: of class `true` predicted as `predicted`; `both`: and the other way."""

    true: int
    predicted: int
    both: bool = False

    def of(self, rows: Rows) -> NDArray[np.bool_]:
        """Say which rows are chosen, (N,)."""
        assert rows.label is not None
        assert rows.predicted is not None
        found = (rows.label == self.true) & (rows.predicted == self.predicted)
        if self.both:
            found |= (rows.label == self.predicted) & (rows.predicted == self.true)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is to be found out in the first pass; `chosen` are codes of the classes left."""

    classes: tuple[str, ...]
    scorer: Scorer
    merge: Merge | None = None
    baseline: Scorer | None = None
    chosen: tuple[Chosen, ...] = ()

    @property
    def left(self) -> tuple[str, ...]:
        """The classes after --merge."""
        return self.classes if self.merge is None else self.merge.classes


@dataclass(slots=True, eq=False)
class Found:
    """What rows have added up to; `before` is without --merge, `numbers` of `chosen` rows.

    The numbers are those of `Batch.places`: a column `row` may hold one number twice.
    """

    tally: Tally
    before: Tally | None
    comparison: Comparison | None
    numbers: tuple[Numbers, ...] = field(default=())

    def merge(self, other: "Found") -> None:
        """Take in what `other` has taken in."""
        self.tally.merge(other.tally)
        if self.before is not None and other.before is not None:
            self.before.merge(other.before)
        if self.comparison is not None and other.comparison is not None:
            self.comparison.merge(other.comparison)
        for mine, theirs in zip(self.numbers, other.numbers, strict=True):
            for source, arrays in theirs.items():
                mine.setdefault(source, []).extend(arrays)

    def rows(self, place: int) -> dict[str, NDArray[np.int64]]:
        """Return the rows of one of `chosen`, by source, ascending."""
        return {
            source: np.sort(np.concatenate(arrays))
            for source, arrays in self.numbers[place].items()
        }


def count(
    task: Task, stream: PredictionStream, baseline: PredictionStream | None, watch: Watch
) -> Found:
    """Return what the rows of `stream` add up to; `watch` is told how many were read."""

    def update(found: Found, batches: tuple[Batch, Batch | None]) -> None:
        _update(task, found, *batches)

    items: Iterable[tuple[Batch, Batch | None]]
    if baseline is None:
        items = ((batch, None) for batch in _blocks(stream.batches(), watch))
    else:
        items = lockstep(_blocks(stream.batches(), watch), baseline.batches())
    found, *others = fold(items, lambda: _nothing(task), update, threads=_threads(stream))
    for other in others:
        found.merge(other)
    return found


def score_steps(
    steps: Sequence[Step], merge: Merge | None, stream: PredictionStream, watch: Watch
) -> tuple[Step, ...]:
    """Return `steps` with the scores that all rows, read again, have after each of them."""
    scorer = scorer_of(stream)

    def update(curve: MergeCurve, batch: Batch) -> None:
        part = batch if merge is None else scorer.merged(batch, merge)
        assert part.values is not None
        labels = part.labels
        if labels is None:
            assert part.target_probs is not None
            labels = part.target_probs.argmax(axis=1)
        curve.update(
            labels,
            part.values,
            part.weights,
            kind=scorer.kind,
            normalize=scorer.normalize,
            target_probs=part.target_probs,
        )

    blocks = _blocks(stream.batches(), watch)
    curve, *others = fold(blocks, lambda: MergeCurve(steps), update, threads=_threads(stream))
    for other in others:
        curve.merge(other)
    return curve.result()


def _nothing(task: Task) -> Found:
    return Found(
        Tally(task.left),
        None if task.merge is None else Tally(task.classes),
        None if task.baseline is None else Comparison(task.left),
        tuple({} for _ in task.chosen),
    )


def _update(task: Task, found: Found, batch: Batch, baseline: Batch | None) -> None:
    rows = task.scorer.rows(batch)
    if task.merge is not None:
        assert found.before is not None
        found.before.update(rows)
        rows = task.scorer.rows(task.scorer.merged(batch, task.merge))
    found.tally.update(rows)
    if baseline is not None:
        assert task.baseline is not None
        assert found.comparison is not None
        theirs = task.baseline.rows(baseline)
        if task.merge is not None:
            theirs = task.baseline.rows(task.baseline.merged(baseline, task.merge))
        found.comparison.update(rows, theirs)
    for chosen, numbers in zip(task.chosen, found.numbers, strict=True):
        places = batch.rows if batch.places is None else batch.places
        if batch.weights is not None:
            places = places[batch.weights > 0]  # `Rows` are these
        picked = places[chosen.of(rows)]
        if len(picked):
            numbers.setdefault(batch.source, []).append(picked)


def _blocks(batches: Iterator[Batch], watch: Watch) -> Iterator[Batch]:
    for batch in batches:
        size = len(batch.rows)
        watch(size)
        for start in range(0, size, BLOCK):
            yield piece(batch, start, min(start + BLOCK, size))


def _threads(stream: PredictionStream) -> int | None:
    return 1 if len(stream.classes) > MANY_CLASSES else None

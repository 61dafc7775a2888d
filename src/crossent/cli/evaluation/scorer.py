"""Batches of predictions, as `data` reads them, to the rows that `scoring` counts.

The glue of the two: neither knows the other. Classes are merged here, before they are scored.
"""

from dataclasses import dataclass, replace

import numpy as np

from crossent.data.predictions.batch import Batch, said
from crossent.data.predictions.options import WHAT
from crossent.data.predictions.stream import PredictionStream
from crossent.errors import InputError
from crossent.scoring.merging.merge import Merge
from crossent.scoring.rows import Kind, Place, Rows, score_logprobs, score_rows


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """What the values of a stream are; columns: names of the probabilities, for messages."""

    kind: Kind
    normalize: bool
    columns: tuple[str, ...] = ()

    def rows(self, batch: Batch) -> Rows:
        """Return the scores of a batch; InputError that names file, row and column."""
        place = Place(
            f"{said(batch.source)}, ", WHAT[self.kind], self.columns, "--normalize", "--kind {}"
        )
        if batch.values is None:
            assert batch.logprob is not None
            if batch.target_probs is not None:
                raise InputError(
                    "--soft-labels need the probabilities of all classes, not --logprob alone"
                )
            return score_logprobs(
                logprob=batch.logprob,
                labels=batch.labels,
                predictions=batch.predictions,
                weights=batch.weights,
                numbers=batch.rows,
                words=batch.words,
                bytes=batch.bytes,
                source=batch.source,
                place=place,
            )
        if batch.words is not None or batch.bytes is not None:
            raise InputError(
                "--words and --bytes are for token streams, which hold the log-probability of the "
                "label alone (--logprob); here are the probabilities of all classes"
            )
        return score_rows(
            labels=batch.labels,
            values=batch.values,
            kind=self.kind,
            normalize=self.normalize,
            weights=batch.weights,
            target_probs=batch.target_probs,
            numbers=batch.rows,
            source=batch.source,
            place=place,
        )

    def merged(self, batch: Batch, merge: Merge) -> Batch:
        """Return a batch of the classes that `merge` leaves, with the columns of the same kind."""
        if batch.values is None:
            raise InputError(
                "--merge needs the probabilities of all classes, which add; here is only that of "
                "the label (--logprob)"
            )
        soft = batch.target_probs
        return replace(
            batch,
            values=merge.values(batch.values, self.kind),
            labels=None if batch.labels is None else merge.labels(batch.labels),
            target_probs=None if soft is None else merge.probabilities(soft),
        )


def scorer_of(stream: PredictionStream) -> Scorer:
    """Return what scores the batches of a stream."""
    return Scorer(stream.kind, stream.normalize, stream.columns)


def piece(batch: Batch, start: int, stop: int) -> Batch:
    """Return the rows `start` to `stop` of a batch, without a copy."""
    if start == 0 and stop >= len(batch.rows):
        return batch
    fields = {
        name: array[start:stop]
        for name in Batch.__dataclass_fields__
        if isinstance(array := getattr(batch, name), np.ndarray)
    }
    return replace(batch, **fields)

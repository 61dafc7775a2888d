"""Two streams of predictions of the same rows, cut into pieces of the same length."""

from collections.abc import Iterable, Iterator

from crossent.cli.evaluation.scorer import piece
from crossent.data.predictions.batch import Batch, said
from crossent.errors import InputError


def lockstep(ours: Iterable[Batch], baseline: Iterable[Batch]) -> Iterator[tuple[Batch, Batch]]:
    """Yield pieces of equal length, in order; InputError where one stream ends before the other."""
    ours, baseline = _filled(ours), _filled(baseline)
    first, second = next(ours, None), next(baseline, None)
    last: tuple[Batch, Batch] | None = None
    while first is not None and second is not None:
        size = min(len(first.rows), len(second.rows))
        last = piece(first, 0, size), piece(second, 0, size)
        yield last
        first = _rest(first, size, ours)
        second = _rest(second, size, baseline)
    if first is None and second is None:
        return
    longer, place = (first, 1) if first is not None else (second, 0)
    assert longer is not None
    ended = "the other" if last is None else said(last[place].source)
    raise InputError(
        f"--baseline needs the same rows: {ended} has none beside row {longer.rows[0]} of "
        f"{said(longer.source)}"
    )


def _filled(batches: Iterable[Batch]) -> Iterator[Batch]:
    return (batch for batch in batches if len(batch.rows))


def _rest(batch: Batch, used: int, following: Iterator[Batch]) -> Batch | None:
    size = len(batch.rows)
    return piece(batch, used, size) if used < size else next(following, None)

"""Files of predictions as one stream of batches: any layout, any format, in bounded memory."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossent.data.predictions.batch import Batch
from crossent.data.predictions.classes import check_arrays, check_names, label_classes, list_classes
from crossent.data.predictions.export import export_rows
from crossent.data.predictions.file import Form, PredictionFile, open_file
from crossent.data.predictions.layout import (
    Places,
    Wanted,
    find_classes,
    find_places,
    find_wanted,
    known_names,
    taken,
)
from crossent.data.predictions.npz import npz_batches, open_npz
from crossent.data.predictions.options import Kind, PredictionOptions
from crossent.data.predictions.query import check_condition
from crossent.data.predictions.rows import file_batches, whole_rows
from crossent.data.predictions.spool import spooled
from crossent.errors import InputError, quoted


@dataclass(frozen=True, slots=True, eq=False)
class PredictionStream:
    """The rows of one file of predictions or more.

    classes: of the codes, () in a stream of tokens without labels; kind: what the values are;
    columns: of a wide file's probabilities, for messages; taken: a line for each thing read.
    """

    sources: tuple[str, ...]
    classes: tuple[str, ...]
    kind: Kind
    columns: tuple[str, ...]
    taken: tuple[str, ...]
    normalize: bool
    _files: tuple[tuple[PredictionFile, Places], ...]
    _where: str | None
    _told: str
    _positions: bool

    def batches(self) -> Iterator[Batch]:
        """Yield the rows: files as given, rows in their order; each call reads them again."""
        kept = False
        for file, places in self._files:
            for batch in self._batches_of(file, places):
                kept = True
                yield batch
        if not kept and self._where is None:
            raise InputError(_no_rows([file for file, _ in self._files]))
        if not kept:
            raise InputError(f"--where {quoted(self._where)} leaves no row; mend the condition")

    @property
    def predicts(self) -> bool:
        """Whether every row has a label and a prediction."""
        places = self._files[0][1]
        labelled = places.label is not None or bool(places.soft)
        return labelled and (bool(places.probs) or places.prediction is not None)

    @property
    def lists(self) -> bool:
        """Whether the entries of a list or an array are the classes, in their order."""
        places = self._files[0][1]
        return bool(places.probs) and not places.wide

    def export(self, rows: Mapping[str, NDArray[np.int64]], path: Path) -> int:
        """Write the rows at these places (`Batch.places`) of these sources; see `export_rows`."""
        return export_rows(self._files, self.classes, rows, path, self.kind)

    def _batches_of(self, file: PredictionFile, places: Places) -> Iterator[Batch]:
        if file.form == "npz":
            return npz_batches(file, places, self.classes, told=self._told)
        return file_batches(
            file,
            places,
            self.classes,
            where=self._where,
            told=self._told,
            positions=self._positions,
        )


@contextmanager
def open_predictions(
    files: Sequence[str], options: PredictionOptions
) -> Generator[PredictionStream]:
    """Open files of predictions as one stream; InputError where they do not fit together.

    `files`: names, patterns such as 'part-*.csv', '-' for standard input.
    """
    if options.where is not None:
        check_condition(options.where)
    if options.classes is not None:
        check_names(options.classes)
    known = known_names(options)
    with spooled(files) as found:
        opened = [_open(source, path, form, known) for source, path, form in found]
        for file in opened:
            if options.where is not None and file.form == "npz":
                raise InputError(f"--where reads tables; {file.said} holds arrays")
        wanted = find_wanted(opened[0], options)
        if wanted.row is not None and not all(whole_rows(file, wanted.row) for file in opened):
            wanted = replace(wanted, row=None)
        given = options.classes is not None
        classes = options.classes or _classes(opened, wanted)
        placed = tuple((file, find_places(file, wanted, classes, given=given)) for file in opened)
        if not given and wanted.logprob is not None:
            classes = label_classes(placed)
        check_arrays(opened, classes)
        file, places = placed[0]
        yield PredictionStream(
            sources=tuple(source for source, _, _ in found),
            classes=classes,
            kind=wanted.kind,
            columns=tuple(file.names[i] for i in places.probs) if places.wide else (),
            taken=taken(wanted, classes, given=given),
            normalize=options.normalize,
            _files=placed,
            _where=options.where,
            _told=_told(wanted, given=given),
            # The order of columns is no order that labels are known to be numbered in.
            _positions=not options.names_only
            and wanted.probs is not None
            and (given or not wanted.wide),
        )


def _open(source: str, path: Path, form: Form, known: tuple[str, ...]) -> PredictionFile:
    return open_npz(source, path) if form == "npz" else open_file(source, path, form, known)


def _classes(opened: Sequence[PredictionFile], wanted: Wanted) -> tuple[str, ...]:
    if wanted.probs is None:
        return ()
    if wanted.wide:
        return find_classes(opened[0], wanted)
    classes = next((found for file in opened if (found := list_classes(file, wanted))), ())
    if not classes:
        raise InputError(_no_rows(opened))
    return classes


def _no_rows(opened: Sequence[PredictionFile]) -> str:
    more = f", nor has any of the {len(opened) - 1} others" if len(opened) > 1 else ""
    return f"{opened[0].said} has no rows{more}"


def _told(wanted: Wanted, *, given: bool) -> str:
    """Return what a label that is no class has not."""
    if given:
        return "is not among --classes"
    if wanted.wide:
        return f"has no column {quoted(wanted.probs)}"
    return f"is no entry of {quoted(wanted.probs)}"

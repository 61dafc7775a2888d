"""The names of the classes of a stream: of the user, of the columns, or found in the files.

Of a list column that nobody named: 0 ... C-1. Target-only: the distinct labels and predictions.
"""

from collections.abc import Sequence

from crossent.data.labels import INTEGER, in_order, listed, number
from crossent.data.predictions.arrow import reading
from crossent.data.predictions.file import PredictionFile, errors_of
from crossent.data.predictions.layout import Places, Wanted, find_place
from crossent.data.predictions.npz import npz_classes, npz_entries, npz_labels
from crossent.errors import InputError, quoted

MOST_CLASSES = 1_000_000


def check_names(classes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of --classes if there are two at least, each once."""
    if len(classes) < 2:
        raise InputError(f"--classes must name two classes at least; got {len(classes)}")
    if len(set(classes)) < len(classes):
        twice = next(name for i, name in enumerate(classes) if name in classes[:i])
        raise InputError(f"--classes names {quoted(twice)} twice")
    return classes


def list_classes(file: PredictionFile, wanted: Wanted) -> tuple[str, ...]:
    """Return 0 ... C-1 for the C entries of the first list, () of a file without rows.

    Raises InputError where labels are names.
    """
    assert wanted.probs is not None
    place = find_place(file, wanted.probs, "--prob")
    if file.form == "npz":
        name = file.names[place]
        return npz_classes(file) or numbered_classes(npz_entries(file, name), file.said)
    column = file.entries(place, wanted.kind)
    label = "NULL" if wanted.label is None else f"c{find_place(file, wanted.label, '--label')}"
    query = (
        f"SELECT len({column}), CAST({label} AS VARCHAR), CAST(c{place} AS VARCHAR) "
        f"FROM {file.relation} LIMIT 1"
    )
    with reading(file.path, file.group) as connection, errors_of(file):
        found = connection.execute(query).fetchone()
    if found is None:
        return ()
    entries, text, cell = found
    where = f"{file.said}, column {quoted(file.names[place])}"
    if entries is None or entries < 2:
        got = "" if cell is None else f"; got {quoted(cell, 60)}"
        raise InputError(
            f"{where}: row 0 must hold a list of two numbers at least, such as [0.2, 0.8], or the "
            f"number of the second of two classes{got}"
        )
    if text is not None and number(text) is None and text.lower() not in ("true", "false"):
        raise InputError(
            f"{where} holds {entries} entries a row and the labels are names, such as "
            f"{quoted(text)}: name the classes in the order of the entries with --classes"
        )
    return numbered_classes(int(entries), where)


def numbered_classes(entries: int, where: str) -> tuple[str, ...]:
    """Return the names 0 ... C-1 of C entries."""
    if entries < 2:
        raise InputError(f"{where}: a row must hold two entries at least; row 0 holds {entries}")
    return tuple(map(str, range(entries)))


def check_arrays(opened: Sequence[PredictionFile], classes: tuple[str, ...]) -> None:
    """Refuse an .npz whose array `classes` says otherwise."""
    for file in opened:
        names = npz_classes(file) if file.form == "npz" else None
        if names and names != classes:
            raise InputError(
                f"{file.said}: its array 'classes' holds {listed(names)}; the classes of the "
                f"stream are {listed(classes)}"
            )


def label_classes(opened: Sequence[tuple[PredictionFile, Places]]) -> tuple[str, ...]:
    """Return the distinct labels and predictions of target-only files, in order."""
    texts: set[str] = set()
    for file, places in opened:
        if file.form == "npz":
            if names := npz_classes(file):
                return names
            texts |= npz_labels(file, places)
            continue
        for place in (places.label, places.prediction):
            if place is None:
                continue
            query = (
                f"SELECT DISTINCT CAST(c{place} AS VARCHAR) FROM {file.relation} "
                f"LIMIT {MOST_CLASSES + 1}"
            )
            with reading(file.path, file.group) as connection, errors_of(file):
                found = connection.execute(query).fetchall()
            texts.update(text for (text,) in found if text is not None)
            if len(texts) > MOST_CLASSES:
                raise InputError(
                    f"{file.said}, column {quoted(file.names[place])} holds more than "
                    f"{MOST_CLASSES:,} different labels"
                )
    if texts and all(number(text) is not None for text in texts):
        return in_order({_plain(text) for text in texts})
    return in_order(texts)


def _plain(text: str) -> str:
    value = float(text)
    return str(int(value)) if value.is_integer() and not INTEGER.fullmatch(text) else text

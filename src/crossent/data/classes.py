"""Which classes a model is to learn: some left out, some kept alone, some merged into one.

Names are those of the data, before anything is merged. Owns the refusals: a class that is not
there, named twice or both wanted and not, and a choice that leaves nothing to tell apart.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossent.data.dataset import Dataset, Examples
from crossent.data.files import named
from crossent.data.labels import listed
from crossent.data.row_values import SUM_TOLERANCE
from crossent.errors import InputError, quoted

Group = tuple[str, tuple[str, ...]]

SOURCE = "choice"  # where `Dataset.source` keeps which classes of the data were taken for which


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The classes to learn, in the order of the data, and what becomes of each class there is.

    codes: int64 (C,), of every class of the data its place in `classes`, -1 for one left out;
    groups: new names with the classes of the data that each stands for.
    """

    classes: tuple[str, ...]
    codes: NDArray[np.int64] = field(repr=False)
    groups: tuple[Group, ...] = ()


def choose_classes(
    classes: Sequence[str],
    *,
    drop: Sequence[str] = (),
    only: Sequence[str] = (),
    merge: Sequence[Group] = (),
) -> Choice:
    """Return what is left of `classes`: without `drop`, of `only` if given, each group as one.

    A merged class stands where the first of its members stood; a group of one renames a class.
    Raises InputError, naming the flag.

    >>> choice = choose_classes("abcd", drop=["d"], merge=[("x", ("b", "c"))])
    >>> choice.classes, choice.codes
    (('a', 'x'), array([ 0,  1,  1, -1]))

    """
    _check_left_out(classes, drop, only, merge)
    left_out = {*drop, *(set(classes).difference(only) if only else ())}
    _check_groups(classes, merge, drop, left_out)
    renamed = {name: new for new, members in merge for name in members}
    names = [None if name in left_out else renamed.get(name, name) for name in classes]
    left = tuple(dict.fromkeys(name for name in names if name is not None))
    if len(left) < 2:
        flag = "--merge" if merge else "--only" if only else "--drop-class"
        raise InputError(f"{flag} leaves fewer than two classes; a classifier needs two at least")
    places = {name: place for place, name in enumerate(left)}
    codes = [-1 if name is None else places[name] for name in names]
    return Choice(left, np.array(codes, dtype=np.int64), tuple(merge))


def regroup(dataset: Dataset, choice: Choice) -> Dataset:
    """Return the rows of the classes chosen, under their new codes; soft labels of a group add.

    A row of soft labels stays if what is left of it sums to 1, goes if nothing is left of it (both
    within 1e-3), and is an InputError in between: nothing is rescaled unasked. The choice is kept
    in `source`, for new data: see `choice_in`.
    """
    told = {"classes": list(dataset.classes), "codes": choice.codes.tolist()}
    dataset = replace(dataset, source={**dataset.source, SOURCE: told})
    if dataset.target_probs is None:
        part = dataset.take(np.flatnonzero(choice.codes[dataset.labels] >= 0))
        return replace(part, labels=choice.codes[part.labels], classes=choice.classes)
    part = dataset.take(_rows_that_stay(dataset.target_probs, dataset.rows, choice))
    old = part.target_probs
    assert old is not None
    probs = np.zeros((len(old), len(choice.classes)))
    for column, code in enumerate(choice.codes.tolist()):
        if code >= 0:
            probs[:, code] += old[:, column]
    labels = probs.argmax(axis=1).astype(np.int64)
    return replace(part, labels=labels, classes=choice.classes, target_probs=probs)


def choice_in(
    source: Mapping[str, Any], classes: tuple[str, ...]
) -> tuple[tuple[str, ...], Choice] | None:
    """Return the classes of the data a model with `classes` was trained on, and the choice made."""
    if SOURCE not in source:
        return None
    codes = np.array(source[SOURCE]["codes"], dtype=np.int64)
    return tuple(source[SOURCE]["classes"]), Choice(classes, codes)


def regroup_new(examples: Examples, known: tuple[str, ...], choice: Choice) -> Examples:
    """Return new data, with labels of the `known` classes, as `regroup` does; a notice says so."""
    if examples.labels is None:
        return examples
    parts = (examples.features, examples.labels, known, examples.rows)
    given = Dataset(examples.name, *parts, examples.target_probs, examples.weights)
    found = regroup(given, choice)
    gone = len(examples) - len(found)
    if not len(found):
        raise InputError(
            f"{named(examples.name)} holds no row of the classes {listed(choice.classes)}"
        )
    rows = f"{gone:,} {'row is' if gone == 1 else 'rows are'} left out"
    notice = f"{rows}: their classes are not among those of the model"
    return Examples(
        examples.name,
        found.features,
        found.labels,
        found.rows,
        found.target_probs,
        found.weights,
        (*examples.notices, notice) if gone else examples.notices,
    )


def _rows_that_stay(
    probs: NDArray[np.float64], rows: NDArray[np.int64], choice: Choice
) -> NDArray[np.int64]:
    kept = choice.codes >= 0
    if kept.all():
        return np.arange(len(probs), dtype=np.int64)
    rest = probs[:, kept].sum(axis=1)
    stays = np.abs(rest - 1.0) <= SUM_TOLERANCE
    torn = ~stays & (rest > SUM_TOLERANCE)
    if torn.any():
        row = int(np.argmax(torn))
        raise InputError(
            f"--only and --drop-class need soft labels that lie on one side; row {rows[row]} gives "
            f"{rest[row]:.6g} to the classes that stay and {probs[row, ~kept].sum():.6g} to those "
            "left out; add classes up by --merge, or remove the row"
        )
    return np.flatnonzero(stays)


def _check_left_out(
    classes: Sequence[str], drop: Sequence[str], only: Sequence[str], merge: Sequence[Group]
) -> None:
    for flag, names in (("--drop-class", drop), ("--only", only)):
        for name in names:
            members = next((m for new, m in merge if new == name), ())
            if name not in classes and members:
                raise InputError(
                    f"{flag} {quoted(name)}: no such class before --merge; name its members, "
                    f"{listed(members)}"
                )
            _check_known(flag, name, classes)
    if (twice := _repeated(only)) is not None:
        raise InputError(f"--only names {quoted(twice)} twice; name every class once")
    if len(only) == 1:
        raise InputError(
            f"--only {quoted(only[0])} is one class; a classifier needs two at least, as --only a,b"
        )
    both = next((name for name in only if name in drop), None)
    if both is not None:
        raise InputError(
            f"--only and --drop-class both name {quoted(both)}; name it in one of them"
        )


def _check_groups(
    classes: Sequence[str], merge: Sequence[Group], drop: Sequence[str], left_out: set[str]
) -> None:
    owner: dict[str, str] = {}
    for new, members in merge:
        flag = f"--merge {quoted(new)}"
        for name in members:
            _check_known(f"{flag},", name, classes)
        if (twice := _repeated(members)) is not None:
            raise InputError(f"{flag} names {quoted(twice)} twice; name every class once")
        if not new or (new in classes and new not in members):
            wrong = "is another class of the data" if new else "is empty"
            raise InputError(f"{flag}: the new name {wrong}; choose another")
        for name in members:
            if name in owner:
                raise InputError(
                    f"--merge names {quoted(name)} in two groups, {quoted(owner[name])} and "
                    f"{quoted(new)}; a class can be in one"
                )
            if name in left_out:
                by = "--drop-class" if name in drop else "--only"
                raise InputError(f"{flag} names {quoted(name)}, which {by} leaves out")
        owner |= dict.fromkeys(members, new)
    if (twice := _repeated([new for new, _ in merge])) is not None:
        raise InputError(
            f"--merge makes {quoted(twice)} twice; name all its members in one --merge"
        )


def _check_known(flag: str, name: str, classes: Sequence[str]) -> None:
    if name in classes:
        return
    alike = {known.casefold(): known for known in classes}
    near = difflib.get_close_matches(name.casefold(), alike, n=1)
    hint = f"did you mean {quoted(alike[near[0]], 40)}? " if near else ""
    raise InputError(f"{flag} {quoted(name)}: no such class; {hint}they are {listed(classes)}")


def _repeated(names: Sequence[str]) -> str | None:
    return next((name for place, name in enumerate(names) if name in names[:place]), None)

"""Which column of a table is the target, the weights, a soft label or a feature: by name or number.

Looks at names only. Values are read in `tables` and `columns`.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from crossent.data.database import TableFile
from crossent.data.files import named
from crossent.data.labels import listed
from crossent.data.options import ReadOptions
from crossent.errors import InputError, quoted

USUAL_TARGETS = ("label", "target", "class", "y")


@dataclass(frozen=True, slots=True)
class Choice:
    """Numbers of columns; `explicit` says that the features were named one by one."""

    target: int | None
    probs: tuple[int, ...]
    weights: int | None
    features: tuple[int, ...]
    explicit: bool
    notices: tuple[str, ...] = ()


def choose(file: TableFile, options: ReadOptions) -> Choice:
    """Return what each column of `file` is for; InputError at a name that it does not have."""
    notices: list[str] = []
    probs: tuple[int, ...] = ()
    target = None
    if options.target_probs is not None:
        probs = tuple(column for column, _ in find_pattern(file, options.target_probs))
    elif options.target is not None:
        target = find_column(file, options.target, "--target")
    else:
        target = _usual_target(file)
        notices.append(f"--target not given: {quoted(file.names[target])} taken")
    weights = None if options.weights is None else find_column(file, options.weights, "--weights")
    ignored = {find_column(file, name, "--ignore") for name in options.ignore}
    taken = {target, weights, *probs}
    if options.features is None:
        features = tuple(i for i in range(len(file.names)) if i not in taken | ignored)
    else:
        wanted = dict.fromkeys(find_column(file, name, "--features") for name in options.features)
        for column in wanted:
            if column in taken:
                raise InputError(
                    f"--features names {quoted(file.names[column])}, which holds the labels or "
                    "the weights"
                )
        features = tuple(column for column in wanted if column not in ignored)
    return Choice(target, probs, weights, features, options.features is not None, tuple(notices))


def find_column(file: TableFile, name: str, option: str) -> int:
    """Return the number of a column given by name or, if no name matches, by number.

    `column4` names the fifth column of a file without a header line; so do 4 and, of five, -1.
    """
    if name in file.names:
        return file.names.index(name)
    try:
        place = int(name)
    except ValueError:
        raise InputError(missing_column(file, name, option)) from None
    if not -len(file.names) <= place < len(file.names):
        raise InputError(missing_column(file, name, option))
    return place % len(file.names)


def find_pattern(
    file: TableFile, pattern: str, option: str = "--target-probs"
) -> list[tuple[int, str]]:
    """Return the columns that match a pattern with one star, each with what the star stands for."""
    found = match(file.names, pattern)
    if len(found) < 2:
        raise InputError(
            f"{option} {quoted(pattern)} matches {len(found)} columns of {named(file.path)}; "
            f"two classes need two at least. Its columns are {listed(file.names)}"
        )
    return found


def match(names: Sequence[str], pattern: str) -> list[tuple[int, str]]:
    """Return the places of the names that match, each with what the star stands for.

    >>> match(["label", "p_cat", "p_dog"], "p_*")
    [(1, 'cat'), (2, 'dog')]

    """
    before, _, after = pattern.partition("*")
    return [
        (i, name[len(before) : len(name) - len(after)])
        for i, name in enumerate(names)
        if len(name) >= len(before) + len(after)
        and name.startswith(before)
        and name.endswith(after)
    ]


def missing_column(file: TableFile, name: str, option: str) -> str:
    """Return the message for a column that `file` does not have."""
    near = difflib.get_close_matches(name, file.names, n=1)
    hint = f"did you mean {quoted(near[0])}? " if near else ""
    return f"{option} {quoted(name)}: {hint}{named(file.path)} has the columns {listed(file.names)}"


def _usual_target(file: TableFile) -> int:
    usual = [i for i, name in enumerate(file.names) if name.lower() in USUAL_TARGETS]
    if len(usual) != 1:
        raise InputError(
            f"{named(file.path)}: name the column of the labels with --target; its columns are "
            f"{listed(file.names)}"
        )
    return usual[0]

"""From a column of labels to codes of classes: SQL for DuckDB, and a lookup of numbers in NumPy.

A label is a class whose name is the same text, or the same number (1 and '1.0' are class '1').
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossent.data.labels import INTEGER, number

Mode: TypeAlias = Literal["integer", "number", "boolean", "text"]

INTEGERS = frozenset(
    ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
)
TYPE = "crossent_classes"  # the ENUM of the class names in a connection


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """Numbers in rising order and the code of each; with none, a number is itself the code."""

    values: NDArray[np.float64 | np.int64]
    codes: NDArray[np.int64]
    classes: int
    positions: bool


def mode_of(type_: str, *, text: bool) -> Mode:
    """Return how labels of a type of DuckDB are compared; `text` files hold text in any case."""
    if text:
        return "text"
    if type_ in INTEGERS:
        return "integer"
    if type_ == "BOOLEAN":
        return "boolean"
    return "number" if type_ == "DOUBLE" else "text"


def truth_codes(classes: tuple[str, ...]) -> tuple[int, int] | None:
    """Return the codes of true and false, which pandas writes as True and False, if both are there.

    >>> truth_codes(("no", "false", "TRUE")), truth_codes(("0", "1")), truth_codes(("a", "b"))
    ((2, 1), (1, 0), None)

    """
    names = [name.lower() for name in classes]
    for true, false in (("true", "false"), ("1", "0")):
        if names.count(true) == names.count(false) == 1:
            return names.index(true), names.index(false)
    return None


def label_sql(
    column: str, mode: Mode, *, numbers: bool, truths: tuple[int, int] | None = None
) -> tuple[str, ...]:
    """Return the expressions of a column: numbers, or codes and (with `numbers`) also numbers.

    `truths` are the codes of texts that say true and false, in any case.
    """
    if mode in ("integer", "boolean"):
        return (f"CAST({column} AS BIGINT)",)
    if mode == "number":
        return (column,)
    text = f"CAST({column} AS VARCHAR)"
    code = f"enum_code(try_cast({text} AS {TYPE}))"
    if truths is not None:
        other = f"CASE lower({text}) WHEN 'true' THEN {truths[0]} WHEN 'false' THEN {truths[1]} END"
        code = f"coalesce({code}, {other})"
    # Only where it is needed: a cast that fails takes a microsecond.
    number_ = f"CASE WHEN {code} IS NULL THEN try_cast({text} AS DOUBLE) END"
    return (code, number_) if numbers else (code,)


def lookup_of(classes: tuple[str, ...], mode: Mode, *, positions: bool) -> Lookup:
    """Return how numbers become codes; `positions` lets them be codes where no name is a number."""
    found: dict[float, int] = {}
    if mode == "boolean":
        for code, name in enumerate(classes):
            word = name.lower()
            if word in ("true", "false", "1", "0"):
                found.setdefault(int(word in ("true", "1")), code)
    else:
        _add_numbers(found, classes, mode)
    values = sorted(found)
    return Lookup(
        np.array(values, dtype=np.float64 if mode in ("number", "text") else np.int64),
        np.array([found[value] for value in values], dtype=np.int64),
        len(classes),
        positions and not found,
    )


def look_up(lookup: Lookup, numbers: NDArray) -> NDArray[np.int64]:
    """Return the codes (N,) of numbers (N,), -1 for what is no class.

    >>> look_up(lookup_of(("3", "1"), "integer", positions=False), np.array([1, 3, 2]))
    array([ 1,  0, -1])

    """
    if lookup.positions:
        with np.errstate(invalid="ignore"):
            inside = (numbers >= 0) & (numbers < lookup.classes) & (numbers == np.floor(numbers))
        return np.where(inside, np.where(inside, numbers, 0).astype(np.int64), -1)
    if not len(lookup.values):
        return np.full(len(numbers), -1, dtype=np.int64)
    if _counts_up(lookup):
        low = lookup.values[0]
        inside = (numbers >= low) & (numbers <= lookup.values[-1])
        if inside.all():
            return lookup.codes[numbers - low]
        return np.where(inside, lookup.codes[np.where(inside, numbers - low, 0)], -1)
    place = np.minimum(np.searchsorted(lookup.values, numbers), len(lookup.values) - 1)
    return np.where(lookup.values[place] == numbers, lookup.codes[place], -1)


def _counts_up(lookup: Lookup) -> bool:
    values = lookup.values
    return values.dtype == np.int64 and int(values[-1]) - int(values[0]) == len(values) - 1


def _add_numbers(found: dict[float, int], classes: tuple[str, ...], mode: Mode) -> None:
    """Add what the names are as numbers; a name in the plain form of a number goes first."""
    plain = [(code, name) for code, name in enumerate(classes) if INTEGER.fullmatch(name)]
    plain.sort(key=lambda one: str(int(one[1])) != one[1])
    others = [(code, name) for code, name in enumerate(classes) if not INTEGER.fullmatch(name)]
    for code, name in plain:
        if mode != "integer" or abs(int(name)) < 2**63:
            found.setdefault(int(name), code)
    for code, name in others:
        value = number(name)
        if value is None or (mode == "integer" and not (value.is_integer() and abs(value) < 2**53)):
            continue
        found.setdefault(int(value) if mode == "integer" else value, code)

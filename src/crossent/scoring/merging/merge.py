"""Groups of classes made one class: their labels, probabilities and logits.

Probabilities of merged classes add, so the scores of merged predictions are those of the same model
asked the coarser question. Which merges are worth what they lose is not known here: `order`.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossent.errors import InputError, quoted
from crossent.scoring.rows import Kind

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Merge:
    """A map from C classes to those that are left: class c becomes `classes[codes[c]]`."""

    classes: tuple[str, ...]
    codes: Codes

    def labels(self, codes: Codes) -> Codes:
        """Return the new codes of old ones, of the same shape."""
        return self.codes[codes]

    def probabilities(self, values: Floats) -> Floats:
        """Return probabilities or soft labels, (N, C) -> (N, classes left): those merged add.

        A negative or missing member takes the place of the sum, which would hide it from the check
        of the rows.
        """
        return self.values(values, "probs")

    def values(self, values: Floats, kind: Kind) -> Floats:
        """Return what a model gave, (N, C) -> (N, classes left), in the same kind.

        Logits and logarithms x of merged classes become `log sum exp x`, as
        `max + log1p(sum over the others of exp(x - max))`: the softmax of that is the sum of the
        members' softmax, and a logarithm near 0 keeps its digits.
        """
        combined = _sum if kind == "probs" else _log_sum
        # Columns of a file are the rows of the transpose, and whole rows are what is quick.
        table = values.T
        _, first, sizes = np.unique(self.codes, return_index=True, return_counts=True)
        merged = table[first]
        for code in np.flatnonzero(sizes > 1):
            merged[code] = combined(table[self.codes == code])
        return merged.T


def merge_classes(classes: Sequence[str], groups: Mapping[str, Sequence[str]]) -> Merge:
    """Return the map that makes each group one class under the group's name.

    The new class stands where its first member stood; all others keep their order. A group of one
    renames a class.

    Raises:
        InputError: for a class that is not there or is named twice, a group of none, and a name
            that a class outside the group has.

    >>> merge = merge_classes(["bus", "tram", "car"], {"road": ["car", "bus"]})
    >>> merge.classes, merge.codes.tolist()
    (('road', 'tram'), [0, 1, 0])
    >>> merge.probabilities(np.array([[0.25, 0.25, 0.5]])).tolist()
    [[0.75, 0.25]]
    """
    place = {name: code for code, name in enumerate(classes)}
    heads = np.arange(len(classes), dtype=np.int64)
    taken: dict[int, str] = {}
    names = list(classes)
    for new, members in groups.items():
        codes = [_place(place, name, new) for name in members]
        if not codes:
            raise InputError(f"a merge needs classes; {quoted(new)} has none: name=first,second.")
        for code in codes:
            if code in taken:
                raise InputError(
                    f"a class can be merged once; {quoted(classes[code])} is named in "
                    f"{quoted(taken[code])} and again in {quoted(new)}."
                )
            taken[code] = new
        if new in place and place[new] not in codes:
            raise InputError(
                f"a merge needs a new name; {quoted(new)} is a class outside the group: "
                f"add it to the group or take another name."
            )
        names[min(codes)] = new
        heads[codes] = min(codes)
    left, new_codes = np.unique(heads, return_inverse=True)
    return Merge(tuple(names[code] for code in left), new_codes.astype(np.int64))


def _place(place: Mapping[str, int], name: str, new: str) -> int:
    if name in place:
        return place[name]
    near = difflib.get_close_matches(name, place, n=1)
    hint = f"did you mean {quoted(near[0])}?" if near else f"classes: {quoted(list(place), 200)}"
    raise InputError(f"{quoted(new)} merges {quoted(name)}, which is not a class; {hint}")


def _sum(members: Floats) -> Floats:
    total, least = members[0].copy(), members[0].copy()
    for values in members[1:]:  # one after the other: the same bits however the array lies
        total += values
        np.minimum(least, values, out=least)
    return np.where(least >= 0.0, total, least)


def _log_sum(members: Floats) -> Floats:
    top = members.max(axis=0)
    shift = np.where(np.isneginf(top), 0.0, top)
    with np.errstate(invalid="ignore"):  # +inf is left for the check of the rows
        terms = np.exp(members - shift)
    np.put_along_axis(terms, members.argmax(axis=0)[None], 0.0, axis=0)
    rest = np.zeros_like(top)
    for values in terms:
        rest += values
    return top + np.log1p(rest)

"""Measures of tables of probabilities or counts by mpmath. Imports nothing from crossent."""

from collections.abc import Sequence

import mpmath
from mpmath import mpf

DIGITS = 100
Table = Sequence[Sequence[float]]


def _sums(table: Table) -> tuple[list[list[mpf]], list[mpf], list[mpf]]:
    cells = [[mpf(float(x)) for x in row] for row in table]
    columns = zip(*cells, strict=True)
    return cells, [mpmath.fsum(row) for row in cells], [mpmath.fsum(one) for one in columns]


def mutual_information(table: Table, digits: int = DIGITS) -> mpf:
    """The sum of p log(p / (a b)) - p + a b of the given numbers and their exact sums."""
    with mpmath.workdps(digits):
        cells, a, b = _sums(table)
        return mpmath.fsum(
            (p * mpmath.log(p / (a[i] * b[j])) if p else 0) - p + a[i] * b[j]
            for i, row in enumerate(cells)
            for j, p in enumerate(row)
        )


def gain(counts: Table, digits: int = DIGITS) -> mpf:
    """The mutual information of counts, divided by their exact sum."""
    with mpmath.workdps(digits):
        cells, a, b = _sums(counts)
        n = mpmath.fsum(a)
        terms = (
            c * mpmath.log(c * n / (a[i] * b[j]))
            for i, row in enumerate(cells)
            for j, c in enumerate(row)
            if c
        )
        return mpmath.fsum(terms) / n


def conditional_entropy(table: Table, digits: int = DIGITS) -> mpf:
    """The sum of p log(b / p), b being the sum of the column."""
    with mpmath.workdps(digits):
        cells, _, b = _sums(table)
        return mpmath.fsum(
            p * mpmath.log(b[j] / p) for row in cells for j, p in enumerate(row) if p
        )

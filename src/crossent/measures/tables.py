"""Measures of a table of joint probabilities: what its rows say about its columns."""

import math
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crossent.core.array import Array, Namespace, constant, namespace
from crossent.core.divergence import kl_term
from crossent.core.exact import Two, beside_product, total
from crossent.measures.contingency import contingency
from crossent.measures.rows import Rows, each, first_true, read, sums_unlike_1
from crossent.measures.units import Unit, nats
from crossent.ops.values import is_transformed

MOST_CELLS = 10**8  # a table of 800 MB


class Joint(NamedTuple):
    """Joint probabilities (R, C), the values that are its rows, and those of its columns."""

    table: NDArray[np.float64]
    rows: NDArray[Any]
    columns: NDArray[Any]


def joint(x: Any, y: Any, *, sample_weight: Any = None) -> Joint:
    """Return the joint probabilities of two sequences of values: the share of rows of each pair.

    Equivalent, of codes: ``np.histogram2d(x, y, bins=...)[0] / len(x)``.

    Args:
        x: values of any kind, shape (N,): a list or an array. None and NaN are one value of its
            own. They become the rows of the table, sorted where they can be.
        y: values, shape (N,). They become its columns.
        sample_weight: the weight of each pair, shape (N,), at least 0.

    Returns:
        `Joint`: the table (R, C) in float64, the values of its rows and those of its columns.

    Raises:
        ValueError: x and y of different lengths or of none, weights below 0 or without a sum, a
            table of more than 10^8 cells (`information_gain` needs no table).

    >>> joint(["a", "a", "b", "b"], [0, 1, 1, 1]).table.tolist()
    [[0.25, 0.25], [0.0, 0.5]]

    """
    cells = contingency(x, y, sample_weight, names=("x", "y"))
    shape = (len(cells.x_values), len(cells.y_values))
    if shape[0] * shape[1] > MOST_CELLS:
        raise ValueError(
            f"x and y must have at most {MOST_CELLS:,} pairs of values for a table; got "
            f"{shape[0]:,} values of x and {shape[1]:,} of y. Use information_gain(x, y)."
        )
    table = np.zeros(shape)
    table[cells.x, cells.y] = cells.counts / cells.counts.sum()
    return Joint(table, cells.x_values, cells.y_values)


def mutual_information(
    table: Array | Joint, *, unit: Unit = "nats", base: float | None = None, validate: bool = True
) -> Any:
    """Return the mutual information of the rows and columns of a table of joint probabilities.

    Equivalent: ``(p * log(p / (p.sum(-1, keepdims=True) * p.sum(-2, keepdims=True)))).sum()``.

    The sum of p log(p / (a b)) - p + a b over the cells, a and b being the sums of the cell's row
    and column. The last two cancel over the table, and no term is below 0. a, b and a b are kept
    in two numbers each: a table whose cells are a b up to rounding keeps its digits.

    Args:
        table: joint probabilities (..., R, C): a list, or an array of NumPy, torch or JAX; or
            what `joint` returns.
        unit: "nats" or "bits". base: of the logarithm, instead of a unit.
        validate: check that each table holds probabilities that sum to 1.

    Returns:
        A number, or an array (...), at least 0; differentiable, with finite slopes at cells of 0.

    Raises:
        ValueError: fewer than two axes, probabilities below 0, not finite, or not summing to 1.

    >>> float(mutual_information([[0.5, 0.0], [0.0, 0.5]], unit="bits"))
    1.0
    >>> float(mutual_information([[0.25, 0.25], [0.25, 0.25]]))
    0.0

    """
    one = nats(unit, base)
    rows, shape = _tables(table, validate)

    def information(xp: Namespace, flat: Array) -> Array:
        p, row, column = _laid_out(xp, flat, shape)
        a, b = total(xp, p, column), total(xp, p, row)
        terms = against_product(xp, p, a[0], b[0], beside_product(xp, (p, None), a, b))
        return _sum(xp, terms, row)

    return rows.shaped(each(information, rows) / one)


def conditional_entropy(
    table: Array | Joint,
    *,
    given: Literal["columns", "rows"] = "columns",
    unit: Unit = "nats",
    base: float | None = None,
    validate: bool = True,
) -> Any:
    """Return the entropy of the rows of a table where the column is known, or the reverse.

    Equivalent: ``(p * log(p.sum(-2, keepdims=True) / p)).sum()`` given the columns.

    The sum of p log(b / p) over the cells, b being the sum of the cell's column; every term is at
    least 0, and one of a cell that is nearly all of its column keeps its digits.

    Args:
        table: joint probabilities (..., R, C): a list, or an array of NumPy, torch or JAX; or
            what `joint` returns.
        given: what is known: "columns" for H(rows | columns), "rows" for H(columns | rows).
        unit: "nats" or "bits". base: of the logarithm, instead of a unit.
        validate: check that each table holds probabilities that sum to 1.

    Returns:
        A number, or an array (...), at least 0; differentiable, with finite slopes at cells of 0.

    Raises:
        ValueError: another word for `given`; otherwise as `mutual_information`.

    >>> float(conditional_entropy([[0.25, 0.0], [0.25, 0.5]], unit="bits"))
    0.5

    """
    if given not in ("columns", "rows"):
        raise ValueError(f"given must be 'columns' or 'rows'; got {given!r}")
    one = nats(unit, base)
    rows, shape = _tables(table, validate)

    def entropy(xp: Namespace, flat: Array) -> Array:
        p, row, column = _laid_out(xp, flat, shape)
        terms = _within(xp, p, total(xp, p, row if given == "columns" else column))
        return _sum(xp, terms, row)

    return rows.shaped(each(entropy, rows) / one)


def _within(xp: Namespace, p: Array, sums: Two) -> Array:
    """Return p log(sum / p) of cells p and the sums, in two numbers, that they are part of."""
    high, low = sums
    rest = (high - p) + low  # of the column, without the cell
    smallest = float(xp.finfo(p.dtype).smallest_normal)
    tiny = p < smallest  # rest / p may be no finite number
    if _has_none(tiny):
        return p * xp.log1p(rest / p)
    logs = xp.log1p(xp.where(tiny, 0.0, rest) / xp.where(tiny, 1.0, p))
    # At p = 0 the slope is that of the smallest normal number, as in `core/divergence.py`.
    used = tiny & (high > 0.0)
    whole, part = xp.where(used, high + 0.0 * p, 1.0), xp.where(p == 0.0, smallest, p)
    return p * xp.where(used, xp.log(whole) - xp.log(xp.where(used, part, 1.0)), logs)


def against_product(xp: Namespace, p: Array, a: Array, b: Array, difference: Array) -> Array:
    """Return p log(p / (a b)) - p + a b from p, a, b and p - a b."""
    ab = a * b
    # A product that is subnormal, or 0 under p > 0: its logarithm is that of its factors.
    deep = (ab < float(xp.finfo(p.dtype).smallest_normal)) & (p > 4.0 * ab)
    if _has_none(deep):
        return kl_term(xp, p, ab, difference)
    near = kl_term(xp, p, xp.where(deep, p, ab), xp.where(deep, 0.0, difference))
    p, a, b = (xp.where(deep, x, 1.0) for x in (p, a, b))
    far = p * (xp.log(p / a) - xp.log(b)) - p + ab
    return xp.where(deep, far, near)


def _has_none(flags: Array) -> bool:
    """Say whether none is true, where that can be known: what is rare then costs nothing."""
    return not is_transformed(flags) and not bool(namespace(flags).any(flags))


def _tables(table: Array | Joint, validate: bool) -> tuple[Rows, tuple[int, int]]:
    """Return tables as rows (N, R C), what is around them, and their shape (R, C)."""
    given = read(-1, table=table.table if isinstance(table, Joint) else table)
    columns = given.arrays[0].shape[-1]
    if not given.lead:
        raise ValueError(
            f"table must have rows and columns, shape (..., R, C); got one axis, of {columns}. "
            "Use joint(x, y) to make a table of two sequences."
        )
    *lead, size = given.lead
    flat = given.xp.reshape(given.arrays[0], (math.prod(lead), size * columns))
    rows = given._replace(arrays=(flat,), lead=tuple(lead))
    if validate and not is_transformed(flat):
        _check(rows, constant(flat), (size, columns))
    return rows, (size, columns)


def _check(rows: Rows, p: Array, shape: tuple[int, int]) -> None:
    """Raise ValueError where a table of p (N, R C) is no distribution over its cells."""
    sums = sums_unlike_1(rows, p, rows.off[0])
    if sums is None:
        return
    xp = rows.xp
    bad = xp.reshape(~(xp.isfinite(p) & (p >= 0.0)), (-1,))
    if bool(xp.any(bad)):
        cell = first_true(xp, bad, (*rows.lead, *shape))
        value = float(xp.reshape(p, (*rows.lead, *shape))[cell])
        raise ValueError(
            f"table must hold finite probabilities of at least 0; cell {cell} has {value:g}"
        )
    (first,) = first_true(xp, ~(xp.abs(sums - 1.0) <= rows.off[0]), (p.shape[0],))
    place = tuple(map(int, np.unravel_index(first, rows.lead))) if rows.lead else ()
    which = f"table {place}" if place else "it"
    raise ValueError(
        "table must sum to 1 over its rows and columns together; "
        f"{which} sums to {float(sums[first]):.9g}. "
        "Divide by the sum, or make it with joint(x, y); validate=False takes it as it is."
    )


def _laid_out(xp: Namespace, flat: Array, shape: tuple[int, int]) -> tuple[Array, int, int]:
    """Return rows (N, R C) as tables, with the axes of a table's rows and of its columns.

    Many small tables lie side by side along the last axis: an operation along it is a long one,
    and along a table's columns it may be one of two numbers.
    """
    count = flat.shape[0]
    if count <= shape[1]:
        return xp.reshape(flat, (count, *shape)), 1, 2
    return xp.reshape(xp.matrix_transpose(flat), (*shape, count)), 0, 1


def _sum(xp: Namespace, terms: Array, row: int) -> Array:
    """Return the sum of each table's terms; in two numbers, so that a fair coin's bit is 1."""
    shape = terms.shape
    cells = shape[row] * shape[row + 1]
    flat = xp.reshape(terms, (cells, shape[2]) if row == 0 else (shape[0], cells))
    return xp.reshape(total(xp, flat, row)[0], (-1,))

"""Distances of overlap: total variation, Hellinger, Bhattacharyya."""

from typing import Any

from crossent.core.array import Array
from crossent.core.divergence import ROOT_SCALE, log1p, root
from crossent.core.surprise import surprise
from crossent.measures.rows import Rows, distributions, span, total
from crossent.measures.units import Unit, nats


def total_variation(p: Array, q: Array, *, axis: int = -1, validate: bool = True) -> Any:
    """Return the total variation distance, the largest difference that an event can have.

    Equivalent: ``0.5 * np.abs(p - q).sum(axis)``. From 0 to 1, a metric, without a unit. Arguments
    as in `kl_divergence`.

    >>> round(float(total_variation([0.1, 0.7, 0.2], [0.1, 0.6, 0.3])), 12)
    0.1

    """
    rows = distributions(axis, validate, p=p, q=q)
    return rows.shaped(0.5 * total("variation", rows))


def hellinger(p: Array, q: Array, *, axis: int = -1, validate: bool = True) -> Any:
    """Return the Hellinger distance.

    Equivalent: ``np.sqrt(0.5 * ((np.sqrt(p) - np.sqrt(q)) ** 2).sum(axis))``. From 0 to 1, a
    metric, without a unit; the differences are taken as (p - q) / (sqrt p + sqrt q), with all
    their digits. Where p is q its gradient is 0. Arguments as in `kl_divergence`.

    >>> float(hellinger([1.0, 0.0], [0.0, 1.0]))
    1.0

    """
    rows = distributions(axis, validate, p=p, q=q)
    apart = root(rows.xp, 0.5 * total("hellinger", rows)) / ROOT_SCALE
    return rows.shaped(apart)


def bhattacharyya_coefficient(p: Array, q: Array, *, axis: int = -1, validate: bool = True) -> Any:
    """Return the Bhattacharyya coefficient, how much two distributions overlap.

    Equivalent: ``np.sqrt(p * q).sum(axis)``. 1 for equal ones, 0 where they share nothing; 1 less
    the square of the Hellinger distance. Arguments as in `kl_divergence`.

    >>> round(float(bhattacharyya_coefficient([0.5, 0.5], [1.0, 0.0])), 12)
    0.707106781187

    """
    rows = distributions(axis, validate, p=p, q=q)
    return rows.shaped(total("affinity", rows))


def bhattacharyya_distance(
    p: Array,
    q: Array,
    *,
    axis: int = -1,
    unit: Unit = "nats",
    base: float | None = None,
    validate: bool = True,
) -> Any:
    """Return the Bhattacharyya distance, the negative logarithm of the coefficient.

    Equivalent: ``-np.log(np.sqrt(p * q).sum(axis))``, for near ones by way of the Hellinger
    distance, ``-log1p(-H^2)``, which keeps their digits. From 0 to inf, symmetric, no metric.
    Arguments as in `kl_divergence`.

    >>> round(float(bhattacharyya_distance([0.5, 0.5], [1.0, 0.0], unit="bits")), 12)
    0.5
    >>> float(bhattacharyya_distance([1.0, 0.0], [0.0, 1.0]))
    inf

    """
    one = nats(unit, base)
    rows = distributions(axis, validate, p=p, q=q)
    return rows.shaped(of_roots(rows) / one)


def of_roots(rows: Rows) -> Array:
    """Return the Bhattacharyya distance of rows, in nats."""
    xp = rows.xp
    square = 0.5 * total("hellinger", rows) / ROOT_SCALE / ROOT_SCALE
    if span(square)[1] < 0.5:
        return 0.0 - log1p(xp, -square)
    near = square < 0.5
    overlap = xp.where(near, 1.0, total("affinity", rows))
    apart = surprise(xp, overlap)
    return xp.where(near, 0.0 - log1p(xp, -xp.where(near, square, 0.0)), apart)

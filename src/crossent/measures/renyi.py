"""Renyi's families: an entropy and a divergence of every order."""

import math
from typing import Any

from crossent.core import renyi as core
from crossent.core.array import Array
from crossent.core.divergence import log1p
from crossent.measures.distances import of_roots
from crossent.measures.rows import Rows, distributions, each, span, total
from crossent.measures.units import Unit, nats


def renyi_entropy(
    p: Array,
    alpha: float,
    *,
    axis: int = -1,
    unit: Unit = "nats",
    base: float | None = None,
    validate: bool = True,
) -> Any:
    """Return Renyi's entropy of order alpha.

    Equivalent: ``np.log((p**alpha).sum(axis)) / (1 - alpha)``. 0 is the logarithm of how many
    outcomes are possible, 1 Shannon's entropy, 2 the collision entropy, inf the min-entropy,
    -log of the largest probability; it decreases in alpha (Renyi 1961).

    Args:
        p: and axis, unit, base, validate: as in `entropy`.
        alpha: the order, at least 0; inf too.

    Raises:
        ValueError: a negative order, and what `entropy` raises.

    >>> [round(float(renyi_entropy([0.5, 0.25, 0.25], a, unit="bits")), 4) for a in (0, 1, 2)]
    [1.585, 1.5, 1.415]

    """
    one = nats(unit, base)
    order = _order(alpha)
    rows = distributions(axis, validate, p=p)
    if order == 1.0:
        found = total("entropy", rows)
    elif order in (0.0, math.inf):
        found = each(lambda xp, p: core.entropy_at_end(xp, p, order), rows)
    else:
        found = _log_powers(rows, order) / (1.0 - order)
    return rows.shaped(found / one + 0.0)  # no -0.0


def _log_powers(rows: Rows, order: float) -> Array:
    """Return log(sum p^order) of rows."""
    xp = rows.xp
    if order < 1.0:
        return log1p(xp, total("order_excess", rows, order))
    if order == 2.0:
        excess, of_powers = -total("spread", rows), "square"
    else:
        excess, of_powers = total("order_excess", rows, order), "order_power"
    low, high = span(excess)
    if low > -core.NEAR:
        return log1p(xp, excess)
    power = total(of_powers, rows, order)
    least = 2.0 * float(xp.finfo(power.dtype).smallest_normal)
    if span(power)[0] >= least:
        return xp.log(power) if high <= -core.NEAR else _log_of_sum(rows, excess, power)
    lost = power < least
    by_logs = each(lambda xp, p: core.log_powers(xp, p, order), rows)
    return xp.where(lost, by_logs, _log_of_sum(rows, excess, xp.where(lost, 1.0, power)))


def renyi_divergence(
    p: Array,
    q: Array,
    alpha: float,
    *,
    axis: int = -1,
    unit: Unit = "nats",
    base: float | None = None,
    validate: bool = True,
) -> Any:
    """Return Renyi's divergence of order alpha of p from q.

    Equivalent: ``np.log((p**alpha * q**(1 - alpha)).sum(axis)) / (alpha - 1)``, where p and q are
    near by way of the sum of p^a q^(1-a) - a p - (1-a) q, which keeps their digits. 1/2 is
    twice the Bhattacharyya distance, 1 is KL, 2 is log(1 + chi^2), inf the logarithm of the largest
    p / q; it increases in alpha (van Erven and Harremoes 2014).

    Args:
        p: and q, axis, unit, base, validate: as in `kl_divergence`.
        alpha: the order, at least 0; inf too.

    Raises:
        ValueError: a negative order, and what `kl_divergence` raises.

    >>> round(float(renyi_divergence([0.5, 0.5], [0.25, 0.75], float("inf"), unit="bits")), 12)
    1.0

    """
    one = nats(unit, base)
    order = _order(alpha)
    rows = distributions(axis, validate, p=p, q=q)
    if order == 1.0:
        found = total("kl", rows)
    elif order == math.inf or 1.0 - order == 1.0:  # an order of 1e-17 is one of 0
        found = each(lambda xp, p, q: core.divergence_at_end(xp, p, q, order), rows)
    elif order < 0.5:  # there the two parts of a term would cancel
        turned = rows._replace(arrays=rows.arrays[::-1])
        found = order / (1.0 - order) * _divergence(turned, 1.0 - order)
    else:
        found = _divergence(rows, order)
    return rows.shaped(found / one + 0.0)  # no -0.0


def _divergence(rows: Rows, order: float) -> Array:
    """Return the divergence of rows, of an order from 1/2 on that is not 1."""
    xp = rows.xp
    if order == 0.5:
        return 2.0 * of_roots(rows)
    if order < 1.0:
        excess = total("renyi_excess", rows, order)
        if span(excess)[0] > -core.NEAR:
            return log1p(xp, excess) / (order - 1.0)
        power = total("renyi_power", rows, order)
        made = _log_of_sum(rows, excess, xp.where(power == 0.0, 1.0, power))
        return xp.where(power == 0.0, -xp.inf, made) / (order - 1.0)
    excess = total("chi_square", rows) if order == 2.0 else total("renyi_excess", rows, order)
    if span(excess)[1] < math.inf:
        return log1p(xp, excess) / (order - 1.0)
    lost = xp.isinf(excess)
    by_logs = each(lambda xp, p, q: core.log_mixed_powers(xp, p, q, order), rows)
    return xp.where(lost, by_logs, log1p(xp, xp.where(lost, 0.0, excess))) / (order - 1.0)


def _log_of_sum(rows: Rows, excess: Array, power: Array) -> Array:
    pair = rows._replace(arrays=(excess[:, None], power[:, None]))
    return each(lambda xp, e, w: core.log_of_sum(xp, e[:, 0], w[:, 0]), pair)


def _order(alpha: float) -> float:
    if not alpha >= 0.0:
        raise ValueError(f"alpha must be at least 0; got {alpha!r}")
    return float(alpha)

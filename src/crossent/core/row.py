"""Row numbers: what a loss needs to know of a slice of logits, and how slices join.

The specification of every kernel. A slice of a softmax row (a tile, a shard, the whole row) is

    Row(m, r, gap, mass, h)    m = max z_j              r = sum of e^(z_j - m), one maximum left out
                               gap = sum q_j (m - z_j)  mass = sum q_j
                               h = sum e^(z_j - m) (m - z_j)

All edges of infinity and NaN are decided here and nowhere else.
"""

from typing import NamedTuple

from crossent.core.array import (
    Array,
    Namespace,
    constant,
    device_of,
    sum_dtype,
    sum_rows,
    take_along_rows,
)
from crossent.core.target import Measure, background_at, readable


class Row(NamedTuple):
    """The row numbers, each (N,), in the type sums are kept in; h is None when not asked for."""

    m: Array
    r: Array
    gap: Array
    mass: Array
    h: Array | None = None


class Slice(NamedTuple):
    """Logits seen from their maximum, each (N, V): what `read` sums and `slope` multiplies."""

    m: Array  # (N, 1)
    is_max: Array  # the first maximum, the one that r leaves out
    below: Array  # m - z_j, inf for removed classes
    share: Array  # e^(z_j - m), 0 for removed classes, 1 at the maximum


def view(xp: Namespace, logits: Array) -> Slice:
    """Return logits (N, V) as seen from their maximum.

    Autograd may go through this text to any order: m is the logit at the first maximum, and
    m - m is the constant 0, where two derivatives of size 1 would otherwise cancel.
    """
    first = xp.argmax(logits, axis=-1, keepdims=True)
    m = take_along_rows(xp, logits, first)
    m = xp.where(m == xp.inf, xp.nan, m)
    is_max = _classes(xp, logits, first) == first
    # A slice without a live class is seen from 0: its classes are infinitely far, its share is 0.
    base = xp.where(m == -xp.inf, 0.0, m)
    raw = base - logits
    below = xp.where(is_max, 0.0, raw)
    # What m - z lost in rounding is carried along: alone it would cost 64 ulp in float32 and 488
    # in float64 where one class is all that keeps the row from certainty. The product is not a
    # difference of shares, whose small part would be subnormal and flushed to 0 under XLA.
    share = xp.exp(-below) * (1.0 - constant(_lost(xp, base, logits, raw)))
    return Slice(m, is_max, below, share)


def read(
    xp: Namespace, logits: Array, q: Measure, *, entropy: bool = False, seen: Slice | None = None
) -> Row:
    """Return the row numbers of logits (N, V) under the measure q."""
    seen = view(xp, logits) if seen is None else seen
    dtype = sum_dtype(xp, logits)
    rest = xp.where(seen.is_max, 0.0, seen.share)
    gap, mass = _gap_and_mass(xp, logits, seen.below, q, dtype)
    gap = xp.where(seen.m[:, 0] == -xp.inf, 0.0, gap)  # (-inf) - (-inf) = 0
    h = sum_rows(xp, _times(xp, rest, seen.below), dtype) if entropy else None
    r = sum_rows(xp, rest, dtype)
    return Row(xp.astype(seen.m[:, 0], dtype, copy=False), r, gap, mass, h)


def join(xp: Namespace, a: Row, b: Row) -> Row:
    """Return the row numbers of two slices side by side.

    Associative and commutative up to rounding, with identity (-inf, 0, 0, 0, 0).
    """
    swap = b.m > a.m
    high = [xp.where(swap, y, x) for x, y in zip(a, b, strict=True) if x is not None]
    low = [xp.where(swap, x, y) for x, y in zip(a, b, strict=True) if x is not None]
    m1, r1, gap1, mass1 = high[:4]
    m2, r2, gap2, mass2 = low[:4]
    empty = m2 == -xp.inf
    both = empty & (m1 == -xp.inf)
    drop = xp.where(both, 0.0, m1 - xp.where(both, 0.0, m2))  # (-inf) - (-inf) = 0
    # An empty slice has no maximum to leave out: it brings no term, not 1 + r.
    terms = xp.where(empty, 0.0, 1.0 + r2)
    scale = xp.exp(-drop)
    r = r1 + terms * scale
    gap = gap1 + gap2 + _times(xp, mass2, drop)
    if a.h is None or b.h is None:
        return Row(m1, r, gap, mass1 + mass2)
    h = high[4] + _times(xp, scale, low[4]) + _times(xp, scale * terms, drop)
    return Row(m1, r, gap, mass1 + mass2, h)


def whole(xp: Namespace, row: Row) -> Row:
    """Return the row as a complete one: no live class under a target is NaN, not 0."""
    nothing = (row.m == -xp.inf) & (row.mass > 0.0)
    return row._replace(r=xp.where(nothing, xp.nan, row.r))


def against(xp: Namespace, surprise: Array, q: Measure, live: Array) -> Array:
    """Return c = sum q_j s_j (N,) for surprises s_j = -log p_j >= 0 that are known already.

    The background of q is shared by the classes where `live` (N, V) is not -inf.
    """
    return _gap_and_mass(xp, live, surprise, q, sum_dtype(xp, surprise))[0]


def lse(xp: Namespace, row: Row) -> Array:
    """Return log sum e^(z_j)."""
    return row.m + xp.log1p(row.r)


def cross_entropy(xp: Namespace, row: Row) -> Array:
    """Return c = sum q_j (lse - z_j): two terms that are never negative, so nothing cancels."""
    return row.mass * xp.log1p(row.r) + row.gap


def entropy(xp: Namespace, row: Row) -> Array:
    """Return the entropy of softmax(z), for a row read with `entropy=True`."""
    return xp.log1p(row.r) + row.h / (1.0 + row.r)


def slope(
    xp: Namespace,
    logits: Array,
    q: Measure,
    row: Row,
    alpha: Array,
    beta: Array | None,
    gamma: Array,
    *,
    seen: Slice | None = None,
) -> Array:
    """Return p_j (mass gamma + alpha + beta (m - z_j)) - gamma q_j, (N, V).

    With loss_c, loss_lse, loss_H the derivatives of a function of (c, lse, H), upstream
    gradient and weights included, its gradient in the logits has gamma = loss_c,
    beta = loss_H, alpha = loss_lse - loss_H h / (1 + r), each (N,).
    """
    seen = view(xp, logits) if seen is None else seen
    dtype = logits.dtype
    spread = _spread(xp, logits, q)
    factor = (row.mass * gamma + alpha) / (1.0 + row.r)
    values = seen.share * xp.astype(factor, dtype, copy=False)[:, None]
    unused = (alpha == 0.0) & (gamma == 0.0)
    if beta is not None:
        unused = unused & (beta == 0.0)
        by_entropy = xp.astype(beta / (1.0 + row.r), dtype, copy=False)[:, None]
        values = values + by_entropy * _times(xp, seen.share, seen.below)
    # At the maximum p = 1 - r / (1 + r): mass - q there is exact, p - 1 would cancel; alpha, which
    # a z-loss brings, may be far smaller than the mass.
    q_max = xp.zeros_like(gamma)
    if spread is not None:
        values = values - xp.astype(gamma[:, None] * spread, dtype, copy=False)
        q_max = q_max + xp.sum(xp.where(seen.is_max, spread, 0.0), axis=-1)
    if q.indices is not None and q.values is not None:
        classes = _classes(xp, logits, q.indices)
        mass = xp.astype(gamma[:, None] * q.values, dtype, copy=False)
        for k in range(q.indices.shape[-1]):
            here = classes == q.indices[:, k : k + 1]
            values = xp.where(here, values - mass[:, k : k + 1], values)
        at_max = take_along_rows(xp, seen.is_max, readable(xp, q.indices))
        q_max = q_max + xp.sum(xp.where(at_max & (q.indices >= 0), q.values, 0.0), axis=-1)
    rest = (alpha - row.mass * gamma * row.r) / (1.0 + row.r)
    at_max = gamma * (row.mass - q_max) + rest
    values = xp.where(seen.is_max, xp.astype(at_max, dtype, copy=False)[:, None], values)
    return xp.where(unused[:, None], 0.0, values)  # 0 * NaN = 0


def read_sigmoid(xp: Namespace, logits: Array, positive: Array, negative: Array) -> Row:
    """Return every element's row numbers: logits (z, 0) under the measure (positive, negative)."""
    z = xp.astype(logits, sum_dtype(xp, logits), copy=False)
    up = z >= 0.0
    size = xp.where(up, z, -z)  # |z| with slope 1 at 0, so that second derivatives are right
    gap = _times(xp, positive, xp.where(up, 0.0, size))
    gap = gap + _times(xp, negative, xp.where(up, size, 0.0))
    return Row(xp.where(up, z, 0.0), xp.exp(-size), gap, positive + negative)


def slope_sigmoid(
    xp: Namespace, logits: Array, row: Row, positive: Array, alpha: Array, gamma: Array
) -> Array:
    """Return sigmoid(z) (mass gamma + alpha) - gamma positive, element by element."""
    far = (row.mass * gamma + alpha) * (row.r / (1.0 + row.r))
    near = gamma * (row.mass - positive) + alpha - far  # p = 1 - r / (1 + r), as in `slope`
    values = xp.where(logits >= 0.0, near, far - gamma * positive)
    return xp.where((alpha == 0.0) & (gamma == 0.0), 0.0, values)


def _gap_and_mass(
    xp: Namespace, logits: Array, below: Array, q: Measure, dtype: object
) -> tuple[Array, Array]:
    """Return sum q_j (m - z_j) and sum q_j over the parts of q."""
    parts: list[tuple[Array, Array]] = []
    if q.indices is not None and q.values is not None:
        parts.append((q.values, take_along_rows(xp, below, readable(xp, q.indices))))
    if q.dense is not None:
        parts.append((xp.astype(q.dense, dtype, copy=False), below))
    background = background_at(xp, q, logits)
    if background is not None:
        parts.append((background, below))
    gap = sum(
        sum_rows(xp, _times(xp, mass, xp.astype(far, dtype, copy=False)), dtype)
        for mass, far in parts
    )
    return gap, sum(sum_rows(xp, mass, dtype) for mass, _ in parts)


def density(xp: Namespace, logits: Array, q: Measure) -> Array:
    """Return q_j at every class, (N, V)."""
    values = _spread(xp, logits, q)
    if values is None:
        values = xp.zeros(logits.shape, dtype=q.count.dtype, device=device_of(logits))
    if q.indices is None or q.values is None:
        return values
    classes = _classes(xp, logits, q.indices)
    for k in range(q.indices.shape[-1]):
        part = xp.where(classes == q.indices[:, k : k + 1], q.values[:, k : k + 1], 0.0)
        values = values + part
    return values


def _spread(xp: Namespace, logits: Array, q: Measure) -> Array | None:
    """Return what q has at every class beside its sparse part, (N, V), or None."""
    density = background_at(xp, q, logits)
    if q.dense is None:
        return density
    dense = xp.astype(q.dense, q.count.dtype, copy=False)
    return dense if density is None else density + dense


def _classes(xp: Namespace, logits: Array, index: Array) -> Array:
    """Return the numbers of the classes (1, V), in the type of `index`."""
    return xp.arange(logits.shape[-1], dtype=index.dtype, device=device_of(logits))[None, :]


def _lost(xp: Namespace, m: Array, z: Array, difference: Array) -> Array:
    """Return (m - z) - difference, what its rounding lost, exactly (Knuth's TwoSum)."""
    finite = xp.isfinite(difference)
    near = xp.where(finite, difference, 0.0)
    back = near - m
    return xp.where(finite, (m - (near - back)) - (z + back), 0.0)


def _times(xp: Namespace, mass: Array, far: Array) -> Array:
    """Return mass * far with 0 * inf = 0, in value and in derivative."""
    return mass * xp.where((mass == 0.0) & (far == xp.inf), 0.0, far)

"""The Wasserstein distance of distributions on a line."""

from typing import Any

from crossent.core.array import (
    Array,
    Namespace,
    constant,
    device_of,
    is_jax,
    is_torch,
    namespace,
    sum_dtype,
)
from crossent.kernels.select import select
from crossent.measures.rows import as_array, distributions, only
from crossent.ops.values import is_transformed


def wasserstein(
    p: Array,
    q: Array,
    positions: Array | None = None,
    *,
    axis: int = -1,
    validate: bool = True,
) -> Any:
    """Return the Wasserstein distance of order 1: mass times the way it has to be carried.

    Equivalent, for sorted positions:
    ``(np.abs(np.cumsum(p - q, axis))[..., :-1] * np.diff(positions)).sum(axis)``. The only one of
    the distances that knows how far apart the outcomes are. In the unit of the positions; a
    metric. SciPy's ``wasserstein_distance(u, v)`` takes samples instead: its like is
    ``wasserstein_distance(positions, positions, p, q)``.

    Args:
        p: and q, axis, validate: as in `kl_divergence`.
        positions: (C,), where the outcomes lie, in any order; by default 0, 1, .., C - 1. In
            torch and JAX differentiable too.

    Raises:
        ValueError: positions that are not finite, or not one for each outcome; and what
            `kl_divergence` raises.

    >>> float(wasserstein([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]))
    2.0
    >>> float(wasserstein([1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 5.0, 1.0]))
    1.0

    """
    rows = distributions(axis, validate, p=p, q=q)
    xp, (p, q) = rows.xp, rows.arrays
    if positions is None:
        gaps = xp.ones((max(p.shape[-1] - 1, 0),), dtype=p.dtype, device=device_of(p))
    else:
        order, gaps = _sorted(xp, positions, p)
        p, q = xp.take(p, order, axis=-1), xp.take(q, order, axis=-1)
    if is_torch(p):
        from crossent.ops.torch.divergence import carried as of_torch

        return rows.shaped(of_torch(p, q, gaps))
    if is_jax(p):
        from crossent.ops.jax.divergence import carried as of_jax

        return rows.shaped(of_jax(p, q, gaps))
    return rows.shaped(select(p).divergence.carried(p, q, gaps))


def _sorted(xp: Namespace, positions: Array, like: Array) -> tuple[Array, Array]:
    """Return the order of the positions, and the gaps between them."""
    (_, places), classes = only("positions", as_array(positions, like)), like.shape[-1]
    if tuple(places.shape) != (classes,):
        raise ValueError(
            f"positions must be one number for each of {classes} outcomes; "
            f"got shape {tuple(places.shape)}"
        )
    if namespace(places) is not xp:
        places = xp.asarray(places, device=device_of(like))
    places = xp.astype(places, sum_dtype(xp, like), copy=False)
    if not is_transformed(places) and not bool(xp.all(xp.isfinite(constant(places)))):
        raise ValueError("positions must be finite numbers")
    order = xp.argsort(constant(places))
    places = xp.take(places, order)
    return order, places[1:] - places[:-1]

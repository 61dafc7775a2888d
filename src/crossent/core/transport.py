"""How far mass has to be carried along a line: the area between two cumulated distributions."""

from crossent.core.array import Array, Namespace, cumulate, device_of, sign
from crossent.core.exact import two_difference


def carried(xp: Namespace, p: Array, q: Array, gaps: Array) -> Array:
    """Return the sum of |cumulated (p - q)| times gaps of every row (N,) of p and q (N, C).

    Between far positions little may be left of large sums: what rounding takes of each is added
    up beside them.
    """
    passing = _passing(xp, p, q)
    return xp.sum(passing * sign(xp, passing) * gaps, axis=-1)  # for JAX's slope of abs at 0, 1


def carried_slopes(xp: Namespace, p: Array, q: Array, gaps: Array) -> tuple[Array, Array]:
    """Return the derivatives in p and in q: what every outcome's mass passes from there on."""
    ways = sign(xp, _passing(xp, p, q)) * gaps
    total = xp.sum(ways, axis=-1, keepdims=True)
    none = xp.zeros((p.shape[0], 1), dtype=p.dtype, device=device_of(p))
    left = total - xp.concat([none, cumulate(xp, ways)], axis=-1)
    return left, -left


def _passing(xp: Namespace, p: Array, q: Array) -> Array:
    """Return the cumulated p - q (N, C - 1), with the digits that cancelling leaves."""
    moved, lost = two_difference(p, q)
    passing = cumulate(xp, moved)
    none = xp.zeros((p.shape[0], 1), dtype=p.dtype, device=device_of(p))
    before = xp.concat([none, passing[:, :-1]], axis=-1)
    step, rounded = two_difference(before, -moved)
    rest = (step - passing) + rounded + lost
    return (passing + cumulate(xp, rest))[:, :-1]

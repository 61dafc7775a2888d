"""A row's loss, mass * phi(c / mass, lse), and what its slope needs: where row meets shape.

phi sees the cross-entropy of the normalised target and all weights stand outside, so a weight
of k is k copies of the row under every option. A row of mass 0 has loss 0 and slope 0.
"""

from crossent.core import row as rows
from crossent.core.array import Array, Namespace
from crossent.core.row import Row
from crossent.core.shape import Shape, phi, phi_c, phi_lse
from crossent.core.target import Measure, has_mass


def loss(xp: Namespace, row: Row, shape: Shape) -> Array:
    """Return the loss of every row, or of every element of a sigmoid."""
    if shape.is_plain:  # linear in the mass: not divided by it and multiplied, and right at 0
        value = rows.cross_entropy(xp, row)
        if shape.z_loss:
            lse = rows.lse(xp, row)
            lse = xp.where((row.mass == 0.0) & ~xp.isfinite(lse), 0.0, lse)
            value = value + row.mass * (shape.z_loss * lse * lse)
        # Where it is finite, the loss of an empty row is 0 by itself, with its mass's slope.
        return xp.where((row.mass == 0.0) & ~xp.isfinite(value), 0.0, value)
    c, lse = _normalised(xp, row)
    return row.mass * phi(xp, c, lse, shape)


def coefficients(xp: Namespace, row: Row, shape: Shape, scale: Array) -> tuple[Array, Array]:
    """Return alpha and gamma of `row.slope` for scale times the loss, scale like the loss."""
    if shape.is_plain and not shape.z_loss:
        gamma = _unless_empty(xp, row, scale + 0.0 * row.mass)
        return xp.zeros_like(gamma), gamma
    c, lse = _normalised(xp, row)
    gamma = _unless_empty(xp, row, scale * phi_c(xp, c, shape))
    alpha = row.mass * scale * phi_lse(lse, shape) if shape.z_loss else xp.zeros_like(gamma)
    return alpha, gamma


def quiet(xp: Namespace, logits: Array, q: Measure) -> Array:
    """Return the logits with 0 in rows that have no mass and no finite maximum.

    For routes that differentiate this text: neither NaN nor inf of such a row may be met by a
    derivative, where 0 * NaN is NaN.
    """
    bad = ~has_mass(xp, q) & ~xp.isfinite(xp.max(logits, axis=-1))
    return xp.where(bad[:, None], 0.0, logits)


def quiet_elements(xp: Namespace, logits: Array, positive: Array, negative: Array) -> Array:
    """Return the logits with 0 in non-finite elements that have no mass."""
    bad = (positive == 0.0) & (negative == 0.0) & ~xp.isfinite(logits)
    return xp.where(bad, 0.0, logits)


def _normalised(xp: Namespace, row: Row) -> tuple[Array, Array]:
    """Return c / mass and lse, both 0 in a row without mass, where they may be NaN or infinite."""
    empty = row.mass == 0.0
    c = _unless_empty(xp, row, rows.cross_entropy(xp, row)) / xp.where(empty, 1.0, row.mass)
    return c, _unless_empty(xp, row, rows.lse(xp, row))


def _unless_empty(xp: Namespace, row: Row, value: Array) -> Array:
    return xp.where(row.mass == 0.0, 0.0, value)

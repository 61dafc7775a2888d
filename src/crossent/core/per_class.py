"""The elementwise form of a shaped loss: sum_j q_j phi(s_j) over the surprises s_j = -log p_j.

`core/loss.py` gives mass * phi(c / mass) of a row's one cross-entropy c = sum q_j s_j / mass; the
two agree where q has one class, and differ where it has more. Keras' focal loss is this one.
"""

from crossent.core import row as rows
from crossent.core.array import Array, Namespace
from crossent.core.row import Row, Slice
from crossent.core.shape import Shape, phi
from crossent.core.target import Measure


def loss(xp: Namespace, logits: Array, q: Measure, shape: Shape) -> Array:
    """Return sum_j q_j phi(s_j) of every row (N,), with 0 * inf = 0."""
    seen = rows.view(xp, logits)
    row = rows.whole(xp, rows.read(xp, logits, q, seen=seen))
    surprise = surprises(xp, seen, row)
    shaped = phi(xp, surprise, rows.lse(xp, row)[:, None], shape)
    return rows.against(xp, shaped, q, logits)


def surprises(xp: Namespace, seen: Slice, row: Row) -> Array:
    """Return s_j = (m - z_j) + log1p(r), (N, V): no term is negative, so nothing cancels.

    A removed class has inf; every class of a row that is NaN has NaN.
    """
    return xp.astype(seen.below, row.r.dtype, copy=False) + xp.log1p(row.r)[:, None]

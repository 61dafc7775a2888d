"""What a row says about its prediction beside the loss: likelihood, entropy, rank of the target.

Owns no exponential: everything comes from the row numbers, and the rank from comparisons.
"""

from typing import NamedTuple

from crossent.core import loss as losses
from crossent.core import row as rows
from crossent.core.array import Array, Namespace, device_of, take_along_rows
from crossent.core.row import Row
from crossent.core.shape import PLAIN
from crossent.core.target import readable


class Statistics(NamedTuple):
    """One number a row of each; the first three are differentiable.

    log_prob   log softmax(z) at the target, nats
    lse        log sum_j e^(z_j)
    entropy    of softmax(z), nats; these three are 0 for a row that is left out
    predicted  the class of the largest logit, the first where several are
    rank       how many classes come before the target in order of their logits, ties in order
               of their numbers: 0 where it is predicted, -1 for a row that is left out
    """

    log_prob: Array
    lse: Array
    entropy: Array
    predicted: Array
    rank: Array


def likelihood(xp: Namespace, row: Row) -> tuple[Array, Array, Array]:
    """Return log p at the target, lse and entropy of rows read with `entropy=True`."""
    out = row.mass == 0.0
    lse, entropy = xp.where(out, 0.0, rows.lse(xp, row)), xp.where(out, 0.0, rows.entropy(xp, row))
    return 0.0 - losses.loss(xp, row, PLAIN), lse, entropy


def coefficients(
    xp: Namespace, row: Row, by_log_prob: Array, by_lse: Array, by_entropy: Array
) -> tuple[Array, Array, Array]:
    """Return alpha, beta, gamma of `row.slope` for upstream gradients of `likelihood`."""
    out = row.mass == 0.0
    _, gamma = losses.coefficients(xp, row, PLAIN, -by_log_prob)
    alpha = xp.where(out, 0.0, by_lse - by_entropy * row.h / (1.0 + row.r))
    return alpha, xp.where(out, 0.0, by_entropy), gamma


def standing(xp: Namespace, logits: Array, index: Array) -> tuple[Array, Array]:
    """Return the predicted class and the rank of class `index` (N,); a negative index has -1.

    A target comes behind every NaN: with one in its row it is not counted as right.
    """
    predicted = xp.astype(xp.argmax(logits, axis=-1), index.dtype, copy=False)
    place = readable(xp, index)[:, None]
    at = take_along_rows(xp, logits, place)
    earlier = xp.arange(logits.shape[-1], dtype=index.dtype, device=device_of(logits)) < place
    behind = xp.where(earlier, logits < at, logits <= at)  # the target itself is behind
    ahead = logits.shape[-1] - xp.count_nonzero(behind, axis=-1)
    ahead = xp.where(xp.isnan(at[:, 0]), ahead - 1, ahead)  # there it is not <= itself
    return predicted, xp.where(index < 0, -1, xp.astype(ahead, index.dtype, copy=False))

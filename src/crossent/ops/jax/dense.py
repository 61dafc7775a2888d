"""Softmax cross-entropy of whole rows (N, V) as a differentiable JAX function."""

import jax
import jax.numpy as jnp
from array_api_compat import array_namespace

from crossent.core import loss as losses
from crossent.core import row as rows
from crossent.core.array import compute_dtype, sum_dtype
from crossent.core.shape import Shape
from crossent.core.target import Measure
from crossent.ops.jax.rows import Kind, Parts
from crossent.ops.jax.rows import losses as differentiable

xp = array_namespace(jnp.zeros(1))


def dense(logits: jax.Array, q: Measure, shape: Shape) -> jax.Array:
    """Return the loss of every row (N,)."""
    return differentiable(SOFTMAX, logits, tuple(q), shape)


def _loss(logits: jax.Array, parts: Parts, shape: Shape) -> jax.Array:
    q, wide = _wide(logits, parts)
    return losses.loss(xp, rows.whole(xp, rows.read(xp, wide, q)), shape)


def _slope(logits: jax.Array, parts: Parts, shape: Shape) -> jax.Array:
    q, wide = _wide(logits, parts)
    seen = rows.view(xp, wide)
    row = rows.whole(xp, rows.read(xp, wide, q, seen=seen))
    one = jnp.ones((), dtype=sum_dtype(xp, wide))
    alpha, gamma = losses.coefficients(xp, row, shape, one)
    return rows.slope(xp, wide, q, row, alpha, None, gamma, seen=seen)


def _wide(logits: jax.Array, parts: Parts) -> tuple[Measure, jax.Array]:
    q = Measure(*parts)  # type: ignore[arg-type]
    return q, losses.quiet(xp, logits.astype(compute_dtype(xp, logits.dtype)), q)


SOFTMAX = Kind(_loss, _slope, one_a_row=True)

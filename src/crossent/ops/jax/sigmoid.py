"""Sigmoid cross-entropy, element by element, as a differentiable JAX function."""

import jax
import jax.numpy as jnp

from crossent.core import loss as losses
from crossent.core import row as rows
from crossent.core.array import compute_dtype, sum_dtype
from crossent.core.shape import Shape
from crossent.ops.jax.dense import xp
from crossent.ops.jax.rows import Kind, Parts
from crossent.ops.jax.rows import losses as differentiable


def sigmoid(logits: jax.Array, positive: jax.Array, negative: jax.Array, shape: Shape) -> jax.Array:
    """Return the loss of every element."""
    return differentiable(SIGMOID, logits, (positive, negative), shape)


def _loss(logits: jax.Array, parts: Parts, shape: Shape) -> jax.Array:
    wide, positive, negative = _wide(logits, parts)
    return losses.loss(xp, rows.read_sigmoid(xp, wide, positive, negative), shape)


def _slope(logits: jax.Array, parts: Parts, shape: Shape) -> jax.Array:
    wide, positive, negative = _wide(logits, parts)
    row = rows.read_sigmoid(xp, wide, positive, negative)
    one = jnp.ones((), dtype=sum_dtype(xp, wide))
    alpha, gamma = losses.coefficients(xp, row, shape, one)
    return rows.slope_sigmoid(xp, wide, row, positive, alpha, gamma).astype(wide.dtype)


def _wide(logits: jax.Array, parts: Parts) -> tuple[jax.Array, jax.Array, jax.Array]:
    positive, negative = parts
    assert positive is not None
    assert negative is not None
    wide = logits.astype(compute_dtype(xp, logits.dtype))
    return losses.quiet_elements(xp, wide, positive, negative), positive, negative


SIGMOID = Kind(_loss, _slope, one_a_row=False)

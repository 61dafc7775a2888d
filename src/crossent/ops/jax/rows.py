"""A loss whose slope is known, as a differentiable JAX function.

Generic over rows of a softmax and elements of a sigmoid; `Kind` says which. The first derivative
in the logits is the closed form, with all its digits and one array kept for the backward pass;
derivatives in the target, and every higher one, are those of the composition.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from crossent.core.shape import Shape

Parts = tuple[jax.Array | None, ...]  # the arrays of a target


class Kind(NamedTuple):
    """A kind of row: its loss, its slope, and whether a loss sums over a last axis of classes."""

    loss: Callable[[jax.Array, Parts, Shape], jax.Array]
    slope: Callable[[jax.Array, Parts, Shape], jax.Array]
    one_a_row: bool


@partial(jax.custom_jvp, nondiff_argnums=(0, 3))
def losses(kind: Kind, logits: jax.Array, parts: Parts, shape: Shape) -> jax.Array:
    """Return the loss of every row, or of every element."""
    return kind.loss(logits, parts, shape)


@partial(losses.defjvp, symbolic_zeros=True)
def _(kind: Kind, shape: Shape, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
    logits, parts = primals
    value = losses(kind, logits, parts, shape)
    tangent = jnp.zeros_like(value)
    if not isinstance(tangents[0], SymbolicZero):
        slope = slopes(kind, logits, parts, shape)
        along = slope * tangents[0].astype(slope.dtype)
        tangent = tangent + (
            jnp.sum(along, axis=-1, dtype=value.dtype)
            if kind.one_a_row
            else along.astype(value.dtype)
        )
    # Only parts that are differentiated cost anything: a target is constant as a rule.
    moving = [i for i, t in enumerate(tangents[1]) if t is not None and not _is_zero(t)]
    if moving:

        def of_parts(*chosen: jax.Array) -> jax.Array:
            whole = list(parts)
            for place, part in zip(moving, chosen, strict=True):
                whole[place] = part
            return kind.loss(logits, tuple(whole), shape)

        chosen, along = [parts[i] for i in moving], [tangents[1][i] for i in moving]
        tangent = tangent + jax.jvp(of_parts, chosen, along)[1]
    return value, tangent


@partial(jax.custom_jvp, nondiff_argnums=(0, 3))
def slopes(kind: Kind, logits: jax.Array, parts: Parts, shape: Shape) -> jax.Array:
    """Return the derivative of every loss in its logits, in the closed form."""
    return kind.slope(logits, parts, shape)


@slopes.defjvp
def _(kind: Kind, shape: Shape, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
    def composed(logits: jax.Array, parts: Parts) -> jax.Array:
        wide = logits.astype(value.dtype)
        return jax.grad(lambda z: jnp.sum(kind.loss(z, parts, shape)))(wide)

    value = slopes(kind, *primals, shape)
    return value, jax.jvp(composed, primals, tangents)[1]


def _is_zero(tangent: object) -> bool:
    return isinstance(tangent, SymbolicZero)

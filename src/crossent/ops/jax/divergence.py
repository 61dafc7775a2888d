"""Entropies and divergences of rows as JAX functions: compiled by XLA where JAX traces.

An array that has its values, in CPU memory, is read there by the kernels, without a copy.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from crossent.core.array import sum_dtype
from crossent.core.divergence import Term, slopes
from crossent.core.logit_divergence import kl_from_logits, kl_slopes
from crossent.core.surprise import surprise
from crossent.kernels.contract import DivergenceKernels
from crossent.kernels.eager.divergence import (
    carried_over,
    entropy_of_logits,
    sums_of,
    whole,
)
from crossent.kernels.select import select
from crossent.ops.jax.dense import xp
from crossent.ops.values import is_traced

Rows = tuple[jax.Array, ...]


def total(term: Term, p: jax.Array, q: jax.Array | None = None, *, order: float = 1.0) -> jax.Array:
    """Return the sum of the terms of every row (N,) of p and q (N, C)."""
    rows = (p,) if q is None else (p, q)
    return _call(
        rows,
        lambda kernels, *views: kernels.total(term, *views, order=order),
        lambda: _total(term, order, *rows),
    )


def softmax_entropy(logits: jax.Array) -> jax.Array:
    """Return the entropy of softmax(logits) of every row (N,)."""
    return _call(
        (logits,),
        lambda kernels, z: kernels.softmax_entropy(z),
        lambda: _entropy(logits),
    )


def softmax_kl(p_logits: jax.Array, q_logits: jax.Array) -> jax.Array:
    """Return KL(softmax(p_logits) || softmax(q_logits)) of every row (N,)."""
    return _call(
        (p_logits, q_logits),
        lambda kernels, a, b: kernels.softmax_kl(a, b),
        lambda: _softmax_kl(p_logits, q_logits),
    )


def carried(p: jax.Array, q: jax.Array, gaps: jax.Array) -> jax.Array:
    """Return the sum of |cumulated (p - q)| times gaps of every row (N,)."""
    return _call(
        (p, q, gaps),
        lambda kernels, *views: kernels.carried(*views),
        lambda: _carried(p, q, gaps),
    )


@jax.jit
def information(p: jax.Array) -> jax.Array:
    """Return -log p, element by element."""
    return surprise(xp, p)


def _call(
    rows: tuple[jax.Array, ...],
    kernel: Callable[..., Any],
    compiled: Callable[[], jax.Array],
) -> jax.Array:
    if any(is_traced(x) or any(d.platform != "cpu" for d in x.devices()) for x in rows):
        return compiled()
    views = [np.asarray(x) for x in rows]
    kernels: DivergenceKernels = select(views[0]).divergence
    return jnp.asarray(kernel(kernels, *views).astype(sum_dtype(xp, rows[0])))


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _sums(term: Term, order: float, *rows: jax.Array) -> jax.Array:
    return whole(sums_of(term, order), *rows)


@_sums.defjvp
def _(term: Term, order: float, rows: Rows, tangents: Rows) -> tuple[jax.Array, jax.Array]:
    along = _along(partial(slopes, xp, term, order), rows, tangents)
    return _sums(term, order, *rows), along


@jax.custom_jvp
def _kl(p_logits: jax.Array, q_logits: jax.Array) -> jax.Array:
    return whole(kl_from_logits, p_logits, q_logits)


@_kl.defjvp
def _(rows: Rows, tangents: Rows) -> tuple[jax.Array, jax.Array]:
    return _kl(*rows), _along(partial(kl_slopes, xp), rows, tangents)


def _along(formula: Callable[..., Rows], rows: Rows, tangents: Rows) -> jax.Array:
    """Return the derivative along tangents, from closed slopes."""
    dtype = sum_dtype(xp, rows[0])
    found = formula(*(x.astype(dtype) for x in rows))
    parts = [part * along.astype(dtype) for part, along in zip(found, tangents, strict=True)]
    return sum(jnp.sum(part, axis=-1) for part in parts)  # type: ignore[return-value]


@jax.jit
def _carried(p: jax.Array, q: jax.Array, gaps: jax.Array) -> jax.Array:
    return whole(carried_over(gaps), p, q)


@jax.jit
def _entropy(logits: jax.Array) -> jax.Array:
    return whole(entropy_of_logits, logits)


_total = jax.jit(_sums, static_argnums=(0, 1))
_softmax_kl = jax.jit(_kl)

"""Entropies and divergences of rows as compiled JAX functions."""

from functools import partial

import jax

from crossent.core.divergence import Term
from crossent.core.logit_divergence import kl_from_logits
from crossent.kernels.eager.divergence import carried_over, entropy_of_logits, sums_of, whole


@partial(jax.jit, static_argnames=("term", "order"))
def total(term: Term, p: jax.Array, q: jax.Array | None = None, *, order: float = 1.0) -> jax.Array:
    """Return the sum of the terms of every row (N,) of p and q (N, C)."""
    return whole(sums_of(term, order), *((p,) if q is None else (p, q)))


@jax.jit
def softmax_entropy(logits: jax.Array) -> jax.Array:
    """Return the entropy of softmax(logits) of every row (N,)."""
    return whole(entropy_of_logits, logits)


@jax.jit
def softmax_kl(p_logits: jax.Array, q_logits: jax.Array) -> jax.Array:
    """Return KL(softmax(p_logits) || softmax(q_logits)) of every row (N,)."""
    return whole(kl_from_logits, p_logits, q_logits)


@jax.jit
def carried(p: jax.Array, q: jax.Array, gaps: jax.Array) -> jax.Array:
    """Return the sum of |cumulated (p - q)| times gaps of every row (N,)."""
    return whole(carried_over(gaps), p, q)

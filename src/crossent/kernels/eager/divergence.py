"""Sums of entropy and divergence terms with the array library's own operations."""

from collections.abc import Callable
from typing import Any

import numpy as np

from crossent.core import row as rows
from crossent.core.array import (
    Array,
    Namespace,
    device_of,
    index_dtype,
    namespace,
    sum_dtype,
    sum_rows,
)
from crossent.core.divergence import Term, terms
from crossent.core.divergence import slopes as term_slopes
from crossent.core.logit_divergence import kl_from_logits, kl_slopes
from crossent.core.target import Labels, measure
from crossent.core.transport import carried as carried_rows
from crossent.core.transport import carried_slopes as core_slopes
from crossent.kernels.eager.blocks import blocks

Formula = Callable[..., Array]  # of the functions and of rows in the type of sums


def total(term: Term, p: Array, q: Array | None = None, *, order: float = 1.0) -> Array:
    """See `kernels.contract.DivergenceKernels.total`."""
    return in_blocks(sums_of(term, order), *((p,) if q is None else (p, q)))


def slopes(
    term: Term,
    upstream: Array,
    p: Array,
    q: Array | None = None,
    *,
    order: float = 1.0,
    wants: tuple[bool, ...] = (True, True),
) -> tuple[Array | None, ...]:
    """See `kernels.contract.DivergenceKernels.slopes`."""
    given = (p,) if q is None else (p, q)
    found = times(lambda xp, *rows: term_slopes(xp, term, order, *rows), upstream, *given)
    return _wanted(found, wants)


def softmax_kl_slopes(
    upstream: Array,
    p_logits: Array,
    q_logits: Array,
    *,
    wants: tuple[bool, ...] = (True, True),
) -> tuple[Array | None, ...]:
    """See `kernels.contract.DivergenceKernels.softmax_kl_slopes`."""
    return _wanted(times(kl_slopes, upstream, p_logits, q_logits), wants)


def carried_slopes(
    upstream: Array, p: Array, q: Array, gaps: Array, *, wants: tuple[bool, ...] = (True, True)
) -> tuple[Array | None, ...]:
    """See `kernels.contract.DivergenceKernels.carried_slopes`."""
    return _wanted(times(carried_slopes_over(gaps), upstream, p, q), wants)


def _wanted(found: tuple[Array, ...], wants: tuple[bool, ...]) -> tuple[Array | None, ...]:
    return tuple(x if wanted else None for x, wanted in zip(found, wants, strict=False))


def times(formula: Callable[..., tuple[Array, ...]], upstream: Array, *given: Array) -> Any:
    """Return upstream (N,) times what a formula of the rows says, in the type of the rows."""
    xp = namespace(given[0])
    dtype = sum_dtype(xp, given[0])
    wide = [xp.astype(x, dtype, copy=False) for x in given]
    with np.errstate(over="ignore", divide="ignore"):
        found = formula(xp, *wide)
    above = upstream[:, None]
    none = above == 0.0  # a slope may be inf
    return tuple(
        xp.astype(xp.where(none, 0.0, above * xp.where(none, 0.0, part)), x.dtype, copy=False)
        for part, x in zip(found, given, strict=True)
    )


def softmax_entropy(logits: Array) -> Array:
    """See `kernels.contract.DivergenceKernels.softmax_entropy`."""
    return in_blocks(entropy_of_logits, logits)


def softmax_kl(p_logits: Array, q_logits: Array) -> Array:
    """See `kernels.contract.DivergenceKernels.softmax_kl`."""
    return in_blocks(kl_from_logits, p_logits, q_logits)


def carried(p: Array, q: Array, gaps: Array) -> Array:
    """See `kernels.contract.DivergenceKernels.carried`."""
    return in_blocks(carried_over(gaps), p, q)


def sums_of(term: Term, order: float) -> Formula:
    """Return the formula of the sums of a term."""
    return lambda xp, *given: sum_rows(xp, terms(xp, term, order, *given), given[0].dtype)


def carried_over(gaps: Array) -> Formula:
    """Return the formula of `carried` over these gaps."""
    return lambda xp, p, q: carried_rows(xp, p, q, xp.astype(gaps, p.dtype, copy=False))


def carried_slopes_over(gaps: Array) -> Callable[..., tuple[Array, ...]]:
    """Return the formula of the slopes of `carried` over these gaps."""
    return lambda xp, p, q: core_slopes(xp, p, q, xp.astype(gaps, p.dtype, copy=False))


def entropy_of_logits(xp: Namespace, logits: Array) -> Array:
    """Return the entropy of every row; that of its target does not matter."""
    index = xp.zeros(logits.shape[:1], dtype=index_dtype(xp, logits), device=device_of(logits))
    row = rows.read(xp, logits, measure(xp, Labels(indices=index), logits), entropy=True)
    return rows.entropy(xp, rows.whole(xp, row))


def whole(formula: Formula, *given: Array) -> Array:
    """Return a formula of whole rows, differentiable where the library differentiates."""
    xp = namespace(given[0])
    dtype = sum_dtype(xp, given[0])
    wide = [xp.astype(x, dtype, copy=False) for x in given]
    if not isinstance(wide[0], np.ndarray):
        return formula(xp, *wide)
    with np.errstate(over="ignore"):  # a quotient beyond the largest number is inf, and meant so
        return formula(xp, *wide)


def in_blocks(formula: Formula, *given: Array) -> Array:
    """Return a formula of rows, block by block."""
    parts = blocks(given[0])
    if parts is None:
        return whole(formula, *given)
    first, xp = given[0], namespace(given[0])
    made = xp.empty(first.shape[:1], dtype=sum_dtype(xp, first), device=device_of(first))
    for part in parts:
        made[part] = whole(formula, *(x[part] for x in given))
    return made

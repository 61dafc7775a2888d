"""Sums of entropy and divergence terms by the C++ kernels."""

from typing import get_args

from crossent.core.array import Array
from crossent.core.divergence import Term
from crossent.kernels.cpu import native
from crossent.kernels.cpu.arrays import address, rows_of
from crossent.kernels.cpu.memory import doubles, empty_like, threads_for

# Terms by their numbers in native/task.hpp, and what is no sum of terms.
NUMBERS = {
    name: number
    for number, name in enumerate([*get_args(Term), "softmax_entropy", "softmax_kl", "carried"])
}


def total(term: Term, p: Array, q: Array | None = None, *, order: float = 1.0) -> Array:
    """See `kernels.contract.DivergenceKernels.total`."""
    return _rows(term, p, q, order=order)


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
    return _slopes(term, upstream, p, q, wants, order=order)


def softmax_entropy(logits: Array) -> Array:
    """See `kernels.contract.DivergenceKernels.softmax_entropy`."""
    return _rows("softmax_entropy", logits, None)


def softmax_kl(p_logits: Array, q_logits: Array) -> Array:
    """See `kernels.contract.DivergenceKernels.softmax_kl`."""
    return _rows("softmax_kl", p_logits, q_logits)


def softmax_kl_slopes(
    upstream: Array,
    p_logits: Array,
    q_logits: Array,
    *,
    wants: tuple[bool, ...] = (True, True),
) -> tuple[Array | None, ...]:
    """See `kernels.contract.DivergenceKernels.softmax_kl_slopes`."""
    return _slopes("softmax_kl", upstream, p_logits, q_logits, wants)


def carried(p: Array, q: Array, gaps: Array) -> Array:
    """See `kernels.contract.DivergenceKernels.carried`."""
    return _rows("carried", p, q, gaps=gaps)


def carried_slopes(
    upstream: Array, p: Array, q: Array, gaps: Array, *, wants: tuple[bool, ...] = (True, True)
) -> tuple[Array | None, ...]:
    """See `kernels.contract.DivergenceKernels.carried_slopes`."""
    return _slopes("carried", upstream, p, q, wants, gaps=gaps)


def _rows(
    name: str, p: Array, q: Array | None, *, order: float = 1.0, gaps: Array | None = None
) -> Array:
    sums = doubles(p, (p.shape[0],))
    between = None if gaps is None else _as_doubles(gaps, p)
    first = rows_of(p)
    native.divergence(
        NUMBERS[name],
        order,
        first,
        first if q is None else rows_of(q),
        0 if between is None else address(between),
        address(sums),
        threads_for(p),
    )
    return sums


def _slopes(
    name: str,
    upstream: Array,
    p: Array,
    q: Array | None,
    wants: tuple[bool, ...],
    *,
    order: float = 1.0,
    gaps: Array | None = None,
) -> tuple[Array | None, ...]:
    above, between = _as_doubles(upstream, p), None if gaps is None else _as_doubles(gaps, p)
    given = (p,) if q is None else (p, q)
    made = [empty_like(x) if wanted else None for x, wanted in zip(given, wants, strict=False)]
    described = [rows_of(x) for x in given]
    native.divergence_slopes(
        NUMBERS[name],
        order,
        described[0],
        described[-1],
        0 if between is None else address(between),
        address(above),
        *(0 if x is None else address(x) for x in (made[0], made[-1] if q is not None else None)),
        threads_for(p),
    )
    return tuple(made)


def _as_doubles(values: Array, like: Array) -> Array:
    """Return numbers in memory of their own, as the kernels read them."""
    made = doubles(like, tuple(values.shape))
    made[...] = values
    return made

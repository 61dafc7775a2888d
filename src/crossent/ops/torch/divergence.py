"""Entropies and divergences of rows as differentiable PyTorch operations."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from array_api_compat import torch as xp

from crossent.core.divergence import LEAST, Term
from crossent.core.divergence import slopes as term_slopes
from crossent.core.logit_divergence import kl_from_logits, kl_slopes
from crossent.core.surprise import surprise, surprise_alone
from crossent.kernels.contract import DivergenceKernels
from crossent.kernels.eager.divergence import (
    Formula,
    carried_over,
    carried_slopes_over,
    sums_of,
    times,
    whole,
)
from crossent.kernels.select import select
from crossent.ops.torch.route import is_batched, is_plain, route

Rows = tuple[torch.Tensor, ...]


class Sum(NamedTuple):
    """A number a row: its formula and its slopes in `core`, and what a kernel makes of them."""

    formula: Formula
    kernel: Callable[..., torch.Tensor]  # of the kernels and the rows
    core_slopes: Callable[..., Rows]  # of the functions and the rows
    slopes: Callable[..., Rows]  # of the kernels, what is above, what is wanted, the rows


def total(
    term: Term, p: torch.Tensor, q: torch.Tensor | None = None, *, order: float = 1.0
) -> torch.Tensor:
    """Return the sum of the terms of every row (N,) of p and q (N, C)."""
    made = Sum(
        sums_of(term, order),
        lambda kernels, *rows: kernels.total(term, *rows, order=order),
        lambda xp, *rows: term_slopes(xp, term, order, *rows),
        lambda kernels, above, wants, *rows: kernels.slopes(
            term, above, *rows, order=order, wants=wants
        ),
    )
    return _call(made, (p,) if q is None else (p, q))


def softmax_kl(p_logits: torch.Tensor, q_logits: torch.Tensor) -> torch.Tensor:
    """Return KL(softmax(p_logits) || softmax(q_logits)) of every row (N,)."""
    made = Sum(
        kl_from_logits,
        lambda kernels, a, b: kernels.softmax_kl(a, b),
        kl_slopes,
        lambda kernels, above, wants, a, b: kernels.softmax_kl_slopes(above, a, b, wants=wants),
    )
    return _call(made, (p_logits, q_logits))


def carried(p: torch.Tensor, q: torch.Tensor, gaps: torch.Tensor) -> torch.Tensor:
    """Return the sum of |cumulated (p - q)| times gaps of every row (N,)."""
    made = Sum(
        carried_over(gaps),
        lambda kernels, p, q: kernels.carried(p, q, gaps),
        carried_slopes_over(gaps),
        lambda kernels, above, wants, p, q: kernels.carried_slopes(above, p, q, gaps, wants=wants),
    )
    return _call(made, (p, q), [gaps])


def information(p: torch.Tensor) -> torch.Tensor:
    """Return -log p, element by element, where a slope may be asked for."""
    if route(p, []) != "function":
        return surprise(xp, p)
    if p.requires_grad and torch.is_grad_enabled():
        return _Information.apply(p)  # type: ignore[no-any-return]
    return surprise_alone(xp, p)


class _Information(torch.autograd.Function):
    """At 0 inf, with the slope of LEAST."""

    @staticmethod
    def forward(ctx: Any, p: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        ctx.save_for_backward(p)
        return surprise_alone(xp, p)

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> Any:  # type: ignore[override]
        (p,) = ctx.saved_tensors
        return -upstream / p.clamp(min=LEAST)


def _call(made: Sum, rows: Rows, constants: Sequence[object] = ()) -> torch.Tensor:
    # Under torch.compile too the composition: it is fused there.
    if route(rows[0], constants) != "function" or not all(map(is_plain, rows)):
        return whole(made.formula, *rows)
    if torch.is_grad_enabled() and any(x.requires_grad for x in rows):
        return _Rows.apply(made, *rows)  # type: ignore[no-any-return]
    return made.kernel(_kernels(rows), *rows)


def _kernels(rows: Rows) -> DivergenceKernels:
    return select(rows[0]).divergence


class _Rows(torch.autograd.Function):
    """Keeps the rows; their slopes are closed, and differentiable themselves."""

    @staticmethod
    def forward(ctx: Any, made: Sum, *rows: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        ctx.made = made
        ctx.save_for_backward(*rows)
        return made.kernel(_kernels(rows), *rows)

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> Any:  # type: ignore[override]
        rows, made = ctx.saved_tensors, ctx.made
        if torch.is_grad_enabled() or is_batched(upstream):  # create_graph, is_grads_batched
            return None, *times(made.core_slopes, upstream, *rows)
        return None, *made.slopes(_kernels(rows), upstream, ctx.needs_input_grad[1:], *rows)

"""Entropies and divergences of rows as differentiable PyTorch operations."""

from collections.abc import Callable
from typing import Any

import torch
from array_api_compat import torch as xp

from crossent.core.array import sum_dtype
from crossent.core.divergence import Term, slopes
from crossent.core.logit_divergence import kl_from_logits, kl_slopes
from crossent.core.transport import carried_slopes
from crossent.kernels.eager.divergence import Formula, carried_over, sums_of, whole
from crossent.kernels.select import select
from crossent.ops.torch.route import is_plain, route

Rows = tuple[torch.Tensor, ...]
Slopes = Callable[..., tuple[torch.Tensor, ...]]


def total(
    term: Term, p: torch.Tensor, q: torch.Tensor | None = None, *, order: float = 1.0
) -> torch.Tensor:
    """Return the sum of the terms of every row (N,) of p and q (N, C)."""
    return _call(
        (p,) if q is None else (p, q),
        sums_of(term, order),
        lambda *rows: select(rows[0]).divergence.total(term, *rows, order=order),
        lambda *rows: slopes(xp, term, order, *rows),
    )


def softmax_kl(p_logits: torch.Tensor, q_logits: torch.Tensor) -> torch.Tensor:
    """Return KL(softmax(p_logits) || softmax(q_logits)) of every row (N,)."""
    return _call(
        (p_logits, q_logits),
        kl_from_logits,
        lambda a, b: select(a).divergence.softmax_kl(a, b),
        lambda a, b: kl_slopes(xp, a, b),
    )


def carried(p: torch.Tensor, q: torch.Tensor, gaps: torch.Tensor) -> torch.Tensor:
    """Return the sum of |cumulated (p - q)| times gaps of every row (N,)."""
    return _call(
        (p, q),
        carried_over(gaps),
        lambda p, q: select(p).divergence.carried(p, q, gaps),
        lambda p, q: carried_slopes(xp, p, q, gaps.to(p.dtype)),
    )


def _call(
    rows: Rows, formula: Formula, kernel: Callable[..., torch.Tensor], slope: Slopes
) -> torch.Tensor:
    # Under torch.compile too the composition: it is fused there.
    if route(rows[0], []) != "function" or not all(map(is_plain, rows)):
        return whole(formula, *rows)
    if torch.is_grad_enabled() and any(x.requires_grad for x in rows):
        return _Rows.apply(kernel, slope, *rows)  # type: ignore[no-any-return]
    return kernel(*rows)


class _Rows(torch.autograd.Function):
    """Keeps the rows; their slopes are closed, and differentiable themselves."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, kernel: Callable[..., torch.Tensor], slope: Slopes, *rows: torch.Tensor
    ) -> torch.Tensor:
        ctx.slope = slope
        ctx.save_for_backward(*rows)
        return kernel(*rows)

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> Any:  # type: ignore[override]
        rows = ctx.saved_tensors
        found = ctx.slope(*(x.to(sum_dtype(xp, x)) for x in rows))
        made = [(upstream[:, None] * part).to(rows[0].dtype) for part in found]
        return None, None, *made

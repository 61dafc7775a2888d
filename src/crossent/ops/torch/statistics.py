"""Log-probability, lse and entropy of rows (N, V) as one differentiable PyTorch operation."""

from typing import Any

import torch
from array_api_compat import torch as xp

from crossent.core import loss as losses
from crossent.core import row as rows
from crossent.core import statistics
from crossent.core.array import compute_dtype
from crossent.core.row import Row
from crossent.core.target import Measure
from crossent.kernels.select import select
from crossent.ops.torch.route import is_batched, route

Three = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def likelihood(logits: torch.Tensor, q: Measure) -> Three:
    """Return log p at the target, lse and entropy, each (N,)."""
    parts = [part for part in q if part is not None]
    if route(logits, parts) != "function":  # under torch.compile too: it fuses the composition
        return _compose(logits, q)
    if torch.is_grad_enabled() and logits.requires_grad:
        return _Likelihood.apply(logits, *q)  # type: ignore[no-any-return]
    return statistics.likelihood(xp, select(logits).dense.read(logits, q, entropy=True))


def standing(logits: torch.Tensor, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the predicted class and the rank of class `index`, each (N,)."""
    if route(logits, []) == "function":
        return select(logits).dense.standing(logits, index)
    return statistics.standing(xp, logits, index)


class _Likelihood(torch.autograd.Function):
    """Keeps the row numbers, five a row, and makes the slope in the backward pass."""

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, *parts: torch.Tensor | None) -> Three:  # type: ignore[override]
        q = Measure(*parts)  # type: ignore[arg-type]
        row = select(logits).dense.read(logits, q, entropy=True)
        ctx.save_for_backward(logits, *row, *parts)
        return statistics.likelihood(xp, row)

    @staticmethod
    def backward(ctx: Any, *upstreams: torch.Tensor) -> Any:  # type: ignore[override]
        logits, *rest = ctx.saved_tensors
        row, q = Row(*rest[:5]), Measure(*rest[5:])
        constants = (None,) * len(q)
        if torch.is_grad_enabled() or any(map(is_batched, upstreams)):
            with torch.enable_grad():
                z = logits if logits.requires_grad else logits.detach().requires_grad_()
                made = _compose(z, q)
            again = torch.is_grad_enabled()
            (slope,) = torch.autograd.grad(made, z, upstreams, create_graph=again)
            return slope, *constants
        alpha, beta, gamma = statistics.coefficients(xp, row, *upstreams)
        return select(logits).dense.slope(logits, q, row, alpha, beta, gamma), *constants


def _compose(logits: torch.Tensor, q: Measure) -> Three:
    wide = losses.quiet(xp, logits.to(compute_dtype(xp, logits.dtype)), q)
    return statistics.likelihood(xp, rows.whole(xp, rows.read(xp, wide, q, entropy=True)))

"""Log-probability, lse and entropy of rows (N, V) as one differentiable PyTorch operation."""

from typing import Any

import torch
from array_api_compat import torch as xp

from crossent.core import loss as losses
from crossent.core import row as rows
from crossent.core import statistics
from crossent.core.array import compute_dtype
from crossent.core.row import Row
from crossent.core.target import Labels, measure
from crossent.kernels.select import select
from crossent.ops.torch.operators import KERNELS
from crossent.ops.torch.route import is_batched, route

Three = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def likelihood(logits: torch.Tensor, labels: Labels) -> Three:
    """Return log p at the target, lse and entropy, each (N,)."""
    if (
        route(logits, labels.arrays) != "function"
    ):  # under torch.compile too: it fuses the composition
        return _compose(logits, labels)
    if torch.is_grad_enabled() and logits.requires_grad:
        return _Likelihood.apply(logits, labels.numbers, *labels.arrays)  # type: ignore[no-any-return]
    return statistics.likelihood(xp, select(logits).dense.read(logits, labels, entropy=True))


def entropy(logits: torch.Tensor) -> torch.Tensor:
    """Return the entropy of softmax(logits) of every row (N,)."""
    if route(logits, []) == "function" and not (torch.is_grad_enabled() and logits.requires_grad):
        return select(logits).divergence.softmax_entropy(logits)
    # Any class will do: the entropy does not depend on the target.
    index = torch.zeros(logits.shape[:1], dtype=torch.int64, device=logits.device)
    return likelihood(logits, Labels(indices=index))[2]


def standing(logits: torch.Tensor, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the predicted class and the rank of class `index`, each (N,)."""
    if route(logits, []) == "function":
        return select(logits).dense.standing(logits, index)
    return statistics.standing(xp, logits, index)


class _Likelihood(torch.autograd.Function):
    """Keeps the row numbers, five a row, and makes the slope in the backward pass."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any,
        logits: torch.Tensor,
        numbers: tuple[Any, ...],
        *arrays: torch.Tensor | None,
    ) -> Three:
        ctx.numbers = numbers
        row = select(logits).dense.read(
            logits, KERNELS["softmax"].labels(*arrays, *numbers), entropy=True
        )
        ctx.save_for_backward(logits, *row, *arrays)
        return statistics.likelihood(xp, row)

    @staticmethod
    def backward(ctx: Any, *upstreams: torch.Tensor) -> Any:  # type: ignore[override]
        logits, *rest = ctx.saved_tensors
        row, labels = Row(*rest[:5]), KERNELS["softmax"].labels(*rest[5:], *ctx.numbers)
        constants = (None,) * (1 + len(labels.arrays))
        if torch.is_grad_enabled() or any(map(is_batched, upstreams)):
            with torch.enable_grad():
                z = logits if logits.requires_grad else logits.detach().requires_grad_()
                made = _compose(z, labels)
            again = torch.is_grad_enabled()
            (slope,) = torch.autograd.grad(made, z, upstreams, create_graph=again)
            return slope, *constants
        alpha, beta, gamma = statistics.coefficients(xp, row, *upstreams)
        return select(logits).dense.slope(logits, labels, row, alpha, beta, gamma), *constants


def _compose(logits: torch.Tensor, labels: Labels) -> Three:
    q = measure(xp, labels, logits)
    wide = losses.quiet(xp, logits.to(compute_dtype(xp, logits.dtype)), q)
    return statistics.likelihood(xp, rows.whole(xp, rows.read(xp, wide, q, entropy=True)))

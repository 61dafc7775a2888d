"""The three routes for a loss whose value and slope a kernel makes in one pass.

Generic over rows of a softmax and elements of a sigmoid: `Kind` says which kernel verbs and
which composition. No formula, no check, no reduction word: `scale` is what a mean became.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from crossent.core.shape import Shape
from crossent.ops.torch.operators import KERNELS, Parts, loss_operator
from crossent.ops.torch.route import graph_is_kept, is_batched, route


class Kind(NamedTuple):
    """A kind of row: the name of its kernel verbs, and its loss in plain torch operations."""

    name: str
    compose: Callable[[torch.Tensor, Parts, Shape], torch.Tensor]


def fused(
    kind: Kind, logits: torch.Tensor, parts: Parts, shape: Shape, scale: torch.Tensor | None
) -> torch.Tensor:
    """Return the losses, or with a scalar `scale` their scaled sum, differentiable."""
    constants = [part for part in (*parts, scale) if part is not None]
    way = route(logits, constants)
    if way == "compose":
        return _scaled_sum(kind.compose(logits, parts, shape), scale)
    if way == "compile":
        return loss_operator(kind.name, logits, parts, shape, scale)
    if torch.is_grad_enabled() and logits.requires_grad:
        return _Fused.apply(kind, logits, shape, scale, *parts)  # type: ignore[no-any-return]
    return _scaled_sum(KERNELS[kind.name].loss(logits, parts, shape), scale)


class _Fused(torch.autograd.Function):
    """The gradient made in the forward pass of a sum, and handed over by the last backward.

    It is saved as autograd's other tensors are, so that checkpoints and offloading see it. The
    backward that frees the graph returns that buffer itself, scaled in place: a copy would cost
    what the kernel does. One with create_graph differentiates the composition instead.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any,
        kind: Kind,
        logits: torch.Tensor,
        shape: Shape,
        scale: torch.Tensor | None,
        *parts: torch.Tensor | None,
    ) -> torch.Tensor:
        ctx.kind, ctx.shape = kind, shape
        kernels = KERNELS[kind.name]
        # float16 recomputes: scaled by 1/N before GradScaler's factor, slopes would underflow.
        # bfloat16 does where the upstream gradient is not looked at, to be rounded once.
        wide = logits.dtype not in (torch.float16, torch.bfloat16)
        on_cpu = logits.device.type == "cpu" and logits.dtype != torch.float16
        if scale is None or not (wide or on_cpu):
            ctx.save_for_backward(None, logits, scale, *parts)
            return _scaled_sum(kernels.loss(logits, parts, shape), scale)
        value, slope = kernels.read_slope(logits, parts, shape, scale)
        ctx.save_for_backward(slope, logits, scale, *parts)
        return _scaled_sum(value, scale)

    @staticmethod
    def backward(ctx: Any, *upstreams: torch.Tensor) -> Any:  # type: ignore[override]
        (upstream,) = upstreams
        slope, logits, scale, *parts = ctx.saved_tensors
        rest = (None,) * (2 + len(parts))
        if torch.is_grad_enabled():  # true here only under create_graph
            value = _scaled_sum(ctx.kind.compose(logits, tuple(parts), ctx.shape), scale)
            (slope,) = torch.autograd.grad(value, logits, upstream, create_graph=True)
            return None, slope, *rest
        if is_batched(upstream):  # is_grads_batched: the slope is not one
            one = torch.ones((), dtype=torch.float64, device=logits.device)
            unit = one if scale is None else scale
            slope = KERNELS[ctx.kind.name].read_slope(logits, tuple(parts), ctx.shape, unit)[1]
            wider = upstream.reshape(upstream.shape + (1,) * (slope.ndim - upstream.ndim))
            return None, slope * wider.to(slope.dtype), *rest
        whole = slope is not None and upstream.device.type == "cpu" and upstream.item() == 1.0
        if slope is None or (slope.dtype == torch.bfloat16 and not whole):  # rounded once
            row_scale = upstream if scale is None else upstream * scale
            slope = KERNELS[ctx.kind.name].read_slope(logits, tuple(parts), ctx.shape, row_scale)[1]
        elif graph_is_kept():
            slope = slope * upstream
        elif not whole:
            slope = slope.mul_(upstream)
        return None, slope, *rest


def _scaled_sum(value: torch.Tensor, scale: torch.Tensor | None) -> torch.Tensor:
    return value if scale is None else value.sum() * scale

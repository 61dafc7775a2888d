"""The three routes for a loss whose value and slope a kernel makes in one pass.

Generic over rows of a softmax and elements of a sigmoid: `Kind` says which kernel verbs and
which composition. No formula, no check, no reduction word: `by` is what a sum is divided by.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from crossent.core.reduction import By
from crossent.core.shape import Shape
from crossent.ops.torch.operators import KERNELS, AnyLabels, loss_dtype, loss_operator, narrow
from crossent.ops.torch.route import graph_is_kept, is_batched, route

Pair = tuple[torch.Tensor, torch.Tensor | None]


class Kind(NamedTuple):
    """A kind of row: the name of its kernel verbs; its losses and scale in torch operations."""

    name: str
    compose: Callable[[torch.Tensor, AnyLabels, Shape, By], Pair]
    scale: Callable[[torch.Tensor, AnyLabels, By], torch.Tensor | None]


def fused(
    kind: Kind, logits: torch.Tensor, labels: AnyLabels, shape: Shape, by: By
) -> torch.Tensor:
    """Return the losses, or unless `by` is None their sum divided by it, differentiable.

    In the logits' type, float32 for half precision.
    """
    way = route(logits, (*labels.arrays, by))
    if way == "function":
        if torch.is_grad_enabled() and logits.requires_grad:
            return _Fused.apply(logits, kind, labels, shape, by)  # type: ignore[no-any-return]
        kernels = KERNELS[kind.name].of(logits)
        if by is None:
            return narrow(kernels.loss(logits, labels, shape), logits)
        return _number(kernels.reduce(logits, labels, shape, by, slope=False).value, logits)
    if way == "compose":
        return narrow(_scaled_sum(*kind.compose(logits, labels, shape, by)), logits)
    return narrow(
        loss_operator(kind.name, logits, labels, shape, kind.scale(logits, labels, by)), logits
    )


class _Fused(torch.autograd.Function):
    """The gradient made in the forward pass of a sum, and handed over by the last backward.

    It is saved as autograd's other tensors are, so that checkpoints and offloading see it. The
    backward that frees the graph returns that buffer itself, scaled in place: a copy would cost
    what the kernel does. One with create_graph differentiates the composition instead.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any,
        logits: torch.Tensor,
        kind: Kind,
        labels: AnyLabels,
        shape: Shape,
        by: By,
    ) -> torch.Tensor:
        ctx.kind, ctx.shape, ctx.numbers = kind, shape, labels.numbers
        kernels = KERNELS[kind.name].of(logits)
        # float16 recomputes: scaled by 1/N before GradScaler's factor, slopes would underflow.
        # bfloat16 does where the upstream gradient is not looked at, to be rounded once.
        dtype = logits.dtype
        on_cpu = dtype != torch.float16 and logits.device.type == "cpu"
        if by is None:
            _keep(ctx, None, logits, None, None, *labels.arrays)
            return narrow(kernels.loss(logits, labels, shape), logits)
        ahead = on_cpu or dtype not in (torch.float16, torch.bfloat16)
        made = kernels.reduce(logits, labels, shape, by, slope=ahead)
        _keep(ctx, made.slope, logits, made.scale, by, *labels.arrays)
        return _number(made.value, logits)

    @staticmethod
    def backward(ctx: Any, *upstreams: torch.Tensor) -> Any:  # type: ignore[override]
        (upstream,) = upstreams
        slope, logits, *tensors = ctx.saved_tensors
        whole = slope is not None and upstream.device.type == "cpu" and not is_batched(upstream)
        whole = whole and not torch.is_grad_enabled() and upstream.item() == 1.0
        if whole and not graph_is_kept():
            return slope, None, None, None, None
        scale, by, *arrays = _kept(ctx, tensors)
        kind, labels = ctx.kind, KERNELS[ctx.kind.name].labels(*arrays, *ctx.numbers)
        if torch.is_grad_enabled():  # true here only under create_graph
            value = narrow(_scaled_sum(*kind.compose(logits, labels, ctx.shape, by)), logits)
            (slope,) = torch.autograd.grad(value, logits, upstream, create_graph=True)
            return slope, None, None, None, None
        kernels = KERNELS[kind.name].of(logits)
        if is_batched(upstream):  # is_grads_batched: the slope is not one
            unit = _row_scale(scale, torch.ones((), device=logits.device))
            slope = kernels.read_slope(logits, labels, ctx.shape, unit)[1]
            wider = upstream.reshape(upstream.shape + (1,) * (slope.ndim - upstream.ndim))
            return slope * wider.to(slope.dtype), None, None, None, None
        if slope is None or (slope.dtype == torch.bfloat16 and not whole):  # rounded once
            row_scale = _row_scale(scale, upstream)
            slope = kernels.read_slope(logits, labels, ctx.shape, row_scale)[1]
        elif graph_is_kept():
            slope = slope * upstream
        else:
            slope = slope.mul_(upstream)
        return slope, None, None, None, None


def _keep(ctx: Any, slope: torch.Tensor | None, logits: torch.Tensor, *parts: object) -> None:
    """Keep what a backward needs: tensors as autograd's own, the rest as it is."""
    tensors = [part for part in parts if isinstance(part, torch.Tensor)]
    ctx.parts = [None if isinstance(part, torch.Tensor) else (part,) for part in parts]
    ctx.save_for_backward(slope, logits, *tensors)


def _kept(ctx: Any, tensors: list[torch.Tensor]) -> list[Any]:
    """Return the parts again, in their order."""
    rest = iter(tensors)
    return [next(rest) if part is None else part[0] for part in ctx.parts]


def _scaled_sum(value: torch.Tensor, scale: torch.Tensor | None) -> torch.Tensor:
    return value if scale is None else value.sum() * scale


def _row_scale(scale: torch.Tensor | float | None, upstream: torch.Tensor) -> torch.Tensor:
    """Return the upstream gradient times the scale, rounded as float64 where there is one."""
    if isinstance(scale, torch.Tensor):
        return upstream.to(scale.dtype) * scale
    return upstream if scale is None else upstream.double() * scale


def _number(value: torch.Tensor | float, logits: torch.Tensor) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return narrow(value, logits)
    return torch.scalar_tensor(value, dtype=loss_dtype(logits), device=logits.device)

"""The three routes for a loss whose value and slope a kernel makes in one pass.

Generic over rows of a softmax and elements of a sigmoid: `Kind` says which kernel verbs and
which composition. No formula, no check, no reduction word: `scale` is what a mean became.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from crossent.core.shape import Shape
from crossent.ops.torch.route import route

Parts = tuple[torch.Tensor | None, ...]  # the tensors of a target, constants on the fast routes


class Kind(NamedTuple):
    """The verbs of one kind of row: (logits, parts, shape[, scale]) to losses, slopes."""

    name: str
    compose: Callable[[torch.Tensor, Parts, Shape], torch.Tensor]
    loss: Callable[[torch.Tensor, Parts, Shape], torch.Tensor]
    read_slope: Callable[
        [torch.Tensor, Parts, Shape, torch.Tensor], tuple[torch.Tensor, torch.Tensor]
    ]
    losses_like: Callable[[torch.Tensor], tuple[Any, ...]]


KINDS: dict[str, Kind] = {}  # by name, because an operator's schema holds strings, not functions


def fused(
    kind: Kind, logits: torch.Tensor, parts: Parts, shape: Shape, scale: torch.Tensor | None
) -> torch.Tensor:
    """Return the losses, or with a constant scalar `scale` their scaled sum, differentiable."""
    way = route(logits, [part for part in parts if part is not None])
    if way == "compose":
        return _scaled_sum(kind.compose(logits, parts, shape), scale)
    want_grad = torch.is_grad_enabled() and logits.requires_grad
    if way == "compile":
        return fused_op(kind.name, logits, list(parts), numbers(shape), scale, want_grad)[0]
    if want_grad:
        return _Fused.apply(kind, logits, shape, scale, *parts)  # type: ignore[no-any-return]
    return _scaled_sum(kind.loss(logits, parts, shape), scale)


class _Fused(torch.autograd.Function):
    """The gradient made in the forward pass of a sum, and handed over once in the backward.

    Kept instead of handed over, the buffer would be cloned by AccumulateGrad. A second backward
    recomputes; one with create_graph differentiates the composition instead.
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
        ctx.save_for_backward(logits, scale, *parts)
        ctx.kind, ctx.shape, ctx.slope = kind, shape, None
        # float16 recomputes: scaled by 1/N before GradScaler's factor, slopes would underflow.
        if scale is None or logits.dtype == torch.float16:
            return _scaled_sum(kind.loss(logits, parts, shape), scale)
        value, ctx.slope = kind.read_slope(logits, parts, shape, scale)
        return _scaled_sum(value, scale)

    @staticmethod
    def backward(ctx: Any, *upstreams: torch.Tensor) -> Any:  # type: ignore[override]
        (upstream,) = upstreams
        logits, scale, *parts = ctx.saved_tensors
        rest = (None,) * (2 + len(parts))
        if torch.is_grad_enabled():  # true here only under create_graph
            value = _scaled_sum(ctx.kind.compose(logits, tuple(parts), ctx.shape), scale)
            (slope,) = torch.autograd.grad(value, logits, upstream, create_graph=True)
            return None, slope, *rest
        slope, ctx.slope = ctx.slope, None
        if slope is None:
            row_scale = upstream if scale is None else upstream * scale
            slope = ctx.kind.read_slope(logits, tuple(parts), ctx.shape, row_scale)[1]
        elif upstream.device.type != "cpu" or upstream.item() != 1.0:
            slope = slope.mul_(upstream)
        return None, slope, *rest


@torch.library.custom_op("crossent::fused", mutates_args=())
def fused_op(
    kind: str,
    logits: torch.Tensor,
    parts: list[torch.Tensor | None],
    shape: list[float],
    scale: torch.Tensor | None,
    want_grad: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the losses (or their scaled sum), and the slope (empty unless wanted)."""
    verbs, options = KINDS[kind], Shape(*shape)
    if want_grad:
        ones = torch.ones((), dtype=torch.float64, device=logits.device)
        factor = ones if scale is None else scale
        value, slope = verbs.read_slope(logits, tuple(parts), options, factor)
    else:
        value, slope = verbs.loss(logits, tuple(parts), options), logits.new_empty((0,))
    return _scaled_sum(value, scale), slope


@fused_op.register_fake
def _(
    kind: str,
    logits: torch.Tensor,
    parts: list[torch.Tensor | None],
    shape: list[float],
    scale: torch.Tensor | None,
    want_grad: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    value = logits.new_empty(KINDS[kind].losses_like(logits), dtype=torch.float64)
    slope = logits.new_empty(logits.shape if want_grad else (0,))
    return _scaled_sum(value, scale), slope


def _keep_slope(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
    ctx.save_for_backward(output[1])
    ctx.set_materialize_grads(False)
    parts = inputs[2]
    # The gradient of a list mirrors it where every item is a tensor; else the list is a leaf.
    ctx.no_parts = [None] * len(parts) if all(part is not None for part in parts) else None


def _use_slope(ctx: Any, upstream: torch.Tensor | None, _slope: object) -> Any:
    (slope,) = ctx.saved_tensors
    if upstream is None:
        return None, None, ctx.no_parts, None, None, None
    wider = upstream.reshape(upstream.shape + (1,) * (slope.ndim - upstream.ndim))
    return None, slope * wider.to(slope.dtype), ctx.no_parts, None, None, None


fused_op.register_autograd(_use_slope, setup_context=_keep_slope)


def numbers(shape: Shape) -> list[float]:
    """Return the shape's numbers in the order `Shape` takes them."""
    return [shape.gamma, shape.poly_epsilon, shape.generalised, shape.z_loss]


def _scaled_sum(value: torch.Tensor, scale: torch.Tensor | None) -> torch.Tensor:
    return value if scale is None else value.sum() * scale

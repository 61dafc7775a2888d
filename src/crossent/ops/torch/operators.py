"""The opaque operators that stand for a kernel under torch.compile, and their gradient.

`crossent::loss` saves its inputs and lets `crossent::slope` make the gradient in the backward
pass, with the whole upstream factor inside: half precision is rounded once. A second derivative
raises by name.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from crossent.core.shape import Shape
from crossent.core.target import Measure
from crossent.kernels.select import select

Parts = tuple[torch.Tensor | None, ...]  # the tensors of a target, constants on the fast routes


class Verbs(NamedTuple):
    """The kernel verbs of one kind of row, on the tensors of its target."""

    loss: Callable[[torch.Tensor, Parts, Shape], torch.Tensor]
    read_slope: Callable[..., tuple[torch.Tensor, torch.Tensor]]
    one_a_row: bool  # a loss for each row (softmax), or for each element (sigmoid)


KERNELS: dict[str, Verbs] = {  # by name: an operator's schema holds strings, not functions
    "softmax": Verbs(
        lambda z, parts, shape: select(z).dense.loss(z, Measure(*parts), shape),  # type: ignore[arg-type]
        lambda z, parts, shape, scale: select(z).dense.read_slope(
            z,
            Measure(*parts),
            shape,
            scale,  # type: ignore[arg-type]
        ),
        one_a_row=True,
    ),
    "sigmoid": Verbs(
        lambda z, parts, shape: select(z).sigmoid.loss(z, parts[0], parts[1], shape),
        lambda z, parts, shape, scale: select(z).sigmoid.read_slope(
            z, parts[0], parts[1], shape, scale
        ),
        one_a_row=False,
    ),
}


def loss_operator(
    kind: str, logits: torch.Tensor, parts: Parts, shape: Shape, scale: torch.Tensor | None
) -> torch.Tensor:
    """Return the losses, or their sum times `scale`, as one operator that is compiled around."""
    return loss_op(kind, logits, list(parts), numbers(shape), scale)


def numbers(shape: Shape) -> list[float]:
    """Return the shape's numbers in the order `Shape` takes them."""
    return [shape.gamma, shape.poly_epsilon, shape.generalised, shape.z_loss]


@torch.library.custom_op("crossent::loss", mutates_args=())
def loss_op(
    kind: str,
    logits: torch.Tensor,
    parts: list[torch.Tensor | None],
    shape: list[float],
    scale: torch.Tensor | None,
) -> torch.Tensor:
    """Return the losses of rows or elements, or their scaled sum."""
    value = KERNELS[kind].loss(logits, tuple(parts), Shape(*shape))
    return value if scale is None else value.sum() * scale


@loss_op.register_fake
def _(
    kind: str,
    logits: torch.Tensor,
    parts: list[torch.Tensor | None],
    shape: list[float],
    scale: torch.Tensor | None,
) -> torch.Tensor:
    size = logits.shape[:1] if KERNELS[kind].one_a_row else logits.shape
    return logits.new_empty(size if scale is None else (), dtype=torch.float64)


@torch.library.custom_op("crossent::slope", mutates_args=())
def slope_op(
    kind: str,
    logits: torch.Tensor,
    parts: list[torch.Tensor | None],
    shape: list[float],
    row_scale: torch.Tensor,
) -> torch.Tensor:
    """Return row_scale times the slope, in the logits' type."""
    return KERNELS[kind].read_slope(logits, tuple(parts), Shape(*shape), row_scale)[1]


@slope_op.register_fake
def _(
    kind: str,
    logits: torch.Tensor,
    parts: list[torch.Tensor | None],
    shape: list[float],
    row_scale: torch.Tensor,
) -> torch.Tensor:
    return torch.empty_like(logits, memory_format=torch.contiguous_format)


def _keep_inputs(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    ctx.kind, logits, parts, ctx.shape, scale = inputs
    ctx.save_for_backward(logits, scale, *parts)
    # The gradient of a list mirrors it where every item is a tensor; else the list is a leaf.
    ctx.no_parts = [None] * len(parts) if all(part is not None for part in parts) else None


def _use_slope(ctx: Any, upstream: torch.Tensor) -> Any:
    logits, scale, *parts = ctx.saved_tensors
    row_scale = upstream if scale is None else upstream * scale
    slope = slope_op(ctx.kind, logits, parts, ctx.shape, row_scale)
    return None, slope, ctx.no_parts, None, None


def _refuse(ctx: Any, upstream: torch.Tensor) -> Any:
    raise RuntimeError(
        "a second derivative of a crossent loss under torch.compile is not available; "
        "call the loss outside the compiled function, or use torch.func inside it"
    )


loss_op.register_autograd(_use_slope, setup_context=_keep_inputs)
slope_op.register_autograd(_refuse)

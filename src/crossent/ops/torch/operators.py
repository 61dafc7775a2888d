"""The opaque operators that stand for a kernel under torch.compile, and their gradient.

`crossent::loss` saves its inputs and lets `crossent::slope` make the gradient in the backward
pass, with the whole upstream factor inside: half precision is rounded once. A second derivative
raises by name.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from crossent.core.shape import Shape
from crossent.core.target import BinaryLabels, Labels
from crossent.kernels.select import select

AnyLabels = Any  # Labels of rows, or BinaryLabels of elements


class Verbs(NamedTuple):
    """The kernels of one kind of row, and its labels from their parts."""

    of: Callable[[torch.Tensor], Any]
    labels: Callable[..., AnyLabels]
    one_a_row: bool  # a loss for each row (softmax), or for each element (sigmoid)


def _row_labels(*parts: Any) -> Labels:
    ignore = None if parts[-2] is None else int(parts[-2])  # a schema has it as a float
    arrays: Any = parts[:-2]
    return Labels(*arrays, ignore, parts[-1])  # pyright: ignore[reportCallIssue]


KERNELS: dict[str, Verbs] = {  # by name: an operator's schema holds strings, not functions
    "softmax": Verbs(lambda z: select(z).dense, _row_labels, one_a_row=True),
    "sigmoid": Verbs(lambda z: select(z).sigmoid, BinaryLabels, one_a_row=False),
}


def loss_operator(
    kind: str,
    logits: torch.Tensor,
    labels: AnyLabels,
    shape: Shape,
    scale: torch.Tensor | None,
) -> torch.Tensor:
    """Return the losses, or their sum times `scale`, as one operator that is compiled around."""
    ignore, smoothing = labels.numbers
    ignored = None if ignore is None else float(ignore)
    return loss_op(
        kind, logits, list(labels.arrays), ignored, [*shape.numbers, float(smoothing)], scale
    )


def loss_dtype(logits: torch.Tensor) -> torch.dtype:
    """Return the type of a loss: that of the logits, float32 for half precision."""
    return logits.dtype if logits.dtype.itemsize >= 4 else torch.float32


def narrow(value: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Return a loss in its type."""
    return value.to(loss_dtype(logits))


@torch.library.custom_op("crossent::loss", mutates_args=())
def loss_op(
    kind: str,
    logits: torch.Tensor,
    arrays: list[torch.Tensor | None],
    ignore: float | None,
    options: list[float],
    scale: torch.Tensor | None,
) -> torch.Tensor:
    """Return the losses of rows or elements, or their scaled sum."""
    *shape, smoothing = options
    labels = KERNELS[kind].labels(*arrays, ignore, smoothing)
    value = KERNELS[kind].of(logits).loss(logits, labels, Shape.of(shape))
    return narrow(value if scale is None else value.sum() * scale, logits)


@loss_op.register_fake
def _(
    kind: str,
    logits: torch.Tensor,
    arrays: list[torch.Tensor | None],
    ignore: float | None,
    options: list[float],
    scale: torch.Tensor | None,
) -> torch.Tensor:
    size = logits.shape[:1] if KERNELS[kind].one_a_row else logits.shape
    return logits.new_empty(size if scale is None else (), dtype=loss_dtype(logits))


@torch.library.custom_op("crossent::slope", mutates_args=())
def slope_op(
    kind: str,
    logits: torch.Tensor,
    arrays: list[torch.Tensor | None],
    ignore: float | None,
    options: list[float],
    row_scale: torch.Tensor,
) -> torch.Tensor:
    """Return row_scale times the slope, in the logits' type."""
    *shape, smoothing = options
    labels = KERNELS[kind].labels(*arrays, ignore, smoothing)
    return KERNELS[kind].of(logits).read_slope(logits, labels, Shape.of(shape), row_scale)[1]


@slope_op.register_fake
def _(
    kind: str,
    logits: torch.Tensor,
    arrays: list[torch.Tensor | None],
    ignore: float | None,
    options: list[float],
    row_scale: torch.Tensor,
) -> torch.Tensor:
    return torch.empty_like(logits, memory_format=torch.contiguous_format)


def _keep_inputs(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    ctx.kind, logits, arrays, ctx.ignore, ctx.options, scale = inputs
    ctx.save_for_backward(logits, scale, *arrays)
    # The gradient of a list mirrors it where every item is a tensor; else the list is a leaf.
    ctx.no_arrays = [None] * len(arrays) if all(array is not None for array in arrays) else None


def _use_slope(ctx: Any, upstream: torch.Tensor) -> Any:
    logits, scale, *arrays = ctx.saved_tensors
    row_scale = upstream if scale is None else upstream * scale
    slope = slope_op(ctx.kind, logits, arrays, ctx.ignore, ctx.options, row_scale)
    return None, slope, ctx.no_arrays, None, None, None


def _refuse(ctx: Any, upstream: torch.Tensor) -> Any:
    raise RuntimeError(
        "a second derivative of a crossent loss under torch.compile is not available; "
        "call the loss outside the compiled function, or use torch.func inside it"
    )


loss_op.register_autograd(_use_slope, setup_context=_keep_inputs)
slope_op.register_autograd(_refuse)

"""Sigmoid cross-entropy, element by element, as a differentiable PyTorch operation."""

from typing import Any

import torch
from array_api_compat import torch as xp

from crossent.core import loss as losses
from crossent.core import row as rows
from crossent.core.array import compute_dtype
from crossent.core.shape import Shape
from crossent.kernels.select import select
from crossent.ops.torch.fused import KINDS, Kind, Parts, fused


def sigmoid(
    logits: torch.Tensor,
    positive: torch.Tensor,
    negative: torch.Tensor,
    shape: Shape,
    scale: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the loss of every element, or with a scalar `scale` their scaled sum."""
    return fused(SIGMOID, logits, (positive, negative), shape, scale)


def _compose(logits: torch.Tensor, parts: Parts, shape: Shape) -> torch.Tensor:
    positive, negative = parts
    wide = logits.to(compute_dtype(xp, logits.dtype))
    wide = torch.where((positive == 0.0) & (negative == 0.0), torch.zeros_like(wide), wide)
    return losses.loss(xp, rows.read_sigmoid(xp, wide, positive, negative), shape)


def _loss(logits: torch.Tensor, parts: Parts, shape: Shape) -> torch.Tensor:
    return select(logits).sigmoid.loss(logits, *parts, shape)


def _read_slope(logits: torch.Tensor, parts: Parts, shape: Shape, scale: torch.Tensor) -> Any:
    return select(logits).sigmoid.read_slope(logits, *parts, shape, scale)


SIGMOID = Kind("sigmoid", _compose, _loss, _read_slope, lambda logits: tuple(logits.shape))
KINDS[SIGMOID.name] = SIGMOID

"""Sigmoid cross-entropy, element by element, as a differentiable PyTorch operation."""

import torch
from array_api_compat import torch as xp

from crossent.core import loss as losses
from crossent.core import row as rows
from crossent.core.array import compute_dtype
from crossent.core.shape import Shape
from crossent.ops.torch.fused import Kind, fused
from crossent.ops.torch.operators import Parts


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
    wide = losses.quiet_elements(xp, wide, positive, negative)
    return losses.loss(xp, rows.read_sigmoid(xp, wide, positive, negative), shape)


SIGMOID = Kind("sigmoid", _compose)

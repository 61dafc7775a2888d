"""Sigmoid cross-entropy, element by element, as a differentiable PyTorch operation."""

import torch
from array_api_compat import torch as xp

from crossent.core import loss as losses
from crossent.core import reduction
from crossent.core import row as rows
from crossent.core.array import compute_dtype
from crossent.core.reduction import By
from crossent.core.shape import Shape
from crossent.core.target import BinaryLabels, masses
from crossent.ops.torch.fused import Kind, fused


def sigmoid(
    logits: torch.Tensor, labels: BinaryLabels, shape: Shape, by: By | None = None
) -> torch.Tensor:
    """Return the loss of every element, or their sum divided as `by` says."""
    return fused(SIGMOID, logits, labels, shape, by)


def _compose(
    logits: torch.Tensor, labels: BinaryLabels, shape: Shape, by: By | None
) -> tuple[torch.Tensor, torch.Tensor | None]:
    positive, negative, _, count = masses(xp, labels, logits)
    wide = logits.to(compute_dtype(xp, logits.dtype))
    wide = losses.quiet_elements(xp, wide, positive, negative)
    value = losses.loss(xp, rows.read_sigmoid(xp, wide, positive, negative), shape)
    return value, None if by is None else reduction.scale(xp, by, count, count)


def _scale(logits: torch.Tensor, labels: BinaryLabels, by: By | None) -> torch.Tensor | None:
    if by is None:
        return None
    count = masses(xp, labels, logits).count
    return reduction.scale(xp, by, count, count)


SIGMOID = Kind("sigmoid", _compose, _scale)

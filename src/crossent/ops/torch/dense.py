"""Softmax cross-entropy of whole rows (N, V) as a differentiable PyTorch operation."""

import torch
from array_api_compat import torch as xp

from crossent.core import loss as losses
from crossent.core import reduction
from crossent.core import row as rows
from crossent.core.array import compute_dtype
from crossent.core.link import link
from crossent.core.reduction import By
from crossent.core.shape import Shape
from crossent.core.target import Labels, measure, totals
from crossent.ops.torch.fused import Kind, fused


def dense(logits: torch.Tensor, labels: Labels, shape: Shape, by: By | None = None) -> torch.Tensor:
    """Return the loss of every row (N,), or their sum divided as `by` says."""
    return fused(SOFTMAX, logits, labels, shape, by)


def _compose(
    logits: torch.Tensor, labels: Labels, shape: Shape, by: By | None
) -> tuple[torch.Tensor, torch.Tensor | None]:
    q = measure(xp, labels, logits)
    wide = losses.quiet(xp, logits.to(compute_dtype(xp, logits.dtype)), q)
    wide = link(xp, wide, **shape.link._asdict())
    value = losses.loss(xp, rows.whole(xp, rows.read(xp, wide, q)), shape)
    return value, None if by is None else reduction.scale(xp, by, q.weight, q.count)


def _scale(logits: torch.Tensor, labels: Labels, by: By | None) -> torch.Tensor | None:
    return None if by is None else reduction.scale(xp, by, *totals(xp, labels, logits))


SOFTMAX = Kind("softmax", _compose, _scale)

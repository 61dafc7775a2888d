"""Softmax cross-entropy of whole rows (N, V) as a differentiable PyTorch operation."""

import torch
from array_api_compat import torch as xp

from crossent.core import loss as losses
from crossent.core import row as rows
from crossent.core.array import compute_dtype
from crossent.core.shape import Shape
from crossent.core.target import Measure
from crossent.ops.torch.fused import Kind, fused
from crossent.ops.torch.operators import Parts


def dense(
    logits: torch.Tensor, q: Measure, shape: Shape, scale: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the loss of every row (N,), or with a scalar `scale` their scaled sum."""
    return fused(SOFTMAX, logits, tuple(q), shape, scale)


def _compose(logits: torch.Tensor, parts: Parts, shape: Shape) -> torch.Tensor:
    q = Measure(*parts)  # type: ignore[arg-type]
    wide = losses.quiet(xp, logits.to(compute_dtype(xp, logits.dtype)), q)
    return losses.loss(xp, rows.whole(xp, rows.read(xp, wide, q)), shape)


SOFTMAX = Kind("softmax", _compose)

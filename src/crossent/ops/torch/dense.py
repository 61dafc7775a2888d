"""Softmax cross-entropy of whole rows (N, V) as a differentiable PyTorch operation."""

from typing import Any

import torch
from array_api_compat import torch as xp

from crossent.core import loss as losses
from crossent.core import row as rows
from crossent.core.array import compute_dtype
from crossent.core.shape import Shape
from crossent.core.target import Measure
from crossent.kernels.select import select
from crossent.ops.torch.fused import KINDS, Kind, Parts, fused


def dense(
    logits: torch.Tensor, q: Measure, shape: Shape, scale: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the loss of every row (N,), or with a scalar `scale` their scaled sum."""
    return fused(SOFTMAX, logits, tuple(q), shape, scale)


def _compose(logits: torch.Tensor, parts: Parts, shape: Shape) -> torch.Tensor:
    q = Measure(*parts)  # type: ignore[arg-type]
    wide = logits.to(compute_dtype(xp, logits.dtype))
    # A row without mass is read at logits 0, so that its NaN or inf reaches no derivative.
    wide = torch.where(_mass(wide, q)[:, None] == 0.0, torch.zeros_like(wide), wide)
    return losses.loss(xp, rows.whole(xp, rows.read(xp, wide, q)), shape)


def _mass(logits: torch.Tensor, q: Measure) -> torch.Tensor:
    with torch.no_grad():
        return rows.read(xp, torch.zeros_like(logits), q).mass


def _loss(logits: torch.Tensor, parts: Parts, shape: Shape) -> torch.Tensor:
    return select(logits).dense.loss(logits, Measure(*parts), shape)  # type: ignore[arg-type]


def _read_slope(logits: torch.Tensor, parts: Parts, shape: Shape, scale: torch.Tensor) -> Any:
    q = Measure(*parts)  # type: ignore[arg-type]
    return select(logits).dense.read_slope(logits, q, shape, scale)


SOFTMAX = Kind("softmax", _compose, _loss, _read_slope, lambda logits: tuple(logits.shape[:1]))
KINDS[SOFTMAX.name] = SOFTMAX

"""The rows of a data set as tensors, resident on one device."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Rows:
    """Features (N, ...), target (N,) codes or (N, C) soft, and two kinds of weights (N,).

    weight is the user's, for the log loss and the accuracy; objective_weight has the class
    weights in it. None: all 1.
    """

    features: Tensor
    target: Tensor
    weight: Tensor | None = None
    objective_weight: Tensor | None = None

    def __len__(self) -> int:
        return len(self.target)

    def on_cpu(self) -> "Rows":
        """Return the same rows without their features' place: target and weights on the CPU."""
        weights = (w if w is None else w.cpu() for w in (self.weight, self.objective_weight))
        return Rows(self.features, self.target.cpu(), *weights)


def to_rows(
    features: np.ndarray,
    labels: np.ndarray,
    target_probs: np.ndarray | None,
    weights: np.ndarray | None,
    device: torch.device,
) -> Rows:
    """Return arrays as tensors on `device`: codes in int64, everything else in float32."""
    target = labels.astype(np.int64) if target_probs is None else target_probs.astype(np.float32)
    weight = None if weights is None else torch.from_numpy(weights.astype(np.float32)).to(device)
    return Rows(
        torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32)).to(device),
        torch.from_numpy(target).to(device),
        weight,
        weight,
    )

"""From settings to the number that training minimises, and from logits to probabilities.

Owns how a loss's name maps to a door of `losses` and how its outputs are read as probabilities.
The formulas are the doors'.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from crossent.estimators.settings import LossName, TrainSettings
from crossent.losses.binary import binary_cross_entropy_with_logits
from crossent.losses.cross_entropy import cross_entropy
from crossent.losses.squared import brier_loss, sigmoid_squared_error, squared_error

# (logits (N, C), target (N,) codes or (N, C) soft, weights (N,) or None) -> weighted mean, nats
Objective = Callable[[Tensor, Tensor, Tensor | None], Tensor]

SIGMOIDS = ("binary_cross_entropy", "sigmoid_mse")
LEAST_SCORE = 1e-7  # raw scores of squared error are clipped to [1e-7, 1] to be probabilities


def objective(settings: TrainSettings) -> Objective:
    """Return the weighted mean loss of a batch as a function of (logits, target, row weights).

    The mean divides by the sum of the weights, so a row of weight k counts as k copies; with
    nothing to average it is 0. Smoothing makes the target (1 - eps) q + eps / C for every loss.
    "binary_cross_entropy" is one against the rest, summed over the classes of a row.
    """
    eps = settings.label_smoothing
    if settings.loss in ("cross_entropy", "focal"):
        gamma = settings.focal_gamma if settings.loss == "focal" else 0.0
        return partial(_softmax, label_smoothing=eps, gamma=gamma)
    if settings.loss == "binary_cross_entropy":
        return partial(_one_against_rest, label_smoothing=eps)
    door = {
        "brier": brier_loss,
        "sigmoid_mse": sigmoid_squared_error,
        "squared_error": squared_error,
    }[settings.loss]

    def squared(logits: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        return door(logits, _dense(logits, target, eps), sample_weight=weight)

    return squared


def row_weights(
    target: Tensor, sample_weight: Tensor | None, class_weight: Tensor | None
) -> Tensor | None:
    """Return sample weight times class weight of every row (N,), or None where all are 1.

    A class weight multiplies its rows, as in scikit-learn; a soft row has sum_j q_j w_j.
    """
    if class_weight is None:
        return sample_weight
    weight = class_weight[target] if target.ndim == 1 else target @ class_weight.to(target.dtype)
    return weight if sample_weight is None else weight * sample_weight


def balanced_class_weight(target: Tensor, sample_weight: Tensor | None, classes: int) -> Tensor:
    """Return sum(w) / (C * sum of w in class j) for every class (C,); 0 for one without rows.

    Equivalent, with weights 1: ``len(y) / (classes * np.bincount(y))``.
    """
    if target.ndim == 1:
        ones = torch.ones_like(target, dtype=torch.float64)
        weight = ones if sample_weight is None else sample_weight.double()
        mass = torch.zeros(classes, dtype=torch.float64, device=target.device)
        mass = mass.index_add_(0, target, weight)
    else:
        soft = target.double()
        mass = (soft if sample_weight is None else soft * sample_weight.double()[:, None]).sum(0)
    share = mass.sum() / (classes * mass)
    return torch.where(mass > 0, share, 0.0).to(torch.get_default_dtype())


def log_probabilities(loss: LossName, logits: Tensor) -> Tensor:
    """Return log p (N, C) in float64 on the CPU, in nats: what a network trained by `loss` says.

    softmax for the categorical losses and brier; sigmoids over their sum for the one-against-rest
    losses, as scikit-learn does; raw scores clipped to [1e-7, 1] over their sum for squared_error.
    """
    wide = logits.detach().to("cpu", torch.float64)
    if loss in SIGMOIDS:
        wide = F.logsigmoid(wide)
    elif loss == "squared_error":
        wide = wide.clamp(LEAST_SCORE, 1.0).log()
    return torch.log_softmax(wide, dim=1)


def probabilities(loss: LossName, logits: Tensor) -> np.ndarray:
    """Return p (N, C) in float64; see `log_probabilities`."""
    return log_probabilities(loss, logits).exp().numpy()


def sigmoids(loss: LossName, logits: Tensor) -> np.ndarray | None:
    """Return the sigmoids (N, C) in float64, not normalised, or None for other losses."""
    if loss not in SIGMOIDS:
        return None
    return logits.detach().to("cpu", torch.float64).sigmoid().numpy()


def log_loss(
    loss: LossName, logits: Tensor, target: Tensor, sample_weight: Tensor | None
) -> Tensor:
    """Return the weighted sum over the rows of -log p at the target, in nats, float64."""
    logp = log_probabilities(loss, logits)
    target = target.to("cpu") if target.ndim == 1 else target.to("cpu", torch.float64)
    weight = None if sample_weight is None else sample_weight.to("cpu", torch.float64)
    return cross_entropy(logp, target, sample_weight=weight, reduction="sum", validate=False)


def _softmax(
    logits: Tensor, target: Tensor, weight: Tensor | None, *, label_smoothing: float, gamma: float
) -> Tensor:
    return cross_entropy(
        logits,
        target,
        sample_weight=weight,
        label_smoothing=label_smoothing,
        gamma=gamma,
        normalize_by="rows",
        validate=False,  # the labels were checked when they were read
    )


def _one_against_rest(
    logits: Tensor, target: Tensor, weight: Tensor | None, *, label_smoothing: float
) -> Tensor:
    rows: Any = float(len(logits)) if weight is None else weight.sum()
    return binary_cross_entropy_with_logits(
        logits,
        _dense(logits, target, label_smoothing),
        None if weight is None else weight[:, None],
        normalize_by=rows,
        validate=False,
    )


def _dense(logits: Tensor, target: Tensor, eps: float) -> Tensor:
    if target.ndim == 1:
        target = F.one_hot(target, logits.shape[1])
    dense = target.to(logits.dtype)
    return (1.0 - eps) * dense + eps / logits.shape[1] if eps else dense

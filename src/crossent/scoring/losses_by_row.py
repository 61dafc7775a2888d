"""Losses of single rows and their weighted means, in nats.

Owns the scores' formulas over probabilities. Checks nothing: see `inputs`.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def log_loss_by_row(codes: NDArray[np.int64], probabilities: Floats) -> Floats:
    """Return `-log p[label]` of each row, (N,); inf where that probability is 0."""
    taken = probabilities[np.arange(len(codes)), codes]
    with np.errstate(divide="ignore"):
        # 1 + 1e-7 is rounding, not certainty beyond 1; adding 0.0 turns -0.0 into 0.0.
        return -np.log(np.minimum(taken, 1.0)) + 0.0


def soft_log_loss_by_row(target_probs: Floats, probabilities: Floats) -> Floats:
    """Return `-sum_j q_j log p_j` of each row, (N,), with 0 log 0 = 0."""
    with np.errstate(divide="ignore"):
        logs = np.log(np.minimum(probabilities, 1.0))
    terms = np.multiply(target_probs, logs, out=np.zeros_like(logs), where=target_probs > 0)
    return -terms.sum(axis=1) + 0.0


def brier_by_row(codes: NDArray[np.int64], probabilities: Floats) -> Floats:
    """Return `sum_j (p_j - [j = label])^2` of each row, (N,), from 0 to 2."""
    rows = np.arange(len(codes))
    taken = probabilities[rows, codes]
    others = probabilities.copy()
    others[rows, codes] = 0.0
    return (others * others).sum(axis=1) + (1.0 - taken) ** 2


def soft_brier_by_row(target_probs: Floats, probabilities: Floats) -> Floats:
    """Return `sum_j (p_j - q_j)^2` of each row, (N,)."""
    difference = probabilities - target_probs
    return (difference * difference).sum(axis=1)


def weighted_mean(values: Floats, weights: Floats | None) -> float:
    """Return `sum w v / sum w`; a row of weight 0 does not count, even when its value is inf."""
    if weights is None:
        return float(values.mean())
    counted = weights > 0
    return float((weights[counted] * values[counted]).sum() / weights[counted].sum())


def entropy(shares: Floats) -> float:
    """Return `-sum s log s` of shares that sum to 1, with 0 log 0 = 0."""
    positive = shares[shares > 0]
    return float(-(positive * np.log(positive)).sum() + 0.0)

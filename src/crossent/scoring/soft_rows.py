"""Losses of rows with soft labels: the label is a distribution over the classes."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def soft_loss(target_probs: Floats, values: Floats, kind: str, *, normalize: bool) -> Floats:
    """Return `-sum_j q_j log p_j` of each row, (N,), with 0 log 0 = 0."""
    with np.errstate(divide="ignore"):
        logs = _logs(values, kind, normalize=normalize)
    terms = np.multiply(target_probs, logs, out=np.zeros_like(logs), where=target_probs > 0)
    return 0.0 - terms.sum(axis=1)


def soft_squares(target_probs: Floats, values: Floats, kind: str, *, normalize: bool) -> Floats:
    """Return `sum_j (p_j - q_j)^2` of each row, (N,)."""
    if kind == "probs" and not normalize:
        difference = values - target_probs
    else:
        with np.errstate(divide="ignore"):
            difference = np.exp(_logs(values, kind, normalize=normalize)) - target_probs
    return np.einsum("ij,ij->i", difference, difference)


def _logs(values: Floats, kind: str, *, normalize: bool) -> Floats:
    """Return the log-probabilities of each row."""
    if kind == "probs":
        scale = values.sum(axis=1, keepdims=True) if normalize else 1.0
        return np.log(np.minimum(values / scale, 1.0))
    if kind == "logprobs" and not normalize:
        return np.minimum(values, 0.0)
    shifted = values - values.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

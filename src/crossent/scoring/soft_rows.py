"""Losses of rows with soft labels: the label is a distribution over the classes."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def soft_loss(target_probs: Floats, values: Floats, kind: str, *, normalize: bool) -> Floats:
    """Return `-sum_j q_j log p_j` of each row, (N,), with 0 log 0 = 0."""
    # Rows one after the other in memory: a row is then summed alike in any batch.
    logs = np.ascontiguousarray(log_probabilities(values, kind, normalize=normalize))
    target_probs = np.ascontiguousarray(target_probs)
    terms = np.multiply(target_probs, logs, out=np.zeros_like(logs), where=target_probs > 0)
    return 0.0 - terms.sum(axis=1)


def soft_squares(target_probs: Floats, values: Floats, kind: str, *, normalize: bool) -> Floats:
    """Return `sum_j (p_j - q_j)^2` of each row, (N,)."""
    if kind == "probs" and not normalize:
        difference = values - target_probs
    else:
        difference = np.exp(log_probabilities(values, kind, normalize=normalize)) - target_probs
    difference = np.ascontiguousarray(difference)
    return np.square(difference).sum(axis=1)


def log_probabilities(values: Floats, kind: str, *, normalize: bool) -> Floats:
    """Return the logarithms of the probabilities of each row, (N, C), which keep their digits.

    Relative to the largest entry, whose own logarithm is -log1p of the sum of all others: a row
    certain to 1e-30 is not rounded to 0.
    """
    with np.errstate(divide="ignore"):
        if kind == "probs" and not normalize:
            return np.log(np.minimum(values, 1.0))
        if kind == "logprobs" and not normalize:
            return np.minimum(values, 0.0)
        best = values.argmax(axis=1)[:, None]
        top = np.take_along_axis(values, best, axis=1)
        others = values / top if kind == "probs" else np.exp(values - top)
        shifted = np.log(others) if kind == "probs" else values - top
        np.put_along_axis(others, best, 0.0, axis=1)
        return shifted - np.log1p(others.sum(axis=1, keepdims=True))

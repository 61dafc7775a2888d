"""Textbook formulas in float64 and 400-digit arithmetic. Imports nothing from crossent."""

import mpmath
import numpy as np

DIGITS = 400  # a loss of e^-700 is the difference of two numbers near 1: it needs 304 digits more


def softmax_loss(
    logits: np.ndarray, q: np.ndarray, *, gamma: float = 0.0, poly: float = 0.0, z: float = 0.0
) -> np.ndarray:
    """Each row's loss, mass * phi(c / mass, lse), straight from log-softmax in float64."""
    peak = logits.max(axis=1, keepdims=True)
    lse = peak[:, 0] + np.log(np.exp(logits - peak).sum(axis=1))
    terms = np.where(q == 0, 0.0, q * (lse[:, None] - logits))
    mass = q.sum(axis=1)
    c = terms.sum(axis=1) / np.where(mass == 0, 1.0, mass)
    p = np.exp(-c)
    value = (1 - p) ** gamma * c + poly * (1 - p) + z * lse**2
    return np.where(mass == 0, 0.0, mass * value)


def one_hot(index: np.ndarray, classes: int) -> np.ndarray:
    """Rows of the identity; a negative index gives a row of zeros."""
    table = np.vstack([np.eye(classes), np.zeros((1, classes))])
    return table[np.where(index < 0, classes, index)]


def smoothed(q: np.ndarray, eps: float) -> np.ndarray:
    """(1 - eps) q + eps / V for rows with a target."""
    return np.where(q.sum(1, keepdims=True) > 0, (1 - eps) * q + eps / q.shape[1], 0.0)


def numerical_slope(f, z: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The gradient of a scalar function by central differences of order 4."""
    out = np.zeros_like(z)
    for place in np.ndindex(z.shape):
        total = 0.0
        for k, w in ((1, 8.0), (-1, -8.0), (2, -1.0), (-2, 1.0)):
            moved = z.copy()
            moved[place] += k * step
            total += w * f(moved)
        out[place] = total / (12 * step)
    return out


def exact_loss(row: list[float], target: int) -> mpmath.mpf:
    """-log softmax(row)[target] at many digits; a logit of -inf is a class that is not there."""
    with mpmath.workdps(DIGITS):
        live = [mpmath.mpf(x) for x in row if x != -np.inf]
        top = max(live)
        total = mpmath.fsum(mpmath.e ** (x - top) for x in live)
        return mpmath.log(total) + top - mpmath.mpf(row[target])


def exact_probability(row: list[float], j: int) -> mpmath.mpf:
    """softmax(row)[j] at many digits."""
    with mpmath.workdps(DIGITS):
        return mpmath.e ** -exact_loss(row, j)


def exact_sigmoid_loss(z: float, positive: float, negative: float) -> mpmath.mpf:
    """positive * softplus(-z) + negative * softplus(z) at many digits."""
    with mpmath.workdps(DIGITS):
        x = mpmath.mpf(z)
        return positive * mpmath.log1p(mpmath.e**-x) + negative * mpmath.log1p(mpmath.e**x)


def ulps(value: float, exact: mpmath.mpf, dtype: type = np.float64) -> float:
    """The distance of a value from the exact one, in units in the last place of `dtype`."""
    nearest = dtype(float(exact))
    unit = np.spacing(np.abs(nearest)) if nearest != 0 else np.finfo(dtype).smallest_subnormal
    with mpmath.workdps(DIGITS):
        return float(abs(mpmath.mpf(float(value)) - exact) / mpmath.mpf(float(unit)))


def elementwise_focal(logits: np.ndarray, q: np.ndarray, gamma: float) -> np.ndarray:
    """sum_j q_j (1 - p_j)^gamma (-log p_j) of each row, in float64: Keras' form."""
    logp = logits - logits.max(axis=1, keepdims=True)
    logp = logp - np.log(np.exp(logp).sum(axis=1, keepdims=True))
    return np.where(q == 0, 0.0, q * (1 - np.exp(logp)) ** gamma * -logp).sum(axis=1)


def exact_focal_slope(row: list[float], target: int, gamma: float) -> list[mpmath.mpf]:
    """d/dz of (1 - p)^gamma (-log p), p = softmax(row)[target], at many digits."""
    with mpmath.workdps(DIGITS):
        c = exact_loss(row, target)
        p = mpmath.e**-c
        u = 1 - p
        steep = u**gamma + (gamma * u ** (gamma - 1) * p * c if u else 0)
        return [steep * (-u if j == target else exact_probability(row, j)) for j in range(len(row))]

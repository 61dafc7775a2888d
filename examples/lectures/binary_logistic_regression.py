"""Binary logistic regression by stochastic gradient descent.

One score z = x w + b for each example; p = sigmoid(z) is the probability of label 1. The loss
-y log p - (1 - y) log(1 - p) needs both terms: either label has to cost something.
"""

from pathlib import Path

import numpy as np


def losses(X, y, w, b):
    z = X @ w + b
    return y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)  # -log p, -log(1 - p): finite


def step(x, y, w, b, rate):
    p = np.exp(-np.logaddexp(0, -(x @ w + b)))  # sigmoid: 1 / (1 + e^-z), without overflow
    return w - rate * (p - y) * x, b - rate * (p - y)


if __name__ == "__main__":
    table = np.loadtxt(Path(__file__).parents[1] / "iris.csv", str, delimiter=",", skiprows=1)
    X, y, w, b = table[:, :4].astype(float), table[:, 4] == "virginica", np.zeros(4), 0.0
    print(f"before: loss {losses(X, y, w, b).mean():.4f}")
    for i in np.random.default_rng(0).integers(len(y), size=20_000):
        w, b = step(X[i], y[i], w, b, rate=0.01)
    right = np.sum((X @ w + b > 0) == y)
    print(f"after:  loss {losses(X, y, w, b).mean():.4f}, {right} of 150 right")

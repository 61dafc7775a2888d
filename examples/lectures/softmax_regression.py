"""Softmax regression by gradient descent: a column of scores for each class.

The gradient of the mean loss in the scores is (prediction - target) / N, here `slope`.
"""

from pathlib import Path

import numpy as np


def loss_and_gradients(X, y, W, b):
    z, rows = X @ W + b, np.arange(len(y))
    log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)  # log softmax, without overflow
    slope = np.exp(log_p)
    slope[rows, y] -= 1
    slope /= len(y)
    return -log_p[rows, y].mean(), (X.T @ slope, slope.sum(axis=0))


if __name__ == "__main__":
    table = np.loadtxt(Path(__file__).parents[1] / "iris.csv", str, delimiter=",", skiprows=1)
    X, (names, y) = table[:, :4].astype(float), np.unique(table[:, 4], return_inverse=True)
    W, b = np.zeros((4, 3)), np.zeros(3)
    for epoch in range(501):
        loss, gradients = loss_and_gradients(X, y, W, b)
        W, b = W - 0.1 * gradients[0], b - 0.1 * gradients[1]
        if epoch % 100 == 0:
            print(f"epoch {epoch}: loss {loss:.4f}")

"""Where the gradient in the weights is x (prediction - target), and where it is not.

It is for softmax with cross-entropy and for sigmoids with a sum of binary losses, one of each
class. It is not for softmax with that sum: there the softmax couples the classes.
"""

import numpy as np


def gradients(X, targets, W):
    z = X @ W
    p = np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))  # softmax
    of_p = (p - targets) / (p * (1 - p))  # of the binary losses in p; fails once p rounds to 0 or 1
    slopes = {
        "softmax, cross-entropy": p - targets,
        "sigmoids, binary losses": np.exp(-np.logaddexp(0, -z)) - targets,
        "softmax, binary losses": p * (of_p - (p * of_p).sum(axis=1, keepdims=True)),
    }
    return {name: X.T @ slope / len(X) for name, slope in slopes.items()}


if __name__ == "__main__":
    X, W = np.array([[1.0, 2.0]]), np.array([[0.1, -0.1, 0.4], [0.1, -0.2, 0.4]])
    print("scores", X[0] @ W, "and class 1; gradients in the weights of x = 1:")
    for name, gradient in gradients(X, np.eye(3)[[1]], W).items():
        print(f"{name:24}{gradient[0].round(2)}")

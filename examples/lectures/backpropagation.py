"""Backpropagation by hand through one hidden layer, softmax and cross-entropy.

Forward: h = tanh(X V + a), scores h W + b. Backward: from the scores to the first weights, each
line the derivative of one line of the forward pass. The softmax and the logarithm together
leave prediction - target.
"""

import numpy as np


def loss_and_gradients(X, targets, V, a, W, b):
    h = np.tanh(X @ V + a)
    z = h @ W + b
    log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)  # log softmax
    loss = -(targets * log_p).sum() / len(X)
    dz = (np.exp(log_p) - targets) / len(X)
    dh = dz @ W.T * (1 - h**2)
    return loss, (X.T @ dh, dh.sum(axis=0), h.T @ dz, dz.sum(axis=0))


if __name__ == "__main__":
    X, targets = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.eye(2)[[0, 1, 1, 0]]  # xor
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(2, 4)), np.zeros(4), rng.normal(size=(4, 2)), np.zeros(2)]
    for epoch in range(301):
        loss, gradients = loss_and_gradients(X, targets, *weights)
        weights = [w - 0.5 * g for w, g in zip(weights, gradients, strict=True)]
        if epoch % 100 == 0:
            print(f"epoch {epoch}: loss {loss:.4f}")

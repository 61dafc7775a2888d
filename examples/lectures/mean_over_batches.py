"""The mean loss of 100 images, read in batches: add sums and counts, divide last.

The result is the same for every batch size. The mean of the batches' means is another number:
in it each of the last 4 images counts as much as 8 of a batch of 32.
"""

import numpy as np


def batch_sum(images, labels, W):
    z = images @ W
    log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)  # log softmax
    return -log_p[np.arange(len(labels)), labels].sum(), len(labels)


def mean_loss(images, labels, W, size):
    total, count = 0.0, 0
    for start in range(0, len(labels), size):
        added, rows = batch_sum(images[start : start + size], labels[start : start + size], W)
        total, count = total + added, count + rows
    return total / max(count, 1)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    images, labels = rng.random((100, 784)), rng.integers(10, size=100)  # noise for images
    W = rng.normal(size=(784, 10)) / 28
    for size in (1, 32, 100):
        print(f"batches of {size:3}: {mean_loss(images, labels, W, size):.10f}")

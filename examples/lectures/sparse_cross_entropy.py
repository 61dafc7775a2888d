"""Sparse categorical cross-entropy: scores, and the index of each example's class.

C classes have the indices 0 .. C-1. It is the loss of the one-hot targets without the table of
zeros: the logarithm of one probability is read from each row. With no examples it is 0.
"""

import numpy as np


def sparse_cross_entropy(scores, labels):
    classes = scores.shape[1]
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)  # log softmax
    total = 0.0
    for row, label in zip(log_p, labels, strict=True):
        if not 0 <= label < classes:  # NumPy would read -1 as the last class
            raise IndexError(
                f"label {label} is not in 0..{classes - 1}; subtract 1 from labels 1..{classes}"
            )
        total -= row[label]
    return total / max(len(labels), 1)


if __name__ == "__main__":
    scores = np.log([[0.1, 0.7, 0.2], [0.3, 0.3, 0.4]])
    print(f"classes 1 and 2: {sparse_cross_entropy(scores, np.array([1, 2])):.6f}")
    print(f"no examples:     {sparse_cross_entropy(scores[:0], np.array([], dtype=int)):.6f}")

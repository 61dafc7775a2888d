"""Categorical cross-entropy of predicted probabilities against one-hot targets, or soft ones.

Every term is added, and the sum is divided once, after the loop. A class whose target is 0 adds
nothing, whatever its prediction: 0 log 0 is 0. With no examples the loss is 0.
"""

import numpy as np


def by_loop(targets, predictions):
    total = 0.0
    for target, predicted in zip(targets, predictions, strict=True):
        for t, p in zip(target, predicted, strict=True):
            if t > 0:
                total -= t * np.log(p)
    return total / max(len(targets), 1)


def vectorised(targets, predictions):
    at = targets > 0
    return -(targets[at] @ np.log(predictions[at])) / max(len(targets), 1)


if __name__ == "__main__":
    targets = np.eye(3)[[1, 0]]  # one-hot: class 1, class 0
    predictions = np.array([[0.1, 0.7, 0.2], [0.5, 0.5, 0.0]])
    print(f"loop       {by_loop(targets, predictions):.6f}")
    print(f"vectorised {vectorised(targets, predictions):.6f}")

"""Label smoothing by two of its conventions; they differ in what their number means.

moved(eps): the share eps of the mass is taken away and spread over all C classes, the right one
too. per_class(alpha): each wrong class gets alpha. They are the same where eps = C alpha: among
three classes, (0.9, 0.05, 0.05) is alpha = 0.05 and eps = 0.15.
"""

import numpy as np


def moved(one_hot, eps):
    return (1 - eps) * one_hot + eps / one_hot.shape[1]


def per_class(one_hot, alpha):
    return np.where(one_hot == 1, 1 - alpha * (one_hot.shape[1] - 1), alpha)


def loss(targets, scores):
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)  # log softmax
    return -(targets * log_p).sum(axis=1).mean()


if __name__ == "__main__":
    one_hot, scores = np.eye(3)[[0]], np.log([[0.7, 0.2, 0.1]])
    for name, soft in (("moved", moved(one_hot, 0.05)), ("per class", per_class(one_hot, 0.05))):
        print(f"0.05 {name:9} {soft[0].round(4)} loss {loss(soft, scores):.4f}")

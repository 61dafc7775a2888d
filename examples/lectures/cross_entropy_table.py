"""Cross-entropy of p = (0.1, 0.7, 0.2) against eleven q, in nats.

Where q is 0 and p is not, it is infinite. 1e-15 added to q shows a number there instead: the
constant's own, -log 1e-15 = 34.5 for each unit of mass.
"""

import numpy as np

P = np.array([0.1, 0.7, 0.2])
QS = np.array([
    [0.1, 0.7, 0.2], [0.1, 0.6, 0.3], [0.1, 0.5, 0.4], [0, 0.5, 0.5], [0, 0.4, 0.6], [0, 0.2, 0.8],
    [0, 0.1, 0.9], [0, 0.01, 0.99], [0, 0, 1], [1, 0, 0], [0.5, 0, 0.5],
])  # fmt: skip


def cross_entropy(p, q):
    at = p > 0  # 0 log q is 0, even at q = 0
    with np.errstate(divide="ignore"):  # log 0 is -inf, and meant
        return -(p[at] @ np.log(q[at]))


if __name__ == "__main__":
    for q in QS:
        print(f"{q!s:18}{cross_entropy(P, q):6.4f}  with 1e-15: {cross_entropy(P, q + 1e-15):7.4f}")

"""Lengths of the words of prefix codes, in bits: Shannon's and Huffman's. Plain lists of numbers.

An outcome of probability 0 gets no word; its length is infinite.
"""

import heapq
import math
from collections.abc import Sequence


def shannon_lengths(p: Sequence[float]) -> list[float]:
    """Return the length of each word of Shannon's code, ceil(-log2 p).

    Exact: no logarithm is taken, so that 1/8 gets 3 bits whatever the last digit of log2 is.

    >>> shannon_lengths([0.5, 0.25, 0.15, 0.1, 0.0])
    [1.0, 2.0, 3.0, 4.0, inf]

    """
    # p = m 2^e with m in [1/2, 1): the largest power of two that is not above p is 2^(e-1).
    return [1.0 - math.frexp(value)[1] if value > 0 else math.inf for value in p]


def huffman_lengths(p: Sequence[float]) -> list[float]:
    """Return the length of each word of Huffman's code, whose mean length is the least of all.

    A single outcome needs no word to be told: its length is 0. Where probabilities tie, the
    lengths may differ from another Huffman code's, their mean may not.

    >>> huffman_lengths([0.5, 0.25, 0.15, 0.1, 0.0])
    [1.0, 2.0, 3.0, 3.0, inf]

    """
    heap = [(value, i) for i, value in enumerate(p) if value > 0]
    heapq.heapify(heap)
    parent: dict[int, int] = {}
    node = len(p)
    while len(heap) > 1:
        (low, first), (high, second) = heapq.heappop(heap), heapq.heappop(heap)
        parent[first] = parent[second] = node
        heapq.heappush(heap, (low + high, node))
        node += 1
    depth: dict[int, int] = {}
    for child in sorted(parent, reverse=True):  # a parent is made after its children
        depth[child] = depth.get(parent[child], 0) + 1
    return [float(depth.get(i, 0)) if value > 0 else math.inf for i, value in enumerate(p)]

"""The distribution measures beside their textbook formulas in plain PyTorch, one row a measure."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from crossent import measures

PLACES = [3.0, -1.0, 0.5, 7.0, 2.0]
INF = math.inf


def log(p: Tensor) -> Tensor:
    """log p; 0 at 0, where it is multiplied with 0."""
    return torch.where(p > 0, p, 1.0).log()


def root(p: Tensor) -> Tensor:
    return torch.where(p > 0, torch.where(p > 0, p, 1.0).sqrt(), 0.0)


def plain_entropy(p: Tensor) -> Tensor:
    return -(p * log(p)).sum(-1)


def plain_cross_entropy(p: Tensor, q: Tensor) -> Tensor:
    return -(p * log(q)).sum(-1)


def plain_kl(p: Tensor, q: Tensor) -> Tensor:
    return (p * (log(p) - log(q))).sum(-1)


def plain_js(p: Tensor, q: Tensor) -> Tensor:
    middle = (p + q) / 2
    return (plain_kl(p, middle) + plain_kl(q, middle)) / 2


def plain_overlap(p: Tensor, q: Tensor) -> Tensor:
    return (root(p) * root(q)).sum(-1)


def plain_hellinger(p: Tensor, q: Tensor) -> Tensor:
    return (((root(p) - root(q)) ** 2).sum(-1) / 2).sqrt()


def plain_renyi(p: Tensor, q: Tensor, alpha: float) -> Tensor:
    both = (p > 0) & (q > 0)
    powers = torch.where(both, p, 1.0) ** alpha * torch.where(both, q, 1.0) ** (1 - alpha)
    return (powers * both).sum(-1).log() / (alpha - 1)


def plain_wasserstein(p: Tensor, q: Tensor, positions: list[float]) -> Tensor:
    places = torch.tensor(positions, dtype=p.dtype)
    order = places.argsort()
    gathered = (p - q)[..., order].cumsum(-1)[..., :-1].abs()
    return (gathered * places[order].diff()).sum(-1)


def plain_kl_of_logits(z: Tensor, w: Tensor) -> Tensor:
    return plain_kl(z.softmax(-1), w.softmax(-1))


class Door(NamedTuple):
    """A measure of one or two distributions and its textbook formula in PyTorch."""

    measure: Callable[..., Any]
    textbook: Callable[..., Tensor]
    count: int = 2
    smooth: bool = True  # nowhere a corner


DOORS = {
    "information": Door(measures.information, lambda p: -p.log(), 1),
    "entropy": Door(measures.entropy, plain_entropy, 1),
    "perplexity": Door(measures.perplexity, lambda p: plain_entropy(p).exp(), 1),
    "cross_entropy": Door(measures.cross_entropy, plain_cross_entropy),
    "perplexity-of-code": Door(measures.perplexity, lambda p, q: plain_cross_entropy(p, q).exp()),
    "kl": Door(measures.kl_divergence, plain_kl),
    "js": Door(measures.js_divergence, plain_js),
    "js_distance": Door(measures.js_distance, lambda p, q: plain_js(p, q).sqrt()),
    "total_variation": Door(
        measures.total_variation, lambda p, q: (p - q).abs().sum(-1) / 2, smooth=False
    ),
    "hellinger": Door(measures.hellinger, plain_hellinger),
    "coefficient": Door(measures.bhattacharyya_coefficient, plain_overlap),
    "bhattacharyya": Door(measures.bhattacharyya_distance, lambda p, q: -plain_overlap(p, q).log()),
    "wasserstein": Door(
        measures.wasserstein,
        lambda p, q: plain_wasserstein(p, q, list(range(p.shape[-1]))),
        smooth=False,
    ),
    "wasserstein-places": Door(
        lambda p, q, **options: measures.wasserstein(p, q, PLACES, **options),
        lambda p, q: plain_wasserstein(p, q, PLACES),
        smooth=False,
    ),
    **{
        f"renyi_entropy-{alpha}": Door(
            partial(measures.renyi_entropy, alpha=alpha),
            lambda p, a=alpha: (p**a).sum(-1).log() / (1 - a),
            1,
        )
        for alpha in (0.3, 2.0, 5.0)
    },
    **{
        f"renyi_divergence-{alpha}": Door(
            partial(measures.renyi_divergence, alpha=alpha), partial(plain_renyi, alpha=alpha)
        )
        for alpha in (0.3, 0.5, 0.9, 2.0, 5.0)
    },
    "min-entropy": Door(
        partial(measures.renyi_entropy, alpha=INF), lambda p: -p.amax(-1).log(), 1, False
    ),
    "largest-ratio": Door(
        partial(measures.renyi_divergence, alpha=INF),
        lambda p, q: torch.where(p > 0, log(p) - log(q), -INF).amax(-1),
        2,
        False,
    ),
}
LOGITS = {
    "entropy_from_logits": Door(
        measures.entropy_from_logits, lambda z: plain_entropy(z.softmax(-1)), 1
    ),
    "kl_from_logits": Door(measures.kl_from_logits, plain_kl_of_logits),
}
EVERY = DOORS | LOGITS

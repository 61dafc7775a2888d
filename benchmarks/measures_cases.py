"""What `python -m benchmarks measures` compares: measures, plain code for them, other libraries'.

The plain code is what one writes without a second thought: right for rows without a 0, which is
what the inputs are. One text serves NumPy, torch and JAX.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy import special, stats
from scipy.spatial.distance import jensenshannon
from torch.nn import functional as F

from crossent import measures

CLASSES = 10
LOGIT_SPREAD = 2.0

Array = Any
Namespace = Any


class Measure(NamedTuple):
    """A function of crossent.measures, the plain code for it, and what it reads."""

    name: str
    by_hand: Callable[..., Array]  # of a namespace and the inputs
    inputs: tuple[str, ...] = ("p", "q")
    alpha: tuple[float, ...] = ()

    def ours(self, validate: bool) -> Callable[..., Array]:
        """Return the function here, of the inputs alone."""
        function = getattr(measures, self.name)
        options = {} if self.from_logits else {"validate": validate}
        return lambda *arrays: function(*arrays, *self.alpha, **options)

    @property
    def from_logits(self) -> bool:
        """Return whether it reads logits, which nothing validates."""
        return "logits" in self.inputs[0]


def make(rows: int) -> dict[str, np.ndarray]:
    """Return the inputs by name, float64: rows of a flat Dirichlet, and normal logits."""
    random = np.random.default_rng(0)
    flat = np.ones(CLASSES)
    return {
        "p": random.dirichlet(flat, rows),
        "q": random.dirichlet(flat, rows),
        "p_logits": random.normal(scale=LOGIT_SPREAD, size=(rows, CLASSES)),
        "q_logits": random.normal(scale=LOGIT_SPREAD, size=(rows, CLASSES)),
    }


def _information(xp: Namespace, p: Array) -> Array:
    return -xp.log(p)


def _entropy(xp: Namespace, p: Array) -> Array:
    return -(p * xp.log(p)).sum(-1)


def _perplexity(xp: Namespace, p: Array) -> Array:
    return xp.exp(-(p * xp.log(p)).sum(-1))


def _cross_entropy(xp: Namespace, p: Array, q: Array) -> Array:
    return -(p * xp.log(q)).sum(-1)


def _kl(xp: Namespace, p: Array, q: Array) -> Array:
    return (p * xp.log(p / q)).sum(-1)


def _js(xp: Namespace, p: Array, q: Array) -> Array:
    m = (p + q) / 2
    return ((p * xp.log(p / m)).sum(-1) + (q * xp.log(q / m)).sum(-1)) / 2


def _js_distance(xp: Namespace, p: Array, q: Array) -> Array:
    return xp.sqrt(_js(xp, p, q))


def _total_variation(xp: Namespace, p: Array, q: Array) -> Array:
    return xp.abs(p - q).sum(-1) / 2


def _hellinger(xp: Namespace, p: Array, q: Array) -> Array:
    return xp.sqrt(((xp.sqrt(p) - xp.sqrt(q)) ** 2).sum(-1) / 2)


def _coefficient(xp: Namespace, p: Array, q: Array) -> Array:
    return xp.sqrt(p * q).sum(-1)


def _bhattacharyya(xp: Namespace, p: Array, q: Array) -> Array:
    return -xp.log(xp.sqrt(p * q).sum(-1))


def _renyi_entropy(alpha: float, xp: Namespace, p: Array) -> Array:
    return xp.log((p**alpha).sum(-1)) / (1 - alpha)


def _renyi_divergence(alpha: float, xp: Namespace, p: Array, q: Array) -> Array:
    return xp.log((p**alpha * q ** (1 - alpha)).sum(-1)) / (alpha - 1)


def _wasserstein(xp: Namespace, p: Array, q: Array) -> Array:
    return xp.abs(xp.cumsum(p - q, -1)).sum(-1)


def _log_softmax(xp: Namespace, z: Array) -> Array:
    if xp is torch:
        return torch.log_softmax(z, -1)
    if xp is not np:
        import jax

        return jax.nn.log_softmax(z)
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def _entropy_from_logits(xp: Namespace, z: Array) -> Array:
    log_p = _log_softmax(xp, z)
    return -(xp.exp(log_p) * log_p).sum(-1)


def _kl_from_logits(xp: Namespace, z: Array, w: Array) -> Array:
    log_p = _log_softmax(xp, z)
    return (xp.exp(log_p) * (log_p - _log_softmax(xp, w))).sum(-1)


def _renyi(alpha: float) -> dict[str, Measure]:
    entropy, divergence = partial(_renyi_entropy, alpha), partial(_renyi_divergence, alpha)
    return {
        f"renyi_entropy({alpha:g})": Measure("renyi_entropy", entropy, ("p",), (alpha,)),
        f"renyi_divergence({alpha:g})": Measure("renyi_divergence", divergence, alpha=(alpha,)),
    }


MEASURES: Mapping[str, Measure] = {
    "information": Measure("information", _information, ("p",)),
    "entropy": Measure("entropy", _entropy, ("p",)),
    "perplexity": Measure("perplexity", _perplexity, ("p",)),
    "cross_entropy": Measure("cross_entropy", _cross_entropy),
    "kl_divergence": Measure("kl_divergence", _kl),
    "js_divergence": Measure("js_divergence", _js),
    "js_distance": Measure("js_distance", _js_distance),
    "total_variation": Measure("total_variation", _total_variation),
    "hellinger": Measure("hellinger", _hellinger),
    "bhattacharyya_coefficient": Measure("bhattacharyya_coefficient", _coefficient),
    "bhattacharyya_distance": Measure("bhattacharyya_distance", _bhattacharyya),
    **_renyi(0.5),
    **_renyi(2.0),
    "wasserstein": Measure("wasserstein", _wasserstein),
    "entropy_from_logits": Measure("entropy_from_logits", _entropy_from_logits, ("p_logits",)),
    "kl_from_logits": Measure("kl_from_logits", _kl_from_logits, ("p_logits", "q_logits")),
}


def _bare_js(p: Array, q: Array) -> Array:
    m = (p + q) / 2
    return (special.rel_entr(p, m) + special.rel_entr(q, m)).sum(-1) / 2


def _torch_kl_from_logits(z: Array, w: Array) -> Array:
    log_p, log_q = F.log_softmax(z, -1), F.log_softmax(w, -1)
    return F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(-1)


Others = dict[str, dict[str, Callable[..., Array]]]

# scipy.stats.entropy and jensenshannon divide their inputs by their sums before anything else:
# the work that a check of the sums is for the validated call here. What stands under BARE does
# neither, as the unvalidated call here.
SCIPY: Others = {
    "entropy": {"scipy.stats.entropy": lambda p: stats.entropy(p, axis=-1)},
    "kl_divergence": {"scipy.stats.entropy": lambda p, q: stats.entropy(p, q, axis=-1)},
    "js_divergence": {"jensenshannon": lambda p, q: jensenshannon(p, q, axis=-1) ** 2},
    "js_distance": {"jensenshannon": lambda p, q: jensenshannon(p, q, axis=-1)},
}
BARE: Others = {
    "entropy": {"scipy.special.entr": lambda p: special.entr(p).sum(-1)},
    "cross_entropy": {"scipy.special.xlogy": lambda p, q: -special.xlogy(p, q).sum(-1)},
    "kl_divergence": {"scipy.special.rel_entr": lambda p, q: special.rel_entr(p, q).sum(-1)},
    "js_divergence": {"scipy.special.rel_entr": _bare_js},
    "js_distance": {"scipy.special.rel_entr": lambda p, q: np.sqrt(_bare_js(p, q))},
}
TORCH: Others = {
    "entropy": {"torch.special.entr": lambda p: torch.special.entr(p).sum(-1)},
    "cross_entropy": {"torch.xlogy": lambda p, q: -torch.xlogy(p, q).sum(-1)},
    "kl_divergence": {
        "F.kl_div": lambda p, q: F.kl_div(q.log(), p, reduction="none").sum(-1),
    },
    "kl_from_logits": {"F.kl_div": _torch_kl_from_logits},
    "entropy_from_logits": {
        "Categorical": lambda z: torch.distributions.Categorical(
            logits=z, validate_args=False
        ).entropy(),
    },
}

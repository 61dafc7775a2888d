"""Floor 3: information measures, for arrays of any library. Loads NumPy only."""

from crossent.measures.counts import from_counts
from crossent.measures.distances import (
    bhattacharyya_coefficient,
    bhattacharyya_distance,
    hellinger,
    total_variation,
)
from crossent.measures.divergences import js_distance, js_divergence, kl_divergence
from crossent.measures.entropies import cross_entropy, entropy, information, perplexity
from crossent.measures.intervals import Interval, bootstrap_interval
from crossent.measures.logits import entropy_from_logits, kl_from_logits
from crossent.measures.renyi import renyi_divergence, renyi_entropy
from crossent.measures.samples import gain_ratio, information_gain, purity
from crossent.measures.tables import Joint, conditional_entropy, joint, mutual_information
from crossent.measures.transport import wasserstein

__all__ = [
    "Interval",
    "Joint",
    "bhattacharyya_coefficient",
    "bhattacharyya_distance",
    "bootstrap_interval",
    "conditional_entropy",
    "cross_entropy",
    "entropy",
    "entropy_from_logits",
    "from_counts",
    "gain_ratio",
    "hellinger",
    "information",
    "information_gain",
    "joint",
    "js_distance",
    "js_divergence",
    "kl_divergence",
    "kl_from_logits",
    "mutual_information",
    "perplexity",
    "purity",
    "renyi_divergence",
    "renyi_entropy",
    "total_variation",
    "wasserstein",
]

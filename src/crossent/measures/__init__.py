"""Floor 3: information measures of distributions, for any array library. Loads NumPy only."""

from crossent.measures.distributions import cross_entropy, entropy, kl_divergence

__all__ = ["cross_entropy", "entropy", "kl_divergence"]

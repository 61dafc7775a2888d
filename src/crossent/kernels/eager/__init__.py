"""The eager backend: core on whole tensors. The specification, and the fallback."""

from crossent.kernels.eager import dense, divergence, sigmoid

__all__ = ["dense", "divergence", "sigmoid"]

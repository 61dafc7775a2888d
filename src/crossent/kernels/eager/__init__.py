"""The eager backend: core on whole tensors. The specification, and the fallback."""

from crossent.kernels.eager import dense, sigmoid

__all__ = ["dense", "sigmoid"]

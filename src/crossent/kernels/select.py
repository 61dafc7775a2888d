"""Which backend serves a call, and why. The one place where a backend is imported."""

from typing import NamedTuple

from crossent.core.array import Array
from crossent.kernels import eager
from crossent.kernels.contract import DenseKernels, SigmoidKernels


class Choice(NamedTuple):
    """A backend, its name, and the reason it was chosen."""

    dense: DenseKernels
    sigmoid: SigmoidKernels
    name: str
    reason: str


def select(logits: Array) -> Choice:
    """Return the backend that serves these logits."""
    del logits  # one backend so far: nothing to weigh
    return Choice(
        eager.dense, eager.sigmoid, "eager", "the array library's own operations: always there"
    )

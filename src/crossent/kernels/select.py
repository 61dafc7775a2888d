"""Which backend serves a call, and why. The one place where a backend is imported.

CROSSENT_KERNELS=eager in the environment leaves the compiled ones out.
"""

import os
from typing import NamedTuple

from crossent.core.array import Array
from crossent.kernels import cpu, eager
from crossent.kernels.contract import DenseKernels, DivergenceKernels, SigmoidKernels


class Choice(NamedTuple):
    """A backend, its name, and the reason it was chosen."""

    dense: DenseKernels
    sigmoid: SigmoidKernels
    divergence: DivergenceKernels
    name: str
    reason: str


ASKED = os.environ.get("CROSSENT_KERNELS", "")
if ASKED not in ("", "cpu", "eager"):
    raise ValueError(f"CROSSENT_KERNELS must be 'cpu' or 'eager'; got {ASKED!r}")

_EAGER = Choice(
    eager.dense,
    eager.sigmoid,
    eager.divergence,
    "eager",
    "CROSSENT_KERNELS=eager" if ASKED == "eager" else cpu.missing or "not an array in CPU memory",
)
_CPU = (
    None
    if cpu.missing or ASKED == "eager"
    else Choice(
        cpu.dense,
        cpu.sigmoid,
        cpu.divergence,
        "cpu",
        f"C++ with {cpu.native.unit()} for NumPy and PyTorch in CPU memory",
    )
)


def is_readable(logits: Array) -> bool:
    """Say whether the compiled kernels read these logits where they lie."""
    return _CPU is not None and cpu.is_readable(logits)


def is_indices(array: Array) -> bool:
    """Say whether the compiled kernels read these integers where they lie."""
    return _CPU is not None and cpu.is_visible(array)


def has_outside(index: Array, classes: int, ignore_index: int | None, mask: Array | None) -> bool:
    """Say whether a class of index (N,) may lie outside 0 .. classes - 1; only then look closer."""
    if index.ndim != 1 or not is_indices(index) or not (mask is None or is_indices(mask)):
        return True
    return cpu.dense.first_outside(index, classes, ignore_index, mask) is not None


def select(logits: Array) -> Choice:
    """Return the backend that serves these logits."""
    return _CPU if _CPU is not None and cpu.is_readable(logits) else _EAGER

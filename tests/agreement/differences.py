"""Where our losses differ from PyTorch's on the samples of its own OpInfo database, and why.

One row for each promise that PyTorch does not make; everything that no row names must be equal.
An entry under which nothing differs any more fails its tests.
"""

from typing import NamedTuple

# How many samples PyTorch 2.13 has of each loss, the same for every type.
SAMPLES = {
    "binary_cross_entropy": 11,
    "binary_cross_entropy_with_logits": 26,
    "cross_entropy": 21,
    "nll_loss": 61,
}
DTYPES = ("float64", "float32", "bfloat16", "float16")

# Design, section 4, promise 1: half precision is computed and returned in float32, where
# PyTorch rounds every step to 8 or 11 bits. The gradient has the input's type, rounded once.
HALF = "half precision returns float32"


class Difference(NamedTuple):
    """The samples of one loss and type that differ, by their places, and the promise kept."""

    op: str
    dtype: str
    samples: range
    reason: str


DIFFERENCES = (
    Difference("binary_cross_entropy", "bfloat16", range(11), HALF),
    Difference("binary_cross_entropy", "float16", range(11), HALF),
    Difference("binary_cross_entropy_with_logits", "bfloat16", range(26), HALF),
    Difference("binary_cross_entropy_with_logits", "float16", range(26), HALF),
    Difference("cross_entropy", "bfloat16", range(21), HALF),
    Difference("cross_entropy", "float16", range(21), HALF),
    Difference("nll_loss", "bfloat16", range(61), HALF),
    Difference("nll_loss", "float16", range(61), HALF),
)


def reason(op: str, dtype: str, place: int) -> str | None:
    """Return why this sample differs, or None where it must be equal."""
    found = [d.reason for d in DIFFERENCES if (d.op, d.dtype) == (op, dtype) and place in d.samples]
    assert len(found) <= 1, f"sample {place} of {op} in {dtype} is listed twice"
    return found[0] if found else None

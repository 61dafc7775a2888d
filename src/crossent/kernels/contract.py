"""What a kernel backend offers: the verbs of a row, for softmax, for sigmoid, for divergences.

`read` and `slope` are the mathematics in two steps; `loss` and `read_slope` do it in one, with
the row in cache, and `reduce` divides as well. Logits are (N, V) of any floating type, targets as
they were given; row numbers and losses come in float64 where the device has it, slopes in the
logits' type, rounded once.
"""

from typing import NamedTuple, Protocol

from crossent.core.array import Array
from crossent.core.divergence import Term
from crossent.core.reduction import By
from crossent.core.row import Row
from crossent.core.shape import Shape
from crossent.core.target import BinaryLabels, Labels


class Reduced(NamedTuple):
    """The losses' sum times a scale, the slope of that, and the scale; numbers may be floats."""

    value: Array | float
    slope: Array | None
    scale: Array | float


class DenseKernels(Protocol):
    """The softmax verbs over whole rows."""

    def read(self, logits: Array, labels: Labels, *, entropy: bool = False) -> Row:
        """Return the row numbers of complete rows."""
        ...

    def slope(
        self,
        logits: Array,
        labels: Labels,
        row: Row,
        alpha: Array,
        beta: Array | None,
        gamma: Array,
    ) -> Array:
        """Return p_j (mass gamma + alpha + beta (m - z_j)) - gamma q_j."""
        ...

    def loss(self, logits: Array, labels: Labels, shape: Shape) -> Array:
        """Return the loss of every row (N,)."""
        ...

    def read_slope(
        self, logits: Array, labels: Labels, shape: Shape, row_scale: Array
    ) -> tuple[Array, Array]:
        """Return the loss of every row (N,), and row_scale, () or (N,), times its slope (N, V)."""
        ...

    def reduce(
        self, logits: Array, labels: Labels, shape: Shape, by: By, *, slope: bool
    ) -> Reduced:
        """Return the sum of the losses divided as `by` says, with its slope if asked for."""
        ...

    def standing(self, logits: Array, index: Array) -> tuple[Array, Array]:
        """Return the predicted class (N,), and the rank of class `index` (N,)."""
        ...


class SigmoidKernels(Protocol):
    """The sigmoid verbs, element by element."""

    def loss(self, logits: Array, labels: BinaryLabels, shape: Shape) -> Array:
        """Return the loss of every element."""
        ...

    def read_slope(
        self, logits: Array, labels: BinaryLabels, shape: Shape, scale: Array
    ) -> tuple[Array, Array]:
        """Return the loss of every element, and scale, () or like it, times its slope."""
        ...

    def reduce(
        self, logits: Array, labels: BinaryLabels, shape: Shape, by: By, *, slope: bool
    ) -> Reduced:
        """Return the sum of the losses divided as `by` says, with its slope if asked for."""
        ...


class DivergenceKernels(Protocol):
    """The sums of entropies and divergences, terms of `core/divergence.py`."""

    def total(self, term: Term, p: Array, q: Array | None = None, *, order: float = 1.0) -> Array:
        """Return the sum of the terms of every row (N,) of p and q (N, C), in float64."""
        ...

    def slopes(
        self,
        term: Term,
        upstream: Array,
        p: Array,
        q: Array | None = None,
        *,
        order: float = 1.0,
        wants: tuple[bool, ...] = (True, True),
    ) -> tuple[Array | None, ...]:
        """Return upstream (N,) times the derivatives in p, and in q, (N, C) in their type.

        None for what is not wanted. Where upstream is 0 they are 0, whatever the slope is.
        """
        ...

    def softmax_entropy(self, logits: Array) -> Array:
        """Return the entropy of softmax(logits) of every row (N,), in float64."""
        ...

    def softmax_kl(self, p_logits: Array, q_logits: Array) -> Array:
        """Return KL(softmax(p_logits) || softmax(q_logits)) of every row (N,), in float64."""
        ...

    def softmax_kl_slopes(
        self,
        upstream: Array,
        p_logits: Array,
        q_logits: Array,
        *,
        wants: tuple[bool, ...] = (True, True),
    ) -> tuple[Array | None, ...]:
        """Return upstream (N,) times the derivatives in both logits (N, C) in their type."""
        ...

    def carried(self, p: Array, q: Array, gaps: Array) -> Array:
        """Return the sum of |cumulated (p - q)| times gaps (C - 1,) of every row, in float64."""
        ...

    def carried_slopes(
        self,
        upstream: Array,
        p: Array,
        q: Array,
        gaps: Array,
        *,
        wants: tuple[bool, ...] = (True, True),
    ) -> tuple[Array | None, ...]:
        """Return upstream (N,) times the derivatives of `carried` in p and q (N, C)."""
        ...

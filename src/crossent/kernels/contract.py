"""What a kernel backend offers: the verbs of a row, for softmax and for sigmoid.

`read` and `slope` are the mathematics in two steps; `loss` and `read_slope` do it in one, with
the row in cache. Logits are (N, V) of any floating type; row numbers and losses come in float64
where the device has it, slopes in the logits' type, rounded once.
"""

from typing import Protocol

from crossent.core.array import Array
from crossent.core.row import Row
from crossent.core.shape import Shape
from crossent.core.target import Measure


class DenseKernels(Protocol):
    """The softmax verbs over whole rows."""

    def read(self, logits: Array, q: Measure, *, entropy: bool = False) -> Row:
        """Return the row numbers of complete rows."""
        ...

    def slope(
        self, logits: Array, q: Measure, row: Row, alpha: Array, beta: Array | None, gamma: Array
    ) -> Array:
        """Return p_j (mass gamma + alpha + beta (m - z_j)) - gamma q_j."""
        ...

    def loss(self, logits: Array, q: Measure, shape: Shape) -> Array:
        """Return the loss of every row (N,)."""
        ...

    def read_slope(
        self, logits: Array, q: Measure, shape: Shape, row_scale: Array
    ) -> tuple[Array, Array]:
        """Return the loss of every row (N,), and row_scale times its slope (N, V)."""
        ...

    def standing(self, logits: Array, index: Array) -> tuple[Array, Array]:
        """Return the predicted class (N,), and the rank of class `index` (N,)."""
        ...


class SigmoidKernels(Protocol):
    """The sigmoid verbs, element by element; targets are masses of one and of nought."""

    def loss(self, logits: Array, positive: Array, negative: Array, shape: Shape) -> Array:
        """Return the loss of every element."""
        ...

    def read_slope(
        self, logits: Array, positive: Array, negative: Array, shape: Shape, scale: Array
    ) -> tuple[Array, Array]:
        """Return the loss of every element, and scale times its slope."""
        ...

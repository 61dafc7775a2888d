"""none | sum | mean over the rows of a loss. `LossSum` is the only place that divides."""

import sys
from numbers import Real
from typing import Any, Literal, NamedTuple, NoReturn

from crossent.core.array import Namespace, is_torch, namespace, scalar, sum_dtype

Reduction = Literal["none", "sum", "mean"]
NormalizeBy = Literal["weight", "rows"]
By = Any  # what a sum of losses is divided by: a NormalizeBy, a number, or an array of one


class LossSum(NamedTuple):
    """A loss summed over rows, with what a mean divides by: add first, divide last.

    total    the sum of the rows' losses, nats
    weight   what a mean divides by when nothing else is said: for class indices the sum of the
             weights of their targets, for soft labels the rows
    count    the number of rows that count (each as often as its sample weight says)

    In JAX without jax_enable_x64 all three are float32, which counts to 2^24: add floats of them.
    Sums of micro-batches, ranks or files add field by field:

    >>> (LossSum(3.0, 2.0, 2) + LossSum(1.0, 2.0, 2)).mean()
    1.0
    >>> LossSum(0.0, 0.0, 0).mean()
    0.0
    """

    total: Any
    weight: Any
    count: Any

    def __add__(self, other: object) -> "LossSum":  # type: ignore[override]
        """Add field by field; a tuple would concatenate."""
        if not isinstance(other, LossSum):
            return _not_added(other)
        return LossSum(
            self.total + other.total, self.weight + other.weight, self.count + other.count
        )

    def __radd__(self, other: object) -> "LossSum":
        """Let `sum(losses)` start from 0."""
        if isinstance(other, Real) and other == 0:
            return self
        return _not_added(other)

    def __mul__(self, other: object) -> NoReturn:  # type: ignore[override]
        """Refuse: a tuple would repeat itself, and a mean of scaled fields is the mean."""
        raise TypeError(
            "a LossSum is added, not multiplied; scale its mean instead, 2 * losses.mean()"
        )

    __rmul__ = __mul__  # type: ignore[assignment]

    def mean(self, normalize_by: NormalizeBy | float = "weight") -> Any:
        """Return the total over its weight, its rows, or a number; 0 where that is 0."""
        value = self.total * reciprocal(divisor(normalize_by, self.weight, self.count))
        dtype = getattr(self.total, "dtype", value)
        return value if dtype is value else namespace(value).astype(value, dtype, copy=False)


def divisor(normalize_by: NormalizeBy | float, weight: Any, count: Any) -> Any:
    """Return what a mean divides by: the weight, the rows, or the number given."""
    shape = tuple(getattr(normalize_by, "shape", ()))
    if shape not in ((), (1,)):
        raise ValueError(f"normalize_by must be one number; got shape {shape}")
    if hasattr(normalize_by, "shape") and not isinstance(normalize_by, Real):
        _same_library(normalize_by, count)
    if not isinstance(normalize_by, str):
        if isinstance(normalize_by, Real) and not 0.0 <= float(normalize_by) < float("inf"):
            raise ValueError(f"normalize_by must be finite and at least 0; got {normalize_by}")
        return normalize_by
    if normalize_by not in ("weight", "rows"):
        raise ValueError(f"normalize_by must be 'weight', 'rows' or a number; got {normalize_by!r}")
    return weight if normalize_by == "weight" else count


def reciprocal(denominator: Any) -> Any:
    """Return 1 / denominator, and 0 at 0: nothing to average is a loss of 0, never NaN.

    What lies below the smallest normal number is 0 too: its reciprocal may be inf.
    """
    if isinstance(denominator, Real):
        number = float(denominator)
        return 0.0 if abs(number) < sys.float_info.min else 1.0 / number
    xp = namespace(denominator)
    if xp.isdtype(denominator.dtype, "integral"):
        denominator = xp.astype(denominator, sum_dtype(xp, denominator))
    empty = xp.abs(denominator) < xp.finfo(denominator.dtype).smallest_normal
    return xp.where(empty, 0.0, 1.0 / xp.where(empty, 1.0, denominator))


def scale(xp: Namespace, by: By, weight: Any, count: Any) -> Any:
    """Return what the sum of the losses is multiplied by, as an array of shape ()."""
    of = divisor(by, weight, count)
    return scalar(xp, reciprocal(of), count) if isinstance(of, Real) else reciprocal(xp.sum(of))


def _not_added(other: object) -> Any:
    if isinstance(other, tuple):  # NotImplemented would concatenate
        raise TypeError("a LossSum is added to another LossSum only; got a plain tuple")
    return NotImplemented


def _same_library(normalize_by: Any, count: Any) -> None:
    if hasattr(count, "shape") and is_torch(normalize_by) != is_torch(count):
        wanted = "a torch tensor" if is_torch(count) else "an array of the logits' library"
        got = type(normalize_by).__name__
        raise TypeError(f"normalize_by must be a number or {wanted}; got {got}. Use float().")


def check_reduction(reduction: str, normalize_by: object = None) -> None:
    """Raise ValueError for another word than PyTorch's three, or a divisor without a mean."""
    if reduction not in ("none", "sum", "mean"):
        raise ValueError(f"reduction must be 'none', 'sum' or 'mean'; got {reduction!r}")
    if normalize_by is not None and reduction != "mean":
        raise ValueError(f"normalize_by says what a mean divides by; reduction is {reduction!r}")

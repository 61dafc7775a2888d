"""The surprise of probabilities that are given as such, where no logit keeps their digits.

All edges of p = 0 and p = 1 are decided here: values, and finite slopes.
"""

from crossent.core.array import Array, Namespace, constant

# PyTorch's numbers for its binary cross-entropy of probabilities.
LARGEST = 100.0  # a surprise there is at most 100, that of p = 4e-44
STEEPEST = 1e-12  # and its slope is divided by p (1 - p) or by this


def surprise(xp: Namespace, probs: Array) -> Array:
    """Return -log p: inf at p = 0, with the slope of the smallest normal number, -8e37 in float32.

    The true slope there, -inf, would be NaN for a class without mass, as 0 * inf, and in every
    logit of a softmax that underflowed.
    """
    zero = probs == 0.0
    at_zero = xp.inf - probs / xp.finfo(probs.dtype).smallest_normal
    return xp.where(zero, at_zero, 0.0 - xp.log(xp.where(zero, 1.0, probs)))


def surprise_alone(xp: Namespace, probs: Array) -> Array:
    """Return -log p where no slope is asked for, in two passes: inf at 0 by the library's own."""
    return 0.0 - xp.log(probs)


def binary_surprise(xp: Namespace, probs: Array, positive: Array, negative: Array) -> Array:
    """Return positive min(-log p, 100) + negative min(-log(1 - p), 100), element by element.

    As in PyTorch the derivative is (p mass - positive) / max(p (1 - p), 1e-12), with mass =
    positive + negative: finite and never 0 at a probability that is surely wrong. An element
    without mass may hold anything.
    """
    unused = (positive == 0.0) & (negative == 0.0) & ~((probs >= 0.0) & (probs <= 1.0))
    probs = xp.where(unused, 0.5, probs)
    edge = probs * (1.0 - probs) < STEEPEST
    end = constant(probs)
    held = xp.where(edge, end, probs)  # elsewhere no surprise is above 28, and none is cut
    most = xp.full_like(held, LARGEST)
    value = positive * xp.minimum(surprise(xp, held), most)
    value = value + negative * xp.minimum(_of_not(xp, held), most)
    # 0, with the slope p mass - positive to every order in p, and none in the masses.
    slope = (probs - end) * (0.5 * (probs + end) * (positive + negative) - positive)
    return value + xp.where(edge, slope / STEEPEST, 0.0)


def _of_not(xp: Namespace, probs: Array) -> Array:
    """Return -log(1 - p), with the digits of a small p."""
    one = probs == 1.0
    return xp.where(one, xp.inf, 0.0 - xp.log1p(-xp.where(one, 0.0, probs)))

"""Surprise and its mean: information, entropy, cross-entropy, perplexity."""

from typing import Any

import numpy as np

from crossent.core.array import Array, Namespace, constant, is_jax, is_torch
from crossent.core.surprise import surprise
from crossent.measures.rows import OFF, Rows, distributions, only, total
from crossent.measures.units import Unit, nats
from crossent.ops.values import is_transformed


def information(
    p: Array, *, unit: Unit = "nats", base: float | None = None, validate: bool = True
) -> Any:
    """Return the information of outcomes, their surprise: element by element, inf at 0.

    Equivalent: ``-np.log(p)``.

    Args:
        p: probabilities, a number, a list, or an array of NumPy, torch or JAX of any shape. They
            need not sum to 1.
        unit: "nats" or "bits". base: of the logarithm, instead of a unit.
        validate: check that all are in [0, 1].

    Raises:
        ValueError: a number outside [0, 1].

    >>> float(information(0.125, unit="bits"))
    3.0
    >>> information([1.0, 0.0]).tolist()
    [0.0, inf]

    """
    one = nats(unit, base)
    xp, p = only("p", p)
    if validate and 0 not in p.shape and not is_transformed(p):
        fixed = constant(p)
        if not float(xp.min(fixed)) >= 0.0:
            _refuse(fixed, int(xp.argmin(fixed)))  # of a NaN, the place is its
        if float(xp.max(fixed)) > 1.0 + OFF:
            _refuse(fixed, int(xp.argmax(fixed)))
    made = _surprise(xp, p)
    return made if one == 1.0 else made / one


def _refuse(p: Array, at: int) -> None:
    """Raise ValueError with the number at this place of the flat p."""
    place = tuple(map(int, np.unravel_index(at, p.shape)))
    who = f"outcome {', '.join(map(str, place))} has" if place else "got"
    raise ValueError(f"p must hold probabilities in [0, 1]; {who} {float(p[place]):g}")


def _surprise(xp: Namespace, p: Array) -> Array:
    """Return -log p; where no slope is asked for without a thought of 0."""
    if is_jax(p):
        from crossent.ops.jax.divergence import information as of_jax

        return of_jax(p)
    if is_torch(p):
        from crossent.ops.torch.divergence import information as of_torch

        return of_torch(p)
    if not isinstance(p, (np.ndarray, np.generic)):
        return surprise(xp, p)
    with np.errstate(divide="ignore"):
        logs = np.log(p)
    return np.subtract(0.0, logs, out=logs) if logs.ndim else 0.0 - logs


def entropy(
    p: Array,
    *,
    axis: int = -1,
    unit: Unit = "nats",
    base: float | None = None,
    validate: bool = True,
) -> Any:
    """Return the entropy of p, the mean surprise of its own outcomes.

    Equivalent: ``-(p * np.log(p)).sum(axis)``, with 0 log 0 = 0. At least 0 and at most log C;
    in bits no code for the outcomes has a smaller mean length (Shannon 1948).

    Args:
        p: probabilities along `axis`: a list, or an array of NumPy, torch or JAX. Half precision
            counts as float32, integers and lists as float64.
        axis: the axis of the outcomes; the others are a batch.
        unit: "nats" or "bits". base: of the logarithm, instead of a unit.
        validate: check that p is a distribution; where values cannot be read (jit, vmap,
            torch.compile) nothing is checked.

    Returns:
        A number, or an array without `axis`, of p's type.

    Raises:
        ValueError: probabilities below 0, not finite, or not summing to 1 to six places.
        TypeError: what is no array of numbers.

    >>> float(entropy([0.5, 0.5], unit="bits"))
    1.0
    >>> float(entropy([1.0, 0.0]))
    0.0

    """
    one = nats(unit, base)
    rows = distributions(axis, validate, p=p)
    return rows.shaped(total("entropy", rows) / one)


def cross_entropy(
    p: Array,
    q: Array,
    *,
    axis: int = -1,
    unit: Unit = "nats",
    base: float | None = None,
    validate: bool = True,
) -> Any:
    """Return H(p, q), the mean surprise of outcomes of p under q: data from p, code built for q.

    Equivalent: ``-(p * np.log(q)).sum(axis)``. Infinite where q is 0 and p is not. H(p, q) =
    H(p) + KL(p || q). From logits `crossent.cross_entropy` keeps more digits.

    Args:
        p: and q: distributions of one shape. The rest as in `entropy`.

    Raises:
        ValueError: shapes that differ, and what `entropy` raises.

    >>> round(float(cross_entropy([0.1, 0.7, 0.2], [0.1, 0.6, 0.3])), 4)
    0.8286
    >>> float(cross_entropy([0.5, 0.5], [1.0, 0.0]))
    inf

    """
    one = nats(unit, base)
    rows = distributions(axis, validate, p=p, q=q)
    return rows.shaped(total("cross_entropy", rows) / one)


def perplexity(p: Array, q: Array | None = None, *, axis: int = -1, validate: bool = True) -> Any:
    """Return the perplexity of p, or of q on outcomes of p: as many equally likely outcomes.

    Equivalent: ``np.exp(entropy(p))``, or ``np.exp(cross_entropy(p, q))``; of any base alike.
    exp multiplies the relative error by the entropy in nats. Arguments as in `cross_entropy`.

    >>> round(float(perplexity([0.25, 0.25, 0.25, 0.25])), 12)
    4.0
    >>> round(float(perplexity([0.1, 0.7, 0.2], [0.1, 0.6, 0.3])), 4)
    2.2902

    """
    rows: Rows
    if q is None:
        rows = distributions(axis, validate, p=p)
        found = total("entropy", rows)
    else:
        rows = distributions(axis, validate, p=p, q=q)
        found = total("cross_entropy", rows)
    return rows.shaped(rows.xp.exp(found))

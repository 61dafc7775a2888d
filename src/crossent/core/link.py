"""The link between a model's scores and the logits of the loss: temperature, then softcap.

Applied before a row is read; its derivative after the slope. Removed classes (-inf) stay
removed, with derivative 0. No loss, no target here.
"""

from typing import NamedTuple

from crossent.core.array import Array, Namespace


class Link(NamedTuple):
    """The numbers of a link; None: none of it."""

    temperature: float | None = None
    softcap: float | None = None

    def __bool__(self) -> bool:
        """Say whether there is anything to apply."""
        return self.temperature is not None or self.softcap is not None


DIRECT = Link()


def link(
    xp: Namespace,
    scores: Array,
    *,
    temperature: float | Array | None = None,
    softcap: float | None = None,
    removes: bool = True,
) -> Array:
    """Return the logits softcap * tanh(scores / temperature / softcap).

    With `removes` a score of -inf is a removed class, with derivative 0; without, it is a score
    like +inf, and a softcap caps it.
    """
    if temperature is None and softcap is None:
        return scores
    removed = scores == -xp.inf
    logits = xp.where(removed, 0.0, scores) if removes else scores
    if temperature is not None:
        logits = logits / temperature
    if softcap is not None:
        logits = softcap * _tanh(xp, logits / softcap)
    return xp.where(removed, -xp.inf, logits) if removes else logits


def link_slope(
    xp: Namespace,
    scores: Array,
    *,
    temperature: float | Array | None = None,
    softcap: float | None = None,
) -> Array:
    """Return d logits / d scores, element by element: (1 - tanh^2) / temperature, 0 at -inf."""
    removed = scores == -xp.inf
    scaled = xp.where(removed, 0.0, scores)
    slope = xp.ones_like(scores)
    if temperature is not None:
        scaled = scaled / temperature
        slope = slope / temperature
    if softcap is not None:
        # sech^2 by the exponential of -2|x|: 1 - tanh^2 cancels where the cap is reached.
        small = xp.exp(-2.0 * xp.abs(scaled / softcap))
        slope = slope * (4.0 * small / ((1.0 + small) * (1.0 + small)))
    return xp.where(removed, 0.0, slope)


def _tanh(xp: Namespace, x: Array) -> Array:
    """Return tanh in a form whose derivatives keep their digits where it is 1 to all of them."""
    up = x >= 0.0
    size = xp.where(up, x, -x)
    # Autograd takes e^x - 1 for expm1's derivative less 1: 0 where e^x is below eps.
    small = xp.exp(-2.0 * size)
    ratio = xp.where(size > 0.5, 1.0 - small, -xp.expm1(-2.0 * size)) / (1.0 + small)
    return xp.where(up, ratio, -ratio)

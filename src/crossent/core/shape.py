"""phi: what a row's loss makes of its cross-entropy c and its log-partition lse.

A row's loss is mass * phi(c / mass, lse). Owns phi and its derivatives, first and second, in
closed form and finite at the edges (c = 0, c = inf). Knows nothing of targets or logits.
Every function here has a mirror in the kernels; one conformance table holds them together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial
from numbers import Real

from crossent.core.array import Array, Namespace
from crossent.core.link import DIRECT, Link

# Beyond this c, e^-c is below half the smallest float64, and u = 1 - e^-c is exactly 1.
CERTAIN = 746.0
# Below this c, 1 - e^-c is c to all digits. Written as a power of c, focal has finite second
# derivatives under autograd, where u^(gamma - 2) of u = 1 - e^-c would overflow.
TINY = 1e-20
# Beyond it 1 - e^-x is written with exp, whose autograd derivative is e^-x to all digits; that of
# expm1 is taken as its result + 1, and from x = 37 on is 0 where e^-x should be.
HALF = 0.5
# c - (1 - e^-c) is c^2 / 2! - c^3 / 3! + ...; up to c = HALF the rest is below 2e-19 of it.
SERIES = [(-1.0) ** n / factorial(n) for n in range(16, 1, -1)]


@dataclass(frozen=True, slots=True)
class Shape:
    """The numbers that choose phi; the default is plain cross-entropy, phi = c.

    gamma          focal        (1 - e^-c)^gamma c        (Lin et al. 2017)
    poly_epsilon   poly-1       c + epsilon (1 - e^-c)    (Leng et al. 2022)
    generalised    generalised  (1 - e^-kc) / k           (Zhang and Sabuncu 2018)
    z_loss         adds lambda lse^2 to any of them       (Chowdhery et al. 2022)
    link           what the logits are made of before, for rows that a kernel links
    """

    gamma: float = 0.0
    poly_epsilon: float = 0.0
    generalised: float = 0.0
    z_loss: float = 0.0
    link: Link = DIRECT

    def __post_init__(self) -> None:
        """Refuse values for which phi is not a loss, and tensors: their gradient would be lost."""
        for name in ("gamma", "poly_epsilon", "generalised", "z_loss"):
            if not isinstance(getattr(self, name), Real):
                got = type(getattr(self, name)).__name__
                raise TypeError(f"{name} must be a number; got {got}")
        chosen = [n for n in ("gamma", "poly_epsilon", "generalised") if getattr(self, n) != 0.0]
        if len(chosen) > 1:
            raise ValueError(f"choose one of gamma, poly_epsilon, generalised; got {chosen}")
        for name in ("gamma", "generalised", "z_loss"):
            value = getattr(self, name)
            if not 0.0 <= value < float("inf"):
                raise ValueError(f"{name} must be a finite number of at least 0; got {value}")
        if not -float("inf") < self.poly_epsilon < float("inf"):  # torch.compile traces no isfinite
            raise ValueError(f"poly_epsilon must be a finite number; got {self.poly_epsilon}")

    @property
    def numbers(self) -> tuple[float, ...]:
        """All of them in a row, for what holds numbers only; a temperature of 1 is none."""
        temperature, softcap = self.link
        return (
            self.gamma,
            self.poly_epsilon,
            self.generalised,
            self.z_loss,
            1.0 if temperature is None else temperature,
            0.0 if softcap is None else softcap,
        )

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Shape":
        """Return the shape whose `numbers` these are."""
        *own, temperature, softcap = numbers
        return cls(*own, link=Link(None if temperature == 1.0 else temperature, softcap or None))

    def linked(self, link: Link) -> "Shape":
        """Return the same shape of logits that this link makes."""
        return Shape(self.gamma, self.poly_epsilon, self.generalised, self.z_loss, link)

    @property
    def is_plain(self) -> bool:
        """Whether phi is c itself, the z-loss aside."""
        return self.gamma == 0.0 and self.poly_epsilon == 0.0 and self.generalised == 0.0


PLAIN = Shape()


def shape_of(*, gamma: float = 0.0, poly_epsilon: float = 0.0, z_loss: float = 0.0) -> Shape:
    """Return the shape of these numbers; for none of them the one that is there already.

    Making and checking one takes 3 of the 12 us that PyTorch needs for 128 rows of 10 classes.
    """
    floats = isinstance(gamma, float) and isinstance(poly_epsilon, float)
    if floats and isinstance(z_loss, float) and gamma == poly_epsilon == z_loss == 0.0:
        return PLAIN
    return Shape(gamma=gamma, poly_epsilon=poly_epsilon, z_loss=z_loss)


def phi(xp: Namespace, c: Array, lse: Array, shape: Shape) -> Array:
    """Return phi(c, lse). What autograd derives of this text is finite and keeps its digits."""
    value = c
    if shape.gamma:
        inside = (c >= TINY) & (c < CERTAIN)
        safe = xp.where(inside, c, 1.0)
        focal = _risen(xp, safe) ** shape.gamma * safe
        tiny = (c > 0.0) & (c < TINY)
        # c^(1 + gamma) there; 0 with slope 0 at 0; c where e^-c is 0; NaN where c is
        near = xp.where(tiny, c, 1.0) ** (1.0 + shape.gamma)
        value = xp.where(tiny, near, xp.where(c <= 0.0, 0.0, c))
        value = xp.where(inside, focal, value)
    if shape.poly_epsilon:
        value = c + shape.poly_epsilon * _risen(xp, c)
        if shape.poly_epsilon < -0.5:  # near -1 the two terms cancel to c^2 / 2 for small c
            small = xp.where(c < HALF, c, 0.0)
            curved = _series(xp, small) * small * small
            near = (1.0 + shape.poly_epsilon) * small - shape.poly_epsilon * curved
            value = xp.where(c < HALF, near, value)
    if shape.generalised:
        value = _risen(xp, shape.generalised * c) / shape.generalised
    if shape.z_loss:
        value = value + shape.z_loss * lse * lse
    return value


def phi_c(xp: Namespace, c: Array, shape: Shape) -> Array:
    """Return d phi / d c."""
    if shape.gamma:
        return _risen(xp, c) ** shape.gamma * (1.0 + shape.gamma * _odds(xp, c))
    if shape.poly_epsilon:
        eps = shape.poly_epsilon
        near = (1.0 + eps) + eps * xp.expm1(-c)  # at eps = -1 this is c, where 1 - e^-c cancels
        return xp.where(c > HALF, 1.0 + eps * xp.exp(-c), near)
    if shape.generalised:
        return xp.exp(-shape.generalised * c)
    return xp.ones_like(c)


def phi_lse(lse: Array, shape: Shape) -> Array:
    """Return d phi / d lse."""
    return 2.0 * shape.z_loss * lse


def phi_cc(xp: Namespace, c: Array, shape: Shape) -> Array:
    """Return the second derivative of phi in c.

    Focal with gamma < 1 has none at c = 0; there it is set to 0, because a row reaches c = 0
    only where its slope in the logits is 0 to second order as well.
    """
    if shape.gamma:
        inside = (c > 0.0) & (c < CERTAIN)
        safe = xp.where(inside, c, 1.0)
        u, p, w = -xp.expm1(-safe), xp.exp(-safe), _odds(xp, safe)
        # u times d/dc of w = c / (e^c - 1) is (1 - w) p - u w; u^(gamma - 1) does not underflow.
        inner = p * (1.0 + shape.gamma * w) + (1.0 - w) * p - u * w
        curved = shape.gamma * u ** (shape.gamma - 1.0) * inner
        return xp.where(inside, curved, 0.0 * xp.exp(-c))
    if shape.poly_epsilon:
        return -shape.poly_epsilon * xp.exp(-c)
    if shape.generalised:
        return -shape.generalised * xp.exp(-shape.generalised * c)
    return xp.zeros_like(c)


def phi_lse_lse(lse: Array, shape: Shape) -> Array:
    """Return the second derivative of phi in lse."""
    return 2.0 * shape.z_loss + 0.0 * lse


def _risen(xp: Namespace, x: Array) -> Array:
    """Return 1 - e^-x, with all digits, and with those of its derivatives under autograd."""
    return xp.where(x > HALF, 1.0 - xp.exp(-x), -xp.expm1(-x))


def _series(xp: Namespace, c: Array) -> Array:
    """Return (c - (1 - e^-c)) / c^2 for c up to `HALF`; 1 / 2 at 0."""
    value = xp.zeros_like(c)
    for factor in SERIES:
        value = value * c + factor
    return value


def _odds(xp: Namespace, c: Array) -> Array:
    """Return c / (e^c - 1): 1 at c = 0, 0 at c = inf."""
    inside = (c > 0.0) & (c < CERTAIN)
    safe = xp.where(inside, c, 1.0)
    edge = xp.where(c <= 0.0, 1.0, 0.0 * xp.exp(-c))  # keeps NaN
    return xp.where(inside, safe * xp.exp(-safe) / -xp.expm1(-safe), edge)

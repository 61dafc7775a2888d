"""How far one distribution is from another, in nats: Kullback-Leibler and Jensen-Shannon."""

from typing import Any

from crossent.core.array import Array
from crossent.core.divergence import ROOT_SCALE, root
from crossent.measures.rows import distributions, total
from crossent.measures.units import Unit, nats


def kl_divergence(
    p: Array,
    q: Array,
    *,
    axis: int = -1,
    unit: Unit = "nats",
    base: float | None = None,
    validate: bool = True,
) -> Any:
    """Return KL(p || q), what a code built for q costs beyond the one built for p.

    Equivalent: ``(p * np.log(p / q) - p + q).sum(axis)``. For distributions the last two add up
    to 0; with them no term is negative and all digits are kept where p and q are near, and of a
    sum that is 1 up to rounding the rounding does not count. Not symmetric, and no metric:
    infinite where q is 0 and p is not. Its gradient in logits of q is softmax(logits) - p.

    Args:
        p: and q: distributions of one shape, lists or arrays of NumPy, torch or JAX.
        axis: the axis of the outcomes; the others are a batch.
        unit: "nats" or "bits". base: of the logarithm, instead of a unit.
        validate: check that both are distributions, as in `entropy`.

    Returns:
        A number, or an array without `axis`, of p's type.

    Raises:
        ValueError: shapes that differ; probabilities below 0, not finite, or not summing to 1.

    >>> float(kl_divergence([0.5, 0.5], [0.5, 0.5]))
    0.0
    >>> round(float(kl_divergence([0.1, 0.7, 0.2], [0.1, 0.6, 0.3], unit="bits")), 6)
    0.038682
    >>> float(kl_divergence([0.5, 0.5], [0.5 + 2**-30, 0.5 - 2**-30])) * 2**59  # no digit lost
    1.0

    """
    one = nats(unit, base)
    rows = distributions(axis, validate, p=p, q=q)
    return rows.shaped(total("kl", rows) / one)


def js_divergence(
    p: Array,
    q: Array,
    *,
    axis: int = -1,
    unit: Unit = "nats",
    base: float | None = None,
    validate: bool = True,
) -> Any:
    """Return the Jensen-Shannon divergence, the mean KL of p and of q from their middle.

    Equivalent: ``kl_divergence(p, m) / 2 + kl_divergence(q, m) / 2`` with ``m = (p + q) / 2``.
    Symmetric, from 0 to log 2 (1 bit), always finite. `js_distance` is its square root, which
    SciPy calls ``jensenshannon``. Arguments as in `kl_divergence`.

    >>> float(js_divergence([1.0, 0.0], [0.0, 1.0], unit="bits"))
    1.0

    """
    one = nats(unit, base)
    rows = distributions(axis, validate, p=p, q=q)
    return rows.shaped(total("js", rows) / ROOT_SCALE / ROOT_SCALE / one)


def js_distance(
    p: Array,
    q: Array,
    *,
    axis: int = -1,
    unit: Unit = "nats",
    base: float | None = None,
    validate: bool = True,
) -> Any:
    """Return the Jensen-Shannon distance, the square root of the divergence in this unit.

    Equivalent: ``np.sqrt(js_divergence(p, q))``. A metric (Endres and Schindelin 2003). Where p
    is q its gradient is 0, as that of an absolute value. Arguments as in `kl_divergence`.

    >>> float(js_distance([1.0, 0.0], [0.0, 1.0], unit="bits"))
    1.0

    """
    one = nats(unit, base)
    rows = distributions(axis, validate, p=p, q=q)
    return rows.shaped(root(rows.xp, total("js", rows) / one) / ROOT_SCALE)

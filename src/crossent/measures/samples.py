"""What one sequence of values says about another, from how often their pairs occur.

Holds the pairs that occur and no table: a million rows of 100 000 values take some 100 MB.
"""

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from crossent.core.exact import Floats, beside_product, grouped, two_product
from crossent.measures.contingency import Cells, Codes, as_weights, contingency
from crossent.measures.tables import against_product
from crossent.measures.units import Unit, nats

Correction = Literal["miller-madow"] | None
NAMES = ("labels", "feature")


def information_gain(
    labels: Any,
    feature: Any,
    *,
    sample_weight: Any = None,
    correction: Correction = None,
    unit: Unit = "nats",
    base: float | None = None,
) -> float:
    """Return H(labels) - H(labels | feature), what the feature says about the labels of its rows.

    Equivalent: ``mutual_information(joint(labels, feature).table)``.

    Symmetric, and from 0 to the smaller entropy of the two. Whole numbers of rows keep all
    digits, near independence too, as the difference between count * n and the product of the
    sums of its row and column is exact. It is the gain of these rows: that of a feature without
    any relation to the labels is about (R - 1) (C - 1) / (2 n) nats above 0.

    Args:
        labels: values of any kind, shape (N,): a list or an array; None and NaN are one value.
        feature: values, shape (N,).
        sample_weight: the weight of each row, shape (N,), at least 0.
        correction: "miller-madow" adds (values - 1) / (2 n) to each of H(labels), H(feature) and
            H(both), counting the values that occur in the n rows: to the gain, (values of labels +
            of feature - pairs - 1) / (2 n). The result may be below 0; it is not cut. It takes
            little from a feature of nearly one value a row. Weights must then be whole numbers:
            counts of rows.
        unit: "nats" or "bits". base: of the logarithm, instead of a unit.

    Raises:
        ValueError: sequences of different lengths or of none, weights below 0 or without a sum, a
            correction with weights that are no counts, or another correction or unit.

    Reference: G. A. Miller, Note on the bias of information estimates, 1955.

    >>> play, sky = ["yes", "yes", "no", "no"], ["sun", "sun", "sun", "rain"]
    >>> round(information_gain(play, sky, unit="bits"), 6)
    0.311278

    """
    one = nats(unit, base)
    if correction not in (None, "miller-madow"):
        raise ValueError(f"correction must be 'miller-madow' or None; got {correction!r}")
    cells = contingency(labels, feature, sample_weight, names=NAMES)
    if correction is None:
        return gain(cells) / one
    if sample_weight is not None:
        _check_whole(as_weights(sample_weight, len(labels)))
    return (gain(cells) + miller_madow(cells)) / one


def gain_ratio(labels: Any, feature: Any, *, sample_weight: Any = None) -> float:
    """Return the information gain over the entropy of the feature, from 0 to 1.

    Equivalent: ``information_gain(labels, feature) / information_gain(feature, feature)``; 0 for
    a feature of one value. It holds against a feature of many values that its values say much
    about themselves. Arguments and errors as in `information_gain`.

    Reference: J. R. Quinlan, Induction of decision trees, 1986, section 6.

    >>> gain_ratio(["yes", "yes", "no", "no"], ["a", "b", "c", "d"])
    0.5

    """
    cells = contingency(labels, feature, sample_weight, names=NAMES)
    return ratio(gain(cells), entropy_of(cells.y, cells.counts))


def purity(labels: Any, clusters: Any, *, sample_weight: Any = None) -> float:
    """Return the share of rows whose label is the most frequent one of their cluster.

    Equivalent: ``confusion.max(axis=0).sum() / n`` with labels as rows. From the share of the most
    frequent label to 1, which clusters of one row each have too. Arguments and errors as in
    `information_gain`.

    Reference: C. Manning, P. Raghavan, H. Schütze, Introduction to Information Retrieval, 2008,
    section 16.3.

    >>> purity(["a", "a", "b", "b"], [0, 0, 0, 1])
    0.75

    """
    cells = contingency(labels, clusters, sample_weight, names=("labels", "clusters"))
    most = np.zeros(len(cells.y_values))
    np.maximum.at(most, cells.y, cells.counts)
    return float(most.sum() / cells.counts.sum())


def gain(cells: Cells) -> float:
    """Return the information gain in nats."""
    (x, y), counts = (_used(cells.x), _used(cells.y)), _scaled(cells.counts)
    rows, columns = int(x.max()) + 1, int(y.max()) + 1
    n, n_low = grouped(counts, np.zeros_like(x), 1)
    a, a_low = grouped(counts, x, rows)
    b, b_low = grouped(counts, y, columns)
    # (count n - a b) / n^2: of whole numbers exact up to the division.
    left, left_low = two_product(np, counts, n)
    sums = (a[x], a_low[x]), (b[y], b_low[y])
    difference = beside_product(np, (left, left_low + counts * n_low), *sums) / (n * n)
    terms = against_product(np, counts / n, a[x] / n, b[y] / n, difference)
    # A cell of 0 adds a b / n^2: those of a row together a / n times what its columns leave of 1.
    beside, beside_low = grouped(b[y], x, rows)
    beside_low = beside_low + np.bincount(x, b_low[y], rows)
    empty = np.maximum((n - beside) + (n_low - beside_low), 0.0)
    empty = np.where(np.bincount(x, minlength=rows) == columns, 0.0, empty)
    return math.fsum([*terms.tolist(), *((a / n) * (empty / n)).tolist()])


def entropy_of(codes: Codes, counts: Floats) -> float:
    """Return the entropy of the values with these codes, in nats."""
    codes, counts = _used(codes), _scaled(counts)
    n, n_low = grouped(counts, np.zeros_like(codes), 1)
    a, a_low = grouped(counts, codes, int(codes.max()) + 1)
    rest = (n - a) + (n_low - a_low)  # log1p keeps the digits of a value that nearly all have
    return math.fsum(((a / n) * np.log1p(rest / a)).tolist())


def ratio(gain: float, entropy: float) -> float:
    """Return gain / entropy, and 0 where both are 0."""
    return 0.0 if entropy == 0.0 else min(gain / entropy, 1.0)  # above 1 by a rounding only


def miller_madow(cells: Cells) -> float:
    """Return what the correction adds to the gain, in nats."""
    values = np.unique(cells.x).size + np.unique(cells.y).size
    return float((values - len(cells.counts) - 1) / (2.0 * cells.counts.sum()))


def _check_whole(weights: Floats) -> None:
    broken = weights != np.floor(weights)
    if broken.any():
        row = int(np.argmax(broken))
        raise ValueError(
            "sample_weight must be whole numbers for the Miller-Madow correction, which divides "
            f"by the number of rows; row {row} has {weights[row]}. Pass correction=None."
        )


def _used(codes: Codes) -> Codes:
    """Return codes without the values that have no weight."""
    return np.unique(codes, return_inverse=True)[1]


def _scaled(counts: Floats) -> NDArray[np.float64]:
    """Return counts times a power of two, with a largest one in [1/2, 1): no product overflows."""
    return np.ldexp(counts, -int(np.frexp(counts.max())[1]))

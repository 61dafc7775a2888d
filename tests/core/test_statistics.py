"""Likelihood, entropy and rank on every array library, at their edges."""

import numpy as np
import pytest

from crossent.core import row as rows
from crossent.core import statistics
from crossent.core.target import from_index
from tests.reference import numerical_slope

INF, NAN = np.inf, np.nan


@pytest.mark.parametrize(
    ("row", "index", "predicted", "rank"),
    [
        ([3.0, 1.0, 2.0], 0, 0, 0),
        ([3.0, 1.0, 2.0], 1, 0, 2),
        ([2.0, 2.0, 2.0], 1, 0, 1),  # ties: lower classes first, as argmax has them
        ([-INF, 0.0, -INF], 2, 1, 2),
        ([0.0, NAN, 1.0], 2, 1, 1),
        ([NAN, 0.0, 1.0], 0, 0, 2),  # not counted as right
        ([3.0, 1.0, 2.0], -1, 0, -1),
    ],
)
def test_standing(library, row, index, predicted, rank) -> None:
    logits, target = library.array([row]), library.array([index], np.int64)
    found = statistics.standing(library.xp, logits, target)
    if not np.isnan(row).any():  # where NaN stands is the library's choice
        assert int(found[0][0]) == predicted
    assert int(found[1][0]) == rank


def test_likelihood_and_its_slope(library) -> None:
    z = np.random.default_rng(0).normal(size=(3, 4)) * 3
    index, ups = np.array([2, 0, -1]), [np.array([0.3, -1.0, 2.0]) + k for k in range(3)]
    xp, logits = library.xp, library.array(z)
    q = from_index(xp, library.array(index, np.int64), logits)
    row = rows.read(xp, logits, q, entropy=True)
    own = [library.array(up) for up in ups]
    slope = rows.slope(xp, logits, q, row, *statistics.coefficients(xp, row, *own))

    def textbook(z):
        lse = np.log(np.exp(z).sum(1))
        logp = z - lse[:, None]
        three = logp[np.arange(3), index], lse, -(np.exp(logp) * logp).sum(1)
        return tuple(np.where(index < 0, 0.0, part) for part in three)

    for a, b in zip(statistics.likelihood(xp, row), textbook(z), strict=True):
        np.testing.assert_allclose(np.asarray(a), b, rtol=1e-13, atol=1e-15)
    total = numerical_slope(
        lambda z: sum((up * part).sum() for up, part in zip(ups, textbook(z), strict=True)), z, 1e-3
    )
    np.testing.assert_allclose(np.asarray(slope), total, atol=1e-9)

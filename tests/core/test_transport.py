"""Mass carried along a line: exact sums of fractions, SciPy's distance, slopes."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from crossent.core.array import namespace
from crossent.core.transport import carried, carried_slopes
from tests.reference import numerical_slope


def exact(p, q, gaps) -> Fraction:
    """In whole fractions, without a rounding."""
    passing, total = Fraction(0), Fraction(0)
    for x, y, gap in zip(p, q, gaps, strict=False):
        passing += Fraction(float(x)) - Fraction(float(y))
        total += abs(passing) * Fraction(float(gap))
    return total


def rows(classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.ones(classes), size=(2, 4))
    return p, q, rng.random(classes - 1) * 10.0 ** rng.integers(-3, 4, classes - 1)


@pytest.mark.parametrize("classes", [2, 3, 10, 1000])
def test_digits(library, classes) -> None:
    p, q, gaps = rows(classes)
    found = np.asarray(library.run(carried, *map(library.array, (p, q, gaps))))
    places = np.concatenate([[0.0], np.cumsum(gaps)])
    for value, x, y in zip(found.tolist(), p, q, strict=True):
        true = exact(x, y, gaps)
        assert abs(Fraction(value) - true) <= true * Fraction(8, 2**53)
        assert value == pytest.approx(wasserstein_distance(places, places, x, y), rel=1e-11)


@pytest.mark.parametrize("moved", [1e-3, 1e-9, 2**-52])
def test_what_little_passes_between_large_masses_keeps_its_digits(library, moved) -> None:
    p = np.array([[0.3, 0.1, 0.1, 0.2, 0.3]])
    q = p + moved * np.array([1, -1, 0, 1, -1])
    gaps = np.array([1.0, 1e6, 1e6, 1.0])
    value = float(np.asarray(library.run(carried, *map(library.array, (p, q, gaps))))[0])
    true = exact(p[0], q[0], gaps)
    assert abs(Fraction(value) - true) <= true * Fraction(4, 2**53)


def test_one_outcome_or_none_carries_nothing(library) -> None:
    one, none = library.array(np.ones((3, 1))), library.array(np.zeros(0))
    assert np.asarray(library.run(carried, one, one, none)).tolist() == [0.0] * 3


def test_slopes_against_differences(library) -> None:
    p, q, gaps = rows(6)
    found = library.run(carried_slopes, *map(library.array, (p, q, gaps)))

    def total(p, q):
        return (np.abs(np.cumsum(p - q, 1))[:, :-1] * gaps).sum()

    known = (
        numerical_slope(lambda x: total(x, q), p, 1e-6),
        numerical_slope(lambda x: total(p, x), q, 1e-6),
    )
    for mine, plain in zip(map(np.asarray, found), known, strict=True):
        np.testing.assert_allclose(mine, plain, rtol=1e-8, atol=1e-8)


def test_equal_ones_have_slope_0(library) -> None:
    p, _, gaps = rows(5)
    for slope in library.run(carried_slopes, *map(library.array, (p, p, gaps))):
        assert (np.asarray(slope) == 0.0).all()


def test_slopes_are_those_of_the_composition() -> None:
    p, q, gaps = map(torch.tensor, rows(7))
    given = p.requires_grad_(), q.requires_grad_()
    xp = namespace(p)
    composed = torch.autograd.grad(carried(xp, *given, gaps).sum(), given)
    closed = carried_slopes(xp, *given, gaps)
    torch.testing.assert_close(composed, closed, rtol=1e-12, atol=1e-12)

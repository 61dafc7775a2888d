"""Slopes of entropies and divergences by every instruction set: derivatives of 60-digit terms."""

from collections.abc import Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
import torch

from crossent.kernels import cpu, eager
from tests import terms
from tests.backends import UNITS, served_by

pytestmark = pytest.mark.skipif(bool(cpu.missing), reason=cpu.missing)
CASES = [case for case in terms.CASES if case[0] != "variation"]


@pytest.fixture(params=UNITS, autouse=True)
def _unit(request: pytest.FixtureRequest) -> Iterator[None]:
    with served_by(request.param):
        yield


def pair(classes: int, rows: int = 4) -> tuple[np.ndarray, np.ndarray]:
    p, q = np.random.default_rng(classes).dirichlet(np.full(classes, 2.0), size=(2, rows))
    q[3] = p[3] * (1 + 1e-9)
    return p, q


def derivative(name: str, order: float, numbers: tuple[float, ...], which: int) -> float:
    """The derivative of a term in one of its numbers, by central differences in 60 digits."""
    step = mpmath.mpf(10) ** -25
    with mpmath.workdps(terms.DIGITS):

        def at(k: int) -> Any:
            moved = [
                mpmath.mpf(x) + (k * step * x if i == which else 0) for i, x in enumerate(numbers)
            ]
            return terms.ALL[name](*moved, *((order,) if name in terms.ORDERED else ()))

        return float((at(1) - at(-1)) / (2 * step * numbers[which]))


@pytest.mark.parametrize(("name", "order"), CASES)
def test_slopes_are_derivatives(name, order) -> None:
    rows = terms.given(name, *pair(9))
    above = np.array([1.0, -2.0, 0.5, 4.0])
    found = cpu.divergence.slopes(name, above, *rows, order=order)
    for which, slopes in enumerate(found):
        assert slopes.dtype == np.float64
        for i, j in np.ndindex(slopes.shape):
            numbers = tuple(float(x[i, j]) for x in rows)
            known = above[i] * derivative(name, order, numbers, which)
            size = float(terms.SCALE) if name in ("js", "hellinger") else 1.0
            assert slopes[i, j] == pytest.approx(known, rel=1e-13, abs=1e-15 * size)


@pytest.mark.parametrize(("name", "order"), terms.CASES)
@pytest.mark.parametrize("classes", [1, 8, 10, 511, 512, 513, 1500])
def test_slopes_of_every_length_are_eagers(name, order, classes) -> None:
    p, q = pair(classes)
    if classes > 5:
        p[0, 2], q[1, 3], p[2, 4], q[2, 4] = 0.0, 0.0, 0.0, 0.0
    above = torch.tensor([1.0, -2.0, 0.5, 4.0], dtype=torch.float64)
    for dtype in (torch.float32, torch.float64):
        rows = terms.given(name, torch.tensor(p, dtype=dtype), torch.tensor(q, dtype=dtype))
        found = cpu.divergence.slopes(name, above, *rows, order=order)
        known = eager.divergence.slopes(name, above, *rows, order=order)
        for mine, other in zip(found, known, strict=True):
            assert mine.dtype == dtype
            torch.testing.assert_close(
                mine,
                other,
                rtol=1e-6 if dtype == torch.float32 else 2e-13,
                atol=0.0 if name != "kl" else 1e-16,
            )


def test_slopes_of_two_softmaxes() -> None:
    z, w = np.random.default_rng(0).normal(scale=3.0, size=(2, 4, 13))
    z[1, 2] = w[1, 2] = z[2, 4] = -np.inf
    above = np.array([1.0, 2.0, 0.5, 0.0])
    found = cpu.divergence.softmax_kl_slopes(above, z, w)
    p, q = (np.exp(x) / np.exp(x).sum(1, keepdims=True) for x in (z, w))
    with np.errstate(divide="ignore", invalid="ignore"):
        u = np.where(p == 0, 0.0, np.log(p) - np.log(q))
    known = p * (u - (p * u).sum(1, keepdims=True)), q - p
    for mine, other in zip(found, known, strict=True):
        np.testing.assert_allclose(mine, above[:, None] * other, atol=1e-14)


def test_only_what_is_wanted_is_made_and_no_nan_under_an_upstream_of_0() -> None:
    p, q = np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([[1e-300, 1.0], [0.5, 0.5]])
    first, second = cpu.divergence.slopes(
        "renyi_excess", np.array([0.0, 1.0]), p, q, order=50.0, wants=(True, False)
    )
    assert second is None
    assert first[0].tolist() == [0.0, 0.0]
    first, second = cpu.divergence.slopes("kl", np.ones(2), p, q, wants=(False, True))
    assert first is None
    assert np.isfinite(second).all()


def test_rows_apart_and_several_threads_change_no_bit() -> None:
    p, q = pair(700, rows=400)
    above = np.linspace(0.5, 2.0, 400)
    whole = cpu.divergence.slopes("js", above, p, q)
    wide = np.full((400, 900), np.nan)
    wide[:, 100:800] = p
    apart = cpu.divergence.slopes("js", above, wide[:, 100:800], q)
    alone = cpu.divergence.slopes("js", above[7:8], p[7:8], q[7:8])
    for x, y, z in zip(whole, apart, alone, strict=True):
        assert (x == y).all()
        assert (x[7] == z[0]).all()

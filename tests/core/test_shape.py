"""phi against its textbook formula, its derivatives against 50-digit ones, and its edges."""

import mpmath
import numpy as np
import pytest
import torch
from array_api_compat import array_namespace

from crossent.core.shape import Shape, phi, phi_c, phi_cc, phi_lse, phi_lse_lse

XP = array_namespace(np.zeros(1))
SHAPES = {
    "plain": (Shape(), lambda c: c),
    "focal 2": (Shape(gamma=2.0), lambda c: (1 - mpmath.e**-c) ** 2 * c),
    "focal 0.5": (Shape(gamma=0.5), lambda c: mpmath.sqrt(1 - mpmath.e**-c) * c),
    "poly": (Shape(poly_epsilon=1.5), lambda c: c + 1.5 * (1 - mpmath.e**-c)),
    "generalised": (Shape(generalised=0.7), lambda c: (1 - mpmath.e ** (-0.7 * c)) / 0.7),
}
POINTS = [1e-200, 1e-30, 1e-8, 0.1, 0.7, 3.0, 36.0, 500.0, 2000.0]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("point", POINTS)
def test_values_and_derivatives_are_exact(name, point) -> None:
    shape, textbook = SHAPES[name]
    c, lse = np.array([point]), np.array([0.0])
    with mpmath.workdps(450):
        x = mpmath.mpf(point)
        exact = [
            textbook(x),
            *(mpmath.diff(textbook, x, n, h=x * mpmath.mpf(10) ** -80) for n in (1, 2)),
        ]
    ours = [phi(XP, c, lse, shape), phi_c(XP, c, shape), phi_cc(XP, c, shape)]
    rel = 3e-15 * max(1.0, point)  # e^-kc has condition number kc
    for value, expected in zip(ours, exact, strict=True):
        assert float(value[0]) == pytest.approx(float(expected), rel=rel, abs=1e-300)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("edge", [0.0, np.inf])
def test_the_edges_are_finite(name, edge) -> None:
    shape, _ = SHAPES[name]
    c, lse = np.array([edge]), np.array([0.0])
    assert np.isfinite(phi_c(XP, c, shape)).all()
    assert np.isfinite(phi_cc(XP, c, shape)).all()
    assert not np.isnan(phi(XP, c, lse, shape)).any()


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("edge", [0.0, 1e-300, 745.9, 746.1, float("inf")])
def test_autograd_of_the_text_agrees_with_the_closed_form(name, edge) -> None:
    shape, _ = SHAPES[name]
    c = torch.tensor([edge], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(phi(array_namespace(c), c, 0 * c.detach(), shape).sum(), c)
    expected = phi_c(XP, np.array([edge]), shape)
    np.testing.assert_allclose(slope.numpy(), expected, rtol=1e-14, atol=1e-150)


@pytest.mark.parametrize("name", SHAPES)
def test_nan_stays_nan(name) -> None:
    shape, _ = SHAPES[name]
    c = np.array([np.nan])
    assert np.isnan(phi(XP, c, c, shape)).all()
    if shape != Shape():
        assert np.isnan(phi_c(XP, c, shape)).all()


def test_z_loss_is_a_parabola_in_lse() -> None:
    shape, lse, c = Shape(z_loss=0.25), np.array([-3.0]), np.array([1.0])
    assert phi(XP, c, lse, shape)[0] == 1.0 + 0.25 * 9.0
    assert phi_lse(lse, shape)[0] == -1.5
    assert phi_lse_lse(lse, shape)[0] == 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gamma": -1.0}, "gamma must be a finite number of at least 0; got -1.0"),
        ({"z_loss": np.inf}, "z_loss must be"),
        ({"gamma": 2.0, "poly_epsilon": 1.0}, "choose one of gamma, poly_epsilon, generalised"),
    ],
)
def test_what_is_not_a_loss_is_refused(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        Shape(**options)

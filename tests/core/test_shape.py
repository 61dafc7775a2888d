"""phi against its textbook formula, its derivatives against 50-digit ones, and its edges."""

import mpmath
import numpy as np
import pytest
import torch
from array_api_compat import array_namespace

from crossent import cross_entropy, generalized_cross_entropy
from crossent.core.link import Link
from crossent.core.shape import PLAIN, Shape, phi, phi_c, phi_cc, phi_lse, phi_lse_lse, shape_of

XP = array_namespace(np.zeros(1))
SHAPES = {
    "plain": (Shape(), lambda c: c),
    "focal 2": (Shape(gamma=2.0), lambda c: (1 - mpmath.e**-c) ** 2 * c),
    "focal 0.5": (Shape(gamma=0.5), lambda c: mpmath.sqrt(1 - mpmath.e**-c) * c),
    "poly": (Shape(poly_epsilon=1.5), lambda c: c + 1.5 * (1 - mpmath.e**-c)),
    "poly -1": (Shape(poly_epsilon=-1.0), lambda c: c - 1 + mpmath.e**-c),
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
@pytest.mark.parametrize("point", [1e-30, 1e-8, 0.4999, 0.5, 0.5001, 3.0, 36.0, 80.0])
def test_autograd_of_the_text_keeps_the_digits(name, point) -> None:
    shape, _ = SHAPES[name]
    c = torch.tensor([point], dtype=torch.float64, requires_grad=True)
    value = phi(array_namespace(c), c, 0 * c.detach(), shape).sum()
    (slope,) = torch.autograd.grad(value, c, create_graph=True)
    expected = [phi_c(XP, np.array([point]), shape), phi_cc(XP, np.array([point]), shape)]
    np.testing.assert_allclose(slope.detach().numpy(), expected[0], rtol=3e-14)
    if name != "plain":
        (curved,) = torch.autograd.grad(slope.sum(), c)
        np.testing.assert_allclose(curved.numpy(), expected[1], rtol=3e-14)


DOORS = {
    "focal 2": lambda z, y: cross_entropy(z, y, gamma=2.0),
    "focal 0.5": lambda z, y: cross_entropy(z, y, gamma=0.5),
    "poly": lambda z, y: cross_entropy(z, y, poly_epsilon=1.5),
    "poly -1": lambda z, y: cross_entropy(z, y, poly_epsilon=-1.0),
    "generalised": lambda z, y: generalized_cross_entropy(z, y, q=0.7),
}


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize("far", [30.0, 80.0])
@pytest.mark.parametrize("label", [0, 1])
def test_transforms_of_a_loss_keep_the_digits(name, far, label) -> None:
    import jax

    door, textbook = DOORS[name], SHAPES[name][1]
    side = 1 if label == 0 else -1

    def of(x):
        return textbook(mpmath.log1p(mpmath.e ** (side * x)))

    with mpmath.workdps(150):
        exact = [
            float(mpmath.diff(of, mpmath.mpf(far), n, h=mpmath.mpf(10) ** -30)) for n in (1, 2)
        ]
    z, y = torch.tensor([[0.0, far]], dtype=torch.float64), torch.tensor([label])
    slope = torch.func.grad(lambda z: door(z, y))(z)[0, 1].item()
    curved = torch.func.hessian(lambda z: door(z, y))(z)[0, 1, 0, 1].item()
    assert [slope, curved] == pytest.approx(exact, rel=2e-14, abs=0.0)
    twice = jax.hessian(lambda z: door(z, jax.numpy.asarray([label])))(jax.numpy.asarray(z.numpy()))
    assert float(twice[0, 1, 0, 1]) == pytest.approx(exact[1], rel=2e-14, abs=0.0)


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
        ({"poly_epsilon": np.inf}, "poly_epsilon must be a finite number; got inf"),
        ({"poly_epsilon": np.nan}, "poly_epsilon must be a finite number; got nan"),
        ({"gamma": 2.0, "poly_epsilon": 1.0}, "choose one of gamma, poly_epsilon, generalised"),
    ],
)
def test_what_is_not_a_loss_is_refused(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        Shape(**options)


def test_the_numbers_in_a_row_are_the_shape_again() -> None:
    for link in (Link(), Link(softcap=3.0), Link(2.0, 3.0), Link(0.5)):
        shape = Shape(gamma=2.0, z_loss=0.5, link=link)
        assert Shape.of(shape.numbers) == shape
    assert shape_of() is PLAIN
    assert shape_of(gamma=2) == Shape(gamma=2)

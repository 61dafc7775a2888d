"""The elementwise form: the formula in four libraries, its edges, its derivatives."""

import numpy as np
import pytest
import torch
from array_api_compat import array_namespace

from crossent.core import per_class
from crossent.core import row as rows
from crossent.core.loss import loss as per_row
from crossent.core.shape import Shape
from crossent.core.target import from_dense, from_index, from_top_k
from tests.reference import elementwise_focal, one_hot, smoothed

XP = array_namespace(np.zeros(1))
RNG = np.random.default_rng(0)
Z, INDEX = 3 * RNG.normal(size=(4, 5)), np.array([0, 3, 4, 1])
SOFT = RNG.dirichlet(np.ones(5), size=4) * np.array([[1.0], [0.5], [2.0], [1.0]])


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_is_the_formula(library, gamma) -> None:
    z = library.array(Z)
    q = from_dense(library.xp, library.array(SOFT), z)
    value = per_class.loss(library.xp, z, q, Shape(gamma=gamma))
    np.testing.assert_allclose(np.asarray(value), elementwise_focal(Z, SOFT, gamma), rtol=1e-13)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_every_kind_of_target(library, smoothing) -> None:
    xp, z, index = library.xp, library.array(Z), library.array(INDEX, np.int64)
    ones = library.array(np.ones((4, 1)))
    expected = elementwise_focal(Z, smoothed(one_hot(INDEX, 5), smoothing), 2.0)
    for q in (
        from_index(xp, index, z, label_smoothing=smoothing),
        from_dense(xp, library.array(one_hot(INDEX, 5)), z, label_smoothing=smoothing),
        from_top_k(xp, index[:, None], ones, z, label_smoothing=smoothing),
    ):
        value = per_class.loss(xp, z, q, Shape(gamma=2.0))
        np.testing.assert_allclose(np.asarray(value), expected, rtol=1e-13)


@pytest.mark.parametrize("shape", [Shape(gamma=0.5), Shape(poly_epsilon=1.0), Shape(z_loss=0.1)])
def test_equals_the_row_form_where_the_target_is_one_class(shape) -> None:
    q = from_index(XP, INDEX, Z, sample_weight=np.array([1.0, 2.0, 0.5, 0.0]))
    np.testing.assert_allclose(
        per_class.loss(XP, Z, q, shape), per_row(XP, rows.read(XP, Z, q), shape), rtol=1e-14
    )


def test_a_surprise_of_a_certain_class_keeps_its_digits() -> None:
    z = np.array([[0.0, -80.0]])
    seen = rows.view(XP, z)
    row = rows.read(XP, z, from_index(XP, np.array([0]), z))
    surprise = per_class.surprises(XP, seen, row)
    np.testing.assert_allclose(surprise, [[np.exp(-80.0), 80.0]], rtol=1e-15)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_a_removed_class_without_mass_adds_nothing(gamma) -> None:
    z, soft = Z.copy(), SOFT.copy()
    z[:, 2], soft[:, 2] = -np.inf, 0.0
    others = [0, 1, 3, 4]
    for smoothing in (0.0, 0.1):
        q = from_dense(XP, soft, z, label_smoothing=smoothing)
        value = per_class.loss(XP, z, q, Shape(gamma=gamma))
        live = from_dense(XP, soft[:, others], z[:, others], label_smoothing=smoothing)
        expected = per_class.loss(XP, z[:, others], live, Shape(gamma=gamma))
        np.testing.assert_allclose(value, expected, rtol=1e-14)


def test_the_edges() -> None:
    z = np.array([[-np.inf, 0.0], [-np.inf, -np.inf], [np.nan, 0.0], [np.inf, 0.0]])
    q = from_index(XP, np.array([0, 0, 1, 1]), z)
    value = per_class.loss(XP, z, q, Shape(gamma=2.0))
    assert value[0] == np.inf
    assert np.isnan(value[1:]).all()


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_autograd_of_the_text_is_finite_and_right(gamma) -> None:
    xp = array_namespace(torch.zeros(1))
    z = torch.from_numpy(Z).requires_grad_()

    def value(z):
        return per_class.loss(xp, z, from_dense(xp, torch.from_numpy(SOFT), z), Shape(gamma=gamma))

    assert torch.autograd.gradcheck(value, z)
    assert torch.autograd.gradgradcheck(value, z)
    hard = torch.tensor([[200.0, 0.0, 0.0], [0.0, 200.0, 200.0]], requires_grad=True)
    q = from_dense(xp, torch.tensor([[1.0, 0.0, 0.0], [0.2, 0.8, 0.0]]), hard)
    (slope,) = torch.autograd.grad(per_class.loss(xp, hard, q, Shape(gamma=gamma)).sum(), hard)
    assert torch.isfinite(slope).all()

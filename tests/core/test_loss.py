"""A weight of k is k copies, and alpha, gamma are the derivatives of the loss."""

import numpy as np
import pytest
from array_api_compat import array_namespace
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crossent.core import row as rows
from crossent.core.loss import coefficients, loss
from crossent.core.shape import Shape
from crossent.core.target import from_dense, from_index
from tests.reference import numerical_slope, smoothed, softmax_loss

XP = array_namespace(np.zeros(1))
SHAPES = [Shape(), Shape(gamma=2.0), Shape(gamma=0.5), Shape(poly_epsilon=1.0), Shape(z_loss=0.1)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@given(
    z=arrays(np.float64, (1, 5), elements=st.floats(-20, 20)),
    k=st.integers(0, 5),
    smoothing=st.sampled_from([0.0, 0.1]),
)
def test_a_weight_of_k_is_k_copies(shape, z, k, smoothing) -> None:
    target, weight = np.array([3]), np.array([float(k)])
    once = from_index(XP, target, z, label_smoothing=smoothing)
    often = from_index(XP, target, z, label_smoothing=smoothing, sample_weight=weight)
    single = loss(XP, rows.read(XP, z, once), shape)
    many = loss(XP, rows.read(XP, z, often), shape)
    np.testing.assert_allclose(many, k * single, rtol=1e-13)
    assert often.weight[0] == k * once.weight[0]
    assert often.count[0] == k


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("mass", [0.5, 1.0, 2.0])
def test_soft_targets_of_any_mass(shape, mass) -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(3, 4)) * 2
    q = mass * smoothed(np.eye(4)[[0, 1, 3]], 0.3)
    textbook = {"gamma": shape.gamma, "poly": shape.poly_epsilon, "z": shape.z_loss}
    measure = from_dense(XP, q, z)
    row = rows.read(XP, z, measure)
    np.testing.assert_allclose(loss(XP, row, shape), softmax_loss(z, q, **textbook), rtol=1e-12)
    scale = np.array([1.0, -2.0, 0.5])
    alpha, gamma = coefficients(XP, row, shape, scale)
    slope = rows.slope(XP, z, measure, row, alpha, None, gamma)
    expected = numerical_slope(lambda x: (scale * softmax_loss(x, q, **textbook)).sum(), z, 1e-3)
    np.testing.assert_allclose(slope, expected, atol=1e-8)

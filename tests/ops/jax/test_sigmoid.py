"""Sigmoid elements in JAX: loss and slope are those of the kernels."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crossent.core.shape import Shape
from crossent.core.target import BinaryLabels
from crossent.kernels.eager import sigmoid as eager
from crossent.ops.jax.sigmoid import sigmoid


@pytest.mark.parametrize("shape", [Shape(), Shape(gamma=0.5), Shape(poly_epsilon=1.0)])
def test_equals_the_kernel(shape) -> None:
    z = jnp.array([[-800.0, -3.0, 0.0], [2.0, 40.0, 800.0]])
    positive = jnp.array([[1.0, 0.0, 0.3], [3.0, 1.0, 0.0]])
    labels = BinaryLabels(positive)
    value, slope = eager.read_slope(z, labels, shape, jnp.asarray(1.0))
    np.testing.assert_array_equal(sigmoid(z, positive, 1 - positive, shape), value)
    grad = jax.grad(lambda z: sigmoid(z, positive, 1 - positive, shape).sum())(z)
    np.testing.assert_allclose(grad, slope, atol=1e-16)

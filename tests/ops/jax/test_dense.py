"""Softmax rows in JAX: loss and slope are those of the kernels."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crossent.core.shape import Shape
from crossent.core.target import Labels, measure
from crossent.kernels.eager import dense as eager
from crossent.ops.jax.dense import dense, xp


@pytest.mark.parametrize("shape", [Shape(), Shape(gamma=0.5), Shape(generalised=0.7)])
def test_equals_the_kernel(shape) -> None:
    z = jnp.asarray(np.random.default_rng(0).normal(size=(6, 4)))
    labels = Labels(jnp.array([0, 1, 2, 3, -1, 0]), label_smoothing=0.1)
    q = measure(xp, labels, z)
    value, slope = eager.read_slope(z, labels, shape, jnp.asarray(1.0))
    np.testing.assert_array_equal(dense(z, q, shape), value)
    np.testing.assert_allclose(jax.grad(lambda z: dense(z, q, shape).sum())(z), slope, atol=1e-16)

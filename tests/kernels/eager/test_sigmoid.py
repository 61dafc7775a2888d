"""What is true of the eager sigmoid elements alone: certain ones keep their digits."""

import numpy as np
import pytest

from crossent.core.shape import Shape
from crossent.kernels.eager import sigmoid
from tests.reference import exact_sigmoid_loss, ulps


@pytest.mark.parametrize("z", [-700.0, -40.0, -1e-3, 0.0, 2.5, 36.8, 700.0])
@pytest.mark.parametrize("target", [0.0, 0.25, 1.0])
def test_values_within_four_ulp(z, target) -> None:
    element = np.array([z])
    value = sigmoid.loss(element, np.array([target]), np.array([1 - target]), Shape())
    assert ulps(value[0], exact_sigmoid_loss(z, target, 1 - target)) <= 4


def test_an_infinite_logit_on_the_right_side_costs_nothing() -> None:
    z = np.array([np.inf, -np.inf, np.inf])
    value, slope = sigmoid.read_slope(
        z, np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 1.0]), Shape(), np.ones(3)
    )
    assert value.tolist() == [0.0, 0.0, np.inf]
    assert slope.tolist() == [0.0, 0.0, 1.0]

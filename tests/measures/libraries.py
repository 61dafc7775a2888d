"""The array libraries that the tests of the measures run on, and the differentiable ones."""

from collections.abc import Callable
from typing import Any, NamedTuple

import array_api_strict
import jax
import numpy as np
import torch


class Library(NamedTuple):
    """How a NumPy array becomes one of the library, and how its arrays become NumPy's."""

    array: Callable[[np.ndarray], Any]
    numbers: Callable[[Any], np.ndarray] = np.asarray


LIBRARIES = {
    "numpy": Library(np.asarray),
    "array-api-strict": Library(array_api_strict.asarray),
    "torch": Library(lambda array: torch.tensor(array), lambda array: array.detach().numpy()),
    "jax": Library(jax.numpy.asarray),
}


IN_A_HURRY = {"xla_backend_optimization_level": 0}  # half the time of compiling for XLA


def torch_gradient(function: Callable[..., Any], *arrays: np.ndarray) -> list[np.ndarray]:
    """The gradient of the sum of a function, by autograd."""
    inputs = [torch.tensor(array, requires_grad=True) for array in arrays]
    total = function(*inputs).sum()
    return [g.numpy() for g in torch.autograd.grad(total, inputs)]


def jax_gradient(function: Callable[..., Any], *arrays: np.ndarray) -> list[np.ndarray]:
    """The gradient of the sum of a function, by jax.grad, compiled in a hurry."""
    places = tuple(range(len(arrays)))
    gradient = jax.jit(
        jax.grad(lambda *inputs: function(*inputs).sum(), argnums=places),
        compiler_options=IN_A_HURRY,
    )
    return [np.asarray(g) for g in gradient(*map(jax.numpy.asarray, arrays))]


GRADIENTS = {"torch": torch_gradient, "jax": jax_gradient}

"""The array libraries that the text of core runs on."""

from types import ModuleType
from typing import NamedTuple

import array_api_strict
import jax
import numpy as np
import pytest
import torch
from array_api_compat import array_namespace


class Library(NamedTuple):
    """An array library: its name, its functions, and how it takes NumPy arrays."""

    name: str
    xp: ModuleType

    def array(self, values, dtype=np.float64):
        """The values as this library's array."""
        values = np.asarray(values, dtype=dtype)
        return torch.from_numpy(values) if self.name == "torch" else self.xp.asarray(values)

    def run(self, function, *arguments):
        """A function of core; in JAX compiled whole, and in a hurry: its operations one by one
        take longer.
        """
        if self.name != "jax":
            return function(self.xp, *arguments)
        places = [k for k, given in enumerate(arguments) if not isinstance(given, jax.Array)]
        compiled = jax.jit(
            lambda *given: function(self.xp, *given),
            static_argnums=places,
            compiler_options={"xla_backend_optimization_level": 0},
        )
        return compiled(*arguments)


LIBRARIES = [
    Library("numpy", array_namespace(np.zeros(1))),
    Library("torch", array_namespace(torch.zeros(1))),
    Library("jax", array_namespace(jax.numpy.zeros(1))),
    Library("strict", array_api_strict),
]


@pytest.fixture(params=LIBRARIES, ids=lambda library: library.name)
def library(request) -> Library:
    """Each array library in turn."""
    return request.param

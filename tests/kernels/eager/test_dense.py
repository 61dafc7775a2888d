"""What is true of the eager softmax rows alone: the same text on NumPy, torch and JAX."""

import jax
import numpy as np
import pytest
import torch

from crossent.core.array import namespace, sum_dtype
from crossent.core.shape import Shape
from crossent.core.target import Labels
from crossent.kernels.eager import dense


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("make", [torch.from_numpy, jax.numpy.asarray], ids=["torch", "jax"])
def test_numpy_torch_and_jax_agree(make, dtype) -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(50, 9)).astype(dtype), rng.integers(0, 9, 50)
    results = []
    for convert in (np.asarray, make):
        logits = convert(z)
        q, xp = Labels(convert(y), label_smoothing=0.1), namespace(logits)
        scale = xp.asarray(0.5, dtype=sum_dtype(xp, logits))
        results.append(dense.read_slope(logits, q, Shape(gamma=1.5), scale))
    ours, theirs = results
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(np.asarray(theirs[0]), ours[0], rtol=8 * eps)
    np.testing.assert_allclose(np.asarray(theirs[1]), ours[1], atol=4 * eps)

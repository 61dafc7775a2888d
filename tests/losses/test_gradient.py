"""The gradient for NumPy is the one PyTorch's autograd finds, under every option."""

import numpy as np
import pytest
import torch

from crossent import cross_entropy, cross_entropy_gradient

RNG = np.random.default_rng(0)
Z, Y = RNG.normal(size=(6, 5)) * 3, np.array([0, 4, -100, 2, 2, 1])
SOFT, WEIGHT = RNG.dirichlet(np.ones(5), size=6), np.linspace(0.5, 2, 5)
OPTIONS = [
    {},
    {"label_smoothing": 0.1, "weight": WEIGHT},
    {"gamma": 2.0, "z_loss": 0.1},
    {"poly_epsilon": 1.0, "normalize_by": 7.0},
    {"temperature": 0.5, "softcap": 3.0},
    {"sample_weight": np.arange(6.0), "mask": np.arange(6) != 3},
    {"reduction": "sum"},
    {"reduction": "none"},
]


def tensors(options):
    return {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}


@pytest.mark.parametrize("target", [Y, SOFT, (np.array([[0, 1]] * 6), np.full((6, 2), 0.5))])
@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "+".join(o) or "plain")
def test_equals_autograd(target, options) -> None:
    theirs = torch.from_numpy(Z.copy()).requires_grad_()
    pair = isinstance(target, tuple)
    own = tuple(map(torch.from_numpy, target)) if pair else torch.from_numpy(target)
    cross_entropy(theirs, own, **tensors(options)).sum().backward()
    found = cross_entropy_gradient(Z, target, **options)
    np.testing.assert_allclose(found, theirs.grad, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("options", [{"axis": 1}, {}, {"shift": True}, {"softcap": 2.0, "axis": 0}])
def test_layouts(options) -> None:
    z = RNG.normal(size=(3, 4, 5))
    shape = {1: (3, 5), 0: (4, 5)}.get(options.get("axis"), (3, 4))
    y = RNG.integers(0, 3, shape)
    theirs = torch.from_numpy(z.copy()).requires_grad_()
    cross_entropy(theirs, torch.from_numpy(y), **{"axis": -1, **options}).backward()
    np.testing.assert_allclose(cross_entropy_gradient(z, y, **options), theirs.grad, atol=1e-16)
    one = cross_entropy_gradient(z[0, 0], np.array(2))
    assert one.shape == (5,)
    assert abs(one.sum()) < 1e-15


def test_types_and_certain_rows() -> None:
    for dtype in ("float16", "float32", "float64"):
        found = cross_entropy_gradient(np.array([[80.0, 0.0]], dtype), np.array([0]))
        assert found.dtype == dtype
    assert found[0, 0] == pytest.approx(-np.exp(-80.0), rel=1e-15)  # p - 1 is 0 there
    with pytest.raises(TypeError, match=r"is for NumPy arrays; got Tensor. Use cross_entropy"):
        cross_entropy_gradient(torch.zeros(1, 2), torch.tensor([0]))

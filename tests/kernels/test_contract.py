"""Every backend against the same table: values and slopes of the textbook, in every dtype."""

import numpy as np
import pytest
import torch

from crossent.core.shape import Shape
from crossent.core.target import BinaryLabels, Labels
from crossent.kernels.contract import DenseKernels, DivergenceKernels, SigmoidKernels
from tests import terms
from tests.backends import BACKENDS, served_by
from tests.reference import numerical_slope, one_hot, smoothed, softmax_loss


@pytest.fixture(autouse=True)
def _backend(request: pytest.FixtureRequest):
    with served_by(request.node.callspec.params["backend"]):
        yield


SHAPES = {
    "plain": (Shape(), {}),
    "focal": (Shape(gamma=2.0), {"gamma": 2.0}),
    "poly": (Shape(poly_epsilon=1.0), {"poly": 1.0}),
    "z-loss": (Shape(z_loss=0.01), {"z": 0.01}),
}
# float64 against order-4 differences; the others against the slope of their rounded logits.
TOLERANCE = {"float64": 1e-8, "float32": 1e-6, "bfloat16": 2e-2, "float16": 2e-3}
INDEX = np.array([0, 4, -100, 2, 2, 1])


def targets():
    """The kinds of target, each with the dense q it stands for."""
    rng = np.random.default_rng(3)
    soft = rng.dirichlet(np.ones(5), size=6) * np.array([1, 1, 0, 2, 0.5, 1])[:, None]
    index = torch.from_numpy(INDEX)
    picked = torch.tensor([[0, 1], [4, -1], [-1, -1], [2, 2], [2, 0], [1, 3]])
    values = torch.full((6, 2), 0.5, dtype=torch.float64)
    sparse = one_hot(picked[:, 0].numpy(), 5) * 0.5 + one_hot(picked[:, 1].numpy(), 5) * 0.5
    hard = one_hot(INDEX, 5)
    return {
        "index": (Labels(index), hard),
        "smoothed": (Labels(index, label_smoothing=0.1), smoothed(hard, 0.1)),
        "soft": (Labels(dense=torch.from_numpy(soft)), soft),
        "top-k": (Labels(picked, values), sparse),
    }


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["index", "smoothed", "soft", "top-k"])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_dense(backend, shape, kind, dtype) -> None:
    kernels: DenseKernels = BACKENDS[backend].dense
    options, textbook = SHAPES[shape]
    generator = torch.Generator().manual_seed(0)
    logits = (3 * torch.randn(6, 5, generator=generator)).to(getattr(torch, dtype))
    q, dense = targets()[kind]
    scale = torch.linspace(0.5, 2.0, 6, dtype=torch.float64)
    value, slope = kernels.read_slope(logits, q, options, scale)
    z = logits.double().numpy()
    tolerance = TOLERANCE[dtype]
    np.testing.assert_allclose(
        value, softmax_loss(z, dense, **textbook), rtol=max(1e-12, tolerance * 1e-1), atol=1e-7
    )
    np.testing.assert_array_equal(value, kernels.loss(logits, q, options))
    assert slope.dtype == logits.dtype

    def total(x):
        return (scale.numpy() * softmax_loss(x, dense, **textbook)).sum()

    expected = numerical_slope(total, z, 1e-3)
    np.testing.assert_allclose(slope.double(), expected, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_sigmoid(backend, dtype, gamma) -> None:
    kernels: SigmoidKernels = BACKENDS[backend].sigmoid
    generator = torch.Generator().manual_seed(0)
    logits = (3 * torch.randn(4, 3, generator=generator)).to(getattr(torch, dtype))
    target = torch.rand(4, 3, generator=generator).double()
    labels = BinaryLabels(target, pos_weight=torch.tensor(2.0))
    t, z, tolerance = target.numpy(), logits.double().numpy(), TOLERANCE[dtype]

    def textbook(x):
        mass = 2 * t + 1 - t
        c = (2 * t * np.log1p(np.exp(-x)) + (1 - t) * np.log1p(np.exp(x))) / mass
        return mass * (1 - np.exp(-c)) ** gamma * c

    scale = torch.tensor(0.5, dtype=torch.float64)
    value, slope = kernels.read_slope(logits, labels, Shape(gamma=gamma), scale)
    np.testing.assert_allclose(value, textbook(z), rtol=max(1e-12, tolerance * 0.1), atol=1e-7)
    expected = numerical_slope(lambda x: 0.5 * textbook(x).sum(), z, 1e-3)
    np.testing.assert_allclose(slope.double(), expected, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", terms.ALL)
def test_divergence(backend, dtype, name) -> None:
    kernels: DivergenceKernels = BACKENDS[backend].divergence
    order = 1.5 if name in terms.ORDERED else 1.0
    generator = torch.Generator().manual_seed(0)
    p, q = torch.rand(2, 4, 5, generator=generator).softmax(-1).to(getattr(torch, dtype))
    p[0, 1] = p[1, 3] = q[1, 3] = 0.0
    rows = terms.given(name, p, q)
    value = kernels.total(name, *rows, order=order)
    assert value.dtype == torch.float64
    pairs = zip(*(x.tolist() for x in rows), strict=True)
    expected = [float(terms.total(name, order, *pair)) for pair in pairs]
    np.testing.assert_allclose(value, expected, rtol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_divergence_of_logits_and_on_a_line(backend, dtype) -> None:
    kernels: DivergenceKernels = BACKENDS[backend].divergence
    generator = torch.Generator().manual_seed(0)
    logits = (3 * torch.randn(2, 4, 5, generator=generator)).to(getattr(torch, dtype))
    z, w = logits.double()
    log_p, log_q = torch.log_softmax(z, 1), torch.log_softmax(w, 1)
    entropy, kl = -(log_p.exp() * log_p).sum(1), (log_p.exp() * (log_p - log_q)).sum(1)
    np.testing.assert_allclose(kernels.softmax_entropy(logits[0]), entropy, rtol=1e-13)
    np.testing.assert_allclose(kernels.softmax_kl(*logits), kl, rtol=1e-13)
    gaps = torch.tensor([1.0, 0.5, 2.0, 4.0], dtype=torch.float64)
    line = ((z - w).cumsum(1)[:, :-1].abs() * gaps).sum(1)
    np.testing.assert_allclose(kernels.carried(*logits, gaps), line, rtol=1e-13)


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_verbs_make_the_third(backend) -> None:
    kernels: DenseKernels = BACKENDS[backend].dense
    logits = torch.randn(6, 5, generator=torch.Generator().manual_seed(1)).double()
    q, _ = targets()["soft"]
    one = torch.ones(6, dtype=torch.float64)
    row = kernels.read(logits, q, entropy=True)
    value, slope = kernels.read_slope(logits, q, Shape(), one)
    np.testing.assert_allclose(row.mass * torch.log1p(row.r) + row.gap, value, rtol=1e-15)
    live = (row.mass > 0).double()
    np.testing.assert_allclose(
        kernels.slope(logits, q, row, 0 * live, None, live), slope, atol=1e-16
    )
    p = torch.softmax(logits, 1)
    entropy = torch.log1p(row.r) + row.h / (1 + row.r)
    np.testing.assert_allclose(entropy, -(p * p.log()).sum(1), rtol=1e-13)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_row_does_not_depend_on_the_rows_beside_it(backend) -> None:
    kernels: DenseKernels = BACKENDS[backend].dense
    logits = torch.randn(33, 17, generator=torch.Generator().manual_seed(2))
    target = torch.arange(33) % 17
    one = torch.ones((), dtype=torch.float64)
    value, slope = kernels.read_slope(logits, Labels(target), Shape(), one)
    for rows in (slice(0, 1), slice(5, 12)):
        part = logits[rows]
        q = Labels(target[rows])
        alone = kernels.read_slope(part, q, Shape(), one)
        assert torch.equal(alone[0], value[rows])
        assert torch.equal(alone[1], slope[rows])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("width", [17, 33_000, 50_001])
def test_long_rows_do_not_depend_on_threads(backend, width) -> None:
    kernels: DenseKernels = BACKENDS[backend].dense
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(4, width, dtype=torch.float64, generator=generator)
    target, one = torch.arange(4), torch.ones((), dtype=torch.float64)
    before, expected = torch.get_num_threads(), None
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            for rows in (slice(0, 4), slice(0, 1), slice(1, 4)):
                q = Labels(target[rows])
                value, slope = kernels.read_slope(logits[rows], q, Shape(), one)
                expected = (value, slope) if expected is None else expected
                assert torch.equal(value, expected[0][rows])
                assert torch.equal(slope, expected[1][rows])
    finally:
        torch.set_num_threads(before)

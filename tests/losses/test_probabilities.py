"""The doors for probabilities: the laws that tie them to logits, PyTorch's edges, p = 0."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import crossent
from crossent import binary_cross_entropy as bce
from crossent import cross_entropy, nll_loss
from crossent import cross_entropy_from_probs as from_probs

INF, NAN = float("inf"), float("nan")
SEED = torch.Generator().manual_seed(0)
Z = 2 * torch.randn(7, 5, dtype=torch.float64, generator=SEED)
WEIGHT = torch.tensor([1.0, 2.0, 0.5, 3.0, 0.0], dtype=torch.float64)
ROWS = torch.tensor([1.0, 0.0, 2.0, 0.5, 1.0, 3.0, 1.0], dtype=torch.float64)
MASK = torch.tensor([True, True, False, True, True, True, False])
INDEX = torch.tensor([0, 1, 2, 3, 4, -100, 1])
SOFT = torch.softmax(torch.randn(7, 5, dtype=torch.float64, generator=SEED), 1)
PAIRS = (torch.tensor([[0, 1], [1, -1], [2, 3], [4, 4], [0, 2], [-1, -1], [3, 1]]), SOFT[:, :2])
TARGETS = [INDEX, SOFT, PAIRS]
OPTIONS = [
    {},
    {"weight": WEIGHT},
    {"label_smoothing": 0.1},
    {"label_smoothing": 1.0, "weight": WEIGHT},
    {"sample_weight": ROWS},
    {"mask": MASK},
    {"normalize_by": "rows"},
    {"normalize_by": 4.0, "weight": WEIGHT, "label_smoothing": 0.2, "sample_weight": ROWS},
]


def log_softmax_nll(z, *args, **options):
    return nll_loss(torch.log_softmax(z, -1), *args, **options)


def softmax_from_probs(z, *args, **options):
    return from_probs(torch.softmax(z, -1), *args, **options)


def both(ours, theirs, z, rtol=1e-12) -> None:
    """Values and gradients agree."""
    z = z.detach().clone().requires_grad_()
    a, b = ours(z), theirs(z)
    torch.testing.assert_close(a, b, rtol=rtol, atol=1e-15)
    ga, gb = (torch.autograd.grad(v.sum(), z)[0] for v in (a, b))
    torch.testing.assert_close(ga, gb, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("loss", [log_softmax_nll, softmax_from_probs])
@pytest.mark.parametrize("target", TARGETS, ids=["index", "soft", "top-k"])
@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "+".join(o) or "plain")
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_of_a_softmax_it_is_the_loss_of_the_logits(loss, target, options, reduction) -> None:
    if reduction != "mean":
        options = {k: v for k, v in options.items() if k != "normalize_by"}
    options = {**options, "reduction": reduction}
    both(lambda z: loss(z, target, **options), lambda z: cross_entropy(z, target, **options), Z)


@settings(deadline=None, max_examples=50)
@given(
    z=arrays(np.float64, (3, 4), elements=st.floats(-50, 50)),
    q=arrays(np.float64, (3, 4), elements=st.floats(0, 2)),
    smoothing=st.sampled_from([0.0, 0.1]),
)
def test_the_law_for_any_logits_and_masses(z, q, smoothing) -> None:
    options = {"label_smoothing": smoothing, "reduction": "none"}
    log_probs = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
    expected = cross_entropy(z, q, **options)
    np.testing.assert_allclose(nll_loss(log_probs, q, **options), expected, rtol=1e-12, atol=1e-13)
    probs = np.exp(log_probs)
    np.testing.assert_allclose(
        from_probs(probs, q, **options, validate=False), expected, rtol=1e-12, atol=1e-13
    )


@pytest.mark.parametrize("loss", [nll_loss, from_probs])
def test_class_axes_as_in_pytorch(loss) -> None:
    z = torch.randn(2, 5, 3, dtype=torch.float64, generator=SEED)
    y = torch.tensor([[0, 1, 2], [3, -100, 4]])
    values = torch.log_softmax(z, 1) if loss is nll_loss else torch.softmax(z, 1)
    expected = F.cross_entropy(z, y, reduction="none")
    torch.testing.assert_close(loss(values, y, reduction="none"), expected)
    last = loss(values.permute(0, 2, 1), y, reduction="none", axis=-1)
    torch.testing.assert_close(last, expected)
    torch.testing.assert_close(loss(values[0, :, 0], y[0, 0]), expected[0, 0])


@pytest.mark.parametrize("loss", [nll_loss, from_probs])
@pytest.mark.parametrize(
    "options", [{}, {"label_smoothing": 0.1}, {"weight": WEIGHT}, {"reduction": "none"}]
)
@pytest.mark.parametrize("kind", ["index", "soft"])
def test_shift_is_slicing(loss, options, kind) -> None:
    z = torch.randn(2, 4, 5, dtype=torch.float64, generator=SEED)
    y = torch.tensor([[0, 1, 2, 3], [3, -100, 4, 1]])
    target = y if kind == "index" else torch.softmax(z.flip(0), -1)
    mask = torch.tensor([[True, True, False, True], [True, False, True, True]])
    softmax = torch.log_softmax if loss is nll_loss else torch.softmax
    both(
        lambda z: loss(softmax(z, -1), target, mask=mask, shift=True, **options),
        lambda z: loss(softmax(z, -1)[:, :-1], target[:, 1:], mask=mask[:, 1:], axis=-1, **options),
        z,
    )


@pytest.mark.parametrize("loss", [nll_loss, from_probs])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(
    ("target", "options"),
    [
        (torch.full((3,), -100), {}),
        (torch.zeros(3, 5), {"normalize_by": "weight"}),
        (torch.zeros(3, 5), {"mask": torch.zeros(3, dtype=torch.bool)}),
        ((torch.full((3, 2), -1), torch.zeros(3, 2)), {}),
        (torch.tensor([1, 1, 1]), {"weight": torch.zeros(5)}),
    ],
    ids=["ignored", "no mass", "masked", "padding", "weight"],
)
@pytest.mark.parametrize("content", ["a distribution", "anything"])
def test_nothing_to_average_is_zero(loss, smoothing, target, options, content) -> None:
    values = torch.full((3, 5), 0.2)
    if content == "anything" and "normalize_by" not in options and "weight" not in options:
        values[0, 0], values[1, 2], values[2, 4] = NAN, INF, -3.0
    values.requires_grad_()
    value = loss(values, target, label_smoothing=smoothing, **options)
    assert value.item() == 0.0
    assert torch.autograd.grad(value, values)[0].abs().max().item() == 0.0


def test_an_index_reads_its_class_alone() -> None:
    values = torch.tensor([[NAN, -0.5, INF]], requires_grad=True)
    value = nll_loss(values, torch.tensor([1]))
    assert value.item() == 0.5
    assert torch.autograd.grad(value, values)[0].tolist() == [[0.0, -1.0, 0.0]]
    assert F.nll_loss(values, torch.tensor([1])).item() == 0.5


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_removed_class_takes_no_smoothing(smoothing) -> None:
    z = torch.tensor([[1.0, -INF, 2.0]])
    both(
        lambda z: log_softmax_nll(z, torch.tensor([2]), label_smoothing=smoothing),
        lambda z: cross_entropy(z, torch.tensor([2]), label_smoothing=smoothing),
        z,
        rtol=1e-6,
    )
    value = nll_loss(torch.log_softmax(z, 1), torch.tensor([1]))
    assert value.item() == INF


def test_log_probabilities_are_taken_as_they_are_unless_asked() -> None:
    values = torch.tensor([[-1.0, 0.5], [3.0, -2.0]])
    y = torch.tensor([0, -100])
    assert nll_loss(values, y).item() == 1.0
    with pytest.raises(ValueError, match=r"row 0: a log-probability is at most 0; got 0\.5"):
        nll_loss(values, y, validate=True)
    values = torch.tensor([[-1.0, -0.5], [3.0, -2.0]])
    assert nll_loss(values, y, validate=True).item() == 1.0  # row 1 does not count


def test_a_probability_of_zero() -> None:
    p = torch.tensor([[0.0, 1.0], [0.5, 0.5]], requires_grad=True)
    value = from_probs(p, torch.tensor([0, 1]), reduction="none")
    assert value.tolist() == [INF, pytest.approx(np.log(2))]
    (slope,) = torch.autograd.grad(value.sum(), p)
    assert slope.isfinite().all()
    assert slope[0, 0] < -8e37
    soft = torch.tensor([[0.0, 1.0], [0.5, 0.5]])  # no mass at p = 0: torch's composition is nan
    value = from_probs(p, soft, reduction="sum")
    assert value.item() == pytest.approx(np.log(2))
    assert torch.autograd.grad(value, p)[0].tolist() == [[0.0, -1.0], [-1.0, -1.0]]
    smoothed = from_probs(p, torch.tensor([1, 1]), label_smoothing=0.1, reduction="none")
    assert smoothed[0].item() == INF  # a probability of 0 is no removed class


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_clip(smoothing) -> None:
    p = torch.tensor([[0.0, 1.0], [0.25, 0.75]], dtype=torch.float64, requires_grad=True)
    options = {"reduction": "none", "label_smoothing": smoothing}
    value = from_probs(p, torch.tensor([0, 0]), clip=1e-7, **options)
    each = [-np.log([1e-7, 1.0]), -np.log([0.25, 0.75])]
    expected = [(1 - smoothing) * s[0] + smoothing * s.mean() for s in each]
    assert value.tolist() == pytest.approx(expected, rel=1e-14)
    slope = torch.autograd.grad(value.sum(), p)[0]
    assert slope[0].tolist() == [0.0, -smoothing / 2]  # cut at 0; 1 is not cut
    above = from_probs(torch.tensor([1.5]), torch.tensor(0), clip=1e-3, validate=False)
    assert above.item() == 0.0


@pytest.mark.parametrize("clip", [0.0, 1.0, -1e-7, 1e-50, NAN])
def test_clip_must_be_a_probability_that_the_type_holds(clip) -> None:
    with pytest.raises(ValueError, match=r"clip must be at least 1.17549e-38 and below 1; got"):
        from_probs(torch.tensor([[0.5, 0.5]]), torch.tensor([0]), clip=clip)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: from_probs(torch.tensor([[0.5, 0.5], [2.0, 1.0]]), torch.tensor([0, 1])),
         ValueError, r"row 1: probabilities .* their least is 1, their sum 3\. Use cross_entropy "
         "for logits, or validate=False"),
        (lambda: from_probs(torch.tensor([[1.5, -0.5]]), torch.tensor([0])),
         ValueError, r"row 0: .* their least is -0.5, their sum 1\."),
        (lambda: bce(torch.tensor([2.0], requires_grad=True), torch.ones(1)), ValueError, "got 2"),
        (lambda: from_probs(torch.tensor([2.0], requires_grad=True), torch.tensor(0)), ValueError,
         "sum 2"),
        (lambda: from_probs(np.array([[np.nan, 1.0]]), np.array([0])), ValueError, "sum nan"),
        (lambda: from_probs(torch.zeros(2, 3), torch.tensor([0, 3])), IndexError,
         r"row 1: class 3 is not in 0\.\.2"),
        (lambda: nll_loss(torch.zeros(2, 3), torch.tensor([0])), ValueError,
         r"target must have shape \(2,\) to match log_probs \(2, 3\)"),
        (lambda: nll_loss(torch.zeros(2, 3, dtype=torch.long), torch.tensor([0, 1])), TypeError,
         "log_probs must be of a floating type; got torch.int64"),
        (lambda: from_probs([[0.5, 0.5]], [0]), TypeError, "probs must be an array of torch"),
        (lambda: nll_loss(torch.zeros(2, 3), torch.tensor([0, 1]), reduction="batchmean"),
         ValueError, "reduction must be 'none', 'sum' or 'mean'"),
        (lambda: bce(torch.tensor([0.5, 1.5]), torch.ones(2)), ValueError,
         r"element 1: probabilities must be within 0\.\.1; got 1.5. Use .*_with_logits"),
        (lambda: bce(torch.tensor([NAN]), torch.ones(1)), ValueError, "element 0: .* got nan"),
        (lambda: bce(torch.tensor([0.5]), torch.tensor([2.0])), ValueError,
         "row 0: binary targets must be at most 1; got 2"),
        (lambda: bce(torch.ones(2, 1), torch.ones(2)), ValueError,
         r"target must have the shape of probs \(2, 1\); got \(2,\)\. Use target.reshape\(probs"),
        (lambda: bce(torch.ones(2), torch.ones(2), normalize_by="rows"), ValueError,
         "normalize_by must be a number of elements; got 'rows'"),
    ],
)  # fmt: skip
def test_errors(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()


def test_rows_that_are_no_distributions_where_they_do_not_count_or_on_request() -> None:
    p = torch.tensor([[0.5, 0.5], [9.0, NAN]])
    y = torch.tensor([0, -100])
    assert from_probs(p, y).item() == pytest.approx(np.log(2))
    soft = torch.full((2, 2), 0.5)
    mask = torch.tensor([True, False])
    assert from_probs(p, soft, mask=mask).item() == pytest.approx(np.log(2))
    value = from_probs(2 * p, y, validate=False)
    assert value.item() == 0.0  # -log 1, not renormalised


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_seventy_thousand_half_precision_rows(dtype) -> None:
    z = torch.randn(70_000, 10, generator=SEED)
    y = torch.randint(0, 10, (70_000,), generator=SEED)
    log_probs = torch.log_softmax(z, 1).to(dtype).requires_grad_()
    probs = torch.softmax(z, 1).to(dtype)
    value = nll_loss(log_probs, y)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value.double(), F.nll_loss(log_probs.double(), y), rtol=1e-6, atol=0)
    (slope,) = torch.autograd.grad(value, log_probs)
    assert slope.dtype == dtype
    assert slope.min().item() == pytest.approx(-1 / 70_000, rel=5e-3)
    expected = F.nll_loss(probs.double().log(), y)
    torch.testing.assert_close(from_probs(probs, y).double(), expected, rtol=1e-6, atol=0)
    one = torch.full((70_000,), 0.5, dtype=dtype)
    assert bce(one, one).item() == pytest.approx(np.log(2), rel=1e-7)


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("weight", [None, torch.rand(4, 1, dtype=torch.float64)])
def test_binary_equals_torch_at_every_probability(reduction, weight) -> None:
    p = torch.tensor([0.0, 1.0, 1e-30, 1e-13, 0.3, 1 - 1e-13, 1e-9], dtype=torch.float64)
    p = p.expand(4, 7).clone().requires_grad_()
    t = torch.rand(4, 7, dtype=torch.float64, generator=SEED)
    results = []
    for loss in (bce, F.binary_cross_entropy):
        value = loss(p, t, weight, reduction=reduction)
        results.append((value.detach(), torch.autograd.grad(value.sum(), p)[0]))
    torch.testing.assert_close(*results, rtol=1e-8, atol=0)


def test_binary_options_are_those_of_the_logits() -> None:
    t = torch.tensor([0.0, 1.0, -1.0, 0.5, 1.0], dtype=torch.float64).expand(7, 5)
    mask = Z > -1
    options = {"ignore_index": -1, "label_smoothing": 0.1, "mask": mask, "normalize_by": 9.0}
    both(
        lambda z: bce(torch.sigmoid(z), t, **options),
        lambda z: crossent.binary_cross_entropy_with_logits(z, t, **options),
        Z,
    )
    p = torch.where(mask, torch.sigmoid(Z), NAN).requires_grad_()
    value = bce(p, t, mask=mask, ignore_index=-1)
    assert torch.autograd.grad(value, p)[0].isfinite().all()
    nothing = bce(p, t, mask=torch.zeros_like(mask), validate=True)
    assert nothing.item() == 0.0
    assert torch.autograd.grad(nothing, p)[0].abs().max().item() == 0.0


CALLS = {
    "nll": lambda p, y, **o: nll_loss(p, y, **o),
    "probs": lambda p, y, **o: from_probs(p, y, clip=1e-7, **o),
    "soft": lambda p, y, **o: from_probs(p, p, label_smoothing=0.1, **o),
    "binary": lambda p, y, **o: bce(p, 0.5 * p, **o),
}


@pytest.mark.parametrize("name", CALLS)
def test_numpy_torch_and_jax_agree(name) -> None:
    import jax

    p, y = torch.softmax(Z, 1), INDEX
    call = CALLS[name]
    for reduction in ("none", "mean"):
        expected = call(p, y, reduction=reduction)
        value = call(p.numpy(), y.numpy(), reduction=reduction)
        np.testing.assert_allclose(value, expected, rtol=1e-14)
    jy = jax.numpy.asarray(y.numpy())
    jp = jax.numpy.asarray(p.numpy())
    value, grad = jax.jit(jax.value_and_grad(lambda p: call(p, jy)))(jp)
    tp = p.clone().requires_grad_()
    call(tp, y).backward()
    assert float(value) == pytest.approx(expected.item(), rel=1e-14)
    np.testing.assert_allclose(grad, tp.grad, rtol=1e-12, atol=1e-15)
    rows = jax.vmap(lambda p, y: call(p, y))(jp[:5], jy[:5])
    np.testing.assert_allclose(rows, [call(p[i], y[i]) for i in range(5)], rtol=1e-13)


def test_jax_zeros_do_not_poison_the_gradient() -> None:
    import jax
    import jax.numpy as jnp

    p = jnp.array([[0.0, 1.0], [jnp.nan, 0.5]])
    grad = jax.grad(lambda p: from_probs(p, jnp.array([1, -100]), label_smoothing=0.0))(p)
    np.testing.assert_allclose(grad, [[0.0, -1.0], [0.0, 0.0]])
    ends = jnp.array([0.0, 1.0])
    grad = jax.grad(lambda p: bce(p, jnp.array([1.0, 0.0]), reduction="sum"))(ends)
    np.testing.assert_allclose(grad, [-1e12, 1e12])


@pytest.mark.parametrize("name", CALLS)
def test_transforms(name) -> None:
    p, y, call = torch.softmax(Z[:4], 1), INDEX[:4], CALLS[name]
    leaf = p.clone().requires_grad_()
    (slope,) = torch.autograd.grad(call(leaf, y), leaf, create_graph=True)
    torch.testing.assert_close(torch.func.grad(call)(p, y), slope)
    if slope.requires_grad:  # the likelihood's slope is a constant
        (twice,) = torch.autograd.grad(slope.square().sum(), leaf)
        hessian = torch.func.hessian(lambda p: call(p, y))(p).reshape(20, 20)
        torch.testing.assert_close(2 * hessian @ slope.flatten(), twice.flatten())
    value, tangent = torch.func.jvp(lambda p: call(p, y), (p,), (torch.ones_like(p),))
    torch.testing.assert_close(tangent, slope.sum())
    rows = torch.func.vmap(call)(p, y)
    torch.testing.assert_close(rows, torch.stack([call(p[i], y[i]) for i in range(4)]))
    compiled = torch.compile(lambda p: call(p, y), fullgraph=True, backend="aot_eager")
    both(compiled, lambda p: call(p, y), p)
    torch.testing.assert_close(value, call(p, y))


def test_weights_and_soft_labels_get_their_gradients() -> None:
    log_probs, q = torch.log_softmax(Z, 1), SOFT.clone().requires_grad_()
    (slope,) = torch.autograd.grad(nll_loss(log_probs, q, reduction="sum"), q)
    torch.testing.assert_close(slope, -log_probs)
    weight = torch.zeros(7, dtype=torch.float64, requires_grad=True)
    value = nll_loss(log_probs, INDEX, sample_weight=weight, reduction="sum")
    expected = nll_loss(log_probs, INDEX, reduction="none")
    torch.testing.assert_close(torch.autograd.grad(value, weight)[0], expected)

"""The door: agreement with PyTorch, every option, every trap that gives NaN elsewhere."""

import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import crossent
from crossent import cross_entropy, cross_entropy_sum

INF = float("inf")
WEIGHT = torch.tensor([1.0, 2.0, 0.5, 3.0, 1.5])
SOFT = torch.softmax(torch.randn(7, 5, generator=torch.Generator().manual_seed(5)), 1)
INDEX = torch.tensor([0, 1, 2, 3, 4, -100, 1])


def logits(*shape, dtype=torch.float32, seed=0) -> torch.Tensor:
    z = 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    return z.to(dtype).requires_grad_()


def both(ours, theirs, z, **tolerance) -> None:
    """Values and gradients agree."""
    a, b = ours(z), theirs(z)
    torch.testing.assert_close(a, b, **tolerance)
    ga, gb = (torch.autograd.grad(v.sum(), z)[0] for v in (a, b))
    torch.testing.assert_close(ga, gb, **tolerance)


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["even", "weighted"])
@pytest.mark.parametrize("target", [INDEX, SOFT], ids=["index", "soft"])
def test_equals_torch(reduction, smoothing, weight, target) -> None:
    options = {"reduction": reduction, "label_smoothing": smoothing}
    both(
        lambda z: cross_entropy(z, target, weight, **options),
        lambda z: F.cross_entropy(z, target, weight, **options),
        logits(7, 5),
    )


@pytest.mark.parametrize(
    ("shape", "target"),
    [
        ((5,), torch.tensor(3)),
        ((5,), torch.full((5,), 0.2)),
        ((2, 5, 3), torch.tensor([[0, 1, 2], [3, -100, 4]])),
        ((2, 5, 2, 3), torch.zeros(2, 2, 3, dtype=torch.long)),
        ((2, 5, 0), torch.zeros(2, 0, dtype=torch.long)),
    ],
    ids=["unbatched", "unbatched soft", "sequence", "image", "empty"],
)
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_pytorch_class_axis(shape, target, reduction) -> None:
    if 0 in shape and reduction == "mean":
        assert cross_entropy(logits(*shape), target).item() == 0.0  # torch: nan
        return
    both(
        lambda z: cross_entropy(z, target, reduction=reduction),
        lambda z: F.cross_entropy(z, target, reduction=reduction),
        logits(*shape),
    )


def test_any_class_axis() -> None:
    z, y = logits(2, 3, 5), torch.tensor([[0, 1, 2], [3, 4, 0]])
    both(
        lambda z: cross_entropy(z, y, axis=-1, reduction="none"),
        lambda z: F.cross_entropy(z.permute(0, 2, 1), y, reduction="none"),
        z,
    )


def test_non_contiguous_and_expanded_logits() -> None:
    z, y = logits(5, 7), INDEX
    both(lambda z: cross_entropy(z.t(), y), lambda z: F.cross_entropy(z.t(), y), z)
    row = logits(1, 5)
    both(
        lambda z: cross_entropy(z.expand(7, 5), y),
        lambda z: F.cross_entropy(z.expand(7, 5), y),
        row,
    )


@pytest.mark.parametrize("kind", ["index", "one-hot", "top-k"])
@pytest.mark.parametrize("options", [{}, {"gamma": 2.0}, {"poly_epsilon": 1.0}, {"z_loss": 0.1}])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_index_equals_one_hot_equals_top_k(kind, options, smoothing) -> None:
    z, index = logits(6, 5, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 4, 1])
    target = {
        "index": index,
        "one-hot": F.one_hot(index, 5).double(),
        "top-k": (index[:, None], torch.ones(6, 1, dtype=torch.float64)),
    }[kind]
    common = {"label_smoothing": smoothing, "normalize_by": "weight", **options}
    both(
        lambda z: cross_entropy(z, target, WEIGHT.double(), **common),
        lambda z: cross_entropy(z, index, WEIGHT.double(), **common),
        z,
        rtol=1e-13,
        atol=1e-15,
    )


def test_focal_is_the_formula() -> None:
    def composed(z):
        c = F.cross_entropy(z, INDEX.clamp(0), reduction="none")
        return ((1 - torch.exp(-c)) ** 2 * c).mean()

    both(lambda z: cross_entropy(z, INDEX.clamp(0), gamma=2.0), composed, logits(7, 5))


def test_temperature_softcap_and_their_gradients() -> None:
    t = torch.tensor(0.7, requires_grad=True)
    z = logits(7, 5)
    both(
        lambda z: cross_entropy(z, INDEX, temperature=t, softcap=3.0),
        lambda z: F.cross_entropy(3.0 * torch.tanh(z / t / 3.0), INDEX),
        z,
    )
    ours, theirs = (
        torch.autograd.grad(value, t)[0]
        for value in (cross_entropy(z, INDEX, temperature=t), F.cross_entropy(z / t, INDEX))
    )
    torch.testing.assert_close(ours, theirs)


def test_sample_weight_and_mask() -> None:
    z, y = logits(6, 5), torch.tensor([0, 1, 2, 3, 4, 1])
    copies = torch.tensor([1, 3, 0, 2, 1, 1])
    both(
        lambda z: cross_entropy(z, y, sample_weight=copies.float()),
        lambda z: F.cross_entropy(z.repeat_interleave(copies, 0), y.repeat_interleave(copies)),
        z,
    )
    mask = torch.tensor([True, False, True, True, False, True])
    both(
        lambda z: cross_entropy(z, SOFT[:6], mask=mask),
        lambda z: F.cross_entropy(z[mask], SOFT[:6][mask]),
        z,
    )


@pytest.mark.parametrize("by", ["weight", "rows", 4.0])
def test_normalize_by(by) -> None:
    total = F.cross_entropy(logits(7, 5), INDEX, WEIGHT, reduction="sum")
    divisor = {"weight": WEIGHT[INDEX[INDEX >= 0]].sum(), "rows": 6}.get(by, by)
    ours = cross_entropy(logits(7, 5), INDEX, WEIGHT, normalize_by=by)
    torch.testing.assert_close(ours, total / divisor)


def test_micro_batches_with_unequal_ignored_rows_add_up() -> None:
    z = logits(8, 5)
    y = torch.tensor([0, -100, -100, -100, 3, 4, 1, -100])
    whole = cross_entropy(z, y, WEIGHT)
    parts = sum(cross_entropy_sum(z[i : i + 1], y[i : i + 1], WEIGHT) for i in range(8))
    torch.testing.assert_close(parts.mean(), whole, rtol=1e-6, atol=0, check_dtype=False)
    assert parts.count.item() == 4
    ga, gb = (torch.autograd.grad(v, z)[0] for v in (parts.mean(), whole))
    torch.testing.assert_close(ga, gb, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(
    "target",
    [
        torch.full((3,), -100),
        torch.zeros(3, 5),
        (torch.full((3, 2), -1), torch.zeros(3, 2)),
    ],
    ids=["ignored", "no mass", "padding"],
)
def test_nothing_to_average_is_zero_with_zero_gradient(target, smoothing) -> None:
    z = logits(3, 5)
    options = (
        {} if isinstance(target, torch.Tensor) and target.ndim == 1 else {"normalize_by": "weight"}
    )
    value = cross_entropy(z, target, label_smoothing=smoothing, **options)
    (grad,) = torch.autograd.grad(value, z)
    assert value.item() == 0.0
    assert grad.abs().max().item() == 0.0


def test_zero_class_weights_are_nothing_to_average() -> None:
    z = logits(3, 5)
    value = cross_entropy(z, torch.tensor([0, 0, 0]), torch.zeros(5))
    assert value.item() == 0.0
    assert torch.autograd.grad(value, z)[0].abs().max().item() == 0.0


def test_seventy_thousand_half_precision_rows() -> None:
    z = torch.randn(70_000, 10, generator=torch.Generator().manual_seed(0)).half()
    y = torch.randint(0, 10, (70_000,), generator=torch.Generator().manual_seed(1))
    expected = F.cross_entropy(z.double(), y)
    value = cross_entropy(z, y)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value.double(), expected, rtol=1e-6, atol=0)
    assert torch.isnan(F.cross_entropy(z, y))  # the trap


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_masked_class_and_a_soft_target_of_zero_there(smoothing) -> None:
    z = torch.tensor([[1.0, -INF, 2.0]], requires_grad=True)
    value = cross_entropy(z, torch.tensor([[0.5, 0.0, 0.5]]), label_smoothing=smoothing)
    expected = F.cross_entropy(
        z.detach()[:, ::2], torch.tensor([[0.5, 0.5]]), label_smoothing=smoothing
    )
    torch.testing.assert_close(value, expected)
    assert torch.autograd.grad(value, z)[0][0, 1].item() == 0.0


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64"])
def test_labels_of_any_integer_type(dtype) -> None:
    y = torch.from_numpy(np.array([0, 4, 3], dtype=dtype))
    z = logits(3, 5)
    torch.testing.assert_close(cross_entropy(z, y), F.cross_entropy(z, y.to(torch.int64)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cross_entropy(torch.zeros(2, 3), torch.tensor([1, 3])), IndexError,
         r"row 1: class 3 is not in 0\.\.2\. Labels 1\.\.C must be shifted: use target - 1\."),
        (lambda: cross_entropy(torch.zeros(2, 3), torch.tensor([-1, 0])), IndexError,
         r"row 0: class -1 .* Rows to leave out carry ignore_index=-100"),
        (lambda: cross_entropy(torch.zeros(2, 3), torch.tensor([[1], [2]])), ValueError,
         r"got \(2, 1\)\. Use target\.squeeze\(-1\)\."),
        (lambda: cross_entropy(torch.zeros(2, 4, 3), torch.zeros(2, 4, dtype=torch.long)),
         ValueError, r"If the classes are on the last axis, pass axis=-1"),
        (lambda: cross_entropy(torch.zeros(2, 3), torch.tensor([1.0, 2.0])), TypeError,
         "class indices must be of an integer type; got torch.float32"),
        (lambda: cross_entropy(torch.zeros(2, 2), torch.tensor([[0.5, 0.5], [-0.1, 1.1]])),
         ValueError, r"row 1: soft labels must be finite and at least 0; got -0\.1"),
        (lambda: cross_entropy(torch.zeros(2, 3, dtype=torch.long), torch.tensor([0, 1])),
         TypeError, r"logits must be of a floating type; got torch.int64"),
        (lambda: cross_entropy([[0.0]], [0]), TypeError, "logits must be an array of torch"),
        (lambda: cross_entropy(torch.zeros(2, 3), torch.tensor([0, 1]), torch.ones(2)),
         ValueError, r"weight must have shape \(3,\), one for each class; got \(2,\)"),
        (lambda: cross_entropy(torch.zeros(2, 3), torch.tensor([0, 1]), label_smoothing=1.5),
         ValueError, "label_smoothing must be between 0 and 1; got 1.5"),
        (lambda: cross_entropy(torch.zeros(2, 3), torch.tensor([0, 1]), reduction="batchmean"),
         ValueError, "reduction must be 'none', 'sum' or 'mean'; got 'batchmean'"),
        (lambda: cross_entropy(torch.zeros(2, 0), torch.tensor([0, 1])), ValueError,
         "at least one class"),
        (lambda: cross_entropy(torch.zeros(2, 3), (torch.tensor([[3], [0]]), torch.ones(2, 1))),
         IndexError, "row 0: class 3"),
        (lambda: cross_entropy(torch.zeros(2, 3), torch.tensor([0, 1]), mask=torch.ones(3) > 0),
         ValueError, r"mask must have shape \(2,\), one for each row"),
    ],
)  # fmt: skip
def test_errors_say_what_came_and_what_to_do(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()


def test_validation_can_be_left_out_and_reads_nothing_out_of_bounds() -> None:
    value = cross_entropy(
        torch.zeros(2, 3), torch.tensor([0, 10**9]), reduction="none", validate=False
    )
    assert value.tolist() == [pytest.approx(np.log(3)), 0.0]


def test_numpy_and_jax_logits() -> None:
    import jax

    z, y = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 2, 1, 1])
    expected = cross_entropy(torch.from_numpy(z), torch.from_numpy(y)).item()
    assert float(cross_entropy(z, y)) == pytest.approx(expected, rel=1e-15)
    jz, jy = jax.numpy.asarray(z), jax.numpy.asarray(y)
    grad = jax.jit(jax.grad(lambda z: cross_entropy(z, jy)))(jz)
    tz = torch.from_numpy(z).requires_grad_()
    cross_entropy(tz, torch.from_numpy(y)).backward()
    np.testing.assert_allclose(grad, tz.grad, atol=1e-15)


def test_jax_without_float64_and_without_warnings() -> None:
    code = """
import jax, jax.numpy as jnp, numpy as np, crossent
z = jnp.array([[0.0, 1.0], [2.0, 0.0]])
g = jax.grad(lambda z: crossent.cross_entropy(z, jnp.array([0, 1])))(z)
assert g.dtype == jnp.float32 and bool(jnp.isfinite(g).all())
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, env={"PATH": ""})


@pytest.mark.parametrize(
    "options", [{}, {"weight": WEIGHT, "label_smoothing": 0.1}, {"gamma": 2.0}, {"softcap": 5.0}]
)
def test_compiles_whole(options) -> None:
    compiled = torch.compile(
        lambda z, y: crossent.cross_entropy(z, y, **options), fullgraph=True, backend="aot_eager"
    )
    both(lambda z: compiled(z, INDEX), lambda z: cross_entropy(z, INDEX, **options), logits(7, 5))


def test_hessian_vmap_and_forward_mode() -> None:
    z, y = logits(4, 5, dtype=torch.float64).detach(), torch.tensor([0, 1, 2, 3])
    for transform in (torch.func.hessian, torch.func.jacfwd, torch.func.jacrev):
        ours = transform(lambda z: cross_entropy(z, y))(z)
        theirs = transform(lambda z: F.cross_entropy(z, y))(z)
        torch.testing.assert_close(ours, theirs)
    ours = torch.func.vmap(torch.func.grad(lambda z, y: cross_entropy(z, y)))(z, y)
    theirs = torch.func.vmap(torch.func.grad(lambda z, y: F.cross_entropy(z, y)))(z, y)
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_a_zero_weight_gets_its_gradient(gamma) -> None:
    z, y = logits(4, 5).detach(), torch.tensor([0, 1, 2, 3])
    rows = cross_entropy(z, y, gamma=gamma, reduction="none")
    weight = torch.zeros(4, requires_grad=True)
    if gamma:
        with pytest.raises(ValueError, match="sample_weight that needs a gradient"):
            cross_entropy(z, y, gamma=gamma, sample_weight=weight, reduction="sum")
        return
    cross_entropy(z, y, sample_weight=weight, reduction="sum").backward()
    torch.testing.assert_close(weight.grad, rows)
    soft = torch.zeros(4, 5, requires_grad=True)
    cross_entropy(z, soft, reduction="sum").backward()
    torch.testing.assert_close(soft.grad, -torch.log_softmax(z, 1))


def test_a_softcap_keeps_its_gradient_where_it_is_reached() -> None:
    z = torch.tensor([[60.0, 0.0]], dtype=torch.float64, requires_grad=True)
    (grad,) = torch.autograd.grad(cross_entropy(z, torch.tensor([1]), softcap=3.0), z)
    p = np.exp(3.0) / (1 + np.exp(3.0))
    assert grad[0, 0].item() == pytest.approx(p / np.cosh(20.0) ** 2, rel=1e-12)


def test_masked_rows_may_hold_anything() -> None:
    z, mask = logits(3, 5), torch.tensor([True, False, True])
    soft = SOFT[:3].clone()
    expected = F.cross_entropy(z[mask], soft[mask])
    soft[1] = float("nan")
    for validate in (True, False):
        torch.testing.assert_close(cross_entropy(z, soft, mask=mask, validate=validate), expected)
    pairs = (
        torch.tensor([[0, -1], [9, 9], [1, 2]]),
        torch.tensor([[1, INF], [INF, -1], [0.5, 0.5]]),
    )
    value = cross_entropy(z, pairs, mask=mask, validate=False)
    dense = torch.tensor([[1.0, 0, 0, 0, 0], [0, 0.5, 0.5, 0, 0]])
    torch.testing.assert_close(value, F.cross_entropy(z[mask], dense))


def test_half_precision_soft_labels_and_large_weights() -> None:
    z, soft = logits(3, 5), SOFT[:3].half()
    rows = F.cross_entropy(z, soft.float(), reduction="none")
    value = cross_entropy(z, soft, sample_weight=torch.full((3,), 1e5))
    torch.testing.assert_close(value, rows.mean())


def test_a_row_of_padding_alone_does_not_count() -> None:
    z = logits(2, 5)
    pairs = (torch.tensor([[0], [-1]]), torch.ones(2, 1))
    expected = F.cross_entropy(z, torch.tensor([0, -100]), label_smoothing=0.1)
    torch.testing.assert_close(cross_entropy(z, pairs, label_smoothing=0.1), expected)


@pytest.mark.parametrize("target", [INDEX, SOFT], ids=["index", "soft"])
@pytest.mark.parametrize(
    "options", [{}, {"gamma": 2.0}, {"temperature": 0.5, "softcap": 4.0}, {"label_smoothing": 0.1}]
)
def test_the_mean_of_a_sum_is_the_mean(target, options) -> None:
    z = logits(7, 5)
    total = cross_entropy_sum(z, target, WEIGHT, **options)
    mean = cross_entropy(z, target, WEIGHT, **options)
    torch.testing.assert_close(total.mean(), mean, check_dtype=False)


def test_jax_rows_left_out_do_not_poison_the_gradient() -> None:
    import jax
    import jax.numpy as jnp

    z = jnp.array([[np.nan, 0.0], [1.0, 2.0]])
    grad = jax.grad(lambda z: cross_entropy(z, jnp.array([-100, 1])))(z)
    np.testing.assert_allclose(grad, [[0, 0], [0.26894142, -0.26894142]], rtol=1e-6)


def test_vmap_over_the_losses_themselves() -> None:
    z, y = logits(4, 5).detach(), torch.tensor([0, 1, 2, 3])
    rows = torch.func.vmap(lambda z, y: cross_entropy(z, y))(z, y)
    torch.testing.assert_close(rows, F.cross_entropy(z, y, reduction="none"))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda z: cross_entropy(z, SOFT[:2], ignore_index=0), ValueError,
         "ignore_index=0 is for class indices; use mask="),
        (lambda z: cross_entropy(z, INDEX[:2], reduction="sum", normalize_by="rows"), ValueError,
         "normalize_by says what a mean divides by; reduction is 'sum'"),
        (lambda z: cross_entropy(z, INDEX[:2], mask=torch.tensor([1, 0])), TypeError,
         r"mask must be boolean; got torch.int64. Use mask != 0."),
        (lambda z: cross_entropy(z, F.one_hot(INDEX[:2], 5)), TypeError,
         r"soft labels must be of a floating type; got torch.int64. Use .float\(\)."),
        (lambda z: cross_entropy(z, [0, 1]), TypeError,
         "target must be a torch tensor, as logits are Tensor; got list"),
        (lambda z: cross_entropy(z, np.array([0, 1])), TypeError, "got ndarray"),
        (lambda z: cross_entropy(z, INDEX[:2], [1.0] * 5), TypeError, "weight must be a torch"),
        (lambda z: cross_entropy(z, z.detach().topk(2)[:2]), TypeError,
         r"a sparse target is \(indices, values\), in this order; topk returns values first"),
        (lambda z: cross_entropy(z, INDEX[:2], gamma=torch.tensor(2.0)), TypeError,
         "gamma must be a number; got Tensor"),
        (lambda z: cross_entropy(z, INDEX[:2], temperature=0.0), ValueError,
         "temperature must be above 0; got 0.0"),
        (lambda z: cross_entropy(z, INDEX[:2], sample_weight=torch.ones(3)), ValueError,
         r"sample_weight must have shape \(2,\)"),
    ],
)  # fmt: skip
def test_options_that_would_be_ignored_are_refused(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call(logits(2, 5))

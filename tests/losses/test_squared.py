"""Three squared errors: the lectures' numbers, and slopes that vanish only after squashing."""

import mpmath
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from crossent import brier_loss, cross_entropy, sigmoid_squared_error, squared_error


def test_the_example_of_raw_scores() -> None:
    scores = np.array([[0.5, -1.0, -3.0]])
    # sum of squares 13.25 against the second class, half of it 6.625
    assert float(squared_error(scores, np.array([0]))) * 2 == 0.25 + 1 + 9
    assert float(squared_error(scores, np.array([1]))) * 2 == 0.25 + 4 + 9


@pytest.mark.parametrize(
    ("loss", "slope"),
    [(squared_error, -11.0), (sigmoid_squared_error, -4.5e-5), (cross_entropy, -0.99995)],
)
def test_the_slope_where_the_model_is_surely_wrong(loss, slope) -> None:
    # One sigmoid output at z = -10 with target 1; for softmax the pair (z, 0).
    z = torch.tensor([[-10.0, 0.0]], dtype=torch.float64, requires_grad=True)
    target = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    (grad,) = torch.autograd.grad(loss(z, target), z)
    assert grad[0, 0].item() == pytest.approx(slope, rel=1e-2)  # the published figures' digits


def test_slopes_after_a_sigmoid_keep_their_digits() -> None:
    z = torch.tensor([[-16.0, 16.0]], requires_grad=True)
    (grad,) = torch.autograd.grad(sigmoid_squared_error(z, torch.tensor([[1.0, 1.0]])), z)
    o = 1 / (1 + np.exp([16.0, -16.0]))
    np.testing.assert_allclose(grad[0].numpy(), o * (1 - o) * (o - 1), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("loss", [squared_error, brier_loss, sigmoid_squared_error])
def test_many_half_precision_rows_and_jax(loss) -> None:
    import jax

    z = torch.randn(70_000, 10, generator=torch.Generator().manual_seed(0)).half()
    y = torch.randint(0, 10, (70_000,), generator=torch.Generator().manual_seed(1))
    value = loss(z, y)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value.double(), loss(z.double(), y), rtol=1e-5, atol=0)
    weight, sample = torch.rand(10), torch.rand(70_000)
    each = weight[y] * sample
    rows = loss(z, y, reduction="none")
    expected = (rows * each).sum() / each.sum()
    torch.testing.assert_close(loss(z, y, weight, sample_weight=sample), expected)
    jz, jy = jax.numpy.asarray(z[:5].float().numpy()), jax.numpy.asarray(y[:5].numpy())
    compiled = jax.jit(loss)(jz, jy)
    assert float(compiled) == pytest.approx(loss(z[:5].float(), y[:5]).item(), rel=1e-6)


def test_brier_is_the_formula_with_weights() -> None:
    z, y = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), torch.arange(6) % 4
    weight, sample = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([1.0, 0, 2, 1, 1, 1])
    rows = ((torch.softmax(z, 1) - F.one_hot(y, 4)) ** 2).sum(1)
    each = weight[y] * sample
    expected = (rows * each).sum() / each.sum()
    torch.testing.assert_close(brier_loss(z, y, weight, sample_weight=sample), expected)
    torch.testing.assert_close(brier_loss(z, F.one_hot(y, 4).float()), rows.mean())


def composed(loss, z, t) -> torch.Tensor:
    """The rows of a loss in plain torch, for logits and targets (N, C)."""
    outputs = {
        squared_error: lambda: z,
        brier_loss: lambda: torch.softmax(z, 1),
        sigmoid_squared_error: lambda: torch.sigmoid(z),
    }[loss]()
    return ((outputs - t) ** 2).sum(1) * (1.0 if loss is brier_loss else 0.5)


LOSSES = pytest.mark.parametrize("loss", [squared_error, brier_loss, sigmoid_squared_error])
INDEX = torch.tensor([0, 3, -100, 1, 2, 3])
WEIGHT = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
SAMPLE = torch.tensor([1.0, 0.5, 1.0, 2.0, 0.0, 1.0], dtype=torch.float64)


def logits(*shape) -> torch.Tensor:
    z = torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return z.requires_grad_()


@LOSSES
@pytest.mark.parametrize("eps", [0.0, 0.1])
@pytest.mark.parametrize("kind", ["index", "soft", "top-k"])
def test_targets_weights_and_smoothing(loss, eps, kind) -> None:
    z, kept = logits(6, 4), INDEX >= 0
    hard = F.one_hot(INDEX.clamp(0), 4).double() * kept[:, None]
    pair = (INDEX.clamp(-1)[:, None], torch.ones(6, 1).double())
    target = {"index": INDEX, "soft": hard, "top-k": pair}[kind]
    mask = kept if kind == "soft" else None
    rows = composed(loss, z, (1 - eps) * hard + eps / 4) * WEIGHT[INDEX.clamp(0)] * SAMPLE * kept
    weight = (WEIGHT[INDEX.clamp(0)] * SAMPLE * kept).sum()
    options = {"label_smoothing": eps, "sample_weight": SAMPLE, "mask": mask}
    for by, expected in {
        None: rows.sum() / weight,
        "rows": rows.sum() / (SAMPLE * kept).sum(),
        7.0: rows.sum() / 7,
    }.items():
        value = loss(z, target, WEIGHT, normalize_by=by, **options)
        torch.testing.assert_close(value, expected)
        ours, theirs = (torch.autograd.grad(v, z, retain_graph=True)[0] for v in (value, expected))
        torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(loss(z, target, WEIGHT, reduction="none", **options), rows)
    torch.testing.assert_close(loss(z, target, WEIGHT, reduction="sum", **options), rows.sum())


@LOSSES
def test_rows_left_out_may_hold_anything(loss) -> None:
    bad = torch.full((3, 4), float("nan"), dtype=torch.float64)
    bad[1] = float("inf")
    z = torch.cat([logits(3, 4).detach(), bad]).requires_grad_()
    mask = torch.tensor([True, True, True, True, False, True])
    sample = torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 0.0])
    y = torch.tensor([0, 1, 2, -100, 1, 1])
    value = loss(z, y, mask=mask, sample_weight=sample)
    torch.testing.assert_close(value, loss(z[:3].detach(), y[:3]))
    (grad,) = torch.autograd.grad(value, z)
    assert torch.isfinite(grad).all()
    assert (grad[3:] == 0).all()
    rows = loss(z, y, mask=mask, sample_weight=sample, reduction="none")
    assert rows[3:].tolist() == [0.0, 0.0, 0.0]
    assert loss(z, torch.full((6,), -100)).item() == 0.0


@LOSSES
def test_axes_shift_and_three_libraries(loss) -> None:
    import jax

    z, y = logits(2, 3, 4), torch.tensor([[0, 1, -100], [3, 2, 1]])
    flat = loss(z.reshape(6, 4), y.reshape(6), reduction="none").reshape(2, 3)
    torch.testing.assert_close(loss(z, y, axis=-1, reduction="none"), flat)
    torch.testing.assert_close(loss(z.permute(0, 2, 1), y, reduction="none"), flat)
    torch.testing.assert_close(loss(z[0, 0], y[0, 0]), flat[0, 0])
    options = {"weight": WEIGHT, "label_smoothing": 0.1}
    ahead = loss(z[:, :-1].reshape(4, 4), y[:, 1:].reshape(4), **options)
    torch.testing.assert_close(loss(z, y, shift=True, **options), ahead)
    assert loss(z, y, shift=True, reduction="none").shape == (2, 2)
    plain, label = z.detach().numpy(), y.numpy()
    expected = loss(z, y, axis=-1, label_smoothing=0.1)
    assert float(loss(plain, label, label_smoothing=0.1)) == pytest.approx(expected.item())
    slope = jax.jit(jax.grad(lambda z: loss(z, jax.numpy.asarray(label), label_smoothing=0.1)))(
        jax.numpy.asarray(plain)
    )
    np.testing.assert_allclose(slope, torch.autograd.grad(expected, z)[0], atol=1e-15)


@LOSSES
@pytest.mark.parametrize("k", [0, 1, 3])
def test_a_weight_of_k_is_k_copies(loss, k) -> None:
    z, y = logits(2, 4).detach(), torch.tensor([1, 2])
    copies = torch.tensor([k, 1])
    expected = loss(z.repeat_interleave(copies, 0), y.repeat_interleave(copies))
    torch.testing.assert_close(loss(z, y, sample_weight=copies.double()), expected)
    weight = torch.tensor([1.0, k, 1.0, 1.0], dtype=torch.float64)
    torch.testing.assert_close(loss(z, y, weight), expected)


@LOSSES
def test_transforms(loss) -> None:
    z, y = logits(6, 4), INDEX

    def value(z):
        return loss(z, y, WEIGHT, label_smoothing=0.1)

    (grad,) = torch.autograd.grad(value(z), z)
    torch.testing.assert_close(torch.func.grad(value)(z.detach()), grad)
    compiled = torch.compile(value, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(torch.autograd.grad(compiled(z), z)[0], grad)
    assert torch.autograd.gradgradcheck(value, z)


def test_a_weight_learns_at_0_too() -> None:
    z, y = logits(2, 4).detach(), torch.tensor([1, 2])
    sample = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    brier_loss(z, y, sample_weight=sample, reduction="sum").backward()
    torch.testing.assert_close(sample.grad, brier_loss(z, y, reduction="none"))


def test_bad_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"target must have shape \(1,\) to match logits \(1, 3\)"):
        brier_loss(np.zeros((1, 3)), np.array([0, 1]))
    with pytest.raises(IndexError, match="row 0: class 2"):
        squared_error(np.zeros((1, 2)), np.array([2]))
    with pytest.raises(ValueError, match=r"weight must have shape \(2,\), one for each class"):
        squared_error(np.zeros((1, 2)), np.array([1]), np.ones(3))
    with pytest.raises(ValueError, match="label_smoothing must be between 0 and 1"):
        squared_error(np.zeros((1, 2)), np.array([1]), label_smoothing=2.0)


def test_a_doubtful_axis_warns_once_and_where_it_is_called() -> None:
    z, y = torch.zeros(2, 3, 3), torch.zeros(2, 3, dtype=torch.int64)
    with pytest.warns(UserWarning, match="classes on axis 1") as caught:
        brier_loss(z, y, torch.ones(3))
    assert [w.filename for w in caught] == [__file__]


def exact(loss, row, label) -> tuple[float, list[float]]:
    """The value and the gradient of one row to 60 digits."""
    with mpmath.workdps(60):

        def of(*z):
            shares = [mpmath.e**x for x in z]
            if loss is brier_loss:
                outputs, factor = [share / sum(shares) for share in shares], 1
            else:
                outputs, factor = [share / (1 + share) for share in shares], mpmath.mpf(0.5)
            return factor * sum((o - (j == label)) ** 2 for j, o in enumerate(outputs))

        z = [mpmath.mpf(x) for x in row]
        orders = [tuple(int(i == j) for j in range(len(z))) for i in range(len(z))]
        return float(of(*z)), [float(mpmath.diff(of, z, n, h=1e-20)) for n in orders]


@pytest.mark.parametrize("loss", [brier_loss, sigmoid_squared_error])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("row", [[-30.0, 30.0], [30.0, -30.0], [0.0, 30.0], [1.0, 0.5, -2.0]])
@pytest.mark.parametrize("label", [0, 1])
def test_certain_rows_keep_their_digits(loss, dtype, row, label) -> None:
    z = torch.tensor([row], dtype=dtype, requires_grad=True)
    value = loss(z, torch.tensor([label]))
    (grad,) = torch.autograd.grad(value, z)
    expected, slope = exact(loss, row, label)
    rel = 8 * torch.finfo(dtype).eps
    # float32 has no numbers between 0 and 1e-45: the squares of p = 1e-26 are below
    assert value.item() == pytest.approx(expected, rel=rel, abs=1e-45)
    assert grad[0].tolist() == pytest.approx(slope, rel=rel, abs=1e-45)
    (mapped,) = torch.func.grad(loss)(z.detach(), torch.tensor([label]))
    assert mapped.tolist() == pytest.approx(slope, rel=rel, abs=1e-45)


@pytest.mark.parametrize("row", [[np.inf, 0.0], [np.inf, np.inf], [-np.inf, -np.inf], [np.nan, 0]])
def test_rows_without_probabilities_are_nan_in_silence(row) -> None:
    with np.errstate(all="raise"):
        assert np.isnan(brier_loss(np.array([row]), np.array([1])))
        assert np.isfinite(brier_loss(np.array([[-np.inf, 3.0]]), np.array([0])))
        sigmoid_squared_error(np.array([row]), np.array([1]))
    z = torch.tensor([row, [0.0, 1.0]], dtype=torch.float64, requires_grad=True)
    values = brier_loss(z, torch.tensor([1, 1]), reduction="none")
    (grad,) = torch.autograd.grad(values.sum(), z)
    assert values.isnan().tolist() == [True, False]
    assert grad.isnan().tolist() == [[True, True], [False, False]]

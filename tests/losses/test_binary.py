"""The binary door: agreement with PyTorch, masks, certain elements, errors."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import crossent
from crossent import binary_cross_entropy_with_logits as bce

Z = 3 * torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
T = torch.rand(4, 3, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize(
    "options",
    [{}, {"pos_weight": torch.tensor([1.0, 2.0, 0.5])}, {"weight": torch.rand(4, 1)}],
    ids=["plain", "pos_weight", "weight"],
)
def test_equals_torch(reduction, options) -> None:
    results = []
    for loss in (bce, F.binary_cross_entropy_with_logits):
        z = Z.clone().requires_grad_()
        value = loss(z, T, reduction=reduction, **options)
        results.append((value.detach(), torch.autograd.grad(value.sum(), z)[0]))
    torch.testing.assert_close(results[0], results[1])


def test_masked_elements_are_left_out() -> None:
    mask = T > 0.5
    torch.testing.assert_close(
        bce(Z, T, mask=mask), F.binary_cross_entropy_with_logits(Z[mask], T[mask])
    )
    assert bce(Z, T, mask=torch.zeros_like(mask)).item() == 0.0


def test_certain_elements_keep_their_digits() -> None:
    value = bce(torch.tensor([-80.0, 80.0]), torch.tensor([0.0, 1.0]), reduction="none")
    torch.testing.assert_close(value, torch.full((2,), 1.8048513e-35), rtol=1e-6, atol=0)


def test_integer_and_boolean_targets() -> None:
    hard = T > 0.5
    expected = F.binary_cross_entropy_with_logits(Z, hard.float())
    torch.testing.assert_close(bce(Z, hard), expected)
    torch.testing.assert_close(bce(Z, hard.long()), expected)


def test_one_nought_is_two_classes() -> None:
    z, y = Z[:, 0], torch.tensor([1, 0, 1, 1])
    pair = torch.stack([torch.zeros(4), z], 1)
    torch.testing.assert_close(bce(z, y), crossent.cross_entropy(pair, y))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (torch.zeros(4), r"target must have the shape of logits \(4, 3\); got \(4,\)"),
        (torch.full((4, 3), -0.5), "row 0: binary targets must be finite and at least 0"),
        (torch.full((4, 3), 2.0), "row 0: binary targets must be at most 1; got 2"),
        (torch.full((4, 3), float("nan")), "row 0: binary targets must be finite"),
    ],
)
def test_bad_targets(target, message) -> None:
    with pytest.raises(ValueError, match=message):
        bce(Z, target)


@pytest.mark.parametrize("by", [6, 6.0, torch.tensor(6.0)])
def test_a_mean_over_a_number_of_the_callers(by) -> None:
    expected = F.binary_cross_entropy_with_logits(Z, T, reduction="sum") / 6
    torch.testing.assert_close(bce(Z, T, normalize_by=by), expected)


def test_missing_labels_under_a_mask() -> None:
    mask, target = T > 0.5, torch.where(T > 0.5, T, float("nan"))
    expected = F.binary_cross_entropy_with_logits(Z[mask], T[mask])
    torch.testing.assert_close(bce(Z, target, mask=mask), expected)
    torch.testing.assert_close(bce(Z, torch.where(mask, T, -1.0), mask=mask), expected)


def test_focal_link_and_half_precision() -> None:
    t = T.round()
    c = F.binary_cross_entropy_with_logits(3 * torch.tanh(Z / 0.5 / 3), t, reduction="none")
    focal = ((1 - torch.exp(-c)) ** 2 * c).mean()
    torch.testing.assert_close(bce(Z, t, gamma=2.0, temperature=0.5, softcap=3.0), focal)
    value = bce(Z.half(), T)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, F.binary_cross_entropy_with_logits(Z.half().float(), T))


@pytest.mark.parametrize("smoothing", [0.1, 1.0])
def test_label_smoothing_is_keras_form(smoothing) -> None:
    expected = F.binary_cross_entropy_with_logits(Z, T * (1 - smoothing) + 0.5 * smoothing)
    torch.testing.assert_close(bce(Z, T, label_smoothing=smoothing), expected)


@pytest.mark.parametrize("missing", [-1, -100])
@pytest.mark.parametrize("dtype", [torch.int64, torch.int8, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_missing_labels_by_their_value(missing, dtype, smoothing) -> None:
    kept = T > 0.3
    target = torch.where(kept, T.round(), missing).to(dtype)
    z = Z.clone().requires_grad_()
    value = bce(z, target, ignore_index=missing, label_smoothing=smoothing, validate=True)
    expected = bce(Z[kept], T.round()[kept], label_smoothing=smoothing)
    torch.testing.assert_close(value, expected)
    (slope,) = torch.autograd.grad(value, z)
    assert slope[~kept].abs().max().item() == 0.0
    both = bce(Z, target, ignore_index=missing, mask=T < 0.8, label_smoothing=smoothing)
    inside = kept & (T < 0.8)
    expected = bce(Z[inside], T.round()[inside], label_smoothing=smoothing)
    torch.testing.assert_close(both, expected)
    with pytest.raises(ValueError, match=f"at least 0; got {missing}"):
        bce(Z, target)


def test_an_unsigned_target_is_not_the_negative_value_it_wraps_to() -> None:
    target = torch.tensor([156, 1], dtype=torch.uint8)  # uint8 == -100 is true at 156 in torch
    with pytest.raises(ValueError, match="binary targets must be at most 1; got 156"):
        bce(torch.zeros(2), target, ignore_index=-100)


def test_all_missing_is_zero_with_zero_gradient() -> None:
    z = torch.tensor([float("nan"), 1.0], requires_grad=True)
    value = bce(z, torch.full((2,), -1), ignore_index=-1, label_smoothing=0.1)
    assert value.item() == 0.0
    assert torch.autograd.grad(value, z)[0].tolist() == [0.0, 0.0]


def test_poly_is_the_formula() -> None:
    t = T.round()
    c = F.binary_cross_entropy_with_logits(Z, t, reduction="none")
    expected = (c + 2.0 * (1 - torch.exp(-c))).mean()
    torch.testing.assert_close(bce(Z, t, poly_epsilon=2.0), expected)


@given(
    z=arrays(np.float64, (4,), elements=st.floats(-30, 30)),
    t=arrays(np.float64, (4,), elements=st.floats(0, 1)),
    smoothing=st.sampled_from([0.0, 0.1]),
)
def test_it_is_the_loss_of_the_sigmoid(z, t, smoothing) -> None:
    probs = 1.0 / (1.0 + np.exp(-z))
    options = {"label_smoothing": smoothing, "reduction": "none"}
    expected = bce(z, t, **options)
    # 1 - p keeps e^-30 to 2e-3 only: the digits that the logits keep
    value = crossent.binary_cross_entropy(probs, t, **options)
    np.testing.assert_allclose(value, expected, rtol=2e-3, atol=1e-13)


def test_numpy_and_jax() -> None:
    import jax

    target = torch.where(T > 0.3, T, -1.0)
    options = {"ignore_index": -1, "label_smoothing": 0.1, "poly_epsilon": 1.0}
    z = Z.clone().requires_grad_()
    expected = bce(z, target, **options)
    (slope,) = torch.autograd.grad(expected, z)
    assert float(bce(Z.numpy(), target.numpy(), **options)) == pytest.approx(expected.item(), 1e-6)
    jt = jax.numpy.asarray(target.numpy())
    grad = jax.jit(jax.grad(lambda z: bce(z, jt, **options)))(jax.numpy.asarray(Z.numpy()))
    np.testing.assert_allclose(grad, slope, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"pos_weight": 2.0}, TypeError, "pos_weight must be a torch tensor"),
        ({"weight": torch.ones(2, 4, 3)}, ValueError, "weight must broadcast to the shape"),
        ({"mask": torch.ones(4, 3)}, TypeError, "mask must be boolean"),
        ({"normalize_by": "weight"}, ValueError, "normalize_by must be a number of elements"),
        ({"label_smoothing": 1.5}, ValueError, "label_smoothing must be between 0 and 1; got 1.5"),
        ({"gamma": 2.0, "poly_epsilon": 1.0}, ValueError, "choose one of gamma, poly_epsilon"),
    ],
)
def test_options_that_would_be_misread_are_refused(options, error, message) -> None:
    with pytest.raises(error, match=message):
        bce(Z, T, **options)

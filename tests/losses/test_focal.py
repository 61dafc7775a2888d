"""Focal loss: its formulas, its two forms, its finite gradients, what it refuses."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from crossent import binary_cross_entropy_with_logits, cross_entropy, focal_loss
from tests.reference import elementwise_focal, exact_focal_slope, smoothed, softmax_loss, ulps

FORMS = ["per_row", "per_class"]
INDEX = torch.tensor([0, 1, 2, 3, 4, -100, 1])
ALPHA = torch.tensor([1.0, 2.0, 0.5, 3.0, 1.5], dtype=torch.float64)
HARD = (torch.rand(4, 3, generator=torch.Generator().manual_seed(2)) > 0.5).double()
SOFT = torch.softmax(torch.randn(7, 5, generator=torch.Generator().manual_seed(5)), 1).double()
LABELS = torch.rand(4, 3, generator=torch.Generator().manual_seed(3)).double()


def logits(*shape, seed=0) -> torch.Tensor:
    z = 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    return z.double().requires_grad_()


def both(ours, theirs, z, **tolerance) -> None:
    """Values and gradients agree."""
    a, b = ours(z), theirs(z)
    torch.testing.assert_close(a, b, **tolerance)
    ga, gb = (torch.autograd.grad(v.sum(), z)[0] for v in (a, b))
    torch.testing.assert_close(ga, gb, **tolerance)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_softmax_is_the_formula_and_a_mean_divides_by_rows(form, gamma, reduction) -> None:
    kept = INDEX >= 0

    def composed(z):
        c = torch.where(kept, F.cross_entropy(z, INDEX, reduction="none"), 1.0)
        focal = ALPHA[INDEX.clamp(0)] * (1 - torch.exp(-c)) ** gamma * c
        rows = torch.where(kept, focal, 0.0)
        return {"none": rows, "sum": rows.sum(), "mean": rows.sum() / 6}[reduction]

    both(
        lambda z: focal_loss(z, INDEX, gamma=gamma, alpha=ALPHA, form=form, reduction=reduction),
        composed,
        logits(7, 5),
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("alpha", [0.0, 0.25, 1.0, 1])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_sigmoid_is_torchvisions_formula_for_hard_labels(form, alpha, reduction) -> None:
    def torchvisions(z):  # torchvision.ops.sigmoid_focal_loss, gamma=2
        p = torch.sigmoid(z)
        ce = F.binary_cross_entropy_with_logits(z, HARD, reduction="none")
        p_t = p * HARD + (1 - p) * (1 - HARD)
        loss = ce * ((1 - p_t) ** 2)
        loss = (alpha * HARD + (1 - alpha) * (1 - HARD)) * loss
        return {"none": loss, "sum": loss.sum(), "mean": loss.mean()}[reduction]

    options = {"activation": "sigmoid", "alpha": alpha, "form": form, "reduction": reduction}
    both(lambda z: focal_loss(z, HARD, **options), torchvisions, logits(4, 3))


def test_the_two_forms_differ_on_soft_labels_by_hand() -> None:
    z, t = np.log(np.array([[0.9, 0.1]])), np.array([[0.5, 0.5]])
    # c = (-log 0.9 - log 0.1) / 2 = 1.2039728, e^-c = 0.3: 0.7^2 c
    assert float(focal_loss(z, t)) == pytest.approx(0.49 * 1.2039728043259361, rel=1e-14)
    # (0.1^2 (-log 0.9) + 0.9^2 (-log 0.1)) / 2
    by_hand = 0.5 * (0.01 * 0.10536051565782628 + 0.81 * 2.302585092994046)
    assert float(focal_loss(z, t, form="per_class")) == pytest.approx(by_hand, rel=1e-14)
    one, half = np.log(np.array([9.0])), np.array([0.5])  # the same pair as a sigmoid
    sigmoid = focal_loss(one, half, form="per_class", activation="sigmoid")
    assert float(sigmoid) == pytest.approx(by_hand, rel=1e-14)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
@pytest.mark.parametrize("eps", [0.0, 0.1])
def test_soft_and_smoothed_targets_against_the_textbook(gamma, eps) -> None:
    z, q = logits(7, 5).detach().numpy(), SOFT.numpy()
    options = {"gamma": gamma, "label_smoothing": eps, "reduction": "none"}
    rows = focal_loss(z, q, **options)
    np.testing.assert_allclose(rows, softmax_loss(z, smoothed(q, eps), gamma=gamma), rtol=1e-13)
    elements = focal_loss(z, q, form="per_class", **options)
    np.testing.assert_allclose(elements, elementwise_focal(z, smoothed(q, eps), gamma), rtol=1e-13)


@pytest.mark.parametrize("alpha", [None, 0.25])
def test_sigmoid_per_class_of_soft_labels_is_keras_formula(alpha) -> None:
    eps, one, nought = 0.1, 1.0 if alpha is None else alpha, 1.0 if alpha is None else 1 - alpha

    def keras(z):
        p, t = torch.sigmoid(z), (1 - eps) * LABELS + eps / 2
        far = one * t * (1 - p) ** 2 * -torch.log(p)
        return (far + nought * (1 - t) * p**2 * -torch.log1p(-p)).mean()

    options = {"activation": "sigmoid", "form": "per_class", "label_smoothing": eps}
    both(lambda z: focal_loss(z, LABELS, alpha=alpha, **options), keras, logits(4, 3))


@pytest.mark.parametrize("form", FORMS)
def test_gamma_0_is_cross_entropy_to_the_bit(form) -> None:
    exact = {"rtol": 0, "atol": 0}
    for target in (INDEX, SOFT):
        both(
            lambda z, target=target: focal_loss(
                z, target, gamma=0, form=form, label_smoothing=0.1, reduction="none"
            ),
            lambda z, target=target: cross_entropy(
                z, target, label_smoothing=0.1, reduction="none"
            ),
            logits(7, 5),
            **exact,
        )
    both(
        lambda z: focal_loss(z, LABELS, gamma=0.0, form=form, activation="sigmoid"),
        lambda z: binary_cross_entropy_with_logits(z, LABELS),
        logits(4, 3),
        **exact,
    )


@given(
    row=st.lists(st.floats(-30, 30), min_size=2, max_size=6),
    gamma=st.sampled_from([0.5, 1.0, 2.0, 5.0]),
    k=st.integers(0, 4),
)
def test_laws(row, gamma, k) -> None:
    z, y = np.array([row, row[::-1]]), np.array([0, 1])
    options = {"gamma": gamma, "reduction": "none"}
    plain = focal_loss(z, y, **options)
    close = {"rtol": 1e-12, "atol": 1e-300}
    for form in FORMS:  # hard labels: the forms agree, and every kind of target does
        np.testing.assert_allclose(focal_loss(z, y, form=form, **options), plain, **close)
        one_hot = np.eye(len(row))[y]
        np.testing.assert_allclose(focal_loss(z, one_hot, form=form, **options), plain, **close)
        pair = (y[:, None], np.ones((2, 1)))
        np.testing.assert_allclose(focal_loss(z, pair, form=form, **options), plain, **close)
        # a weight of k is k copies, of rows and of classes
        weight, alpha = np.array([float(k), 1.0]), np.ones(len(row))
        alpha[0] = k
        copies = np.array([k, 1]) * plain
        for weighed in ({"sample_weight": weight}, {"alpha": alpha}):
            value = focal_loss(z, y, form=form, **weighed, **options)
            np.testing.assert_allclose(value, copies, **close)
        mean = focal_loss(z, y, gamma=gamma, form=form, sample_weight=weight)
        np.testing.assert_allclose(mean, copies.sum() / (k + 1), **close)
        np.testing.assert_allclose(
            focal_loss(z, y, form=form, alpha=float(k), **options), k * plain, **close
        )


SATURATED = [
    [200.0, 0.0, 0.0],
    [60.0, 0.0, -60.0],
    [20.0, 0.0, 0.0],
    [0.0, 0.0, 0.0],
    [0.0, 90.0, 0.0],
    [0.0, 30000.0, 0.0],
    [17.0, 17.0, 0.0],
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("gamma", [0.1, 0.5, 2.0])
def test_saturated_gradients_in_float32_are_exact(form, gamma) -> None:
    z = torch.tensor(SATURATED, requires_grad=True)
    value = focal_loss(
        z, torch.zeros(7, dtype=torch.int64), gamma=gamma, form=form, reduction="sum"
    )
    (grad,) = torch.autograd.grad(value, z)
    for ours, row in zip(grad, SATURATED, strict=True):
        exact = exact_focal_slope(row, 0, gamma)
        largest = max(abs(float(x)) for x in exact)
        for a, b in zip(ours.tolist(), exact, strict=True):
            assert a == pytest.approx(float(b), abs=4 * 1.2e-7 * largest + 1e-45)


def test_the_composed_gradient_is_nan_where_ours_is_not() -> None:
    z = torch.tensor([[200.0, 0.0]], requires_grad=True)
    c = F.cross_entropy(z, torch.tensor([0]))
    (theirs,) = torch.autograd.grad((1 - torch.exp(-c)) ** 0.5 * c, z)
    assert torch.isnan(theirs).any()  # the trap
    for form in FORMS:
        (ours,) = torch.autograd.grad(focal_loss(z, torch.tensor([0]), gamma=0.5, form=form), z)
        assert torch.isfinite(ours).all()
        one = torch.tensor([200.0, -200.0], requires_grad=True)
        value = focal_loss(
            one, torch.tensor([1.0, 0.0]), gamma=0.5, form=form, activation="sigmoid"
        )
        assert torch.isfinite(torch.autograd.grad(value, one)[0]).all()


@pytest.mark.parametrize("form", FORMS)
def test_values_keep_their_digits(form) -> None:
    z = np.array([[40.0, 0.0], [0.0, 3.0], [0.0, 700.0]])
    value = focal_loss(z, np.zeros(3, dtype=int), gamma=0.5, form=form, reduction="none")
    for ours, (a, b) in zip(value, z, strict=True):
        with mpmath.workdps(400):
            c = mpmath.log1p(mpmath.e ** (mpmath.mpf(b) - mpmath.mpf(a)))
            exact = mpmath.sqrt(1 - mpmath.e**-c) * c
        assert ulps(ours, exact) <= 4


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("target", [INDEX, SOFT], ids=["index", "soft"])
def test_three_libraries_agree(form, target) -> None:
    z = logits(7, 5)
    options = {"gamma": 0.5, "form": form, "label_smoothing": 0.1, "softcap": 5.0}
    value = focal_loss(z, target, **options)
    (grad,) = torch.autograd.grad(value, z)
    plain = z.detach().numpy()
    assert float(focal_loss(plain, target.numpy(), **options)) == pytest.approx(value.item())
    label = jnp.asarray(target.numpy())
    compiled = jax.jit(jax.value_and_grad(lambda z: focal_loss(z, label, **options)))
    ours, slope = compiled(jnp.asarray(plain))
    assert float(ours) == pytest.approx(value.item(), rel=1e-13)
    np.testing.assert_allclose(slope, grad, atol=1e-15)


@pytest.mark.parametrize("form", FORMS)
def test_sigmoids_of_three_libraries_agree(form) -> None:
    z = logits(4, 3)
    options = {"gamma": 0.5, "form": form, "alpha": 0.25, "activation": "sigmoid"}
    value = focal_loss(z, LABELS, **options)
    (grad,) = torch.autograd.grad(value, z)
    plain, label = z.detach().numpy(), LABELS.numpy()
    assert float(focal_loss(plain, label, **options)) == pytest.approx(value.item())
    slope = jax.jit(jax.grad(lambda z: focal_loss(z, jnp.asarray(label), **options)))(plain)
    np.testing.assert_allclose(slope, grad, atol=1e-15)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("form", FORMS)
def test_transforms(form, activation) -> None:
    z = logits(4, 3)
    target = torch.tensor([0, 2, 1, -100]) if activation == "softmax" else LABELS
    eps = 0.1 if activation == "softmax" else 0.0

    def loss(z):
        return focal_loss(
            z, target, gamma=1.5, form=form, activation=activation, label_smoothing=eps
        )

    (grad,) = torch.autograd.grad(loss(z), z)
    torch.testing.assert_close(torch.func.grad(loss)(z.detach()), grad)
    assert torch.autograd.gradcheck(loss, z)
    assert torch.autograd.gradgradcheck(loss, z)
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    both(compiled, loss, z)


def test_ignored_and_masked_rows_add_nothing_whatever_their_logits() -> None:
    z = torch.tensor([[float("nan"), 0.0], [1.0, 2.0], [float("inf"), 1.0]], requires_grad=True)
    mask = torch.tensor([True, True, False])
    for form in FORMS:
        value = focal_loss(z, torch.tensor([-100, 1, 0]), form=form, mask=mask, gamma=0.5)
        expected = focal_loss(z[1:2].detach(), torch.tensor([1]), gamma=0.5)
        torch.testing.assert_close(value, expected)
        (grad,) = torch.autograd.grad(value, z)
        assert torch.isfinite(grad).all()
        assert (grad[[0, 2]] == 0).all()
        labels = torch.tensor([[-1.0, 0.0], [1.0, 0.0], [-1.0, 1.0]])
        options = {"activation": "sigmoid", "form": form, "ignore_index": -1, "alpha": 0.25}
        value = focal_loss(z, labels, **options)
        there = labels >= 0
        expected = focal_loss(
            z.detach()[there], labels[there], activation="sigmoid", alpha=0.25, form=form
        )
        torch.testing.assert_close(value, expected)
        assert torch.isfinite(torch.autograd.grad(value, z)[0]).all()
    assert focal_loss(z[1:2], torch.tensor([-100])).item() == 0.0


@pytest.mark.parametrize("form", FORMS)
def test_axes_shift_and_half_precision(form) -> None:
    z, y = logits(2, 3, 5), torch.tensor([[0, 1, 2], [3, 4, 0]])
    flat = focal_loss(z.reshape(6, 5), y.reshape(6), form=form, reduction="none")
    kept = {"form": form, "reduction": "none"}
    torch.testing.assert_close(focal_loss(z, y, axis=-1, **kept), flat.reshape(2, 3))
    torch.testing.assert_close(focal_loss(z.permute(0, 2, 1), y, **kept), flat.reshape(2, 3))
    ahead = focal_loss(z[:, :-1].reshape(4, 5), y[:, 1:].reshape(4), form=form)
    torch.testing.assert_close(focal_loss(z, y, shift=True, form=form), ahead)
    half = z.detach().half().requires_grad_()
    value = focal_loss(half, y, axis=-1, form=form)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, focal_loss(half.float(), y, axis=-1, form=form))
    assert torch.autograd.grad(value, half)[0].dtype == torch.float16


def test_alpha_never_enters_the_divisor_unless_asked() -> None:
    z = logits(7, 5)
    total = focal_loss(z, INDEX, alpha=ALPHA, reduction="sum")
    torch.testing.assert_close(focal_loss(z, INDEX, alpha=ALPHA), total / 6)
    weights = ALPHA[INDEX[INDEX >= 0]].sum()
    by_weight = focal_loss(z, INDEX, alpha=ALPHA, normalize_by="weight")
    torch.testing.assert_close(by_weight, total / weights)
    torch.testing.assert_close(focal_loss(z, INDEX, alpha=ALPHA, normalize_by=11.0), total / 11)
    torch.testing.assert_close(focal_loss(z, INDEX, alpha=0.25), 0.25 * focal_loss(z, INDEX))
    options = {"activation": "sigmoid", "alpha": 0.25}
    total = focal_loss(z, SOFT, reduction="sum", **options)
    torch.testing.assert_close(focal_loss(z, SOFT, normalize_by=3.0, **options), total / 3)


Z, Y = torch.zeros(2, 3), torch.tensor([0, 2])


@pytest.mark.parametrize(
    ("target", "options", "error", "message"),
    [
        (Y, {"activation": "relu"}, ValueError,
         r"activation must be 'softmax' .* or 'sigmoid' .*; got 'relu'"),
        (Y, {"form": "keras"}, ValueError,
         r"form must be 'per_row' .* or 'per_class' \(as in Keras\); got 'keras'"),
        (Y, {"gamma": -1.0}, ValueError, "gamma must be a finite number of at least 0; got -1.0"),
        (Y, {"gamma": torch.tensor(2.0)}, TypeError, "gamma must be a number; got Tensor"),
        (Y, {"alpha": -0.5}, ValueError, "alpha must be a finite number of at least 0; got -0.5"),
        (Y, {"alpha": torch.ones(2)}, ValueError,
         r"alpha must be a number or have shape \(3,\), one for each class; got shape \(2,\)"),
        (Y, {"alpha": [1.0, 1.0, 1.0]}, TypeError, "alpha must be a torch tensor.*got list"),
        (Z, {"activation": "sigmoid", "alpha": 1.5}, ValueError,
         r"alpha must be a number in 0\.\.1 with activation='sigmoid'.*; got 1.5"),
        (Z, {"activation": "sigmoid", "alpha": torch.ones(3)}, ValueError, r"got an array \(3,\)"),
        (Z, {"activation": "sigmoid", "sample_weight": torch.ones(2)}, ValueError,
         "sample_weight is for activation='softmax'"),
        (Z, {"activation": "sigmoid", "axis": 1}, ValueError, "axis is for activation='softmax'"),
        (Z, {"activation": "sigmoid", "shift": True}, ValueError, "shift is for activation="),
        (Z, {"activation": "sigmoid", "normalize_by": "rows"}, ValueError,
         "normalize_by must be a number of elements; got 'rows'"),
        (Y, {"activation": "sigmoid"}, ValueError, "target must have the shape of logits"),
        (Y, {"reduction": "avg"}, ValueError, "reduction must be"),
        (Y, {"sample_weight": torch.ones(2, requires_grad=True)}, ValueError,
         "a sample_weight that needs a gradient goes outside"),
    ],
)  # fmt: skip
def test_what_is_refused(target, options, error, message) -> None:
    with pytest.raises(error, match=message):
        focal_loss(Z, target, **options)


def test_a_weight_learns_through_the_class_form() -> None:
    z, y = logits(4, 5).detach(), torch.tensor([0, 1, 2, 3])
    weight = torch.zeros(4, requires_grad=True)
    focal_loss(z, y, form="per_class", sample_weight=weight, reduction="sum").backward()
    rows = focal_loss(z, y, reduction="none")
    torch.testing.assert_close(weight.grad, rows, check_dtype=False)

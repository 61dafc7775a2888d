import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional as F

from crossent.estimators.objective import (
    balanced_class_weight,
    log_loss,
    log_probabilities,
    objective,
    probabilities,
    row_weights,
    sigmoids,
)
from crossent.estimators.settings import TrainSettings

LOSSES = ["cross_entropy", "focal", "binary_cross_entropy", "brier", "sigmoid_mse", "squared_error"]


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(6, 4, generator=generator, dtype=torch.float64)
    return logits, torch.tensor([0, 3, 1, 1, 2, 0])


def textbook(loss: str, logits: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    """Each row's loss, written as its definition."""
    p, s = torch.softmax(logits, 1), torch.sigmoid(logits)
    cross_entropy = -(q * p.log()).sum(1)
    return {
        "cross_entropy": cross_entropy,
        "focal": (1 - torch.exp(-cross_entropy)) ** 2 * cross_entropy,
        "binary_cross_entropy": -(q * s.log() + (1 - q) * (1 - s).log()).sum(1),
        "brier": ((p - q) ** 2).sum(1),
        "sigmoid_mse": ((s - q) ** 2).sum(1) / 2,
        "squared_error": ((logits - q) ** 2).sum(1) / 2,
    }[loss]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("eps", [0.0, 0.1])
@pytest.mark.parametrize("soft", [False, True])
def test_value_is_the_textbooks(loss, eps, soft, batch) -> None:
    logits, target = batch
    q = F.one_hot(target, 4).double()
    if soft:
        q = target = torch.softmax(torch.randn(6, 4, dtype=torch.float64), 1)
    found = objective(TrainSettings(loss=loss, label_smoothing=eps))(logits, target, None)
    expected = textbook(loss, logits, (1 - eps) * q + eps / 4).mean()
    assert float(found) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("soft", [False, True])
def test_weight_k_is_k_copies(loss, soft, batch) -> None:
    logits, target = batch
    if soft:
        target = torch.softmax(torch.randn(6, 4, dtype=torch.float64), 1)
    k = torch.tensor([1, 0, 3, 2, 1, 5])
    minimise = objective(TrainSettings(loss=loss, label_smoothing=0.05))
    copied = logits.repeat_interleave(k, 0).requires_grad_()
    weighted = logits.clone().requires_grad_()
    one = minimise(weighted, target, k.double())
    other = minimise(copied, target.repeat_interleave(k, 0), None)
    assert one.item() == pytest.approx(other.item(), rel=1e-12)
    one.backward()
    other.backward()
    summed = torch.zeros_like(logits).index_add_(
        0, torch.arange(6).repeat_interleave(k), copied.grad
    )
    torch.testing.assert_close(weighted.grad, summed, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
def test_no_weight_at_all_is_zero(loss, batch) -> None:
    logits, target = batch
    logits.requires_grad_()
    value = objective(TrainSettings(loss=loss))(logits, target, torch.zeros(6).double())
    value.backward()
    assert value.item() == 0.0
    assert torch.equal(logits.grad, torch.zeros(6, 4))


def test_balanced_is_scikit_learns() -> None:
    labels = np.random.default_rng(0).choice(5, size=200, p=[0.5, 0.3, 0.1, 0.06, 0.04])
    theirs = compute_class_weight("balanced", classes=np.arange(5), y=labels)
    ours = balanced_class_weight(torch.from_numpy(labels), None, 5)
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-6)


def test_balanced_with_weights_is_that_of_copies() -> None:
    labels, k = torch.tensor([0, 1, 2, 1]), torch.tensor([3, 1, 2, 4])
    theirs = compute_class_weight(
        "balanced", classes=np.arange(3), y=labels.repeat_interleave(k).numpy()
    )
    np.testing.assert_allclose(balanced_class_weight(labels, k, 3).numpy(), theirs, rtol=1e-6)
    soft = F.one_hot(labels, 3).float()
    np.testing.assert_allclose(balanced_class_weight(soft, k, 3).numpy(), theirs, rtol=1e-6)


def test_a_class_without_rows_has_weight_zero() -> None:
    assert balanced_class_weight(torch.tensor([0, 0, 2]), None, 3).tolist() == [0.5, 0.0, 1.0]


def test_row_weights_multiply() -> None:
    table, target = torch.tensor([1.0, 10.0]), torch.tensor([0, 1, 1])
    weight = torch.tensor([2.0, 3.0, 0.0])
    assert row_weights(target, None, None) is None
    assert row_weights(target, weight, table).tolist() == [2.0, 30.0, 0.0]
    soft = torch.tensor([[0.5, 0.5]])
    assert row_weights(soft, None, table).tolist() == [5.5]


@pytest.mark.parametrize("loss", LOSSES)
def test_probabilities_sum_to_one(loss) -> None:
    logits = torch.tensor([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [0.3, 0.1, 2.0]])
    p = probabilities(loss, logits)
    assert p.dtype == np.float64
    np.testing.assert_allclose(p.sum(1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(p, np.exp(log_probabilities(loss, logits).numpy()), rtol=1e-12)


def test_probabilities_of_each_family() -> None:
    z = np.array([[0.2, -1.0, 0.7]])
    s = 1 / (1 + np.exp(-z))
    c = z.clip(1e-7, 1)
    tensor = torch.from_numpy(z)
    np.testing.assert_allclose(probabilities("brier", tensor), np.exp(z) / np.exp(z).sum())
    np.testing.assert_allclose(probabilities("binary_cross_entropy", tensor), s / s.sum())
    np.testing.assert_allclose(probabilities("squared_error", tensor), c / c.sum())
    np.testing.assert_allclose(sigmoids("sigmoid_mse", tensor), s)
    assert sigmoids("cross_entropy", tensor) is None


def test_log_loss_is_the_sum_of_minus_log_p(batch) -> None:
    logits, target = batch
    p = probabilities("binary_cross_entropy", logits)
    weight = np.arange(6.0)
    expected = -(weight * np.log(p[np.arange(6), target.numpy()])).sum()
    found = log_loss("binary_cross_entropy", logits, target, torch.from_numpy(weight))
    assert float(found) == pytest.approx(expected, rel=1e-12)

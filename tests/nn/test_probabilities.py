"""The modules that take probabilities: torch's values, every option, tensors of a batch."""

import pytest
import torch

import crossent
from crossent import nn

Z = torch.randn(4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
LOGP, P = torch.log_softmax(Z, 1), torch.sigmoid(Z)
INDEX = torch.tensor([0, 2, 1, 0])
LABELS = torch.rand(4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_equals_torch(reduction) -> None:
    weight = torch.arange(1.0, 5.0, dtype=torch.float64)
    torch.testing.assert_close(
        nn.NLLLoss(weight, ignore_index=2, reduction=reduction)(LOGP, INDEX),
        torch.nn.NLLLoss(weight, ignore_index=2, reduction=reduction)(LOGP, INDEX),
    )
    torch.testing.assert_close(
        nn.BCELoss(weight, reduction=reduction)(P, LABELS),
        torch.nn.BCELoss(weight, reduction=reduction)(P, LABELS),
    )


@pytest.mark.parametrize(
    "options",
    [
        {"weight": torch.arange(1.0, 5.0)},
        {"ignore_index": 2},
        {"label_smoothing": 0.2},
        {"normalize_by": 2.0},
        {"axis": 0},
    ],
    ids=lambda options: next(iter(options)),
)
def test_every_option_of_nll_reaches_the_loss(options) -> None:
    value = nn.NLLLoss(**options)(LOGP, INDEX)
    torch.testing.assert_close(value, crossent.nll_loss(LOGP, INDEX, **options))
    assert value != crossent.nll_loss(LOGP, INDEX)


@pytest.mark.parametrize(
    "options",
    [{"weight": torch.arange(1.0, 5.0)}, {"label_smoothing": 0.2}, {"normalize_by": 2.0}],
    ids=lambda options: next(iter(options)),
)
def test_every_option_of_binary_reaches_the_loss(options) -> None:
    value = nn.BCELoss(**options)(P, LABELS)
    torch.testing.assert_close(value, crossent.binary_cross_entropy(P, LABELS, **options))
    assert value != crossent.binary_cross_entropy(P, LABELS)


def test_tensors_of_a_batch_and_shift() -> None:
    rows = torch.tensor([True, False, True, True])
    weight = torch.tensor([1.0, 2.0, 3.0, 4.0])
    torch.testing.assert_close(
        nn.NLLLoss()(LOGP, INDEX, mask=rows, sample_weight=weight),
        nn.NLLLoss()(LOGP[rows], INDEX[rows], sample_weight=weight[rows]),
    )
    shifted = nn.NLLLoss(shift=True)(LOGP[None], INDEX[None])
    torch.testing.assert_close(shifted, nn.NLLLoss()(LOGP[:-1], INDEX[1:]))
    mask = LABELS > 0.5
    expected = torch.nn.BCELoss()(P[mask], LABELS[mask])
    torch.testing.assert_close(nn.BCELoss()(P, LABELS, mask=mask), expected)
    missing = torch.where(mask, LABELS, -1.0)
    torch.testing.assert_close(nn.BCELoss(ignore_index=-1)(P, missing), expected)

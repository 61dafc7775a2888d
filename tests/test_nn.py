"""The modules: torch's arguments in torch's order, torch's state, torch's values."""

import inspect

import pytest
import torch

import crossent
from crossent import nn

PAIRS = [
    (nn.CrossEntropyLoss, torch.nn.CrossEntropyLoss),
    (nn.BCEWithLogitsLoss, torch.nn.BCEWithLogitsLoss),
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_the_constructor_begins_with_torchs(ours, theirs) -> None:
    own = list(inspect.signature(ours.__init__).parameters.values())
    for mine, torchs in zip(
        own, inspect.signature(theirs.__init__).parameters.values(), strict=False
    ):
        assert (mine.name, mine.default) == (torchs.name, torchs.default)


def test_cross_entropy_equals_torch_and_shares_its_state() -> None:
    weight = torch.tensor([1.0, 2.0, 3.0])
    z, y = torch.randn(5, 3), torch.tensor([0, 1, 2, -1, 1])
    ours = nn.CrossEntropyLoss(torch.ones(3), ignore_index=-1, label_smoothing=0.1)
    theirs = torch.nn.CrossEntropyLoss(weight, ignore_index=-1, label_smoothing=0.1)
    ours.load_state_dict(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(ours(z, y), theirs(z, y))


def test_binary_equals_torch_and_shares_its_state() -> None:
    z, t = torch.randn(5, 3), torch.rand(5, 3)
    theirs = torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor([1.0, 2.0, 3.0]))
    ours = nn.BCEWithLogitsLoss(pos_weight=torch.ones(3))
    ours.load_state_dict(theirs.state_dict())
    torch.testing.assert_close(ours(z, t), theirs(z, t))


@pytest.mark.parametrize(
    "options",
    [
        {"gamma": 2.0},
        {"z_loss": 0.1},
        {"poly_epsilon": 1.0},
        {"temperature": 0.5},
        {"softcap": 2.0},
        {"normalize_by": 2.0},
        {"label_smoothing": 0.2},
        {"axis": 0},
    ],
    ids=lambda options: next(iter(options)),
)
def test_every_option_reaches_the_loss(options) -> None:
    z, y = torch.randn(3, 3, dtype=torch.float64), torch.tensor([0, 2, 1])
    value = nn.CrossEntropyLoss(**options)(z, y)
    torch.testing.assert_close(value, crossent.cross_entropy(z, y, **options))
    assert value != crossent.cross_entropy(z, y)


@pytest.mark.parametrize("options", [{"gamma": 2.0}, {"softcap": 2.0}, {"normalize_by": 3.0}])
def test_every_binary_option_reaches_the_loss(options) -> None:
    z, t = torch.randn(5, 3), torch.rand(5, 3)
    value = nn.BCEWithLogitsLoss(**options)(z, t)
    torch.testing.assert_close(value, crossent.binary_cross_entropy_with_logits(z, t, **options))
    assert value != crossent.binary_cross_entropy_with_logits(z, t)


def test_a_learned_temperature_belongs_to_the_module() -> None:
    loss = nn.CrossEntropyLoss(temperature=torch.nn.Parameter(torch.tensor(2.0)))
    assert [name for name, _ in loss.named_parameters()] == ["temperature"]
    loss(torch.randn(2, 3), torch.tensor([0, 1])).backward()
    assert torch.isfinite(loss.temperature.grad)
    assert loss.double().temperature.dtype == torch.float64
    fixed = nn.CrossEntropyLoss(torch.ones(3), temperature=torch.tensor(2.0)).double()
    assert fixed.temperature.dtype == fixed.weight.dtype == torch.float64


@pytest.mark.parametrize("module", [nn.CrossEntropyLoss, nn.BCEWithLogitsLoss])
def test_retired_arguments_and_wrong_words(module) -> None:
    with pytest.raises(ValueError, match="size_average and reduce are retired"):
        module(size_average=True)
    with pytest.raises(ValueError, match="reduction must be"):
        module(reduction="avg")

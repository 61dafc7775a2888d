"""The modules: torch's arguments in torch's order, torch's state, torch's values."""

import inspect

import pytest
import torch

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


def test_options_of_our_own_and_the_buffer_moves() -> None:
    loss = nn.CrossEntropyLoss(torch.ones(3), gamma=2.0, z_loss=0.1).double()
    assert loss.weight.dtype == torch.float64
    assert torch.isfinite(loss(torch.zeros(1, 3, dtype=torch.float64), torch.tensor([0])))


@pytest.mark.parametrize("module", [nn.CrossEntropyLoss, nn.BCEWithLogitsLoss])
def test_retired_arguments_and_wrong_words(module) -> None:
    with pytest.raises(ValueError, match="size_average and reduce are retired"):
        module(size_average=True)
    with pytest.raises(ValueError, match="reduction must be"):
        module(reduction="avg")

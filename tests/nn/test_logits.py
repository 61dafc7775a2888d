"""The modules that take logits: every option and every tensor of a batch reaches the loss."""

import pytest
import torch

import crossent
from crossent import nn

Z = torch.randn(4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
INDEX = torch.tensor([0, 2, 1, 0])
LABELS = torch.rand(4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
MASK = torch.tensor([True, False, True, True])


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


def name_of(options) -> str:
    return next(iter(options))


@pytest.mark.parametrize(
    "options",
    [
        {"gamma": 2.0},
        {"z_loss": 0.1},
        {"poly_epsilon": 1.0},
        {"temperature": 0.5},
        {"temperature": torch.tensor(0.5, dtype=torch.float64)},
        {"softcap": 2.0},
        {"normalize_by": 2.0},
        {"label_smoothing": 0.2},
        {"ignore_index": 2},
        {"axis": 0},
        {"weight": torch.arange(1.0, 5.0)},
    ],
    ids=name_of,
)
def test_every_option_reaches_the_loss(options) -> None:
    value = nn.CrossEntropyLoss(**options)(Z, INDEX)
    torch.testing.assert_close(value, crossent.cross_entropy(Z, INDEX, **options))
    assert value != crossent.cross_entropy(Z, INDEX)


@pytest.mark.parametrize(
    "options",
    [
        {"gamma": 2.0},
        {"poly_epsilon": 1.0},
        {"softcap": 2.0},
        {"temperature": 0.5},
        {"normalize_by": 3.0},
        {"label_smoothing": 0.2},
        {"weight": torch.arange(1.0, 5.0)},
        {"pos_weight": torch.arange(1.0, 5.0)},
    ],
    ids=name_of,
)
def test_every_binary_option_reaches_the_loss(options) -> None:
    value = nn.BCEWithLogitsLoss(**options)(Z, LABELS)
    torch.testing.assert_close(
        value, crossent.binary_cross_entropy_with_logits(Z, LABELS, **options)
    )
    assert value != crossent.binary_cross_entropy_with_logits(Z, LABELS)


@pytest.mark.parametrize(
    "options",
    [
        {"gamma": 0.5},
        {"alpha": 0.25},
        {"alpha": torch.arange(1.0, 5.0)},
        {"form": "per_class", "label_smoothing": 0.1},
        {"reduction": "sum"},
        {"ignore_index": 2},
        {"label_smoothing": 0.2},
        {"normalize_by": 3.0},
        {"temperature": 0.5},
        {"softcap": 2.0},
        {"axis": 0},
    ],
    ids=name_of,
)
def test_every_focal_option_reaches_the_loss(options) -> None:
    value = nn.FocalLoss(**options)(Z, INDEX)
    torch.testing.assert_close(value, crossent.focal_loss(Z, INDEX, **options))
    assert value != crossent.focal_loss(Z, INDEX)


def test_focal_sigmoids_and_words_that_name_no_loss() -> None:
    options = {"activation": "sigmoid", "alpha": 0.25}
    value = nn.FocalLoss(**options)(Z, LABELS)
    torch.testing.assert_close(value, crossent.focal_loss(Z, LABELS, **options))
    for wrong in ({"activation": "relu"}, {"form": "keras"}, {"gamma": -1.0}):
        with pytest.raises(ValueError, match=name_of(wrong)):
            nn.FocalLoss(**wrong)


@pytest.mark.parametrize(
    ("module", "loss"),
    [(nn.CrossEntropyLoss(), crossent.cross_entropy), (nn.FocalLoss(), crossent.focal_loss)],
    ids=["cross_entropy", "focal"],
)
def test_tensors_of_a_batch(module, loss) -> None:
    batch = {"sample_weight": torch.tensor([1.0, 2.0, 3.0, 4.0]), "mask": MASK}
    torch.testing.assert_close(module(Z, INDEX, **batch), loss(Z, INDEX, **batch))
    assert module(Z, INDEX, **batch) != module(Z, INDEX)


def test_masks_and_missing_labels_of_elements() -> None:
    mask = LABELS > 0.5
    loss = nn.BCEWithLogitsLoss()
    expected = loss(Z[mask], LABELS[mask])
    torch.testing.assert_close(loss(Z, LABELS, mask=mask), expected)
    missing = torch.where(mask, LABELS, -1.0)
    torch.testing.assert_close(nn.BCEWithLogitsLoss(ignore_index=-1)(Z, missing), expected)


def test_shift_is_of_causal_language_models() -> None:
    z, y = Z.reshape(1, 4, 4), INDEX.reshape(1, 4)
    for module, plain in (
        (nn.CrossEntropyLoss(shift=True), nn.CrossEntropyLoss()),
        (nn.FocalLoss(shift=True), nn.FocalLoss()),
    ):
        torch.testing.assert_close(module(z, y), plain(Z[:-1], INDEX[1:]))


@pytest.mark.parametrize(
    ("module", "target"),
    [(nn.CrossEntropyLoss, INDEX), (nn.BCEWithLogitsLoss, LABELS), (nn.FocalLoss, INDEX)],
)
def test_a_learned_temperature_belongs_to_the_module(module, target) -> None:
    loss = module(temperature=torch.nn.Parameter(torch.tensor(2.0)))
    assert [name for name, _ in loss.named_parameters()] == ["temperature"]
    loss(Z.float(), target).backward()
    assert torch.isfinite(loss.temperature.grad)
    assert loss.double().temperature.dtype == torch.float64
    fixed = module(temperature=torch.tensor(2.0)).double()
    assert [name for name, _ in fixed.named_buffers()] == ["temperature"]
    assert fixed.temperature.dtype == torch.float64

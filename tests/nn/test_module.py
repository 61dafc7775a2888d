"""What every module is: torch's constructor, torch's state, a repr that tells, copies that work."""

import copy
import inspect
import pickle
from functools import partial

import pytest
import torch

from crossent import nn

TORCHS = ["CrossEntropyLoss", "BCEWithLogitsLoss", "NLLLoss", "BCELoss"]
Z = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
INDEX = torch.tensor([0, 1, 2, 2, 1])
LABELS = torch.rand(5, 3, generator=torch.Generator().manual_seed(1))
WEIGHT = torch.tensor([1.0, 2.0, 3.0])

# Every module with a tensor of its own, and what it is called with.
CASES = {
    "CrossEntropyLoss": ({"weight": WEIGHT, "temperature": torch.tensor(2.0)}, Z, INDEX),
    "BCEWithLogitsLoss": ({"weight": WEIGHT, "pos_weight": WEIGHT}, Z, LABELS),
    "NLLLoss": ({"weight": WEIGHT}, torch.log_softmax(Z, 1), INDEX),
    "BCELoss": ({"weight": WEIGHT}, torch.sigmoid(Z), LABELS),
    "FocalLoss": ({"alpha": WEIGHT}, Z, INDEX),
}


def test_the_list_is_exact() -> None:
    assert sorted(nn.__all__) == nn.__all__ == sorted(CASES)


@pytest.mark.parametrize("name", TORCHS)
def test_the_constructor_begins_with_torchs(name) -> None:
    ours, theirs = (
        list(inspect.signature(getattr(module, name)).parameters.values())
        for module in (nn, torch.nn)
    )
    for mine, torchs in zip(ours, theirs, strict=False):
        assert (mine.name, mine.default) == (torchs.name, torchs.default)
        assert mine.kind == torchs.kind
    assert all(mine.kind == mine.KEYWORD_ONLY for mine in ours[len(theirs) :])


@pytest.mark.parametrize("name", TORCHS)
def test_values_and_states_are_torchs(name) -> None:
    options, values, target = CASES[name]
    options = {k: v for k, v in options.items() if k != "temperature"}
    ours = getattr(nn, name)(**{k: torch.ones(3) for k in options})
    theirs = getattr(torch.nn, name)(**options)
    ours.load_state_dict(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    torch.testing.assert_close(ours(values, target), theirs(values, target))
    plain, torchs = getattr(nn, name)(), getattr(torch.nn, name)()
    plain.load_state_dict(torchs.state_dict())
    assert plain.state_dict() == torchs.state_dict() == {}
    torch.testing.assert_close(plain(values, target), torchs(values, target))


@pytest.mark.parametrize("name", CASES)
def test_copies_pickles_and_moves(name) -> None:
    options, values, target = CASES[name]
    loss = getattr(nn, name)(**options)
    value = loss(values, target)
    for twin in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        torch.testing.assert_close(twin(values, target), value, rtol=0, atol=0)
        assert repr(twin) == repr(loss)
    own = getattr(loss, next(iter(options)))
    assert copy.deepcopy(loss)._buffers[next(iter(options))] is not own
    loss.double()
    assert all(getattr(loss, option).dtype == torch.float64 for option in options)
    assert all(b.device.type == "meta" for b in loss.to("meta").buffers())


@pytest.mark.parametrize("name", CASES)
def test_settings_are_read_at_every_call(name) -> None:
    options, values, target = CASES[name]
    loss = getattr(nn, name)(**options)
    rows = getattr(nn, name)(reduction="sum", label_smoothing=0.1, **options)
    loss.reduction, loss.label_smoothing = "sum", 0.1
    torch.testing.assert_close(loss(values, target), rows(values, target), rtol=0, atol=0)


@pytest.mark.parametrize("name", CASES)
def test_a_module_compiles_whole(name) -> None:
    options, values, target = CASES[name]
    loss = getattr(nn, name)(**options)
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    values = values.clone().requires_grad_()
    slopes = [torch.autograd.grad(call(values, target), values)[0] for call in (loss, compiled)]
    torch.testing.assert_close(*slopes)


@pytest.mark.parametrize(
    ("loss", "shown"),
    [
        (nn.CrossEntropyLoss(), "CrossEntropyLoss()"),
        (
            nn.CrossEntropyLoss(WEIGHT, ignore_index=0, label_smoothing=0.1, shift=True),
            "CrossEntropyLoss(weight=tensor of shape (3,), ignore_index=0, label_smoothing=0.1, "
            "shift=True)",
        ),
        (
            nn.CrossEntropyLoss(temperature=torch.nn.Parameter(torch.tensor(2.0))),
            "CrossEntropyLoss(temperature=2)",
        ),
        (
            nn.BCEWithLogitsLoss(pos_weight=WEIGHT, ignore_index=-1),
            "BCEWithLogitsLoss(pos_weight=tensor of shape (3,), ignore_index=-1)",
        ),
        (nn.NLLLoss(reduction="sum"), "NLLLoss(reduction='sum')"),
        (nn.BCELoss(normalize_by=4.0), "BCELoss(normalize_by=4.0)"),
        (nn.FocalLoss(), "FocalLoss()"),
        (
            nn.FocalLoss(0.5, 0.25, activation="sigmoid", form="per_class"),
            "FocalLoss(gamma=0.5, alpha=0.25, activation='sigmoid', form='per_class')",
        ),
    ],
    ids=repr,
)
def test_the_repr_shows_what_is_not_default(loss, shown) -> None:
    assert repr(loss) == shown


@pytest.mark.parametrize("name", TORCHS)
def test_retired_arguments_and_wrong_words(name) -> None:
    module = getattr(nn, name)
    for retired in ({"size_average": True}, {"reduce": False}):
        with pytest.raises(ValueError, match="size_average and reduce are retired"):
            module(**retired)
    with pytest.raises(ValueError, match="reduction must be"):
        module(reduction="avg")
    with pytest.raises(ValueError, match="normalize_by says what a mean divides by"):
        module(reduction="sum", normalize_by=2.0)
    with pytest.raises(TypeError, match="cannot assign 'list' object to buffer 'weight'"):
        module([1.0, 2.0, 3.0])


def test_a_subclass_with_a_constructor_of_its_own() -> None:
    class Mine(nn.CrossEntropyLoss):
        def __init__(self) -> None:
            super().__init__(label_smoothing=0.1)

    assert "label_smoothing=0.1" in repr(Mine())
    torch.testing.assert_close(Mine()(Z, INDEX), nn.CrossEntropyLoss(label_smoothing=0.1)(Z, INDEX))


KINDS = {
    "none": lambda: None,
    "number": lambda: 0.5,
    "tensor": lambda: torch.tensor([0.5, 1.0, 2.0]),
    "parameter": lambda: torch.nn.Parameter(torch.tensor([0.5, 1.0, 2.0])),
}


@pytest.mark.parametrize("before", KINDS)
@pytest.mark.parametrize("after", KINDS)
@pytest.mark.parametrize("name", ["alpha", "weight"])
def test_a_tensor_is_registered_whenever_it_is_assigned(before, after, name) -> None:
    module = {"alpha": partial(nn.FocalLoss, 0.0), "weight": nn.CrossEntropyLoss}[name]
    first, value = KINDS[before](), KINDS[after]()
    if name == "weight" and "number" in (before, after):  # torch has no number there either
        with pytest.raises(TypeError, match="cannot assign 'float' object to buffer 'weight'"):
            setattr(module(), name, 0.5)
        return
    loss = module(**{name: first})
    setattr(loss, name, value)
    assert getattr(loss, name) is value
    saved = [name] if after in ("tensor", "parameter") else []
    assert list(loss.state_dict()) == saved
    assert [n for n, _ in loss.named_parameters()] == (saved if after == "parameter" else [])
    assert [n for n, _ in loss.named_buffers()] == (saved if after == "tensor" else [])
    assert (name in loss._buffers) == (after == "tensor" or (name, after) == ("weight", "none"))
    expected = module(**{name: value})(Z, INDEX)
    torch.testing.assert_close(loss(Z, INDEX), expected, rtol=0, atol=0)
    torch.testing.assert_close(copy.deepcopy(loss)(Z, INDEX), expected, rtol=0, atol=0)


def test_a_temperature_is_set_later() -> None:
    loss = nn.CrossEntropyLoss()
    for value in (2.0, torch.tensor(2.0), torch.nn.Parameter(torch.tensor(2.0)), 2):
        loss.temperature = value
        torch.testing.assert_close(loss(Z, INDEX), nn.CrossEntropyLoss()(Z / 2, INDEX))
    with pytest.raises(TypeError, match="cannot assign 'list' object to buffer 'temperature'"):
        loss.temperature = [2.0]
    assert loss.temperature == 2

import pytest
import torch

from crossent.estimators.optimizer import make_optimizer
from crossent.estimators.settings import TrainSettings

KINDS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}


@pytest.mark.parametrize("name", KINDS)
def test_steps_are_pytorchs_plain_ones(name) -> None:
    settings = TrainSettings(optimizer=name, lr=0.1, weight_decay=0.0, momentum=0.8).resolved(10)
    ours = [torch.nn.Parameter(torch.ones(2, 3)), torch.nn.Parameter(torch.ones(3))]
    theirs = [torch.nn.Parameter(p.detach().clone()) for p in ours]
    options = {"momentum": 0.8, "nesterov": True} if name == "sgd" else {"weight_decay": 0.0}
    pairs = (
        (ours, make_optimizer(ours, settings)),
        (theirs, KINDS[name](theirs, lr=0.1, foreach=False, fused=False, **options)),
    )
    for parameters, optimizer in pairs:
        for step in range(5):
            for p in parameters:
                p.grad = (p.detach() - step) ** 2
            optimizer.step()
    for ours_, theirs_ in zip(ours, theirs, strict=True):
        torch.testing.assert_close(ours_, theirs_, rtol=1e-5, atol=1e-7)


def test_biases_are_not_decayed() -> None:
    settings = TrainSettings(optimizer="adamw", lr=0.1, weight_decay=0.5).resolved(10)
    weight, bias = (torch.nn.Parameter(torch.ones(shape)) for shape in ((2, 3), (2,)))
    optimizer = make_optimizer([weight, bias], settings)
    weight.grad, bias.grad = torch.zeros(2, 3), torch.zeros(2)
    optimizer.step()
    assert weight.detach().flatten().tolist() == pytest.approx([0.95] * 6)
    assert bias.tolist() == [1.0, 1.0]

import pytest
import torch

from crossent.estimators.schedule import learning_rate


def test_one_cycle_is_pytorchs() -> None:
    """OneCycleLR with a quarter warming up and no floor, sampled at its own steps."""
    steps = 81  # its phases end at whole steps: 0.25 * 81 - 1 = 19.25, so compare the shapes' ends
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.3, total_steps=steps, pct_start=21 / 81, final_div_factor=1e9,
        cycle_momentum=False,
    )  # fmt: skip
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(rates) < steps:
            theirs.step()
    ours = [learning_rate("one_cycle", 0.3, step / (steps - 1)) for step in range(steps)]
    assert ours == pytest.approx(rates, abs=1e-9)


def test_constant_is_constant() -> None:
    assert {learning_rate("constant", 0.1, p / 7) for p in range(8)} == {0.1}


def test_one_cycle_stays_positive_before_the_end() -> None:
    rates = [learning_rate("one_cycle", 1.0, step / 1000) for step in range(1000)]
    assert min(rates) > 0
    assert max(rates) == 1.0

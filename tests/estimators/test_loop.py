from math import inf, log, nan

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from crossent.errors import InputError
from crossent.estimators.loop import fit, logits_of
from crossent.estimators.networks import build
from crossent.estimators.objective import objective
from crossent.estimators.rows import Rows
from crossent.estimators.schedule import learning_rate
from crossent.estimators.settings import TrainSettings


@pytest.fixture
def rows() -> Rows:
    generator = torch.Generator().manual_seed(0)
    target = torch.arange(90) % 3
    noise = torch.randn(90, 4, generator=generator)
    return Rows(F.one_hot(target, 4).float() * 2 + noise, target)


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return build("mlp", (4,), 3, (8,))


def quick(**options) -> TrainSettings:
    return TrainSettings(**{"epochs": 4, "batch_size": 20, "device": "cpu", **options}).resolved(90)


def test_the_weights_are_those_of_a_loop_written_out(rows) -> None:
    settings = quick(optimizer="adamw", lr=0.01, weight_decay=0.0, seed=3)
    ours, theirs = network(), network()
    fit(ours, objective(settings), rows, None, settings)
    optimizer = torch.optim.AdamW(theirs.parameters(), weight_decay=0.0, fused=True)
    generator = torch.Generator().manual_seed(3)
    steps, step = 4 * 5, 0
    for _ in range(4):
        order = torch.randperm(90, generator=generator)
        for begin in range(0, 90, 20):
            index = order[begin : begin + 20]
            optimizer.param_groups[0]["lr"] = learning_rate("one_cycle", 0.01, step / steps)
            optimizer.zero_grad()
            F.cross_entropy(theirs(rows.features[index]), rows.target[index]).backward()
            optimizer.step()
            step += 1
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_same_seed_same_bytes(rows, optimizer) -> None:
    def weights(seed: int) -> bytes:
        model = network()
        settings = quick(optimizer=optimizer, seed=seed)
        fit(model, objective(settings), rows, rows, settings)
        return b"".join(p.detach().numpy().tobytes() for p in model.parameters())

    assert weights(0) == weights(0)
    assert weights(0) != weights(1)


def test_losses_are_means_over_rows_not_batches(rows) -> None:
    """At a rate that moves nothing, the pass's loss is the full mean, last small batch and all."""
    settings = quick(optimizer="sgd", lr=1e-30, epochs=1)
    model = network()
    history = fit(model, objective(settings), rows, rows, settings)
    expected = F.cross_entropy(model(rows.features), rows.target).item()
    (epoch,) = history.epochs
    assert epoch.train_loss == pytest.approx(expected, rel=1e-6)
    assert epoch.validation_loss == pytest.approx(expected, rel=1e-6)
    assert (epoch.rows, epoch.steps) == (90, 5)


def test_weighted_losses_and_accuracy(rows) -> None:
    weight = torch.rand(90)
    weighted = Rows(rows.features, rows.target, weight, weight * (1 + rows.target))
    settings = quick(optimizer="sgd", lr=1e-30, epochs=1, loss="brier")
    model = network()
    (epoch,) = fit(model, objective(settings), weighted, weighted, settings).epochs
    with torch.no_grad():
        p = torch.softmax(model(rows.features), 1)
    brier = ((p - F.one_hot(rows.target, 3)) ** 2).sum(1)
    full = weighted.objective_weight
    assert epoch.validation_objective == pytest.approx((brier @ full / full.sum()).item(), rel=1e-5)
    assert epoch.train_loss == pytest.approx(epoch.validation_objective, rel=1e-5)
    nll = -p[torch.arange(90), rows.target].log()
    assert epoch.validation_loss == pytest.approx((nll @ weight / weight.sum()).item(), rel=1e-5)
    right = (p.argmax(1) == rows.target).float()
    assert epoch.validation_accuracy == pytest.approx((right @ weight / weight.sum()).item())


def test_soft_labels_reach_their_entropy() -> None:
    target = torch.tensor([[0.7, 0.3], [0.2, 0.8]]).repeat(20, 1)
    rows = Rows(torch.tensor([[1.0], [-1.0]]).repeat(20, 1), target)
    settings = TrainSettings(model="linear", epochs=200, batch_size=40, weight_decay=0.0)
    settings = settings.resolved(40)
    model = build("linear", (1,), 2)
    history = fit(model, objective(settings), rows, rows, settings)
    entropy = -(0.7 * log(0.7) + 0.3 * log(0.3) + 0.2 * log(0.2) + 0.8 * log(0.8)) / 2
    assert history.epochs[-1].validation_loss == pytest.approx(entropy, abs=1e-4)


def test_patience_stops_and_the_best_epoch_is_kept(rows) -> None:
    """Validation labels turned round: learning makes them worse, so the first epoch is best."""
    wrong = Rows(rows.features, (rows.target + 1) % 3)
    settings = quick(epochs=50, patience=3, lr=0.05, schedule="constant")
    model = network()
    seen: list[list[float]] = []
    history = fit(
        model, objective(settings), rows, wrong, settings,
        on_epoch=lambda _: seen.append(logits_of(model, rows.features).flatten().tolist()),
    )  # fmt: skip
    losses = [epoch.validation_loss for epoch in history.epochs]
    assert history.stopped_early
    assert not history.interrupted
    assert history.kept_epoch == losses.index(min(losses)) + 1 == len(losses) - 3
    assert logits_of(model, rows.features).flatten().tolist() == seen[history.kept_epoch - 1]


def test_patience_needs_a_validation_part(rows) -> None:
    settings = quick(patience=2)
    with pytest.raises(InputError, match="validation part"):
        fit(network(), objective(settings), rows, None, settings)


def test_without_validation_the_last_epoch_is_kept(rows) -> None:
    settings = quick()
    history = fit(network(), objective(settings), rows, None, settings)
    assert history.kept_epoch == 4
    assert {epoch.validation_loss for epoch in history.epochs} == {None}
    assert not history.stopped_early


def test_stop_finishes_the_step_and_records_the_epoch(rows) -> None:
    settings = quick()
    done: list[int] = []
    history = fit(
        network(), objective(settings), rows, rows, settings,
        on_step=done.append, stop=lambda: len(done) == 7,
    )  # fmt: skip
    assert done == [20, 20, 20, 20, 10, 20, 20]
    assert history.interrupted
    assert not history.stopped_early
    assert [epoch.rows for epoch in history.epochs] == [90, 40]
    assert history.epochs[-1].steps == 7


@pytest.mark.parametrize("bad", [nan, inf])
def test_a_loss_that_is_not_finite_stops(rows, bad) -> None:
    settings = quick()

    def diverge(logits, target, weight):
        return logits.sum() * bad

    with pytest.raises(InputError, match=r"epoch 1.*lower --lr"):
        fit(network(), diverge, rows, None, settings)


def test_logits_do_not_depend_on_the_training_mode(rows) -> None:
    model = network().train()
    assert torch.equal(logits_of(model, rows.features), logits_of(model, rows.features))
    assert not model.training
    assert logits_of(model, rows.features[:0]).shape == (0, 3)

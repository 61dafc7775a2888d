import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch

from crossent.errors import InputError
from crossent.estimators.settings import TrainSettings
from crossent.estimators.train import train


def quick(**options) -> TrainSettings:
    defaults = {"epochs": 15, "batch_size": 16, "hidden": (16,), "lr": 0.02, "device": "cpu"}
    return TrainSettings(**{**defaults, **options})


def accuracy(run) -> float:
    return float((run.test.probabilities.argmax(1) == run.test.labels).mean())


@pytest.mark.parametrize("model", ["linear", "mlp"])
def test_learns_a_table(table, model) -> None:
    run = train(*table, quick(model=model))
    assert accuracy(run) > 0.75
    assert run.test.probabilities.shape == (48, 3)
    assert run.test.rows.tolist() == table[2].rows.tolist()


@pytest.mark.parametrize("model", ["linear", "mlp", "cnn"])
def test_learns_images(images, model) -> None:
    assert accuracy(train(*images, quick(model=model, lr=0.01))) == 1.0


@pytest.mark.parametrize(
    "loss", ["focal", "binary_cross_entropy", "brier", "sigmoid_mse", "squared_error"]
)
def test_every_loss_learns(table, loss) -> None:
    run = train(*table, quick(loss=loss))
    assert accuracy(run) > 0.75
    assert (run.test.sigmoids is None) == (loss not in ("binary_cross_entropy", "sigmoid_mse"))
    np.testing.assert_allclose(run.test.probabilities.sum(1), 1.0, rtol=1e-12)


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_same_settings_same_bytes_whatever_ran_before(images, model) -> None:
    def weights() -> bytes:
        network = train(*images, quick(model=model, epochs=2)).classifier.network
        return b"".join(p.detach().numpy().tobytes() for p in network.parameters())

    first = weights()
    torch.rand(7)
    assert weights() == first


def test_the_settings_in_full_repeat_the_run(table) -> None:
    first = train(*table, TrainSettings(model="linear", epochs=2))
    full = first.classifier.settings
    assert full.threads == 1
    assert full.device == "cpu" or full.device.startswith("cuda")
    again = train(*table, full)
    assert again.classifier.settings == full
    assert again.test.probabilities.tobytes() == first.test.probabilities.tobytes()


def test_the_callers_random_numbers_are_left_alone(table) -> None:
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    train(*table, quick(epochs=1))
    assert torch.equal(torch.rand(2), expected)


def test_balanced_weights_equal_weights_given(table) -> None:
    """class_weight="balanced" trains as the same weights on the rows would."""
    labels = table[0].labels
    rare = np.concatenate([np.flatnonzero(labels != 0), np.flatnonzero(labels == 0)[:6]])
    rows = table[0].take(rare)
    counts = np.bincount(rows.labels)
    weights = (len(rows) / (3 * counts))[rows.labels]
    one = train(rows, None, table[2], quick(class_weight="balanced"))
    other = train(replace(rows, weights=weights), None, table[2], quick())
    np.testing.assert_allclose(
        one.test.probabilities, other.test.probabilities, rtol=1e-3, atol=1e-6
    )


def test_weight_zero_removes_rows(table) -> None:
    """Rows of weight 0 with wrong labels teach nothing."""
    good = table[0]
    spoilt = good.take(np.arange(len(good)))
    spoilt = replace(spoilt, labels=(spoilt.labels + 1) % 3, weights=np.zeros(len(spoilt)))
    both = replace(
        good,
        features=replace(
            good.features,
            columns=tuple(
                replace(a, values=np.concatenate([a.values, b.values]))
                for a, b in zip(good.features.columns, spoilt.features.columns, strict=True)
            ),
        ),
        labels=np.concatenate([good.labels, spoilt.labels]),
        rows=np.concatenate([good.rows, spoilt.rows]),
        weights=np.concatenate([np.ones(len(good)), spoilt.weights]),
    )
    assert accuracy(train(both, None, table[2], quick())) > 0.75


def test_soft_labels(table) -> None:
    def soften(part):
        return replace(part, target_probs=0.9 * np.eye(3)[part.labels] + 0.1 / 3)

    run = train(*map(soften, table), quick(loss="cross_entropy"))
    assert accuracy(run) > 0.75
    assert run.test.target_probs is not None
    hard = train(*table, quick())
    assert run.test.probabilities.max(1).mean() < hard.test.probabilities.max(1).mean() - 0.01


def test_ctrl_c_finishes_the_step(table) -> None:
    steps: list[int] = []

    def press(rows: int) -> None:
        steps.append(rows)
        if len(steps) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    run = train(*table, quick(), on_step=press)
    assert run.history.interrupted
    assert len(steps) == 3
    assert run.test.probabilities.shape == (48, 3)


def test_no_row_to_train_on(table) -> None:
    with pytest.raises(InputError, match="no row to train on"):
        train(table[0].take(np.arange(0)), None, None, quick())


def test_cnn_refuses_a_table(table) -> None:
    with pytest.raises(InputError, match="--model mlp"):
        train(*table, quick(model="cnn"))


def test_sgd_at_an_absurd_rate_is_refused(table) -> None:
    with pytest.raises(InputError, match="lower --lr"):
        train(*table, quick(optimizer="sgd", lr=1e30, loss="squared_error"))

"""The training loop: batches, steps, epochs, patience, interruption.

Rows stay where they are; a batch is one `index_select` by a slice of the epoch's permutation.
No files, no printing, no scheduler state: the rate is a function of the step.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, inf, isfinite
from time import perf_counter

import torch
from torch import Tensor, nn

from crossent.errors import InputError
from crossent.estimators.history import Epoch, History
from crossent.estimators.objective import Objective, log_loss
from crossent.estimators.optimizer import make_optimizer
from crossent.estimators.rows import Rows
from crossent.estimators.schedule import Schedule, learning_rate
from crossent.estimators.settings import LossName, TrainSettings

EVALUATE_ROWS = 1024  # a cnn's feature maps of 1024 images of 28 x 28 take 50 MB


def fit(
    network: nn.Module,
    objective: Objective,
    train: Rows,
    validation: Rows | None,
    settings: TrainSettings,
    *,
    on_step: Callable[[int], None] | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> History:
    """Minimise `objective` over `train` in place and return what happened.

    on_step is given the rows of each finished step, on_epoch each finished epoch; when stop()
    is true after a step, training ends there, with the epoch so far recorded. The weights
    of the lowest validation log loss are kept. Same seed, device and threads: same bits.
    Raises InputError at a training loss that is not finite, and for patience without validation.
    """
    if settings.patience is not None and not validation:
        raise InputError("patience needs a validation part; leave it out or keep some rows for it")
    run = _Run(network, objective, train, settings)
    epochs: list[Epoch] = []
    best = _Best()
    interrupted = False
    while len(epochs) < run.epochs and not interrupted and not best.is_over(settings.patience):
        began = perf_counter()
        rows, loss, interrupted = run.one_epoch(on_step, stop)
        _check_finite(loss, len(epochs) + 1, run.lr)
        measured = _measure(network, objective, settings.loss, validation)
        epoch = Epoch(
            epoch=len(epochs) + 1,
            steps=run.step,
            rows=rows,
            train_loss=loss,
            **measured,
            lr=run.lr,
            seconds=round(perf_counter() - began, 4),
        )
        epochs.append(epoch)
        best.look(epoch, network)
        if on_epoch is not None:
            on_epoch(epoch)
    kept = best.restore(network) or len(epochs)
    early = not interrupted and len(epochs) < run.epochs
    return History(tuple(epochs), kept, stopped_early=early, interrupted=interrupted)


class _Run:
    """The state of a run between epochs: optimizer, order of rows, steps done."""

    def __init__(
        self, network: nn.Module, objective: Objective, train: Rows, settings: TrainSettings
    ) -> None:
        resolved = settings.resolved(len(train))
        assert resolved.epochs is not None
        assert resolved.batch_size is not None
        assert resolved.schedule is not None
        assert resolved.lr is not None
        self.network, self.objective, self.train = network, objective, train
        self.epochs, self.batch_size = resolved.epochs, resolved.batch_size
        self.schedule: Schedule = resolved.schedule
        self.peak = self.lr = resolved.lr
        self.steps = self.epochs * ceil(len(train) / self.batch_size)
        self.step = 0
        self.optimizer = make_optimizer(network.parameters(), resolved)
        self.generator = torch.Generator().manual_seed(resolved.seed)

    def one_epoch(
        self, on_step: Callable[[int], None] | None, stop: Callable[[], bool] | None
    ) -> tuple[int, float, bool]:
        """Step through all rows once; return the rows done, their mean loss, and if stopped."""
        network, objective, train, optimizer = (
            self.network, self.objective, self.train, self.optimizer
        )  # fmt: skip
        features, target, weights = train.features, train.target, train.objective_weight
        order = torch.randperm(len(train), generator=self.generator).to(target.device)
        total = torch.zeros((), dtype=torch.float64, device=target.device)
        mass: float | Tensor = 0.0
        rows, stopped = 0, False
        # One buffer for every batch: a fresh one costs a page fault for each 4 KiB of it.
        buffer = features.new_empty((self.batch_size, *features.shape[1:]))
        network.train()
        for index in order.split(self.batch_size):
            self._set_lr()
            batch = torch.index_select(features, 0, index, out=buffer[: len(index)])
            weight = None if weights is None else weights.index_select(0, index)
            optimizer.zero_grad()
            loss = objective(network(batch), target.index_select(0, index), weight)
            loss.backward()
            optimizer.step()
            self.step += 1
            rows += len(index)
            # Summed where it is: reading it here would wait for a GPU at every step.
            if weight is None:
                total.add_(loss.detach(), alpha=len(index))
                mass += len(index)
            else:
                total.addcmul_(loss.detach(), weight.sum())
                mass = mass + weight.sum()
            if on_step is not None:
                on_step(len(index))
            if stop is not None and stop():
                stopped = True
                break
        return rows, float(total) / (float(mass) or 1.0), stopped

    def _set_lr(self) -> None:
        self.lr = learning_rate(self.schedule, self.peak, self.step / self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr


@dataclass(slots=True)
class _Best:
    """The epoch of the lowest validation loss, with its weights."""

    loss: float = inf
    epoch: int = 0
    waited: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict[str, Tensor])

    def look(self, epoch: Epoch, network: nn.Module) -> None:
        loss = epoch.validation_loss
        if loss is None:
            return
        self.waited += 1
        if loss < self.loss:
            self.loss, self.epoch, self.waited = loss, epoch.epoch, 0
            self.weights = {k: v.detach().clone() for k, v in network.state_dict().items()}

    def is_over(self, patience: int | None) -> bool:
        return patience is not None and self.waited >= patience

    def restore(self, network: nn.Module) -> int:
        if self.weights:
            network.load_state_dict(self.weights)
        return self.epoch


@torch.no_grad()
def logits_of(network: nn.Module, features: Tensor) -> Tensor:
    """Return the logits (N, C) of all rows in evaluation mode, in pieces of bounded memory."""
    network.eval()
    return torch.cat([network(part) for part in features.split(EVALUATE_ROWS)])


def _measure(
    network: nn.Module, objective: Objective, loss: LossName, part: Rows | None
) -> dict[str, float | None]:
    """Return log loss, objective and accuracy of a part, None for each without one."""
    names = ("validation_loss", "validation_objective", "validation_accuracy")
    if not part:
        return dict.fromkeys(names)
    logits = logits_of(network, part.features).to("cpu", torch.float64)
    part = part.on_cpu()
    codes = part.target if part.target.ndim == 1 else part.target.argmax(1)
    weight = torch.ones(len(part)).double() if part.weight is None else part.weight.double()
    mass = float(weight.sum()) or 1.0
    values = (
        float(log_loss(loss, logits, part.target, part.weight)) / mass,
        float(objective(logits, part.target, part.objective_weight)),
        float(((logits.argmax(1) == codes) * weight).sum()) / mass,
    )
    return dict(zip(names, values, strict=True))


def _check_finite(loss: float, epoch: int, lr: float) -> None:
    if not isfinite(loss):
        raise InputError(
            f"the training loss became {loss} in epoch {epoch}, at a learning rate of {lr:.3g}; "
            "use a lower --lr"
        )

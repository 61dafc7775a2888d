"""What can be chosen about training, checked; and the defaults, chosen by measurement.

`None` stands for a default that depends on the model, the optimizer or the number of rows;
`resolved(rows)` fills it in. Loads no torch, so a wrong option is refused at once.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from math import ceil, isfinite, log2
from typing import Any, Literal, Self, get_args

from crossent.errors import InputError, quoted
from crossent.estimators.schedule import Schedule

Model = Literal["linear", "mlp", "cnn"]
LossName = Literal[
    "cross_entropy", "focal", "binary_cross_entropy", "brier", "sigmoid_mse", "squared_error"
]
OptimizerName = Literal["adam", "adamw", "sgd"]

# Measured on MNIST, digits, iris, wine, breast cancer, glass and red wine quality, three seeds.
PEAK_LR: dict[str, float] = {"linear": 2e-2, "mlp": 1e-2, "cnn": 5e-3}  # of adam and adamw
SGD_PEAK_LR = 0.1
CONSTANT_SHARE = 0.2  # a rate that never falls must be lower; Adam's usual one is 1e-3
ADAMW_DECAY: dict[str, float] = {"linear": 0.01, "mlp": 0.1, "cnn": 0.1}
EPOCHS: dict[str, int] = {"linear": 10, "mlp": 20, "cnn": 5}
STEPS = 2000  # a small table repeats its rows until it has had about as many steps
MOST_EPOCHS = 100
BATCH = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """How to train: model, loss, optimizer, length, seed, device.

    hidden: widths of the hidden layers (of a cnn: behind the convolutions; linear has none).
    label_smoothing: share of every label spread over all classes. class_weight: "balanced"
    weighs a row by rows / (classes * rows of its class). lr: peak of the schedule. momentum:
    of sgd (Nesterov). patience: epochs without a better validation log loss to stop after.
    threads: of the processor; None leaves PyTorch's number. Raises InputError where a value
    makes no sense.
    """

    model: Model = "mlp"
    hidden: tuple[int, ...] | None = None
    loss: LossName = "cross_entropy"
    label_smoothing: float = 0.0
    class_weight: Literal["balanced"] | None = None
    focal_gamma: float = 2.0
    optimizer: OptimizerName | None = None
    lr: float | None = None
    schedule: Schedule | None = None
    momentum: float = 0.9
    weight_decay: float | None = None
    epochs: int | None = None
    batch_size: int | None = None
    patience: int | None = None
    seed: int = 0
    device: str = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        _one_of("model", self.model, get_args(Model))
        _one_of("loss", self.loss, get_args(LossName))
        _one_of("class_weight", self.class_weight, (None, "balanced"))
        _one_of("optimizer", self.optimizer, (None, *get_args(OptimizerName)))
        _one_of("schedule", self.schedule, (None, *get_args(Schedule)))
        if self.hidden is not None:
            object.__setattr__(self, "hidden", tuple(self.hidden))
            for width in self.hidden:
                _whole("hidden", width, 1)
        _number("label_smoothing", self.label_smoothing, 0.0, 1.0)
        _number("focal_gamma", self.focal_gamma, 0.0)
        _number("momentum", self.momentum, 0.0, 1.0)
        _number("weight_decay", self.weight_decay, 0.0)
        _number("lr", self.lr, 0.0)
        if self.lr == 0.0:
            raise InputError("lr must be above 0; got 0.0. Leave it out for a good default")
        for name, least in (("epochs", 1), ("batch_size", 1), ("patience", 1), ("threads", 1)):
            _whole(name, getattr(self, name), least)
        _whole("seed", self.seed, 0)
        if self.seed >= 2**63:
            raise InputError(f"seed must be below 2**63; got {quoted(self.seed)}")
        _text("device", self.device)

    def resolved(self, rows: int) -> Self:
        """Return settings without a default left open, for training on `rows` rows.

        Only device "auto" and threads None stay: the machine decides them (see `device`).
        Resolving twice changes nothing.

        >>> TrainSettings().resolved(54_000).epochs
        20
        >>> TrainSettings(optimizer="sgd", patience=5).resolved(1000).schedule
        'constant'

        """
        optimizer = _given(self.optimizer, "adamw")
        schedule: Schedule = _given(
            self.schedule, "one_cycle" if self.patience is None else "constant"
        )
        batch_size = _given(self.batch_size, _batch_size(rows))
        return replace(
            self,
            hidden=_hidden(self.model, self.hidden),
            optimizer=optimizer,
            schedule=schedule,
            lr=_given(self.lr, _lr(self, optimizer, schedule)),
            weight_decay=_given(
                self.weight_decay, ADAMW_DECAY[self.model] if optimizer == "adamw" else 0.0
            ),
            batch_size=batch_size,
            epochs=_given(self.epochs, _epochs(self.model, rows, batch_size)),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {**asdict(self), "hidden": None if self.hidden is None else list(self.hidden)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings of `to_dict`; raise InputError at an unknown name or a bad value."""
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise InputError(f"unknown setting {quoted(unknown[0])}")
        hidden = values.get("hidden")
        if not isinstance(hidden, list | tuple | None):
            raise InputError(f"hidden must be a list of whole numbers; got {quoted(hidden)}")
        given: dict[str, Any] = {**values, "hidden": None if hidden is None else tuple(hidden)}
        return cls(**given)


def _hidden(model: Model, hidden: tuple[int, ...] | None) -> tuple[int, ...]:
    if model == "linear":
        return ()
    return _given(hidden, (256,) if model == "mlp" else (128,))


def _lr(settings: TrainSettings, optimizer: str, schedule: Schedule) -> float:
    lr = SGD_PEAK_LR if optimizer == "sgd" else PEAK_LR[settings.model]
    # Raw scores have no squashing function to bound the slope: sgd at 0.1 diverges.
    if optimizer == "sgd" and settings.loss == "squared_error":
        lr /= 20.0
    return lr * CONSTANT_SHARE if schedule == "constant" else lr


def _batch_size(rows: int) -> int:
    """Return a power of two, 16 .. 128, that makes at least about twenty steps an epoch."""
    return min(BATCH, max(16, 2 ** int(log2(max(rows, 20) / 20))))


def _epochs(model: Model, rows: int, batch_size: int) -> int:
    wanted = ceil(STEPS * batch_size / max(rows, 1))
    return max(EPOCHS[model], min(wanted, MOST_EPOCHS))


def _given(value: Any, default: Any) -> Any:
    return default if value is None else value


def _one_of(name: str, value: object, choices: tuple[object, ...]) -> None:
    if value not in choices:
        names = ", ".join(str(choice) for choice in choices if choice is not None)
        raise InputError(f"{name} must be one of {names}; got {quoted(value)}")


def _whole(name: str, value: object, least: int) -> None:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InputError(f"{name} must be a whole number of at least {least}; got {quoted(value)}")


def _number(name: str, value: Any, least: float, below: float | None = None) -> None:
    if value is None:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if number and value >= least and (below is None or value < below):
        return
    limit = f"at least {least:g}" + ("" if below is None else f" and below {below:g}")
    raise InputError(f"{name} must be a number of {limit}; got {quoted(value)}")


def _text(name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise InputError(f"{name} must be a name; got {quoted(value)}")

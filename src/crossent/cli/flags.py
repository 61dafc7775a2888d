"""The flags of `crossent train`, grouped as its help shows them.

One frozen dataclass: the command line, `--config FILE` and the `config.json` of a run all fill it.
What the settings mean and which values make sense is decided by `data` and `estimators`.
"""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args

from cyclopts import Group, Parameter

from crossent.cli.class_names import join_names, parse_merge, split_names
from crossent.errors import InputError, quoted
from crossent.estimators.schedule import Schedule
from crossent.estimators.settings import LossName, Model, OptimizerName, TrainSettings

if TYPE_CHECKING:
    from cyclopts import Token

Parsed = TypeVar("Parsed")

DATA = Group("Data", sort_key=1)
SPLIT = Group("Split", sort_key=2)
MODEL = Group("Model and loss", sort_key=3)
TRAINING = Group("Training", sort_key=4)
OUTPUT = Group("Run", sort_key=5)

SWITCH = Parameter(negative=(), show_default=False)


def split_at_commas(type_: object, tokens: "Sequence[Token]") -> tuple[Any, ...]:
    """Convert `a,b` on the command line, and a list in a file, to a tuple."""
    whole = int in get_args(type_)
    texts: list[str] = []
    for token in tokens:
        texts += token.value.split(",") if token.source == "cli" else [token.value]
    texts = [text.strip() for text in texts]
    if not whole:
        return tuple(texts)
    if any(re.fullmatch(r"[+-]?[0-9]{1,18}", text) is None for text in texts):
        given = quoted(",".join(texts))
        raise ValueError(f"expected whole numbers, such as 256,128; got {given}.")
    return tuple(map(int, texts))


def class_list(type_: object, tokens: "Sequence[Token]") -> tuple[str, ...]:
    """Convert `4,"a,b"` on the command line, and a list in a file, to names of classes."""
    del type_
    lists = [_read(split_names, t) if t.source == "cli" else (t.value,) for t in tokens]
    return tuple(name for names in lists for name in names)


def merge_texts(type_: object, tokens: "Sequence[Token]") -> tuple[str, ...]:
    """Return the texts `new=a,b` as they are written, once each of them can be read."""
    del type_
    for token in tokens:
        _read(parse_merge, token)
    return tuple(token.value for token in tokens)


def _read(parse: Callable[[str], Parsed], token: "Token") -> Parsed:
    """Return what a token says; an error ends with the full stop that the parser's lines have."""
    try:
        return parse(token.value)
    except InputError as error:
        where = "" if token.source == "cli" else f", in {quoted(token.source)}"
        raise ValueError(f"{error}{where}.") from None


def flag(group: Group, help_line: str, **options: Any) -> Parameter:
    """Return the parameter of one flag; a list has no `--empty-` twin and a switch no `--no-`."""
    return Parameter(group=group, help=help_line, negative=(), **options)


LIST: dict[str, Any] = {"converter": split_at_commas, "show_default": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainFlags:
    """Every flag of `crossent train`, with its default."""

    target: Annotated[
        str | None, flag(DATA, "Column of the labels, by name or number (tables).")
    ] = None
    features: Annotated[
        tuple[str, ...],
        flag(DATA, "Columns to learn from, as a,b,c; all others by default.", **LIST),
    ] = ()
    ignore: Annotated[tuple[str, ...], flag(DATA, "Columns to leave out, as a,b.", **LIST)] = ()
    weights: Annotated[str | None, flag(DATA, "Column of the weights of the rows.")] = None
    target_probs: Annotated[
        str | None, flag(DATA, "Columns of soft labels, such as 'p_*', instead of --target.")
    ] = None
    rows: Annotated[int | None, flag(DATA, "Take a stratified sample of this many rows.")] = None
    drop_class: Annotated[
        tuple[str, ...],
        flag(DATA, "Leave out the rows of this class; may be repeated.", show_default=False),
    ] = ()
    only: Annotated[
        tuple[str, ...],
        flag(
            DATA,
            "Learn these classes only, as 4,9.",
            converter=class_list,
            show_default=False,
        ),
    ] = ()
    merge: Annotated[
        tuple[str, ...],
        flag(
            DATA,
            "Learn classes as one, as new=a,b; may be repeated.",
            converter=merge_texts,
            show_default=False,
        ),
    ] = ()

    test: Annotated[
        str | None, flag(SPLIT, "File or folder to test on, instead of a part of DATA.")
    ] = None
    test_size: Annotated[
        float | None, flag(SPLIT, "Share to test on; 0.2 where DATA has no test part of its own.")
    ] = None
    validation_size: Annotated[
        float, flag(SPLIT, "Share of the rows to validate on while training.")
    ] = 0.1

    model: Annotated[Model, flag(MODEL, "What to train.")] = "mlp"
    hidden: Annotated[
        tuple[int, ...] | None,
        flag(
            MODEL,
            "Widths of the hidden layers, as 256,128. Default: 256 for mlp, 128 for cnn.",
            converter=split_at_commas,
        ),
    ] = None
    loss: Annotated[LossName, flag(MODEL, "What to minimise.")] = "cross_entropy"
    label_smoothing: Annotated[
        float, flag(MODEL, "Share of every label spread over all classes.")
    ] = 0.0
    class_weight: Annotated[
        Literal["balanced"] | None, flag(MODEL, "Weigh classes by the inverse of their frequency.")
    ] = None
    focal_gamma: Annotated[float, flag(MODEL, "Exponent of --loss focal.")] = 2.0

    optimizer: Annotated[OptimizerName | None, flag(TRAINING, "How to step. Default: adamw.")] = (
        None
    )
    lr: Annotated[
        float | None, flag(TRAINING, "Peak learning rate. Default: a good one for the optimizer.")
    ] = None
    schedule: Annotated[
        Schedule | None,
        flag(TRAINING, "Course of the rate. Default: one_cycle; constant with --patience."),
    ] = None
    momentum: Annotated[float, flag(TRAINING, "Nesterov momentum of sgd.")] = 0.9
    weight_decay: Annotated[
        float | None,
        flag(
            TRAINING, "Pull of the weights to zero. Default: 0.1 for adamw (linear: 0.01), else 0."
        ),
    ] = None
    epochs: Annotated[
        int | None,
        flag(
            TRAINING,
            "Passes over the rows; the one of the lowest validation loss is kept. "
            "Default: 5 to 20, more for few rows.",
        ),
    ] = None
    batch_size: Annotated[
        int | None, flag(TRAINING, "Rows of one step. Default: 128, fewer for few rows.")
    ] = None
    patience: Annotated[
        int | None,
        flag(TRAINING, "Stop after this many epochs without a better validation loss."),
    ] = None
    seed: Annotated[int, flag(TRAINING, "Of the split, the weights and the order of rows.")] = 0
    device: Annotated[str, flag(TRAINING, "auto, cpu, cuda, cuda:1, ...")] = "auto"
    threads: Annotated[int | None, flag(TRAINING, "Threads of the processor to use.")] = None

    out: Annotated[Path | None, flag(OUTPUT, "Folder to write; runs/<data>-<n> by default.")] = None
    config: Annotated[
        Path | None, flag(OUTPUT, "TOML or JSON file of flags; those given here win.")
    ] = None
    tensorboard: Annotated[
        bool, flag(OUTPUT, "Write TensorBoard events into the run too.", show_default=False)
    ] = False

    def settings(self) -> TrainSettings:
        """Return the settings among the flags; raise InputError where one makes no sense."""
        names = [field.name for field in fields(TrainSettings)]
        return TrainSettings(**{name: getattr(self, name) for name in names})

    def command(self, data: str) -> str:
        """Return the command line of these flags: those that are not at their defaults."""
        words = ["crossent", "train", data]
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default and field.name not in ("out", "config"):
                words += _words(f"--{field.name.replace('_', '-')}", value)
        return shlex.join(words)


def _words(name: str, value: object) -> list[str]:
    if value is True:
        return [name]
    if not isinstance(value, tuple):
        return _word(name, str(value))
    if name in ("--drop-class", "--merge"):
        return [word for item in value for word in _word(name, str(item))]
    texts = [str(item) for item in value]
    return _word(name, join_names(texts) if name == "--only" else ",".join(texts))


def _word(name: str, text: str) -> list[str]:
    return [f"{name}={text}"] if text.startswith("-") else [name, text]

"""Derivatives against finite differences: options, targets, reductions, layouts, in pairs.

Each pair of an option and a layout, a target and a reduction, and so on, is met at least once.
Two tests: in the logits alone, on the fast routes; and in everything that has a derivative.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations, product
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

import crossent

C = 3


class Layout(NamedTuple):
    """The shape of a leaf, how logits are made of it, and their class axis."""

    shape: tuple[int, ...]
    view: Callable[[Tensor], Tensor] = lambda leaf: leaf
    axis: int = 1
    options: dict[str, Any] = {}  # noqa: RUF012  never written


LAYOUTS = {
    "rows": Layout((3, C)),
    "row": Layout((C,), axis=0),
    "sequence": Layout((2, C, 2)),
    "last": Layout((2, 2, C), axis=2, options={"axis": -1}),
    "shift": Layout((1, 3, C), axis=2, options={"shift": True}),
    "transposed": Layout((C, 3), lambda leaf: leaf.t()),
    "expanded": Layout((1, C), lambda leaf: leaf.expand(2, C)),
}
TARGETS = ("index", "soft", "top")
REDUCTIONS = ("none", "sum", "mean")


def pairs(*axes: Any) -> Iterator[tuple[Any, ...]]:
    """Yield combinations of one of each axis until every pair of values has been met."""
    left = list(product(*axes))
    missing = {
        (i, a, j, b)
        for (i, one), (j, two) in combinations(enumerate(axes), 2)
        for a, b in product(one, two)
    }

    def news(row: tuple[Any, ...]) -> set[tuple[Any, ...]]:
        return {(i, row[i], j, row[j]) for i, j in combinations(range(len(row)), 2)} & missing

    while missing:
        best = max(left, key=lambda row: len(news(row)))
        missing -= news(best)
        left.remove(best)
        yield best


# Options by name. A tensor's place is held by its maker, which is given the logits and the axis.
def rows_of(z: Tensor, axis: int) -> tuple[int, ...]:
    return (*z.shape[:axis], *z.shape[axis + 1 :])


def ramp(shape: tuple[int, ...], least: float, most: float) -> Tensor:
    count = max(1, torch.Size(shape).numel())
    return torch.linspace(least, most, count, dtype=torch.float64)[torch.randperm(count)].reshape(
        shape
    )


def class_weight(z: Tensor, axis: int) -> Tensor:
    return ramp((C,), 0.5, 2.0)


def row_weight(z: Tensor, axis: int) -> Tensor:
    return ramp(rows_of(z, axis), 0.5, 2.0)


def element_weight(z: Tensor, axis: int) -> Tensor:
    return ramp((z.shape[-1],), 0.5, 2.0)


def row_mask(z: Tensor, axis: int) -> Tensor:
    return torch.arange(torch.Size(rows_of(z, axis)).numel()).reshape(rows_of(z, axis)) % 3 != 1


def element_mask(z: Tensor, axis: int) -> Tensor:
    return torch.arange(z.numel()).reshape(z.shape) % 3 != 1


def number(z: Tensor, axis: int) -> Tensor:
    return torch.tensor(1.5, dtype=torch.float64)


TEMPERED = {"temperature": number, "softcap": 3.0}
SOFTMAX = {"label_smoothing": 0.1, "sample_weight": row_weight, "mask": row_mask}
ALONE = [{}, {"weight": class_weight}, *({name: value} for name, value in SOFTMAX.items())]
BINARY = {"label_smoothing": 0.1, "mask": element_mask, "ignore_index": 1}
LINKS = [{name: value} for name, value in TEMPERED.items()]


class Door(NamedTuple):
    """A loss, its options alone and together, the targets it takes, and the range of its input."""

    loss: Callable[..., Any]
    options: list[dict[str, Any]]
    targets: tuple[str, ...] = TARGETS
    head: Callable[[Tensor, int], Tensor] = lambda scores, axis: scores


DOORS = {
    "cross_entropy": Door(
        crossent.cross_entropy,
        [
            *ALONE, *LINKS,
            {"z_loss": 0.1}, {"gamma": 2.0}, {"gamma": 0.5}, {"poly_epsilon": 1.0},
            {"normalize_by": "rows", "weight": class_weight}, {"normalize_by": 5.0},
            {"weight": class_weight, **SOFTMAX, **TEMPERED, "z_loss": 0.1, "gamma": 1.5},
        ],
    ),
    "nll_loss": Door(
        crossent.nll_loss,
        [*ALONE, {"weight": class_weight, **SOFTMAX}],
        head=lambda scores, axis: torch.log_softmax(scores, axis),
    ),
    "cross_entropy_from_probs": Door(
        partial(crossent.cross_entropy_from_probs, validate=False),
        [*ALONE, {"clip": 0.3}, {"weight": class_weight, **SOFTMAX, "clip": 0.01}],
        head=lambda scores, axis: torch.softmax(scores, axis),
    ),
    "focal_loss-softmax": Door(
        crossent.focal_loss,
        [
            {}, {"gamma": 0.5}, {"alpha": 0.3}, {"alpha": class_weight}, {"form": "per_class"},
            {"alpha": class_weight, **SOFTMAX, **TEMPERED},
            {"alpha": class_weight, "form": "per_class", **SOFTMAX, **TEMPERED},
        ],
    ),
    "focal_loss-sigmoid": Door(
        partial(crossent.focal_loss, activation="sigmoid"),
        [
            {}, {"gamma": 0.5}, {"alpha": 0.3}, {"form": "per_class"},
            {"alpha": 0.3, **BINARY, **TEMPERED},
            {"alpha": 0.3, "form": "per_class", **BINARY, **TEMPERED},
        ],
        targets=("binary",),
    ),
    "binary_cross_entropy_with_logits": Door(
        crossent.binary_cross_entropy_with_logits,
        [
            {}, {"weight": element_weight}, {"pos_weight": element_weight}, *LINKS,
            *({name: value} for name, value in BINARY.items()),
            {"gamma": 2.0}, {"gamma": 0.5}, {"poly_epsilon": 1.0}, {"normalize_by": 5.0},
            {"weight": element_weight, "pos_weight": element_weight, **BINARY, **TEMPERED,
             "gamma": 1.5},
        ],
        targets=("binary",),
    ),
    "binary_cross_entropy": Door(
        crossent.binary_cross_entropy,
        [
            {}, {"weight": element_weight}, {"normalize_by": 5.0},
            *({name: value} for name, value in BINARY.items()),
            {"weight": element_weight, **BINARY},
        ],
        targets=("binary",),
        head=lambda scores, axis: torch.sigmoid(scores),
    ),
}  # fmt: skip


class Case(NamedTuple):
    """One cell: a door with one choice of everything."""

    door: str
    option: int
    target: str
    reduction: str
    layout: str

    def __str__(self) -> str:
        options = "+".join(DOORS[self.door].options[self.option]) or "plain"
        return f"{self.door}-{options}-{self.target}-{self.reduction}-{self.layout}"


def cases() -> Iterator[Case]:
    for name, door in DOORS.items():
        layouts = [place for place in LAYOUTS if door.targets == TARGETS or place in ELEMENTS]
        for row in pairs(range(len(door.options)), door.targets, REDUCTIONS, layouts):
            case = Case(name, *row)
            if "normalize_by" not in door.options[case.option] or case.reduction == "mean":
                yield case


ELEMENTS = ("rows", "row", "sequence", "transposed", "expanded")  # no classes: no axis, no shift


def target_of(kind: str, z: Tensor, axis: int) -> tuple[Tensor, ...]:
    """Return the target's tensors; floating ones away from the ends of their range."""
    lead = rows_of(z, axis)
    count = torch.Size(lead).numel()
    index = torch.arange(count).reshape(lead) % C
    if kind == "index":
        if count > 2:
            index.view(-1)[2] = -100
        return (index,)
    if kind == "soft":
        return (ramp(tuple(z.shape), 0.1, 0.9),)
    if kind == "top":
        indices = torch.stack([index, (index + 1) % C], -1)
        if count > 2:
            indices.view(-1, 2)[2, 1] = -1
        return indices, ramp((*lead, 2), 0.1, 0.9)
    return (ramp(tuple(z.shape), 0.1, 0.9),)


def made(case: Case, *, everything: bool) -> tuple[Callable[..., Tensor], list[Tensor]]:
    """Return a function of tensors and the tensors: the leaf alone, or all that has a slope."""
    torch.manual_seed(len(str(case)))
    door, layout = DOORS[case.door], LAYOUTS[case.layout]
    leaf = 1.5 * torch.randn(layout.shape, dtype=torch.float64)
    leaf = door.head(leaf, 0 if case.layout == "transposed" else layout.axis % leaf.ndim)
    z = layout.view(leaf)
    target = target_of(case.target, z, layout.axis)
    if "ignore_index" in door.options[case.option]:
        target[0].view(-1)[0] = door.options[case.option]["ignore_index"]
    chosen = {
        name: value(z, layout.axis) if callable(value) else value
        for name, value in door.options[case.option].items()
    }
    tensors = {name: value for name, value in chosen.items() if isinstance(value, Tensor)}
    live = ["leaf"]
    if everything:
        live += [name for name, value in tensors.items() if value.is_floating_point()]
        live += [f"target{place}" for place, t in enumerate(target) if t.is_floating_point()]
        curved = any(chosen.get(name) for name in ("gamma", "poly_epsilon"))
        curved = curved or (case.door.startswith("focal") and "form" not in chosen)
        live = [name for name in live if not (curved and name in FIXED[case.door])]
        if "ignore_index" in chosen:  # a target that moves is no longer the one to leave out
            live = [name for name in live if name != "target0"]
    inputs = {"leaf": leaf, **tensors, **{f"target{i}": t for i, t in enumerate(target)}}

    def call(*moved: Tensor) -> Tensor:
        now = {**inputs, **dict(zip(live, moved, strict=True))}
        parts = tuple(now[f"target{i}"] for i in range(len(target)))
        named = {**chosen, **{name: now[name] for name in tensors}}
        return door.loss(
            layout.view(now["leaf"]),
            parts if case.target == "top" else parts[0],
            reduction=case.reduction,
            **(layout.options if case.target != "binary" else {}),
            **named,
        )

    return call, [inputs[name].clone().requires_grad_() for name in live]


# Refused where phi is not linear in the mass: `check.weights_are_fixed`.
FIXED = {name: ("sample_weight", "weight", "alpha") for name in DOORS} | {
    "binary_cross_entropy_with_logits": ("weight", "pos_weight")
}
CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_derivatives_in_the_logits(case: Case) -> None:
    call, inputs = made(case, everything=False)
    assert gradcheck(call, inputs, check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(call, inputs)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_derivatives_in_everything(case: Case) -> None:
    call, inputs = made(case, everything=True)
    if len(inputs) == 1:
        return  # the test above
    assert gradcheck(call, inputs, check_forward_ad=True)
    assert gradgradcheck(call, inputs)

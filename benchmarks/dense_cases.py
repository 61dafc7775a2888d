"""What `python -m benchmarks dense` measures: rows and options, each with its float64 reference."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

import crossent

Loss = Callable[[Tensor, Tensor], Tensor]

CHECKED = 1 << 22  # elements of a row's gradient that are compared
BLOCK = 1 << 23  # elements that are read in float64 at a time
VALUE_EPS = 4  # of float32, in which losses of half precision come too
GRADIENT_EPS = {torch.float32: 8, torch.bfloat16: 1}  # of the largest entry of a row's gradient
IGNORED = 0.3


class Goal(NamedTuple):
    """Most that ours may take over a copy, and least that the others must take over ours."""

    copy: float | None = None
    eager: float | None = None
    compiled: float | None = None
    forward: float | None = None


class Row(NamedTuple):
    """A shape, type and kind of logits, and its goals."""

    rows: int
    classes: int
    goal: Goal
    dtype: torch.dtype = torch.float32
    peaked: bool = False
    binary: bool = False

    @property
    def ours(self) -> Loss:
        """Return the loss here."""
        binary = crossent.binary_cross_entropy_with_logits
        return binary if self.binary else crossent.cross_entropy

    @property
    def torchs(self) -> Loss:
        """Return PyTorch's loss."""
        return F.binary_cross_entropy_with_logits if self.binary else F.cross_entropy

    def inputs(self) -> tuple[Tensor, Tensor]:
        """Return logits, a leaf, and their target."""
        generator = torch.Generator().manual_seed(0)
        z = torch.randn(self.rows, self.classes, generator=generator)
        if self.peaked:  # r < 1, and most p are 0 in float32
            z[::2] *= 60.0
        if self.binary:
            y = torch.randint(0, 2, z.shape, generator=generator).float()
        else:
            y = torch.randint(0, self.classes, (self.rows,), generator=generator)
        return z.to(self.dtype).requires_grad_(), y


LARGE, WIDE, SMALL = Goal(1.4, 8, 3, 8), Goal(1.4, 6, 2.5, 6), Goal(1.6)
ROWS = {
    "2048x32000": Row(2048, 32000, LARGE),
    "2048x32000-peaked": Row(2048, 32000, SMALL, peaked=True),
    "512x128256": Row(512, 128256, LARGE),
    "512x128256-peaked": Row(512, 128256, SMALL, peaked=True),
    "512x128256-bfloat16": Row(512, 128256, Goal(None, 5, 2, 5), dtype=torch.bfloat16),
    "16384x1000": Row(16384, 1000, WIDE),
    "16384x1000-peaked": Row(16384, 1000, SMALL, peaked=True),
    "65536x10": Row(65536, 10, Goal(None, 3, 1.1, 2)),
    "128x10": Row(128, 10, Goal(None, 1, None, 0.95)),
    "4096x4096-binary": Row(4096, 4096, Goal(None, 4, 1.5, 4), binary=True),
}


class Option(NamedTuple):
    """Keywords of the loss here, and the same loss in PyTorch's operations."""

    keywords: dict[str, Any]
    reference: Loss
    amplifies: int = 1  # what the option makes of the logits' own rounding


def options(rows: int, classes: int) -> dict[str, Option]:
    """Return the options that are timed beside the plain loss."""
    generator = torch.Generator().manual_seed(1)
    weight = torch.rand(classes, generator=generator) + 0.5
    own = torch.rand(rows, generator=generator) + 0.5
    wide, shares = weight.double(), own.double()

    def shaped(phi: Callable[[Tensor, Tensor], Tensor]) -> Loss:
        return lambda z, y: phi(F.cross_entropy(z, y, reduction="none"), z).mean()

    return {
        "label_smoothing": Option(
            {"label_smoothing": 0.1}, lambda z, y: F.cross_entropy(z, y, label_smoothing=0.1)
        ),
        "weight": Option({"weight": weight}, lambda z, y: F.cross_entropy(z, y, wide)),
        "label_smoothing, weight": Option(
            {"label_smoothing": 0.1, "weight": weight},
            lambda z, y: F.cross_entropy(z, y, wide, label_smoothing=0.1),
        ),
        "gamma": Option({"gamma": 2.0}, shaped(lambda c, z: torch.expm1(-c) ** 2 * c)),
        "poly_epsilon": Option({"poly_epsilon": 1.0}, shaped(lambda c, z: c - torch.expm1(-c))),
        "z_loss": Option({"z_loss": 1e-4}, shaped(lambda c, z: c + 1e-4 * z.logsumexp(1) ** 2)),
        "temperature": Option({"temperature": 2.0}, lambda z, y: F.cross_entropy(z / 2.0, y)),
        "softcap": Option(
            {"softcap": 30.0}, lambda z, y: F.cross_entropy(30.0 * torch.tanh(z / 30.0), y), 4
        ),
        "ignore_index": Option({}, F.cross_entropy),
        "sample_weight": Option(
            {"sample_weight": own},
            lambda z, y: (shares * F.cross_entropy(z, y, reduction="none")).sum() / shares.sum(),
        ),
    }


def partly_ignored(y: Tensor) -> Tensor:
    """Return the target with a share of the rows ignored."""
    generator = torch.Generator().manual_seed(2)
    ignored = torch.rand(len(y), generator=generator) < IGNORED
    return torch.where(ignored, -100, y)


class Gate(NamedTuple):
    """How far value and gradient are off, in eps; of the gradient: of the row's largest entry."""

    value: float
    gradient: float
    passes: bool


def check_row(row: Row, z: Tensor, y: Tensor) -> Gate:
    """Return how far the loss here of the whole batch is off PyTorch's in float64."""
    value = row.ours(z, y)
    value.backward()
    assert z.grad is not None
    every = max(1, z.numel() // CHECKED)
    picked = torch.arange(0, row.rows, every)
    share = len(picked) / row.rows
    with torch.no_grad():
        height = max(1, BLOCK // row.classes)
        parts = (slice(at, at + height) for at in range(0, row.rows, height))
        total = sum(len(y[p]) * row.torchs(z[p].double(), _wide(y[p])).item() for p in parts)
    part = z.detach()[picked].double().requires_grad_()
    (share * row.torchs(part, _wide(y[picked]))).backward()
    assert part.grad is not None
    terms = z.numel() if row.binary else row.rows
    gate = _gate(value, total / row.rows, z.grad[picked], part.grad, terms)
    z.grad = None
    return gate


def check_option(option: Option, z: Tensor, y: Tensor) -> Gate:
    """Return how far the loss here with an option is off the same in float64."""
    own = z.detach().requires_grad_()
    value = crossent.cross_entropy(own, y, **option.keywords)
    value.backward()
    wide = z.detach().double().requires_grad_()
    expected = option.reference(wide, y)
    expected.backward()
    assert own.grad is not None
    assert wide.grad is not None
    return _gate(value, expected.item(), own.grad, wide.grad, len(z), option.amplifies)


def _wide(y: Tensor) -> Tensor:
    return y.double() if y.is_floating_point() else y


def _gate(
    value: Tensor,
    expected: float,
    gradient: Tensor,
    slope: Tensor,
    terms: int,
    amplifies: int = 1,
) -> Gate:
    eps = torch.finfo(torch.float32).eps
    off = abs(value.item() - expected) / (eps * abs(expected))
    largest = slope.abs().amax(1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny)
    # The reference forms p - 1 at the target: 4 eps of float64 of a term's weight are its own.
    its_own = 4.0 * torch.finfo(torch.float64).eps / terms
    unit = torch.finfo(gradient.dtype).eps * largest + its_own
    furthest = ((gradient.double() - slope).abs() / unit).max().item()
    good = off <= amplifies * VALUE_EPS and furthest <= amplifies * GRADIENT_EPS[gradient.dtype]
    return Gate(round(off, 3), round(furthest, 3), good)

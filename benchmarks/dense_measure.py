"""The measurements of `python -m benchmarks dense`: a row, the options, and products between."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

import crossent
from benchmarks import dense_cases as cases
from benchmarks import memory
from benchmarks.timing import Times, interleaved

OPTIONS, PRODUCTS = (2048, 32000), (512, 1024)
TURNS = 20  # products and losses in one sample
MAPPED_AFTER = 12  # calls after which malloc has cut its heap into the sizes it is asked for

Step = Callable[[], Tensor]


@functools.cache
def _compiled(loss: cases.Loss) -> cases.Loss:
    return torch.compile(loss, dynamic=False)


def row(name: str, compiled: bool, seconds: float) -> dict[str, Any]:
    """Return the gate of a row, and where it passes its times, ratios and states of memory."""
    it = cases.ROWS[name]
    z, y = it.inputs()
    gate = cases.check_row(it, z, y)
    out: dict[str, Any] = {
        "rows": it.rows,
        "classes": it.classes,
        "dtype": str(it.dtype).removeprefix("torch."),
        "gate": gate._asdict(),
    }
    if not gate.passes:
        return out
    steps = _steps(it, z, y, compiled)
    found = {step: _state(call) for step, call in steps.items()}
    contenders: dict[str, Callable[[], object]] = dict(steps)
    contenders |= {
        "forward": lambda: it.ours(z.detach(), y),
        "eager forward": lambda: it.torchs(z.detach(), y),
    }
    contenders |= memory.copies(z.detach(), found["ours"])
    times = interleaved(contenders, seconds)
    out |= {
        "milliseconds": times.milliseconds(),
        "memory": {step: str(state) for step, state in found.items()},
        "faults a page": {step: state.faults for step, state in found.items()},
        "rounds": times.rounds,
        "calls a sample": times.calls,
        "ratios": _ratios(times),
    }
    return out


def _steps(it: cases.Row, z: Tensor, y: Tensor, compiled: bool) -> dict[str, Step]:
    between = z * 1
    ways = {"ours": it.ours, "eager": it.torchs}
    steps = {name: _leaf(loss, z, y) for name, loss in ways.items()}
    steps |= {f"{name} non-leaf": _between(loss, between, y) for name, loss in ways.items()}
    if compiled:
        steps["compiled"] = _leaf(_compiled(it.torchs), z, y)
    return steps


def _leaf(loss: cases.Loss, z: Tensor, y: Tensor) -> Step:
    """Return a step that makes the gradient of a leaf anew, and lets go of it."""

    def step() -> Tensor:
        loss(z, y).backward()
        gradient, z.grad = z.grad, None
        assert gradient is not None
        return gradient

    return step


def _between(loss: cases.Loss, z: Tensor, y: Tensor) -> Step:
    """Return a step that makes the gradient of logits that an operation made."""
    return lambda: torch.autograd.grad(loss(z, y), z)[0]


def _state(step: Step) -> memory.State:
    found = memory.state(step)
    for _ in range(MAPPED_AFTER):
        if not found.fresh or not memory.heap_is_kept():
            break
        found = memory.state(step)
    return found


def _ratios(times: Times) -> dict[str, Any]:
    copy = times.faster("copy_torch", "copy_memmove")
    ratios = {
        "ours / copy": times.ratio("ours", copy),
        "non-leaf / copy": times.ratio("ours non-leaf", copy),
        "eager / ours": times.ratio("eager", "ours"),
        "non-leaf: eager / ours": times.ratio("eager non-leaf", "ours non-leaf"),
        "forward: eager / ours": times.ratio("eager forward", "forward"),
    }
    if "compiled" in times.seconds:
        ratios["compiled / ours"] = times.ratio("compiled", "ours")
    return ratios


def options(seconds: float) -> dict[str, Any]:
    """Return the gate of every option, and its time over that of the plain loss."""
    rows, classes = OPTIONS
    z, y = cases.Row(rows, classes, cases.Goal()).inputs()
    few = max(1, cases.CHECKED // classes)
    part, labels = z.detach()[:few], y[:few]
    contenders: dict[str, Callable[[], object]] = {"plain": _leaf(crossent.cross_entropy, z, y)}
    gates: dict[str, cases.Gate] = {}
    checked = cases.options(few, classes)
    for name, option in cases.options(rows, classes).items():
        ignoring = name == "ignore_index"
        some = cases.partly_ignored(labels) if ignoring else labels
        gates[name] = cases.check_option(checked[name], part, some)
        if gates[name].passes:
            loss = functools.partial(crossent.cross_entropy, **option.keywords)
            contenders[name] = _leaf(loss, z, cases.partly_ignored(y) if ignoring else y)
    times = interleaved(contenders, seconds)
    return {
        "rows": rows,
        "classes": classes,
        "dtype": "float32",
        "gates": {name: gate._asdict() for name, gate in gates.items()},
        "milliseconds": times.milliseconds(),
        "rounds": times.rounds,
        "ratios": {name: times.ratio(name, "plain") for name in contenders if name != "plain"},
    }


def products(seconds: float) -> dict[str, Any]:
    """Return what a product and a loss by turns cost over the sum of what each costs alone."""
    rows, classes = PRODUCTS
    it = cases.Row(rows, classes, cases.Goal())
    z, y = it.inputs()
    gate = cases.check_row(it, z, y)
    out = {"rows": rows, "classes": classes, "dtype": "float32", "gate": gate._asdict()}
    if not gate.passes:
        return out
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(rows, classes, generator=generator)
    w = torch.randn(classes, classes, generator=generator)
    losses = {"ours": it.ours, "eager": it.torchs}
    contenders: dict[str, Callable[[], object]] = {"product": lambda: x @ w}
    for name, loss in losses.items():
        contenders[name] = step = _leaf(loss, z, y)
        contenders[f"product, {name}"] = functools.partial(_by_turns, x, w, step)
    times = interleaved({name: _often(call) for name, call in contenders.items()}, seconds)
    return out | {
        "milliseconds": {k: round(v / TURNS, 4) for k, v in times.milliseconds().items()},
        "rounds": times.rounds,
        "ratios": {
            f"product, {name} / sum": times.ratio_of(functools.partial(_share, name))
            for name in losses
        },
    }


def _by_turns(x: Tensor, w: Tensor, step: Step) -> None:
    x @ w
    step()


def _often(call: Callable[[], object]) -> Callable[[], None]:
    def calls() -> None:
        for _ in range(TURNS):
            call()

    return calls


def _share(name: str, turn: dict[str, float]) -> float:
    return turn[f"product, {name}"] / (turn["product"] + turn[name])

"""The measurements of `python -m benchmarks measures`: the gate, times, peak memory."""

import functools
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from benchmarks import measures_cases as cases
from benchmarks.timing import interleaved

CHECKED = 20_000  # rows of a result that are compared, evenly spread
ROUNDED = np.dtype(np.longdouble)  # the reference's type: 64 bits of mantissa on x86
# Errors are in eps of max(result, floor): sums that cancel, such as p log(p / q), and logarithms
# near 1 keep absolute digits only; and a row sums to 1 but for rounding, which two forms of one
# formula count differently. Ours is held to a sixteenth of what plain code is.
BOUNDS = {True: (16, 0.25), False: (64, 1.0)}  # ours: eps, floor
CLEAR = 1e-4  # a slope of |x| is not compared where x is nearer to 0
BY_HAND, UNVALIDATED, VALIDATED = "by hand", "unvalidated", "validated"
STATUS, CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")

Call = Callable[[], Any]


class Way(NamedTuple):
    """A library, a type, and what is done with a result."""

    library: str
    dtype: str
    gradient: bool = False
    jit: bool = False


WAYS = {
    "numpy float64": Way("numpy", "float64"),
    "torch float64": Way("torch", "float64"),
    "torch float32": Way("torch", "float32"),
    "torch float32 gradient": Way("torch", "float32", gradient=True),
    "jax float32": Way("jax", "float32"),
    "jax float32 jit": Way("jax", "float32", jit=True),
}


def times(way: Way, label: str, inputs: dict[str, np.ndarray], seconds: float) -> dict[str, Any]:
    """Return the gate of every contender, and where all pass their times and ratios."""
    measure = cases.MEASURES[label]
    arrays = [inputs[name].astype(way.dtype) for name in measure.inputs]
    calls = contenders(way, label, arrays)
    exact = reference(way, label, [some(array) for array in arrays])
    clear = clear_rows(label, arrays)
    gates = {name: gate(call, name, way, label, exact, clear) for name, call in calls.items()}
    out: dict[str, Any] = {"gates": gates}
    if not all(found["passes"] for found in gates.values()):
        return out
    found = interleaved(calls, seconds)
    ours = [name for name in (UNVALIDATED, VALIDATED) if name in calls]
    return out | {
        "milliseconds": found.milliseconds(),
        "rounds": found.rounds,
        "ratios": {
            f"{one} / {other}": found.ratio(one, other)
            for one in ours
            for other in calls
            if other not in (UNVALIDATED, VALIDATED)
        },
    }


def contenders(way: Way, label: str, arrays: list[np.ndarray]) -> dict[str, Call]:
    """Return the calls by name, each of which makes the whole result anew."""
    measure = cases.MEASURES[label]
    xp = _namespace(way.library)
    functions = {
        BY_HAND: functools.partial(measure.by_hand, xp),
        UNVALIDATED: measure.ours(validate=False),
    }
    if not (measure.from_logits or way.jit):  # a traced array has no values to check
        functions[VALIDATED] = measure.ours(validate=True)
    for others in _others(way):
        functions |= others.get(label, {})
    return {name: _call(way, function, arrays) for name, function in functions.items()}


def _others(way: Way) -> tuple[cases.Others, ...]:
    return {"numpy": (cases.SCIPY, cases.BARE), "torch": (cases.TORCH,)}.get(way.library, ())


def _namespace(library: str) -> Any:
    if library == "jax":
        import jax

        return jax.numpy
    return {"numpy": np, "torch": torch}[library]


def _call(way: Way, function: Callable[..., Any], arrays: list[np.ndarray]) -> Call:
    if way.library == "numpy":
        return functools.partial(function, *arrays)
    if way.library == "torch":
        tensors = [torch.from_numpy(array) for array in arrays]
        if not way.gradient:
            return torch.no_grad()(functools.partial(function, *tensors))
        leaf = tensors[0].clone().requires_grad_()
        others = tensors[1:]
        return lambda: torch.autograd.grad(function(leaf, *others).sum(), leaf)[0]
    import jax

    compiled = jax.jit(function) if way.jit else function
    placed = [jax.numpy.asarray(array) for array in arrays]
    return lambda: jax.block_until_ready(compiled(*placed))


def some(array: np.ndarray) -> np.ndarray:
    """Return the rows that are compared."""
    return array[:: max(1, len(array) // CHECKED)]


def reference(way: Way, label: str, arrays: list[np.ndarray]) -> np.ndarray:
    """Return the plain code's result in a wider type; in float64 by torch for a gradient."""
    by_hand = cases.MEASURES[label].by_hand
    if not way.gradient:
        return np.asarray(by_hand(np, *(array.astype(ROUNDED) for array in arrays)))
    wide = [torch.from_numpy(array.astype(np.float64)) for array in arrays]
    wide[0].requires_grad_()
    return torch.autograd.grad(by_hand(torch, *wide).sum(), wide[0])[0].numpy()


def clear_rows(label: str, arrays: list[np.ndarray]) -> np.ndarray:
    """Return which of the compared rows have a slope that rounding cannot turn round."""
    rows = [some(array).astype(np.float64) for array in arrays]
    if label not in ("total_variation", "wasserstein"):
        return np.ones(len(rows[0]), bool)
    difference = rows[0] - rows[1]
    if label == "wasserstein":
        difference = np.cumsum(difference, -1)[:, :-1]  # the last is 0 but for rounding
    return (np.abs(difference) > CLEAR).all(-1)


def gate(
    call: Call, name: str, way: Way, label: str, exact: np.ndarray, clear: np.ndarray
) -> dict[str, Any]:
    """Return the largest error in eps, and whether it is within what its name allows."""
    found = call()
    found = some(found.numpy() if isinstance(found, torch.Tensor) else np.asarray(found))
    if found.shape != exact.shape or found.dtype != way.dtype:
        return {"passes": False, "worst": None, "found": f"{found.dtype} {found.shape}"}
    found = found.astype(ROUNDED)
    if way.gradient:
        found, exact = found[clear], exact[clear]
        if label != "information":  # -p + q in a divergence adds a constant: off the simplex
            found, exact = (x - x.mean(-1, keepdims=True) for x in (found, exact))
    scale = np.abs(exact).max(-1, keepdims=True) if way.gradient else np.abs(exact)
    bound, floor = BOUNDS[name in (UNVALIDATED, VALIDATED)]
    off = np.abs(found - exact) / np.maximum(scale, floor) / float(np.finfo(way.dtype).eps)
    worst = float(off.max())
    return {"passes": worst <= bound, "worst": round(worst, 2), "compared": len(found)}


def peak(way: Way, label: str, name: str, rows: int) -> dict[str, float] | None:
    """Return how far memory rises above the inputs in one call; None where it is not told.

    The highest resident size of this process since it was set back, so one call a process. Not
    ru_maxrss: a new process starts with that of the one it was forked from.
    """
    inputs = cases.make(rows)
    arrays = [inputs[each].astype(way.dtype) for each in cases.MEASURES[label].inputs]
    del inputs
    contenders(way, label, [array[:1000].copy() for array in arrays])[name]()
    call = contenders(way, label, arrays)[name]
    try:
        CLEAR_REFS.write_text("5")
        before = _resident("VmRSS")
        call()
        risen = _resident("VmHWM") - before
    except (OSError, TypeError):
        return None
    return {"MiB": round(risen / 2**20, 1), "inputs": round(risen / arrays[0].nbytes, 2)}


def _resident(which: str) -> int:
    found = re.search(rf"^{which}:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)
    assert found is not None, os.uname()
    return 1024 * int(found[1])

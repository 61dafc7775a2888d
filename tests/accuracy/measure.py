"""Read the table, batch its cases, and say how far a result is from the exact one."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from tests.accuracy.cases import Case, logits
from tests.accuracy.generate import TABLE

BOUND = 4.0  # ulp of a loss, eps of a gradient's scale; times the case's condition
WIDE = 1000  # rows of more classes are given by formula


class Result(NamedTuple):
    """What a library gives for a group: every row's loss, their sums, gradients of the sums."""

    losses: np.ndarray
    totals: list[float]
    gradients: list[np.ndarray]


class Error(NamedTuple):
    """A distance from the exact value: `units` of ulp or eps, and how many the bound allows."""

    case: str
    what: str
    units: float
    allowed: float
    flushed: bool = False  # the exact value is subnormal, the result 0
    listed: bool = False  # one of the exceptions of routes.py: half as much again

    @property
    def beyond(self) -> bool:
        """Whether the bound is broken; NaN breaks it."""
        return not self.units <= self.allowed

    @property
    def fails(self) -> bool:
        """Whether it is broken by a case that is no exception, or by more than one may."""
        return not self.units <= self.allowed * (1.5 if self.listed else 1.0)

    def __str__(self) -> str:
        """Return one line of a report."""
        note = " (flushed to 0)" if self.flushed else ""
        return f"{self.case}: {self.what} off by {self.units:.4g}, allowed {self.allowed:.4g}{note}"


class Exact(NamedTuple):
    """A number of 60 digits as the sum of two doubles: 32 digits are enough to measure with."""

    high: float
    low: float

    @classmethod
    def read(cls, digits: str) -> "Exact":
        """Return the two doubles of a decimal."""
        value = Decimal(digits)
        high = float(value)
        return cls(high, float(value - Decimal(high)) if abs(high) < np.inf else 0.0)

    def off(self, value: float) -> float:
        """Return the distance of a value."""
        return abs((value - self.high) - self.low)

    def ulps(self, value: float, dtype: str) -> float:
        """Return the distance of a value in units in the last place of the type."""
        unit = np.spacing(np.abs(np.array(self.high, dtype)))
        return self.off(value) / float(unit)

    def flushed(self, value: float, dtype: str) -> bool:
        """Say whether a value is 0 where the exact one is a subnormal number (XLA has none)."""
        info = np.finfo(dtype)
        return value == 0.0 and info.smallest_subnormal <= abs(self.high) < info.tiny


@dataclass(frozen=True)
class Group:
    """Cases of one type, width, kind of target and options, as arrays."""

    cases: list[Case]
    dtype: str
    z: np.ndarray
    target: Any  # an array, or the pair of a top-k target
    options: dict[str, Any]
    hard: bool = True  # class indices, not soft labels

    @property
    def plain(self) -> bool:
        """Whether this is a plain loss of class indices or sigmoids, pos_weight aside."""
        return self.hard and self.options.keys() <= {"pos_weight"}

    @property
    def name(self) -> str:
        """Return the first case's name and the number of others."""
        return f"{self.cases[0]['id']} + {len(self.cases) - 1}"


@cache
def table() -> dict[str, list[Case]]:
    """Return the committed table."""
    return json.loads(TABLE.read_text())


@cache
def softmax_groups(dtype: str, width: int = 1) -> list[Group]:
    """Return the softmax cases of a type in batches; narrower rows get removed classes."""
    rows = {r["name"]: logits(_floats(r), dtype) for r in table()["rows"] if r["dtype"] == dtype}
    groups: dict[str, list[Case]] = {}
    for case in table()["softmax"]:
        if case["dtype"] == dtype:
            options = {**case["options"], "weight": "weight" in case["options"]}
            classes = max(width, len(rows[case["row"]]))
            key = json.dumps([classes, list(case["target"]), options])
            groups.setdefault(key, []).append(case)
    return [_softmax_group(cases, rows, dtype, width) for cases in groups.values()]


@cache
def sigmoid_groups(dtype: str) -> list[Group]:
    """Return the sigmoid elements of a type in batches of one gamma."""
    groups: dict[float, list[Case]] = {}
    for case in table()["sigmoid"]:
        if case["dtype"] == dtype:
            groups.setdefault(case["gamma"], []).append(case)
    result = []
    for gamma, cases in groups.items():
        z, target, pos_weight = (
            np.array([float.fromhex(case[key]) for case in cases], dtype)
            for key in ("z", "target", "pos_weight")
        )
        options = {"pos_weight": pos_weight} | ({"gamma": gamma} if gamma else {})
        result.append(Group(cases, dtype, z, target, options))
    return result


def errors_of(group: Group, result: Result) -> Iterator[Error]:
    """Yield the distances of losses, gradients and sums from the exact ones."""
    losses, bounds = [], []
    for k, case in enumerate(group.cases):
        by_loss, by_slope = (float(x) * BOUND for x in case.get("condition", (1, 1)))
        losses.append(Exact.read(case["loss"]))
        bounds.append(by_loss)
        value = float(result.losses[k])
        units, flushed = losses[k].ulps(value, group.dtype), losses[k].flushed(value, group.dtype)
        yield Error(case["id"], "loss", units, by_loss, flushed)
        for gradient in result.gradients:
            row = np.atleast_1d(np.asarray(gradient[k], np.float64))
            units, flushed = _gradient_error(case, row, group.dtype)
            yield Error(case["id"], "gradient", units, by_slope, flushed)
    yield from _total_errors(group, result, losses, bounds)


def digest(errors: Iterable[Error]) -> dict[str, Any]:
    """Return how many losses and gradients are within 1 unit, and the worst, over its condition."""
    result: dict[str, Any] = {}
    for what in ("loss", "gradient"):
        part = [error for error in errors if error.what == what]
        if part:
            last = max(part, key=lambda e: np.nan_to_num(e.units / e.allowed, nan=np.inf))
            result[what] = {
                "cases": len({error.case for error in part}),
                "within_1": round(sum(error.units <= 1 for error in part) / len(part), 4),
                "worst": float(f"{BOUND * last.units / last.allowed:.3g}"),
                "worst_case": last.case,
                "beyond": len({error.case for error in part if error.beyond}),
                "fails": len({error.case for error in part if error.fails}),
                "flushed": len({error.case for error in part if error.flushed}),
            }
    return result


def worst(errors: Iterable[Error], count: int = 12) -> str:
    """Return the errors that break their bound, worst first, as lines."""
    broken = [error for error in errors if error.fails]
    broken.sort(key=lambda error: -np.nan_to_num(error.units / error.allowed, nan=np.inf))
    lines = [f"{len(broken)} beyond the bound", *(str(error) for error in broken[:count])]
    return "\n".join(lines) if broken else ""


def _gradient_error(case: Case, row: np.ndarray, dtype: str) -> tuple[float, bool]:
    """Return the largest error of a row's gradient in units, and whether it is a flushed one."""
    digits = case["gradient"] if isinstance(case["gradient"], list) else [case["gradient"]]
    pairs = [
        (Exact.read(x), float(row[j]))
        for j, x in zip(case.get("at", range(len(digits))), digits, strict=True)
    ]
    if "largest" in case:  # of the whole row, also where the table has no entry
        pairs.append((Exact.read(case["largest"]), float(np.abs(row).max())))
    offs = [exact.off(value) for exact, value in pairs]  # numpy's maximum keeps NaN
    exact, value = pairs[int(np.argmax(offs))]
    return float(np.max(offs)) / _unit(case, dtype), exact.flushed(value, dtype)


def _total_errors(
    group: Group, result: Result, losses: list[Exact], bounds: list[float]
) -> Iterator[Error]:
    """Yield the distances of the sums: losses are never negative, so no digits are lost."""
    total = sum((Decimal(x.high) + Decimal(x.low) for x in losses), Decimal(0))
    if total > Decimal(float(np.finfo(group.dtype).max)):
        assert all(np.isinf(x) for x in result.totals)
        return
    parts = (Decimal(x.high) * Decimal(bound) for x, bound in zip(losses, bounds, strict=True))
    bound = max(BOUND, float(sum(parts) / total)) if total else BOUND
    for value in result.totals:
        units = Exact.read(str(total)).ulps(float(value), group.dtype)
        yield Error(group.name, "sum of losses", units, bound)


def _unit(case: Case, dtype: str) -> float:
    """Return one eps of the gradient's scale, a subnormal number at least."""
    info = np.finfo(dtype)
    return max(float(case["scale"]) * float(info.eps), float(info.smallest_subnormal))


def _softmax_group(cases: list[Case], rows: dict[str, np.ndarray], dtype: str, width: int) -> Group:
    logits = [rows[case["row"]] for case in cases]
    width = max(width, *map(len, logits))

    def wide(parts: list[Any], fill: float) -> np.ndarray:
        return np.array([[*part, *[fill] * (width - len(part))] for part in parts], dtype)

    options = dict(cases[0]["options"])
    if "weight" in options:  # a shorter one is the beginning of a longer one
        longest = max((case["options"]["weight"] for case in cases), key=len)
        options["weight"] = wide([_floats({"logits": longest})], 1.0)[0]
    targets = [case["target"] for case in cases]
    kind = next(iter(targets[0]))
    if kind == "index":
        target: Any = np.array([t["index"] for t in targets], np.int64)
    elif kind == "soft":
        target = wide([_floats({"logits": t["soft"]}) for t in targets], 0.0)
    else:
        values = [_floats({"logits": t["values"]}) for t in targets]
        target = (np.array([t["top_k"] for t in targets], np.int64), np.array(values, dtype))
    z = wide(logits, -np.inf) if width <= WIDE else np.stack(logits)
    return Group(cases, dtype, z, target, options, hard=kind == "index")


def _floats(row: Case) -> Any:
    """Return a stored row's numbers, or its formula."""
    values = row["logits"]
    if isinstance(values, list):
        return [float.fromhex(x) for x in values]
    return {
        key: float.fromhex(x) if key != "formula" and isinstance(x, str) else x
        for key, x in values.items()
    }

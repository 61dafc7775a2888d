"""The cases of the accuracy table: rows of logits, targets, options. No result is computed here.

Numbers come from whole-number arithmetic and Python's Mersenne Twister, the same everywhere.
"""

import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

Case = dict[str, Any]
Row = list[float] | dict[str, Any]  # logits, or the formula of a long row

DTYPES = ("float32", "float64")
INF = math.inf
MARGINS = (1, 10, 20, 37, 50, 70, 100, 300, 700)
LONG = 100_000
SURE = 77_777  # the certain class of a long row
WEIGHTS = (0.5, 2.0, 0.1, 1.25, 3.3)

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "smoothed": {"label_smoothing": 0.1},
    "weighted": {"weight": True},
    "smoothed+weighted": {"label_smoothing": 0.1, "weight": True},
    "focal0.5": {"gamma": 0.5},
    "focal2": {"gamma": 2.0},
    "poly1": {"poly_epsilon": 1.0},
    "z_loss": {"z_loss": 1e-4},
    "T0.5": {"temperature": 0.5},
    "T3": {"temperature": 3.0},
    "cap30": {"softcap": 30.0},
}
# The rows that meet every option; two widths only, so that they batch.
OPTION_ROWS = (
    *("tie3", "two-maxima3", "far3", "mixed3-20", "mixed3-70", "removed3", "random3-1"),
    *("random10-0.1", "random10-5", "random10-100", "near10-37", "removed10"),
)
SOFT_ROWS = ("two-maxima3", "mixed3-37", "removed3", "random10-1", "random10-20", "removed10")
SOFT_OPTIONS = ("plain", "smoothed", "weighted", "smoothed+weighted", "focal2", "T3", "z_loss")


def rows(dtype: str) -> dict[str, Row]:
    """Return the rows by name, rounded to the type."""
    named: dict[str, Row] = {
        "one1": [3.7],
        "tie2": [0.3, 0.3],
        "tie3": [1234.567] * 3,
        "tie10": [-0.1] * 10,
        "two-maxima3": [2.6, 2.6, -1.3],
        "two-maxima10": [-50.1, 7.7, 3.3, 7.7, 0.0, -1.1, 5.9, 7.6, -7.7, 2.2],
        "far2": [1e4, -1e4],
        "far3": [1e4, -1e4, 9990.7],
        "far10": [1e4 - 1.7 * k * k for k in range(10)],
        "low3": [-1e4, -1e4 + 3.3, -1e4 - 20.2],
        "removed3": [0.7, -INF, -1.9],
        "removed10": [-INF if k == 4 else 0.31 * (7 * k * k % 19) - 3.1 for k in range(10)],
        "alone3": [-INF, 12.3, -INF],
        "alone10": [-INF] * 9 + [-4.5],
        "subnormal3": [5e-324, 1e-310, 0.0] if dtype == "float64" else [1e-45, 1e-40, 0.0],
        "near10-37": [0.3 * k - 36.9 if k != 6 else 37.7 for k in range(10)],
    }
    big = 1e308 if dtype == "float64" else 1e38
    named["huge2"] = [big / 2, -big / 4]
    named["huge3"] = [-big / 4, 1.0 / big, big / 8]
    named["huge-tie3"] = [big, big, -big / 2]
    for margin in MARGINS:
        named[f"whole2-{margin}"] = [0.0, float(margin)]
        named[f"mixed2-{margin}"] = [1234.567 + margin, 1234.123]
        named[f"mixed3-{margin}"] = [-871.3 - 2.1 * margin, -871.3, -871.3137 - margin]
    for classes in (2, 3, 10, 100):
        for scale in (0.1, 1, 5, 20, 100):
            named[f"random{classes}-{scale}"] = _random(f"{classes}-{scale}", classes, scale)
    rounded = {name: _rounded(row, dtype) for name, row in named.items()}
    return rounded | {
        "long-flat": {"formula": "flat", "value": _rounded([0.1], dtype)[0]},
        "long-scale10": {"formula": "spread", "scale": 10.0},
        "long-sure11": {"formula": "sure", "low": 0.3, "high": 11.3},
        "long-sure40": {"formula": "sure", "low": -7.7, "high": 32.3},
    }


def logits(row: Row, dtype: str) -> np.ndarray:
    """Return the numbers of a row, from its list or from its formula."""
    if isinstance(row, list):
        return np.array(row, dtype)
    if row["formula"] == "flat":
        return np.full(LONG, row["value"], dtype)
    if row["formula"] == "spread":  # 1009 values between -scale and scale, in no order
        return (row["scale"] * ((np.arange(LONG) * 7919 % 1009 - 504) / 504.0)).astype(dtype)
    values = np.full(LONG, row["low"], dtype)
    values[SURE] = row["high"]
    return values


def softmax() -> Iterator[Case]:
    """Yield every softmax case, without its result."""
    for dtype in DTYPES:
        known = rows(dtype)
        for name, row in known.items():
            z = logits(row, dtype)
            for index in dict.fromkeys(_targets(z)):
                yield _softmax_case(dtype, name, {"index": index}, "plain", z)
        for turn, option in enumerate(list(OPTIONS)[1:]):
            for k, name in enumerate(OPTION_ROWS):
                z = logits(known[name], dtype)
                choice = _targets(z)
                index = choice[(turn + k) % 2]  # the maximum or the runner-up
                yield _softmax_case(dtype, name, {"index": index}, option, z)
        for k, name in enumerate(SOFT_ROWS):
            z = logits(known[name], dtype)
            for turn, option in enumerate(SOFT_OPTIONS):
                kinds = ("one-hot", "soft", "double", "half")
                some = dict.fromkeys(("soft", kinds[(k + turn) % 4]))
                if option in ("plain", "smoothed+weighted"):
                    some = dict.fromkeys((*kinds, "top-k"))
                for kind in some:
                    target = _soft(kind, z, dtype)
                    yield _softmax_case(dtype, name, target, option, z, kind)


def sigmoid() -> Iterator[Case]:
    """Yield every sigmoid case, without its result."""
    sizes = (1e-8, 0.5, 10.0, 36.7, 100.3, 700.0, 1e4)
    every = (0.0, *sizes, *(-size for size in sizes))
    others = ((3.0, 0.0), (1.0, 0.5), (1.0, 2.0), (3.0, 0.5), (3.0, 2.0))
    for dtype in DTYPES:
        for k, (z, t) in enumerate((z, t) for z in every for t in (0.0, 1.0, 0.3)):
            for pos_weight, gamma in ((1.0, 0.0), others[k % 5]):
                yield _sigmoid_case(dtype, z, t, pos_weight, gamma)
        for gamma in (0.0, 0.5, 2.0):
            yield _sigmoid_case(dtype, INF, 1.0, 3.0, gamma)
            yield _sigmoid_case(dtype, -INF, 0.0, 3.0, gamma)


def _softmax_case(
    dtype: str, name: str, target: Case, option: str, z: np.ndarray, kind: str = "index"
) -> Case:
    options = dict(OPTIONS[option])
    if "weight" in options:
        cycle = [WEIGHTS[j % len(WEIGHTS)] for j in range(len(z))]
        options["weight"] = _rounded(cycle, dtype)
    place = f"{kind}{target['index']}" if "index" in target else kind
    return {
        "id": f"{dtype}/{name}/{place}/{option}",
        "dtype": dtype,
        "row": name,
        "target": target,
        "options": options,
    }


def _sigmoid_case(dtype: str, z: float, t: float, pos_weight: float, gamma: float) -> Case:
    z, t, pos_weight = _rounded([z, t, pos_weight], dtype)
    case_id = f"{dtype}/sigmoid/z{z:.6g}/t{t:.2g}/pos{pos_weight:g}/focal{gamma:g}"
    options = {"z": z, "target": t, "pos_weight": pos_weight, "gamma": gamma}
    return {"id": case_id, "dtype": dtype, **options}


def _targets(z: np.ndarray) -> list[int]:
    """Return the maximum, the runner-up, the last and a middle class, live ones only."""
    order = sorted(range(len(z)), key=lambda j: (-z[j], j))
    live = [j for j in order if z[j] != -INF]
    wanted = [live[0], live[min(1, len(live) - 1)], len(z) - 1, len(z) // 2]
    return [j for j in wanted if z[j] != -INF]


def _soft(kind: str, z: np.ndarray, dtype: str) -> Case:
    """Return a soft target: given numbers, 0 at removed classes."""
    live = [j for j in range(len(z)) if z[j] != -INF]
    top = max(live, key=lambda j: z[j])
    if kind == "one-hot":
        return {"soft": [float(j == top) for j in range(len(z))]}
    rng = random.Random(f"soft {kind} {len(z)}")
    if kind == "top-k":  # the maximum, one other, padding, and one class named twice
        other = live[len(live) // 2 - 1]
        values = _rounded([0.6, 0.3, 9.0, 0.1], dtype)
        return {"top_k": [top, other, -1, top], "values": values}
    draws = [rng.random() for _ in z]
    shares = [x * x * x + 1e-3 if j in live else 0.0 for j, x in enumerate(draws)]
    mass = {"soft": 1.0, "double": 2.0, "half": 0.5}[kind]
    return {"soft": _rounded([mass * x / math.fsum(shares) for x in shares], dtype)}


def _random(seed: str, classes: int, scale: float) -> list[float]:
    """Return nearly normal numbers: sums of twelve uniform ones, no libm in them."""
    rng = random.Random(seed)
    return [scale * (sum(rng.random() for _ in range(12)) - 6.0) for _ in range(classes)]


def _rounded(values: list[float], dtype: str) -> list[float]:
    return [float(x) for x in np.array(values, np.float64).astype(dtype)]

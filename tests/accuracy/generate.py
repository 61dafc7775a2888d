"""Write table.json, byte for byte the same: `python -m tests.accuracy.generate`.

Losses and gradients are functions of the inputs after rounding to the case's type, which the table
holds as hexadecimal floats; options are Python doubles. Uses mpmath, numpy and the standard
library, never crossent.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import mpmath

from tests.accuracy import cases, exact

TABLE = Path(__file__).with_name("table.json")
FULL = 10  # rows of more classes keep their gradient at some places only
PLACES = 12


def softmax_result(case: cases.Case, row: cases.Row) -> cases.Case:
    """Return the case with its exact loss and gradient."""
    z = [float(x) for x in cases.logits(row, case["dtype"])]
    at = places(z, case["target"])
    result = exact.settled(lambda: exact.softmax(z, case["target"], case["options"], at))
    kept = {"gradient": result["gradient"]}
    if len(z) > FULL:
        kept = {"at": at, **kept, "largest": result["largest"]}
    extra = {"scale": _short(result["scale"])}
    condition = [_short(x) for x in result["condition"]]
    if condition != ["1", "1"]:
        extra["condition"] = condition
    return {**_stored(case), "loss": result["loss"], **kept, **extra}


def sigmoid_result(case: cases.Case) -> cases.Case:
    """Return the case with its exact loss and gradient."""
    given = (case["z"], case["target"], case["pos_weight"], case["gamma"])
    result = exact.settled(lambda: exact.sigmoid(*given))
    return {**_stored(case), **result, "scale": _short(result["scale"])}


def places(z: list[float], target: dict[str, Any]) -> list[int]:
    """Return the classes where the gradient is kept: all, or target, maximum and a dozen."""
    if len(z) <= FULL:
        return list(range(len(z)))
    spread = [(k * (len(z) - 1)) // (PLACES - 1) for k in range(PLACES)]
    return sorted({target["index"], z.index(max(z)), *spread})


def check(case: cases.Case, row: cases.Row) -> None:
    """Hold a result to the naive formula at many digits."""
    z = [float(x) for x in cases.logits(row, case["dtype"])]
    naive = exact.naive_softmax(z, case["target"], case["options"])
    stored = [case["loss"], *case["gradient"]]
    for plain, digits in zip(naive, stored, strict=True):
        with mpmath.workdps(100):
            off = abs(mpmath.mpf(digits) - plain)
            assert off <= abs(plain) * mpmath.mpf(10) ** -50, (case["id"], digits, plain)


def is_checkable(case: cases.Case, row: cases.Row) -> bool:
    """Say whether the naive formula needs no more than some thousand digits."""
    small = isinstance(row, list) and len(row) <= FULL
    return small and all(abs(x) < 2000 or x == -cases.INF for x in row) and case["loss"] != "0"


def table() -> str:
    """Return the text of the table; one case a line."""
    rows = {dtype: cases.rows(dtype) for dtype in cases.DTYPES}
    softmax = [softmax_result(case, rows[case["dtype"]][case["row"]]) for case in cases.softmax()]
    checkable = [c for c in softmax if is_checkable(c, rows[c["dtype"]][c["row"]])]
    for case in checkable:
        check(inputs(case), rows[case["dtype"]][case["row"]])
    sections = {
        "rows": [
            {"dtype": dtype, "name": name, "logits": hexadecimal(row)}
            for dtype, named in rows.items()
            for name, row in named.items()
        ],
        "softmax": softmax,
        "sigmoid": [sigmoid_result(case) for case in cases.sigmoid()],
    }
    parts = [
        f'"{name}":[\n' + ",\n".join(map(line, part)) + "\n]" for name, part in sections.items()
    ]
    return "{" + ",\n".join(parts) + "}\n"


def line(case: cases.Case) -> str:
    """Return one line of the table."""
    return json.dumps(case, separators=(",", ":"))


def _stored(case: cases.Case) -> cases.Case:
    """Return the case with its inputs as hexadecimal floats; options stay decimal."""
    stored = dict(case)
    if isinstance(case["target"], dict):
        stored["target"] = {
            key: hexadecimal(value) if key in ("soft", "values") else value
            for key, value in case["target"].items()
        }
        if "weight" in case["options"]:
            stored["options"] = {
                **case["options"],
                "weight": hexadecimal(case["options"]["weight"]),
            }
        return stored
    return {**stored, **{key: hexadecimal(stored[key]) for key in ("z", "target", "pos_weight")}}


def inputs(case: cases.Case) -> cases.Case:
    """Return a stored case with its inputs as floats again."""
    target, options = dict(case["target"]), dict(case["options"])
    for part in (target, options):
        for key in {"soft", "values", "weight"} & part.keys():
            part[key] = [float.fromhex(x) for x in part[key]]
    return {**case, "target": target, "options": options}


def hexadecimal(value: Any) -> Any:
    if isinstance(value, list):
        return [hexadecimal(x) for x in value]
    if isinstance(value, dict):
        return {key: hexadecimal(x) if isinstance(x, float) else x for key, x in value.items()}
    mantissa, _, exponent = float(value).hex().partition("p")
    short = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{short}p{exponent}" if exponent else short


def _short(digits: str) -> str:
    """Return 8 significant digits of a decimal: enough for a bound."""
    value = Decimal(digits)
    return "0" if value == 0 else f"{value:.7e}" if value != 1 else "1"


if __name__ == "__main__":
    TABLE.write_text(table())

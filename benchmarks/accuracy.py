"""How many units in the last place losses and gradients are off, against 60-digit values.

The cases are those of tests/accuracy/table.json. Writes results/accuracy.json, and from it the page
docs/losses/accuracy.md. Nothing is timed.
"""

import json
from pathlib import Path
from typing import Any

from benchmarks import results

PAGE = Path(__file__).parents[1] / "docs" / "losses" / "accuracy.md"
DOORS = ("cross_entropy", "binary_cross_entropy_with_logits")
HEAD = """# How exact

Losses and gradients against values of 60 digits (mpmath), which `python -m tests.accuracy.generate`
makes: near-certain rows, ties, logits of 1e4 and more, classes masked with -inf, subnormal and huge
logits, 100,000 classes; class indices, soft labels, a teacher's top-k; smoothing, weights, focal,
poly-1, z-loss, temperature, softcap. A loss is measured in units in its last place (ulp), a
gradient in eps of the largest that the row's mass allows. `python -m benchmarks accuracy` writes
this page.
"""


def main(arguments: list[str]) -> int:
    """Measure, write the results and the page; 1 where a loss or gradient breaks its bound."""
    del arguments
    from tests.accuracy.summary import summary  # imports torch and jax

    found = summary()
    print(json.dumps(found, indent=2))
    print(f"written to {results.write('accuracy', found).name}")
    PAGE.write_text(page(found))
    parts = [p for door in DOORS for by_type in found[door].values() for p in by_type.values()]
    return int(any(figures["fails"] for part in parts for figures in part.values()))


def page(found: dict[str, Any]) -> str:
    """Return the page of a summary."""
    lines = [HEAD, "## Beside PyTorch's own", ""]
    lines += [
        "Class indices and binary targets without other options. Wrong: more than 64 ulp off, NaN,",
        "an infinity, or 0 for what is not 0.",
        "",
        "| loss | type | cases | | within 1 ulp | beyond 4 | wrong | gradients wrong |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for dtype, doors in found["plain cases"].items():
        for door, rows in doors.items():
            for name, row in rows.items():
                cells = (row[key] for key in ("within_1", "beyond_4", "wrong", "gradient_wrong"))
                start = f"| `{door}` | {dtype} | {row['cases']} | {name} |"
                lines.append(start + "".join(f" {cell} |" for cell in cells))
    lines += ["", "## Every option, every library", ""]
    lines += [
        "The worst is divided by its case's condition number where temperature, softcap or z-loss",
        "amplify what the logits' own rounding does. PyTorch is measured twice: as it runs, and as",
        "`torch.func` differentiates it. NumPy has no gradient of its own. The cases beyond 4 are",
        "listed in tests/accuracy/routes.py with their reasons; results below the smallest normal",
        "number, which XLA flushes to 0, are left out for JAX.",
        "",
        "| loss | library | type | cases | loss within 1 ulp | worst | beyond 4 "
        "| gradient within 1 eps | worst | beyond 4 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for door in DOORS:
        for route, by_type in found[door].items():
            for dtype, part in by_type.items():
                cells = [_share(part["loss"]), _share(part.get("gradient"))]
                row = (door, route, dtype, part["loss"]["cases"])
                start = "| `{}` | {} | {} | {} | ".format(*row)
                lines.append(start + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _share(figures: dict[str, Any] | None) -> str:
    if figures is None:
        return "| | "
    return f"{100 * figures['within_1']:.1f} % | {figures['worst']} | {figures['beyond']}"

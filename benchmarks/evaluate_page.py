"""The page docs/evaluation/speed.md, made of results/evaluate.json alone."""

from pathlib import Path
from typing import Any

from benchmarks import evaluate_run as run

PAGE = Path(__file__).parents[1] / "docs" / "evaluation" / "speed.md"
HEAD = """# How fast is evaluation

`crossent evaluate FILE --json` beside pandas with scikit-learn for the same numbers: log loss, in
all and by class, accuracy, top 1 to 5, Brier score, confusion matrix, precision, recall and F1,
calibration in 15 bins of equal width and of equal mass, worst rows, confused pairs with their mean
loss, Wilson intervals. Every number of theirs equals ours to 1e-9 of it, or no time is given.
Only ours also resamples intervals of the losses, splits them into calibration and refinement, and
draws examples of every confusion.

Whole processes, imports and reading included; medians over interleaved rounds, ratios as median
[quartiles] of the rounds. Reading: the file into memory (theirs), or once through in
batches (ours), without imports. *By hand* is pandas with NumPy alone: everything shared, nothing
checked. Peak memory is the process's own, in MB of 10^6 bytes. {machine}, {cores} cores;
numpy {numpy}, pandas {pandas}, pyarrow {pyarrow}, scikit-learn {scikit-learn}, DuckDB {duckdb}.
`python -m benchmarks evaluate` writes this page; the rest is in `benchmarks/results/evaluate.json`.
"""
TITLES = {
    "wide": "{rows:,} rows of {classes} classes, Parquet, whole numbers as labels",
    "words": "The same with words as labels",
    "csv": "{text_rows:,} rows of {classes} classes, CSV",
    "jsonl": "{text_rows:,} rows of {classes} classes, a JSON object a line",
}


def page(document: dict[str, Any]) -> str:
    """Return the page of a results document."""
    found = document["results"]
    numbers = {**document["device"], **document["versions"], **found["versions"]}
    lines = [HEAD.format(**numbers)]
    parts = {name: found[name] for name in ("wide", "words")} | found["text"]
    for name, part in parts.items():
        title = TITLES[name].format_map(found)
        rounds = "1 round" if part["rounds"] == 1 else f"{part['rounds']} rounds"
        lines += [f"## {title}, {rounds}", "", *_beside(part)]
    lines += _memory(found)
    lines += ["## Goals that are missed", ""]
    lines += [f"- {line}" for line in found["missed"]] or ["None."]
    return "\n".join(lines) + "\n"


def _beside(part: dict[str, Any]) -> list[str]:
    lines = [
        "| | whole process, s | reading, s | peak, MB | over ours: whole | reading "
        "| without reading |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in (run.OURS, run.PEER, run.BY_HAND):
        reading = part["reading_seconds"][run.OURS if name == run.OURS else run.PEER]
        cells = [f"{part['seconds'][name]:.2f}", f"{reading:.2f}", f"{part['peak_mb'][name]:,.0f}"]
        ratios = part["ratios"].get(name, {})
        cells += [_ratio(ratios.get(key)) for key in ("whole", "reading", "without reading")]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _memory(found: dict[str, Any]) -> list[str]:
    lines = [
        "## Our memory by size",
        "",
        f"{max(_counts(found)):,} rows are one file under ten names. The list column is `FLOAT[]`, "
        "in one row group.",
        "",
        "| rows | classes | layout | seconds | peak, MB |",
        "|---|---|---|---|---|",
    ]
    rows = [
        (count, found["classes"], "wide", found["memory"][str(count)]) for count in _counts(found)
    ]
    many = found["many"]
    rows += [
        (part["rows"], many["classes"], name, part)
        for name, part in many.items()
        if isinstance(part, dict)
    ]
    for count, classes, name, part in rows:
        cells = f"{part['seconds']:.2f} | {part['peak_mb']:,.0f}"
        lines.append(f"| {count:,} | {classes:,} | {name} | {cells} |")
    return [*lines, ""]


def _counts(found: dict[str, Any]) -> list[int]:
    return sorted(int(name) for name in found["memory"] if name.isdigit())


def _ratio(found: dict[str, float] | None) -> str:
    if found is None:
        return "1"
    if "lower" not in found:
        return f"{found['median']:.2f}"
    return "{median:.2f} [{lower:.2f}, {upper:.2f}]".format(**found)

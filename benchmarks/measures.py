"""What a measure costs beside the same formula by hand, and beside SciPy's and torch's own.

A million rows of ten probabilities. The plain code is what one writes for inputs that have no 0;
ours is measured with validate=False and with its checks. Every contender is first compared with
the formula in a wider type; where one fails, no speed is reported. Each library and type has a
process of its own; ratios are taken within interleaved rounds, median [quartiles]. Memory is the
most that one call needs above its inputs, in a process of its own. Writes results/measures.json,
and from it the page docs/measures/speed.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import measures_cases as cases
from benchmarks import measures_run as run
from benchmarks import results

PAGE = Path(__file__).parents[1] / "docs" / "measures" / "speed.md"
ROWS = 1_000_000
SECONDS = 4.0  # for each measure of each way
GOALS = {run.UNVALIDATED: 1.5, run.VALIDATED: 2.0}  # of the time by hand
MEMORY = [
    (way, label)
    for way in ("numpy float64", "torch float32")
    for label in ("kl_divergence", "js_divergence")
]
HEAD = """# How fast

{rows:,} rows of {classes} probabilities, drawn flat from the simplex, without a 0; logits are
normal with standard deviation {spread:g}. *By hand* is the formula as plain code of that library,
such as `(p * np.log(p / q)).sum(-1)`. A ratio is our time over theirs, the median of interleaved
rounds: below 1 ours is faster. *Unvalidated* is `validate=False`; *validated* also checks that
every row is a distribution. {cores} cores; numpy {numpy}, scipy {scipy}, torch {torch}, jax {jax}.
NumPy's and SciPy's functions run in one thread; torch, JAX and the kernels here in {threads}.
`python -m benchmarks measures` writes this page; the quartiles are in
`benchmarks/results/measures.json`.
"""


def main(arguments: list[str]) -> int:
    """Measure, print, write the results and the page; 1 where a gate fails."""
    asked = _parser().parse_args(arguments)
    if asked.out:
        asked.out.write_text(json.dumps(_measure(asked)))
        return 0
    found: dict[str, Any] = {
        "rows": asked.rows,
        "classes": cases.CLASSES,
        "versions": {package: version(package) for package in ("jax", "scipy")},
        "ways": {way: _child(asked, "--ways", way) for way in asked.ways},
        "memory": {},
    }
    for way, label in MEMORY:
        if way in asked.ways and label in asked.measures:
            names = run.contenders(run.WAYS[way], label, [])
            peaks = {name: _child(asked, "--ways", way, "--peak", label, name) for name in names}
            found["memory"].setdefault(way, {})[label] = peaks
    found["missed"] = missed(found)
    print("\n".join(table(found)))
    if asked.rows == ROWS and asked.ways == [*run.WAYS] and asked.measures == [*cases.MEASURES]:
        path = results.write("measures", found)
        print(f"written to {path.name}")
        if not failures(found):
            PAGE.parent.mkdir(exist_ok=True)
            PAGE.write_text(page(json.loads(path.read_text())))
    else:
        print("a part of the ways, measures or rows: nothing is written")
    return int(bool(failures(found)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks measures", description=__doc__)
    parser.add_argument("--ways", nargs="+", choices=run.WAYS, default=[*run.WAYS])
    parser.add_argument("--measures", nargs="+", choices=cases.MEASURES, default=[*cases.MEASURES])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    return parser


def _child(asked: argparse.Namespace, *arguments: str) -> Any:
    """Return what a process of its own measures."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        command = [sys.executable, "-m", "benchmarks", "measures", "--out", str(out)]
        command += ["--rows", str(asked.rows), "--seconds", str(asked.seconds)]
        command += ["--measures", *asked.measures, *arguments]
        environment = {**os.environ, "JAX_PLATFORMS": "cpu", "JAX_ENABLE_X64": "0"}
        subprocess.run(command, check=True, env=environment)
        return json.loads(out.read_text())


def _measure(asked: argparse.Namespace) -> Any:
    (name,) = asked.ways
    way = run.WAYS[name]
    if asked.peak:
        return run.peak(way, *asked.peak, asked.rows)
    inputs = cases.make(asked.rows)
    out = {}
    for label in asked.measures:
        print(f"{name}: {label}", file=sys.stderr, flush=True)
        out[label] = run.times(way, label, inputs, asked.seconds)
    return out


def failures(found: dict[str, Any]) -> list[str]:
    """Return the contenders that are not what the wider type says."""
    return [
        f"{way}: {label}: {name}: {gate}"
        for way, measures in found["ways"].items()
        for label, part in measures.items()
        for name, gate in part["gates"].items()
        if not gate["passes"]
    ]


def missed(found: dict[str, Any]) -> list[str]:
    """Return the goals that are missed: beside plain code, and to be faster than SciPy."""
    out = []
    for way, measures in found["ways"].items():
        for label, part in measures.items():
            for name, ratio in part.get("ratios", {}).items():
                goal = _goal(label, name)
                if goal is not None and ratio["median"] > goal:
                    out.append(f"{way}: {label}: {name} {ratio['median']}, goal {goal}")
    return out


def _goal(label: str, ratio: str) -> float | None:
    """Return the most that a ratio should be; None where it is told only."""
    ours, other = ratio.split(" / ")
    if other == run.BY_HAND:
        return GOALS[ours]
    # Equal work: SciPy's functions normalise, its element-wise ones check nothing.
    same = {run.VALIDATED: cases.SCIPY, run.UNVALIDATED: cases.BARE}[ours]
    return 1.0 if other in same.get(label, {}) else None


def table(found: dict[str, Any]) -> list[str]:
    """Return the lines that are printed."""
    lines = []
    for way, measures in found["ways"].items():
        head = "".join(f"{f'{name} / {run.BY_HAND}':>28}" for name in GOALS)
        lines += ["", f"{way}, {found['rows']:,} rows", f"{'':28}{'by hand ms':>12}{head}"]
        for label, part in measures.items():
            if "ratios" not in part:
                lines.append(f"{label:28}{'wrong':>12}")
                continue
            cells = "".join(f"{_cell(part, f'{name} / {run.BY_HAND}'):>28}" for name in GOALS)
            lines.append(f"{label:28}{part['milliseconds'][run.BY_HAND]:>12}{cells}")
            rest = [ratio for ratio in part["ratios"] if not ratio.endswith(run.BY_HAND)]
            lines += [f"    {ratio:52}{_cell(part, ratio):>20}" for ratio in rest]
    for way, measures in found["memory"].items():
        lines += ["", f"{way}: most above the inputs, in MiB and in inputs"]
        lines += [f"{label:20}{name:24}{at}" for label, p in measures.items()
                  for name, at in p.items()]  # fmt: skip
    lines += ["", *(f"missed: {line}" for line in found["missed"])]
    return [*lines, *(f"WRONG: {line}" for line in failures(found))]


def _cell(part: dict[str, Any], ratio: str) -> str:
    found = part["ratios"].get(ratio)
    return "{median:.2f} [{lower:.2f}, {upper:.2f}]".format(**found) if found else "-"


def page(document: dict[str, Any]) -> str:
    """Return the page of a results document."""
    found = document["results"]
    numbers = {**document["device"], **document["versions"], **found["versions"]}
    lines = [
        HEAD.format(
            rows=found["rows"], classes=found["classes"], spread=cases.LOGIT_SPREAD, **numbers
        )
    ]
    lines += _speed(found["ways"])
    lines += _beside(found["ways"])
    lines += _memory(found["memory"])
    lines += ["## Goals that are missed", ""]
    lines += [f"- {line}" for line in found["missed"]] or ["None."]
    return "\n".join(lines) + "\n"


def _speed(ways: dict[str, Any]) -> list[str]:
    lines = []
    for way, measures in ways.items():
        title = {"gradient": "forward and backward in the first input", "jit": "in `jax.jit`"}
        library, dtype, *rest = way.split()
        lines += [f"## {', '.join([library, dtype, *(title[word] for word in rest)])}", ""]
        lines += [
            "| measure | by hand, ms | ours, ms | unvalidated / by hand | validated / by hand |"
        ]
        lines += ["|---|---|---|---|---|"]
        for label, part in measures.items():
            ms = [f"{part['milliseconds'][name]:.3g}" for name in (run.BY_HAND, run.UNVALIDATED)]
            cells = [_median(part, f"{name} / {run.BY_HAND}") for name in GOALS]
            lines.append(f"| `{label}` | " + " | ".join([*ms, *cells]) + " |")
        lines.append("")
    return lines


def _beside(ways: dict[str, Any]) -> list[str]:
    lines = [
        "## Beside the libraries' own",
        "",
        "`scipy.stats.entropy` and `scipy.spatial.distance.jensenshannon` (squared for the",
        "divergence) get the same rows and `axis=-1`, and divide them by their sums first: compare",
        "the validated column. Those of `scipy.special` and torch are summed over the last axis",
        "and check nothing.",
        "",
        "| | measure | function | theirs, ms | unvalidated / theirs | validated / theirs |",
        "|---|---|---|---|---|---|",
    ]
    own = {run.BY_HAND, *GOALS}
    for way, measures in ways.items():
        for label, part in measures.items():
            for name in (name for name in part["milliseconds"] if name not in own):
                cells = [_median(part, f"{ours} / {name}") for ours in GOALS]
                ms = f"{part['milliseconds'][name]:.3g}"
                lines.append(f"| {way} | `{label}` | `{name}` | {ms} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _memory(memory: dict[str, Any]) -> list[str]:
    lines = [
        "## Memory",
        "",
        "The most that one call holds above its inputs, its result too: in MiB, and sizes of p.",
        "",
        "| | measure | | MiB | sizes of p |",
        "|---|---|---|---|---|",
    ]
    for way, measures in memory.items():
        for label, peaks in measures.items():
            for name, at in peaks.items():
                cells = f"{at['MiB']:.0f} | {at['inputs']:.2f}" if at else "- | -"
                lines.append(f"| {way} | `{label}` | {name} | {cells} |")
    return [*lines, ""]


def _median(part: dict[str, Any], ratio: str) -> str:
    found = part["ratios"].get(ratio)
    return f"{found['median']:.2f}" if found else "-"

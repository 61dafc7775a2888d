"""How fast the dense losses are beside a copy of their logits and beside PyTorch.

Each row is first checked against PyTorch in float64; one that fails reports no speed. Forward and
backward on two threads, the gradient made anew at every call; the copy goes into memory in the
state that the gradient here's was found in. Three processes: "default"; "huge", in which PyTorch's
allocator asks for huge pages too; "mapped", in which malloc keeps its memory, so that every result
lies in pages that are there already. Ratios are taken within interleaved rounds: median
[quartiles]. Writes results/dense.json, and from it the table between the marks in README.md.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from benchmarks import dense_measure, memory, results
from benchmarks.dense_cases import ROWS
from crossent.kernels.select import select

EXTRA = {"options": dense_measure.options, "products": dense_measure.products}  # by default only
NAMES = [*ROWS, *EXTRA]
README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- dense: begin -->", "<!-- dense: end -->"
README_ROWS = ("2048x32000", "512x128256-bfloat16", "16384x1000")
KEPT = "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=1099511627776"
PASSES: dict[str, dict[str, str]] = {
    "default": {},
    "huge": {"THP_MEM_ALLOC_ENABLE": "1"},
    "mapped": {"THP_MEM_ALLOC_ENABLE": "1", "GLIBC_TUNABLES": f"{KEPT}:glibc.malloc.hugetlb=1"},
}
# Else torch.compile keeps processes by that start while others are timed.
ALWAYS = {"TORCHINDUCTOR_COMPILE_THREADS": "1"}
SECONDS = {"default": 8.0, "huge": 5.0, "mapped": 3.0}  # for each row
OPTION_COST = 1.15
COLUMNS = {
    "ours / copy": "copy",
    "non-leaf / copy": None,
    "eager / ours": "eager",
    "non-leaf: eager / ours": None,
    "compiled / ours": "compiled",
    "forward: eager / ours": "forward",
}


def main(arguments: list[str]) -> int:
    """Measure, print, write the results and the README's table; 1 where a gate fails."""
    asked = _parser().parse_args(arguments)
    if asked.out:
        asked.out.write_text(json.dumps(_measure(asked.passes[0], asked.rows)))
        return 0
    found: dict[str, Any] = {}
    for name in asked.passes:
        if rows := [row for row in asked.rows if name == "default" or row not in EXTRA]:
            found[name] = _child(name, rows)
    found["missed"] = missed(found)
    print("\n".join(table(found)))
    wrong = failures(found)
    if set(asked.rows) == set(NAMES) and list(asked.passes) == list(PASSES):
        path = results.write("dense", found)
        print(f"written to {path.name}")
        if not wrong:
            write_readme(json.loads(path.read_text()))
    else:
        print("a part of the rows or passes: nothing is written")
    return int(bool(wrong))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks dense", description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--passes", nargs="+", choices=list(PASSES), default=list(PASSES))
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    return parser


def _child(name: str, rows: list[str]) -> dict[str, Any]:
    """Return what a process with the settings of a pass measures."""
    environment = {**os.environ, **ALWAYS, **PASSES[name]}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        command = [sys.executable, "-m", "benchmarks", "dense", "--passes", name]
        command += ["--out", str(out), "--rows", *rows]
        subprocess.run(command, env=environment, check=True)
        return json.loads(out.read_text())


def _measure(name: str, rows: list[str]) -> dict[str, Any]:
    if name == "mapped":
        memory.keep_heap()
    choice = select(torch.zeros(1, 2))
    out: dict[str, Any] = {
        "backend": choice.name,
        "reason": choice.reason,
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "transparent huge pages": memory.setting(),
        "environment": PASSES[name],
        "rows": {},
    }
    for row in rows:
        print(f"{name}: {row}", file=sys.stderr, flush=True)
        if row in EXTRA:
            out[row] = EXTRA[row](SECONDS[name])
        else:
            out["rows"][row] = dense_measure.row(row, name != "mapped", SECONDS[name])
    return out


def failures(found: dict[str, Any]) -> list[str]:
    """Return the rows and options that are not what float64 says."""
    out = []
    for name in PASSES.keys() & found.keys():
        a_pass = found[name]
        gates = {row: part["gate"] for row, part in a_pass["rows"].items()}
        gates |= a_pass.get("options", {}).get("gates", {})
        if "products" in a_pass:
            gates["products"] = a_pass["products"]["gate"]
        out += [f"{name}: {row}: {gate}" for row, gate in gates.items() if not gate["passes"]]
    return sorted(out)


def missed(found: dict[str, Any]) -> list[str]:
    """Return the goals that are missed: over a copy in every pass, over the others by default."""
    out = []
    for name in (name for name in PASSES if name in found):
        for row, part in found[name]["rows"].items():
            goal = ROWS[row].goal._asdict()
            for column, which in COLUMNS.items():
                wanted = goal[which] if which else None
                ratio = part.get("ratios", {}).get(column)
                if wanted is None or ratio is None or (name != "default" and which != "copy"):
                    continue
                value = ratio["median"]
                if value > wanted if which == "copy" else value < wanted:
                    out.append(f"{name}: {row}: {column} {value}, goal {wanted}")
        for option, ratio in found[name].get("options", {}).get("ratios", {}).items():
            if ratio["median"] > OPTION_COST:
                out.append(f"{name}: {option} / plain {ratio['median']}, goal {OPTION_COST}")
    return out


def table(found: dict[str, Any]) -> list[str]:
    """Return the lines that are printed."""
    lines = []
    for name in (name for name in PASSES if name in found):
        a_pass = found[name]
        lines += ["", f"{name}: {a_pass['backend']}, {a_pass['threads']} threads"]
        lines.append(f"{'row':22}{'ours ms':>9}  {'gradient in':14}"
                     + "".join(f"{column:>25}" for column in COLUMNS))  # fmt: skip
        lines += [_line(row, part) for row, part in a_pass["rows"].items()]
        for extra in (a_pass[key] for key in ("options", "products") if key in a_pass):
            lines += ["", str(extra.get("milliseconds", "wrong"))]
            lines += [f"{key:28}{_cell(ratio)}" for key, ratio in extra.get("ratios", {}).items()]
    lines += ["", *(f"missed: {line}" for line in found["missed"])]
    return [*lines, *(f"WRONG: {line}" for line in failures(found))]


def _line(row: str, part: dict[str, Any]) -> str:
    if not part["gate"]["passes"]:
        return f"{row:22}{'wrong':>9}"
    start = f"{row:22}{part['milliseconds']['ours']:>9}  {part['memory']['ours']:14}"
    return start + "".join(f"{_cell(part['ratios'].get(column)):>25}" for column in COLUMNS)


def _cell(ratio: dict[str, float] | None) -> str:
    if ratio is None:
        return "-"
    return "{median:.2f} [{lower:.2f}, {upper:.2f}]".format(**ratio)


def readme_table(document: dict[str, Any]) -> str:
    """Return the README's table of a results document."""
    found = document["results"]["default"]
    times = "torch {torch}, {threads} threads".format(**document["versions"], **found)
    lines = [
        f"| forward + backward, {times} | ms | of a copy's time | faster than torch "
        "| than torch.compile | forward only, than torch |",
        "|---|---|---|---|---|---|",
    ]
    columns = [column for column, goal in COLUMNS.items() if goal]
    for name in README_ROWS:
        part = found["rows"][name]
        shape = f"{part['rows']:,} x {part['classes']:,} {part['dtype']}"
        cells = [f"{part['milliseconds']['ours']:.3g}"]
        cells += [f"{part['ratios'][column]['median']:.1f} x" for column in columns]
        lines.append(f"| {shape} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def marked(page: str, document: dict[str, Any]) -> str:
    """Return a page with the table between its marks; as it is without them."""
    between = re.compile(f"{re.escape(BEGIN)}\n.*?{re.escape(END)}", re.DOTALL)
    return between.sub(lambda _: f"{BEGIN}\n{readme_table(document)}\n{END}", page)


def write_readme(document: dict[str, Any]) -> None:
    """Write the table of a results document into README.md."""
    README.write_text(marked(README.read_text(), document))

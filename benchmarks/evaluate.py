"""What scoring a file of predictions costs beside pandas and scikit-learn, in time and memory.

Whole processes on the same file, interleaved; ratios are taken within rounds, median [quartiles].
Every number that the peer computes is first compared with the one that `crossent evaluate --json`
prints; where one differs by more than 1e-9 of it, no speed is reported. Peak memory is the
process's own (ru_maxrss). The files, up to 2 GB, are made in a temporary folder and removed.
Writes results/evaluate.json, and from it the page docs/evaluation/speed.md.
"""

import argparse
import json
import sys
import tempfile
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import evaluate_data as data
from benchmarks import evaluate_run as run
from benchmarks.evaluate_page import PAGE, page
from benchmarks.timing import Times

ROWS, ROUNDS = 10_000_000, 5
TEXT_SHARE, TARGET_SHARE, LIST_SHARE = 10, 2, 10_000  # rows / these: 1e6, 5e6, 1e3
LINKS = 10  # names of the one file: ten times its rows
WARM_UP = 1000
QUICK = 20_000
FASTER, WIDE_MB, MANY_MB = 5.0, 600.0, 1000.0
# Flat: ten times the rows need no more, but for noise; a tenth of them have one row group, of which
# there is nothing to read ahead.
GROWTH, MORE_MB = 1.1, 100.0
SECTIONS = ("wide", "words", "memory", "many", "text")


def main(arguments: list[str]) -> int:
    """Measure, print, write the results and the page; 1 where a gate fails or a goal is missed."""
    asked = _parser().parse_args(arguments)
    if asked.quick:
        asked.rows, asked.rounds = QUICK, 1
    with tempfile.TemporaryDirectory(prefix="crossent-evaluate-") as name:
        found = measure(Path(name), asked.rows, asked.rounds, asked.sections)
    print(json.dumps(found, indent=2))
    if asked.rows == ROWS and asked.rounds == ROUNDS and asked.sections == [*SECTIONS]:
        from benchmarks import results  # torch, which is not needed before

        path = results.write("evaluate", found)
        print(f"written to {path.name}")
        if not failures(found):
            PAGE.write_text(page(json.loads(path.read_text())))
    else:
        print("a part of the rows, rounds or sections: nothing is written")
    return int(bool(failures(found) or (found["missed"] and not asked.quick)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks evaluate", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=[*SECTIONS])
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} rows, one round")
    return parser


def measure(folder: Path, rows: int, rounds: int, sections: list[str]) -> dict[str, Any]:
    """Return what was found in the sections, and the goals that are missed."""
    found: dict[str, Any] = {
        "rows": rows,
        "classes": data.CLASSES,
        "rounds": rounds,
        "text_rows": max(1, rows // TEXT_SHARE),
        "versions": {name: version(name) for name in ("duckdb", "pandas", "pyarrow")},
    }
    wide = folder / "wide.parquet"
    data.wide(wide, WARM_UP)
    run.rounds(run.contenders(folder, wide), 1)
    if {"wide", "memory"} & {*sections}:
        _note("wide")
        data.wide(wide, rows)
    if "wide" in sections:
        found["wide"] = beside(folder, wide, rounds)
    if "memory" in sections:
        found["memory"] = _memory(folder, wide, rows)
    wide.unlink()
    if "words" in sections:
        _note("words")
        words = folder / "words.parquet"
        data.wide(words, rows, words=True)
        found["words"] = beside(folder, words, max(1, rounds // 2))
        words.unlink()
    if "many" in sections:
        found["many"] = _many(folder, rows)
    if "text" in sections:
        found["text"] = {}
        for ending in ("csv", "jsonl"):
            _note(ending)
            file = folder / f"wide.{ending}"
            data.text(file, found["text_rows"])
            found["text"][ending] = beside(folder, file, 1)
            file.unlink()
    found["missed"] = missed(found)
    return found


def beside(folder: Path, file: Path, rounds: int) -> dict[str, Any]:
    """Return the gates, and where they pass the times, ratios and peaks of all on one file."""
    runs = run.rounds(run.contenders(folder, file), rounds)
    evaluation = runs[run.OURS][0].output
    megabytes = round(file.stat().st_size / 1e6, 1)
    out: dict[str, Any] = {"megabytes": megabytes, "rounds": rounds, "gates": {}}
    for name in (run.PEER, run.BY_HAND):
        numbers = runs[name][0].output["numbers"]
        wrong = run.differences(numbers, evaluation)
        out["gates"][name] = {"compared": run.compared(numbers), "wrong": wrong[:20]}
    out["ours_alone"] = run.unmatched(evaluation, runs[run.PEER][0].output["numbers"])
    if any(gate["wrong"] for gate in out["gates"].values()):
        return out
    inner = _reading(runs)
    out["seconds"] = {name: _middle(one.seconds for one in part) for name, part in runs.items()}
    out["cpu_seconds"] = {
        name: _middle(one.cpu_seconds for one in part) for name, part in runs.items()
    }
    out["peak_mb"] = {
        name: round(max(one.peak_mb for one in part), 1) for name, part in runs.items()
    }
    out["reading_seconds"] = {name: _middle(values) for name, values in inner.items()}
    out["stages"] = {name: runs[name][0].output["stages"] for name in (run.PEER, run.BY_HAND)}
    out["ratios"] = {name: _ratios(runs, inner, name) for name in (run.PEER, run.BY_HAND)}
    return out


def _reading(runs: dict[str, list[run.Run]]) -> dict[str, list[float]]:
    """Return the seconds that reading alone takes after the imports, by round."""
    return {
        run.OURS: [one.output for one in runs[run.READ]],
        run.PEER: [one.output["stages"]["read"] for one in runs[run.PEER_READ]],
    }


def _ratios(
    runs: dict[str, list[run.Run]], inner: dict[str, list[float]], name: str
) -> dict[str, Any]:
    """Return how many times our time a peer takes: in all, and by what is not reading."""
    whole = {each: [one.seconds for one in runs[each]] for each in (name, run.OURS)}
    reading = {name: inner[run.PEER], run.OURS: inner[run.OURS]}
    within = {name: [one.output["stages"]["read"] for one in runs[name]], run.OURS: inner[run.OURS]}
    rest = {
        each: [total - read for total, read in zip(whole[each], within[each], strict=True)]
        for each in whole
    }
    parts = {"whole": whole, "reading": reading, "without reading": rest}
    return {part: _ratio(seconds, name) for part, seconds in parts.items()}


def _ratio(seconds: dict[str, list[float]], over: str) -> dict[str, float]:
    times = Times(seconds, {})
    if times.rounds > 1:
        return times.ratio(over, run.OURS)
    return {"median": round(seconds[over][0] / seconds[run.OURS][0], 3)}


def _memory(folder: Path, wide: Path, rows: int) -> dict[str, Any]:
    """Return our seconds and peak at a tenth of the rows, at all, and at ten times them."""
    small = folder / "small.parquet"
    data.wide(small, max(1, rows // 10))
    links = [folder / f"link{number}.parquet" for number in range(LINKS)]
    for link in links:
        link.hardlink_to(wide)
    out: dict[str, Any] = {"ten times the rows": "one file under ten names, hard links"}
    for count, files in ((rows // 10, [small]), (rows, [wide]), (rows * LINKS, links)):
        _note(f"memory at {count:,} rows")
        out[str(count)] = _one(run.ours(folder, *files), count)
    small.unlink()
    return out


def _many(folder: Path, rows: int) -> dict[str, Any]:
    """Return our seconds and peak with 100,000 classes."""
    cases = {
        "target-only": (data.target_only, rows // TARGET_SHARE),
        "target-only words": (partial(data.target_only, words=True), rows // TARGET_SHARE),
        "list": (data.listed, max(2, rows // LIST_SHARE)),
        "NPZ": (data.arrays, max(2, rows // LIST_SHARE)),
    }
    out: dict[str, Any] = {"classes": data.MANY}
    for name, (make, count) in cases.items():
        _note(f"many classes, {name}")
        file = folder / ("many.npz" if name == "NPZ" else "many.parquet")
        make(file, count)
        out[name] = _one(run.ours(folder, file), count) | {"rows": count}
        file.unlink()
    return out


def _one(found: run.Run, rows: int) -> dict[str, float]:
    """Return the figures of a run that has no peer, after a look at how many rows it counted."""
    if found.output["rows"] != rows:
        raise RuntimeError(f"{rows} rows wanted, {found.output['rows']} counted")
    return {
        "seconds": round(found.seconds, 3),
        "cpu_seconds": round(found.cpu_seconds, 3),
        "peak_mb": round(found.peak_mb, 1),
    }


def failures(found: dict[str, Any]) -> list[str]:
    """Return where the peer's numbers are not ours."""
    parts = {name: found[name] for name in ("wide", "words") if name in found}
    return [
        f"{part}: {name}: {line}"
        for part, one in (parts | found.get("text", {})).items()
        for name, gate in one["gates"].items()
        for line in gate["wrong"]
    ]


def missed(found: dict[str, Any]) -> list[str]:
    """Return the goals that are missed: speed, peak, growth of the peak, many classes."""
    out = []
    for part in ("wide", "words"):
        if "ratios" in found.get(part, {}):
            times = found[part]["ratios"][run.PEER]["whole"]["median"]
            if times < FASTER:
                out.append(f"{part}: {times} times as fast as {run.PEER}, goal {FASTER}")
    peaks = {int(n): one["peak_mb"] for n, one in found.get("memory", {}).items() if n.isdigit()}
    if peaks:
        few, all_rows, most = (peaks[rows] for rows in sorted(peaks))
        if max(peaks.values()) > WIDE_MB:
            out.append(f"peak {max(peaks.values())} MB, goal {WIDE_MB}")
        if most > GROWTH * all_rows or most > few + MORE_MB:
            out.append(f"peaks of {few}, {all_rows} and {most} MB, which is not flat")
    for name, one in found.get("many", {}).items():
        if isinstance(one, dict) and one["peak_mb"] > MANY_MB:
            out.append(f"{data.MANY:,} classes, {name}: {one['peak_mb']} MB, goal {MANY_MB}")
    return out


def _middle(values: Any) -> float:
    return round(median(values), 3)


def _note(what: str) -> None:
    print(what, file=sys.stderr, flush=True)

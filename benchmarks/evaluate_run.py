"""The contenders of `python -m benchmarks evaluate` as processes; the gate on their numbers."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

LAUNCH = Path(__file__).with_name("evaluate_launch.py")
RELATIVE = 1e-9
OURS, PEER, BY_HAND = "crossent", "pandas + scikit-learn", "pandas + NumPy by hand"
READ, PEER_READ = "crossent, reading alone", "pandas, reading alone"


class Run(NamedTuple):
    """One run of a process: seconds, CPU seconds, most MB (10^6 bytes), output."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: Any


def launch(folder: Path, command: Sequence[str]) -> tuple[dict[str, float], str]:
    """Run a command to its end; return what it took and what it printed."""
    result, out = folder / "run.json", folder / "stdout.txt"
    subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCH), str(result), str(out), *command], check=True
    )
    took = json.loads(result.read_text())
    if took["status"]:
        raise RuntimeError(f"exit status {took['status']}: {' '.join(command)}")
    return took, out.read_text()


def ours(folder: Path, *files: Path | str, flags: Sequence[str] = ()) -> Run:
    """Run `crossent evaluate FILES --json`."""
    command = [sys.executable, "-m", "crossent", "evaluate", *map(str, files), *flags, "--json"]
    took, printed = launch(folder, command)
    return _run(took, json.loads(printed)["evaluation"])


def read_alone(folder: Path, *files: Path | str) -> Run:
    """Run the stream of our reader without scoring; the output is the seconds without imports."""
    took, printed = launch(
        folder, [sys.executable, "-m", "benchmarks.evaluate_read", *map(str, files)]
    )
    return _run(took, float(printed.split()[0]))


def peer(folder: Path, file: Path, *flags: str) -> Run:
    """Run `evaluate_peer`; the output has numbers and stages."""
    out = folder / "peer.json"
    module = [sys.executable, "-m", "benchmarks.evaluate_peer"]
    took, _ = launch(folder, [*module, str(file), str(out), *flags])
    return _run(took, json.loads(out.read_text()))


def contenders(folder: Path, file: Path) -> dict[str, Callable[[], Run]]:
    """Return the processes that are timed on one file, by name."""
    return {
        OURS: lambda: ours(folder, file),
        PEER: lambda: peer(folder, file),
        BY_HAND: lambda: peer(folder, file, "--by-hand"),
        READ: lambda: read_alone(folder, file),
        PEER_READ: lambda: peer(folder, file, "--only-read"),
    }


def rounds(calls: dict[str, Callable[[], Run]], count: int) -> dict[str, list[Run]]:
    """Run every contender once a round, in an order that turns with the round."""
    names = list(calls)
    os.sync()  # what was just written is not written back to disk while others are timed
    out: dict[str, list[Run]] = {name: [] for name in names}
    for turn in range(count):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            out[name].append(calls[name]())
    return out


def differences(wanted: Any, found: Any) -> list[str]:
    """Return where what the peer computed is missing in, or not equal to, what we print."""
    return [line for line in _compare(wanted, found, "") if line]


def compared(wanted: Any) -> int:
    """Return how many values the gate compares."""
    if isinstance(wanted, dict):
        return sum(compared(value) for value in wanted.values())
    if isinstance(wanted, list):
        return sum(compared(value) for value in wanted)
    return 1


def unmatched(found: Any, wanted: Any, at: str = "") -> list[str]:
    """Return the names of what we print that the peer does not compute."""
    if isinstance(found, list) and isinstance(wanted, list) and found and wanted:
        return unmatched(found[0], wanted[0], at)
    if not (isinstance(found, dict) and isinstance(wanted, dict)):
        return []
    missing = [f"{at}{key}" for key in found if key not in wanted]
    shared = (unmatched(found[key], wanted[key], f"{at}{key}.") for key in found if key in wanted)
    return sorted(sum(shared, missing))


def _compare(wanted: Any, found: Any, at: str) -> Iterator[str]:
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            if not isinstance(found, dict) or key not in found:
                yield f"{at}.{key}: missing"
            else:
                yield from _compare(value, found[key], f"{at}.{key}")
    elif isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            yield f"{at}: {len(wanted)} entries wanted"
            return
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _compare(one, other, f"{at}[{number}]")
    elif not _same(wanted, found):
        yield f"{at}: {wanted!r} wanted, got {found!r}"


def _same(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, str) or isinstance(found, str | None):
        return wanted == found or (found == "nan" and wanted != wanted)
    return math.isclose(wanted, found, rel_tol=RELATIVE) or (wanted != wanted and found != found)


def _run(took: dict[str, float], output: Any) -> Run:
    return Run(took["seconds"], took["cpu_seconds"], took["peak_mb"], output)

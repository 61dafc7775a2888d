"""How long a new process takes to import the package, and to print its help.

Whole processes, wall time, the median of 15 interleaved runs, beside a bare interpreter. Goals:
150 ms for `import crossent`, which loads no torch, and 350 ms for `crossent --help`.
"""

import subprocess
import sys
from statistics import median
from time import perf_counter

from benchmarks import results

ROUNDS = 15
COMMANDS = {
    "python": ["-c", "pass"],
    "import crossent": ["-c", "import sys, crossent; assert 'torch' not in sys.modules"],
    "crossent --help": ["-m", "crossent", "--help"],
    "crossent train --help": ["-m", "crossent", "train", "--help"],
    "numpy loss": [
        "-c",
        "import numpy, crossent; crossent.cross_entropy(numpy.zeros((2, 3)), numpy.array([0, 1]))",
    ],
}
GOALS = {"import crossent": 150.0, "crossent --help": 350.0}


def main(arguments: list[str]) -> int:
    """Measure, print, write results/startup.json; 1 where a goal is missed."""
    del arguments
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(ROUNDS + 1):
        for name, command in COMMANDS.items():
            began = perf_counter()
            subprocess.run([sys.executable, *command], check=True, capture_output=True)
            if turn:  # the first round fills the disk's cache
                times[name].append((perf_counter() - began) * 1e3)
    typical = {name: round(median(values), 1) for name, values in times.items()}
    good = all(typical[name] <= goal for name, goal in GOALS.items())
    out = {"milliseconds": typical, "goals": GOALS, "reached": good}
    print(out)
    print(f"written to {results.write('startup', out).name}")
    return 0 if good else 1

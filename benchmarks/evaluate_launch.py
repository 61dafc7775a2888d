"""Runs one command and writes its seconds, peak memory and exit status. Standard library only.

`python -I -S evaluate_launch.py RESULT STDOUT COMMAND...`. A process of its own because a new
process starts with the peak (ru_maxrss) of the one it was started from: this one needs 10 MB.
"""

import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    """Run the command with its standard output in a file."""
    result, stdout, *command = sys.argv[1:]
    out = os.open(stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    began = time.perf_counter()
    child = os.posix_spawn(
        command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out, 1)]
    )
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    found = {
        "status": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6,
    }
    Path(result).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()

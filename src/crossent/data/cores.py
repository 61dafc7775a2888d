"""How many cores there are for the threads that read and score files."""

import os


def cores() -> int:
    """Return how many cores this process may use: fewer in a container than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

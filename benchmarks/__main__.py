"""Run one benchmark by name, or list them."""

import sys
from importlib import import_module

NAMES = ("accuracy", "dense", "evaluate", "loop", "measures", "mnist", "startup")


def main(arguments: list[str]) -> int:
    """Run `benchmarks.NAME.main` on the other arguments; 2 without a known name."""
    if not arguments or arguments[0] not in NAMES:
        print(f"usage: python -m benchmarks {{{','.join(NAMES)}}}", file=sys.stderr)
        return 2
    return import_module(f"benchmarks.{arguments[0]}").main(arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

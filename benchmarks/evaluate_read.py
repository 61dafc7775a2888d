"""Reads files of predictions once through without scoring, and prints the seconds.

A process of its own: `python -m benchmarks.evaluate_read FILES`. The imports are not counted.
"""

import sys
from time import perf_counter

from crossent.data.predictions.stream import PredictionOptions, open_predictions


def main() -> None:
    """Read every batch, keep none."""
    began = perf_counter()
    with open_predictions(sys.argv[1:], PredictionOptions()) as stream:
        rows = sum(len(batch.rows) for batch in stream.batches())
    print(perf_counter() - began, rows)


if __name__ == "__main__":
    main()

"""Benchmarks: `python -m benchmarks NAME` measures, checks and writes results/NAME.json."""

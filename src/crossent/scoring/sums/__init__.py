"""Sums by key that no order changes: the state of every meter."""

"""Readers: built-in sets, IDX, NumPy and table files; splitting, preprocessing, predictions."""

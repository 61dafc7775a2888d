"""Evaluation of predicted probabilities against labels, in float64 NumPy; no torch, no files."""

"""How exact every library is: what `python -m benchmarks accuracy` writes.

Losses in ulp, gradients in eps of their scale, the worst one divided by its case's condition;
then PyTorch's own losses on the plain cases, beside this package's on the same ones.
"""

import os
from typing import Any

os.environ.setdefault("JAX_ENABLE_X64", "1")  # read when jax is first imported

import torch.nn.functional as F

from tests.accuracy.cases import DTYPES
from tests.accuracy.measure import (
    Error,
    Group,
    digest,
    errors_of,
    sigmoid_groups,
    softmax_groups,
)
from tests.accuracy.routes import ROUTES, sigmoid_errors, softmax_errors, through_torch

WRONG = 64.0  # ulp; also NaN, infinity, and 0 for what is not 0


def summary() -> dict[str, Any]:
    """Return the figures by door, route and type."""
    return {
        "cross_entropy": _by_route(softmax_errors),
        "binary_cross_entropy_with_logits": _by_route(sigmoid_errors),
        "plain cases": {dtype: against_torch(dtype) for dtype in DTYPES},
    }


def against_torch(dtype: str) -> dict[str, Any]:
    """Return PyTorch's own losses and this package's on the plain cases of a type."""
    plain = {
        "cross_entropy": [g for g in softmax_groups(dtype) if g.plain],
        "binary_cross_entropy_with_logits": [g for g in sigmoid_groups(dtype) if g.plain],
    }
    result = {}
    for door, groups in plain.items():
        ours = softmax_errors if door == "cross_entropy" else sigmoid_errors
        names = {case["id"] for group in groups for case in group.cases}
        result[door] = {
            "torch.nn.functional": _counts(_torch_errors(groups, getattr(F, door))),
            "crossent": _counts([e for e in ours("torch", dtype) if e.case in names]),
        }
    return result


def _by_route(errors: Any) -> dict[str, Any]:
    return {route: {t: digest(errors(route, t)) for t in DTYPES} for route in ROUTES}


def _torch_errors(groups: list[Group], loss: Any) -> list[Error]:
    return [error for group in groups for error in errors_of(group, through_torch(group, loss))]


def _counts(errors: list[Error]) -> dict[str, Any]:
    losses = [error for error in errors if error.what == "loss"]
    return {
        "cases": len(losses),
        "within_1": sum(error.units <= 1 for error in losses),
        "beyond_4": sum(not error.units <= 4 for error in losses),
        "wrong": sum(not error.units <= WRONG for error in losses),
        **{f"gradient_{key}": value for key, value in _gradients(errors).items()},
    }


def _gradients(errors: list[Error]) -> dict[str, int]:
    worst: dict[str, float] = {}
    for error in errors:
        if error.what == "gradient":
            units = error.units if error.units == error.units else float("inf")
            worst[error.case] = max(worst.get(error.case, 0.0), units)
    return {
        "within_1": sum(units <= 1 for units in worst.values()),
        "beyond_4": sum(units > 4 for units in worst.values()),
        "wrong": sum(units > WRONG for units in worst.values()),
    }

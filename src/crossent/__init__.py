"""Train classifiers with cross-entropy and see exactly what they get wrong.

The public names, each loaded when it is first used: `import crossent` itself loads nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from crossent._version import __version__ as __version__

if TYPE_CHECKING:
    from crossent import measures as measures
    from crossent import nn as nn
    from crossent.core.reduction import LossSum
    from crossent.core.statistics import Statistics
    from crossent.errors import CrossentError, InputError, MissingExtraError
    from crossent.estimators.artifact import load
    from crossent.kernels.cpu.cache import empty_cache
    from crossent.losses.binary import binary_cross_entropy_with_logits
    from crossent.losses.cross_entropy import cross_entropy, cross_entropy_sum
    from crossent.losses.focal import focal_loss
    from crossent.losses.generalized import generalized_cross_entropy
    from crossent.losses.gradient import cross_entropy_gradient
    from crossent.losses.probabilities import (
        binary_cross_entropy,
        cross_entropy_from_probs,
        nll_loss,
    )
    from crossent.losses.squared import brier_loss, sigmoid_squared_error, squared_error
    from crossent.losses.statistics import cross_entropy_statistics
    from crossent.report.evaluation import Evaluation, evaluate

__all__ = [
    "CrossentError",
    "Evaluation",
    "InputError",
    "LossSum",
    "MissingExtraError",
    "Statistics",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "brier_loss",
    "cross_entropy",
    "cross_entropy_from_probs",
    "cross_entropy_gradient",
    "cross_entropy_statistics",
    "cross_entropy_sum",
    "empty_cache",
    "evaluate",
    "focal_loss",
    "generalized_cross_entropy",
    "load",
    "measures",
    "nll_loss",
    "nn",
    "sigmoid_squared_error",
    "squared_error",
]

_MODULES = ("measures", "nn")

_HOME = {
    "CrossentError": "crossent.errors",
    "Evaluation": "crossent.report.evaluation",
    "InputError": "crossent.errors",
    "LossSum": "crossent.core.reduction",
    "MissingExtraError": "crossent.errors",
    "Statistics": "crossent.core.statistics",
    "binary_cross_entropy": "crossent.losses.probabilities",
    "binary_cross_entropy_with_logits": "crossent.losses.binary",
    "brier_loss": "crossent.losses.squared",
    "cross_entropy": "crossent.losses.cross_entropy",
    "cross_entropy_from_probs": "crossent.losses.probabilities",
    "cross_entropy_gradient": "crossent.losses.gradient",
    "cross_entropy_statistics": "crossent.losses.statistics",
    "cross_entropy_sum": "crossent.losses.cross_entropy",
    "empty_cache": "crossent.kernels.cpu.cache",
    "evaluate": "crossent.report.evaluation",
    "focal_loss": "crossent.losses.focal",
    "generalized_cross_entropy": "crossent.losses.generalized",
    "load": "crossent.estimators.artifact",
    "nll_loss": "crossent.losses.probabilities",
    "sigmoid_squared_error": "crossent.losses.squared",
    "squared_error": "crossent.losses.squared",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"crossent.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'crossent' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

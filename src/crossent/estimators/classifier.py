"""A trained network with everything that belongs to it: preprocessing, class names, settings.

Reads raw features and answers in class names and probabilities. Trains nothing, writes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from crossent.data.dataset import Features, Images, Table
from crossent.data.preprocess import Preprocessing, table_of
from crossent.errors import InputError
from crossent.estimators import objective
from crossent.estimators.loop import logits_of
from crossent.estimators.settings import TrainSettings


@dataclass(frozen=True, slots=True, eq=False)
class FittedClassifier:
    """What `crossent train` leaves and `crossent.load` returns.

    X is everywhere raw features: images (N, H, W) or (N, H, W, C) in pixels; a table as an array
    (N, D) of its columns in training order, or as a mapping or data frame from column names to
    values. source: what the model was trained on, as the reader told it.
    """

    network: nn.Module
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    settings: TrainSettings
    source: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def classes_(self) -> NDArray[np.object_]:
        """The class names (C,), in the order of the probabilities' columns."""
        names = np.empty(len(self.classes), dtype=object)
        names[:] = self.classes
        return names

    def predict(self, X: Any) -> NDArray[np.object_]:
        """Return the name of the likeliest class of every row (N,)."""
        return self.classes_[self.predict_log_proba(X).argmax(axis=1)]

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of every class (N, C)."""
        return objective.probabilities(self.settings.loss, torch.from_numpy(self.logits(X)))

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the log-probability of every class (N, C), in nats."""
        logits = torch.from_numpy(self.logits(X))
        return objective.log_probabilities(self.settings.loss, logits).numpy()

    def logits(self, X: Any) -> NDArray[np.float32]:
        """Return the network's raw outputs (N, C)."""
        parameter = next(self.network.parameters())
        array = self.preprocessing.apply(self.features(X))
        features = torch.from_numpy(array).to(parameter.device, parameter.dtype)
        return logits_of(self.network, features).cpu().numpy()

    def features(self, X: Any) -> Features:
        """Return X as the features the preprocessing knows; InputError where it is none of them."""
        if isinstance(X, Images | Table):
            return X
        if self.preprocessing.image_shape is not None:
            return Images(_array(X), self.preprocessing.maximum)
        names = self.preprocessing.names
        if isinstance(X, Mapping) or hasattr(X, "columns"):
            columns = {name: X[name] for name in names if name in _column_names(X)}
            return table_of(self.preprocessing.columns, columns)
        values = _array(X)
        if values.ndim != 2 or values.shape[1] != len(names):
            raise InputError(
                f"X must have shape (N, {len(names)}), a column for each the model was trained "
                f"on; got {values.shape}"
            )
        return table_of(
            self.preprocessing.columns, {name: values[:, i] for i, name in enumerate(names)}
        )


def _array(X: Any) -> NDArray[Any]:
    try:
        return np.asanyarray(X)  # a masked array keeps its mask
    except ValueError:
        raise InputError("X must be an array; its rows differ in length") from None


def _column_names(X: Any) -> set[Any]:
    return set(X if isinstance(X, Mapping) else X.columns)

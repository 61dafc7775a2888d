"""From the parts of a data set and settings to a fitted classifier and its test predictions.

Ties preprocessing, network, objective and loop together. No files, no printing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from crossent.data.dataset import Dataset
from crossent.data.predictions.write import Predictions
from crossent.data.preprocess import Preprocessing
from crossent.errors import InputError
from crossent.estimators.classifier import FittedClassifier
from crossent.estimators.device import on_this_machine, reproducible
from crossent.estimators.history import Epoch, History
from crossent.estimators.interrupt import interruptible
from crossent.estimators.loop import fit
from crossent.estimators.networks import build
from crossent.estimators.objective import balanced_class_weight, objective, row_weights
from crossent.estimators.predictions import predictions
from crossent.estimators.rows import Rows, to_rows
from crossent.estimators.settings import TrainSettings


@dataclass(frozen=True, slots=True, eq=False)
class TrainedRun:
    """What training gave: the model, what happened, and its answers for the test part.

    `classifier.settings` are the settings in full, device and threads included: with them the
    same data gives the same bits. stopped_by: the signal that interrupted training, 0 for none.
    """

    classifier: FittedClassifier
    history: History
    test: Predictions | None
    stopped_by: int = 0


def train(
    train: Dataset,
    validation: Dataset | None,
    test: Dataset | None,
    settings: TrainSettings,
    *,
    on_step: Callable[[int], None] | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> TrainedRun:
    """Train on one part, stop and choose by another, answer for a third.

    on_step and on_epoch are called as `loop.fit` says. Ctrl-C or SIGTERM finishes the step and
    returns what was trained until then, with `history.interrupted`; a second one acts as usual.
    Raises InputError where the settings do not fit the data, or training diverges.
    """
    if not len(train):
        raise InputError("there is no row to train on; give more rows, or smaller other parts")
    preprocessing = Preprocessing.fit(train)
    full = on_this_machine(settings.resolved(len(train)), preprocessing.input_shape)
    with reproducible(full) as device, interruptible() as stop:
        shape, classes = preprocessing.input_shape, train.classes
        network = build(full.model, shape, len(classes), full.hidden or ()).to(device)
        rows = _rows(train, preprocessing, device)
        weights = _class_weight(full, rows, len(classes))
        history = fit(
            network,
            objective(full),
            _weighted(rows, weights),
            _weighted(_rows(validation, preprocessing, device), weights) if validation else None,
            full,
            on_step=on_step,
            on_epoch=on_epoch,
            stop=stop,
        )
        classifier = FittedClassifier(network, preprocessing, classes, full, train.source)
        answers = predictions(classifier, test) if test is not None else None
    return TrainedRun(classifier, history, answers, stop.number if history.interrupted else 0)


def _rows(part: Dataset, preprocessing: Preprocessing, device: torch.device) -> Rows:
    features = preprocessing.apply(part.features)
    return to_rows(features, part.labels, part.target_probs, part.weights, device)


def _class_weight(settings: TrainSettings, rows: Rows, classes: int) -> torch.Tensor | None:
    if settings.class_weight is None:
        return None
    return balanced_class_weight(rows.target, rows.weight, classes)


def _weighted(rows: Rows, class_weight: torch.Tensor | None) -> Rows:
    weight = row_weights(rows.target, rows.weight, class_weight)
    return replace(rows, objective_weight=weight)

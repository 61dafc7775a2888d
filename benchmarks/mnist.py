"""What `crossent train mnist` reaches with its defaults, beside the goals.

linear, mlp and cnn on all rows; and 5,000 rows split 80 / 20 with one hidden layer of 10, 20
epochs of sgd, seeds 0 to 4, beside scikit-learn's MLPClassifier on the same rows with the same
learning rate, momentum, batch size and epochs. Needs the IDX files in $CROSSENT_DATA/mnist.
"""

import warnings
from statistics import mean
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks import results
from crossent.data.dataset import Dataset, Images
from crossent.data.open import ReadOptions, open_dataset
from crossent.data.split import split_three, stratified_sample
from crossent.estimators.settings import TrainSettings
from crossent.estimators.train import train

GOALS = {"linear": 0.92, "mlp": 0.98, "cnn": 0.99}
SMALL_GOAL = 0.85
VALIDATION = 0.1  # the command's default


def main(arguments: list[str]) -> int:
    """Measure, print, write results/mnist.json; 1 where a goal is missed."""
    del arguments
    whole, own_test = open_dataset("mnist", ReadOptions())
    assert own_test is not None
    out: dict[str, Any] = {model: _full(whole, own_test, model) for model in GOALS}
    out["rows_5000"] = _small(whole)
    reached = all(out[model]["test_accuracy"] >= goal for model, goal in GOALS.items())
    reached = reached and out["rows_5000"]["crossent_mean"] >= SMALL_GOAL
    out["reached"] = reached
    print(f"written to {results.write('mnist', out).name}")
    return 0 if reached else 1


def _full(whole: Dataset, test: Dataset, model: str) -> dict[str, Any]:
    began = perf_counter()
    kept, validation, _ = split_three(whole.labels, 0.0, VALIDATION, 0)
    run = train(whole.take(kept), whole.take(validation), test, TrainSettings(model=model))
    assert run.test is not None
    p = run.test.probabilities
    out = {
        "test_accuracy": float((p.argmax(1) == test.labels).mean()),
        "test_log_loss": float(-np.log(p[np.arange(len(p)), test.labels]).mean()),
        "goal": GOALS[model],
        "seconds": round(perf_counter() - began, 1),
        "epochs": len(run.history.epochs),
        "threads": run.classifier.settings.threads,
    }
    print(model, out, flush=True)
    return out


def _small(whole: Dataset) -> dict[str, Any]:
    ours, theirs = [], []
    for seed in range(5):
        rows = whole.take(stratified_sample(whole.labels, 5000, seed))
        settings = TrainSettings(hidden=(10,), epochs=20, optimizer="sgd", seed=seed)
        kept, validation, test = split_three(rows.labels, 0.2, VALIDATION, seed)
        parts = rows.take(kept), rows.take(validation), rows.take(test)
        run = train(*parts, settings)
        assert run.test is not None
        ours.append(float((run.test.probabilities.argmax(1) == parts[2].labels).mean()))
        theirs.append(_scikit_learn(parts[0], parts[2], run.classifier.settings))
        print(f"5000 rows, seed {seed}: crossent {ours[-1]:.4f}, sklearn {theirs[-1]:.4f}")
    return {
        "crossent": ours,
        "crossent_mean": mean(ours),
        "scikit_learn": theirs,
        "scikit_learn_mean": mean(theirs),
        "goal": SMALL_GOAL,
    }


def _scikit_learn(train_part: Dataset, test_part: Dataset, settings: TrainSettings) -> float:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        hidden_layer_sizes=settings.hidden,
        solver="sgd",
        alpha=0.0,
        batch_size=settings.batch_size,
        learning_rate_init=settings.lr,
        momentum=settings.momentum,
        max_iter=settings.epochs,
        random_state=settings.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 20 epochs, as asked for
        model.fit(_pixels(train_part), train_part.labels)
    return float(model.score(_pixels(test_part), test_part.labels))


def _pixels(part: Dataset) -> np.ndarray:
    assert isinstance(part.features, Images)
    return part.features.values.reshape(len(part), -1) / part.features.maximum

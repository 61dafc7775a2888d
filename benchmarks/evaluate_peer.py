"""What one writes without crossent: pandas, scikit-learn and NumPy for the numbers of --json.

A process of its own: `python -m benchmarks.evaluate_peer FILE OUT [--by-hand]`. Everything that
several numbers share (predictions, losses, confidences) is computed once, no matrix is copied, and
every function gets `labels`. By hand: NumPy instead of scikit-learn too, which checks nothing and
shares more. Writes the numbers, and the seconds of every stage.
"""

import argparse
import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn import metrics

BINS, FINE = 15, 25_200  # bins of the confidence; equal-mass ones are cut between fine ones,
TAIL = 1.0 - 2.0 ** -np.arange(14.75, 53.25, 0.25)  # of which the last is cut further towards 1
EDGES = np.concatenate([np.arange(FINE) / FINE, TAIL, [1.0]])
WORST, PAIRS = 24, 20
TOP = 5
Z = 1.959963984540054  # 97.5 % of the normal distribution, for Wilson's intervals
READERS = {
    ".parquet": lambda path: pd.read_parquet(path, read_dictionary=["label"]),
    ".csv": lambda path: pd.read_csv(path, engine="pyarrow"),
    ".jsonl": lambda path: pd.read_json(path, lines=True, engine="pyarrow"),
}
STAGES: dict[str, float] = {}

Array = np.ndarray


class Rows(NamedTuple):
    """What the numbers are made from: codes and probabilities, and what follows from them."""

    labels: Array  # (N,) codes
    matrix: Array  # (N, C)
    at_label: Array
    loss: Array
    predicted: Array
    confidence: Array
    right: Array


def main() -> None:
    """Read, score, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--by-hand", action="store_true")
    parser.add_argument("--only-read", action="store_true")
    asked = parser.parse_args()
    with stage("read"):
        names, labels, matrix = read(asked.file)
    found: dict[str, Any] = {}
    if not asked.only_read:
        found = numbers(names, labels, matrix, by_hand=asked.by_hand)
    asked.out.write_text(json.dumps({"numbers": found, "stages": STAGES}))


@contextmanager
def stage(name: str) -> Generator[None]:
    """Note the seconds of a stage."""
    began = perf_counter()
    yield
    STAGES[name] = round(perf_counter() - began, 4)


def read(path: Path) -> tuple[list[str], Array, Array]:
    """Return the classes, the codes of the labels (N,) and the probabilities (N, C)."""
    frame = READERS[path.suffix](path)
    columns = [name for name in frame.columns if name.startswith("p_")]
    names = [name.removeprefix("p_") for name in columns]
    labels = frame["label"]
    if isinstance(labels.dtype, pd.CategoricalDtype):
        labels = labels.cat.set_categories(names).cat.codes
    return names, labels.to_numpy(np.int64), frame[columns].to_numpy()


def numbers(names: list[str], labels: Array, matrix: Array, *, by_hand: bool) -> dict[str, Any]:
    """Return every number that `crossent evaluate --json` prints, but for bootstrap intervals."""
    with stage("shared"):
        at_label = matrix[np.arange(len(labels)), labels]
        predicted = matrix.argmax(axis=1)
        rows = Rows(
            labels=labels,
            matrix=matrix,
            at_label=at_label,
            loss=-np.log(at_label),
            predicted=predicted,
            confidence=matrix.max(axis=1),
            right=predicted == labels,
        )
    summary = _by_hand(rows) if by_hand else _by_scikit_learn(rows)
    confusion = summary["confusion"]
    classes = summary.pop("classes")
    with stage("prior, by class, pairs"):
        size, count = len(labels), len(names)
        share = confusion.sum(axis=1) / size
        positive = share[share > 0]
        prior = float(-(positive * np.log(positive)).sum())
        cells = np.bincount(labels * count + predicted, rows.loss, count * count)
        losses = cells.reshape(count, count)
        by_class = losses.sum(axis=1) / confusion.sum(axis=1)
    information = prior - summary["log_loss"]
    return summary | {
        "rows": size,
        "confusion": confusion.tolist(),
        "bits": summary["log_loss"] / np.log(2),
        "perplexity": float(np.exp(summary["log_loss"])),
        "log_perplexity": summary["log_loss"],
        "prior_log_loss": prior,
        "information": information,
        "share_of_label_entropy": information / prior,
        "intervals": {"accuracy": _wilson(float(rows.right.sum()), size)},
        "top_k": {str(k): share for k, share in enumerate(summary["top_k"], 1)},
        "per_class": [
            dict(zip(("precision", "recall", "f1", "support"), map(float, row), strict=True))
            | {"name": name, "log_loss": float(loss)}
            for name, loss, row in zip(names, by_class, zip(*classes, strict=True), strict=True)
        ],
        "pairs": _pairs(names, confusion, losses),
        "worst": _worst(names, rows),
        "calibration": _calibration(rows),
    }


def _by_scikit_learn(rows: Rows) -> dict[str, Any]:
    y, predicted, matrix = rows.labels, rows.predicted, rows.matrix
    labels = np.arange(matrix.shape[1])
    out: dict[str, Any] = {}
    with stage("log_loss"):
        out["log_loss"] = metrics.log_loss(y, matrix, labels=labels)
    with stage("brier_score_loss"):
        out["brier"] = metrics.brier_score_loss(y, matrix, labels=labels)  # 0 to 2
    with stage("accuracy_score"):
        out["accuracy"] = metrics.accuracy_score(y, predicted)
    with stage("top_k_accuracy_score"):
        out["top_k"] = [out["accuracy"]] + [
            metrics.top_k_accuracy_score(y, matrix, k=k, labels=labels) for k in range(2, TOP + 1)
        ]
    with stage("confusion_matrix"):
        out["confusion"] = metrics.confusion_matrix(y, predicted, labels=labels)
    with stage("precision_recall_fscore_support"):
        out["classes"] = metrics.precision_recall_fscore_support(y, predicted, labels=labels)
    return out


def _by_hand(rows: Rows) -> dict[str, Any]:
    size, count = rows.matrix.shape
    out: dict[str, Any] = {}
    with stage("log loss, Brier score, accuracy"):
        out["log_loss"] = float(rows.loss.mean())
        squares = np.einsum("ij,ij->i", rows.matrix, rows.matrix)
        out["brier"] = float((squares - 2.0 * rows.at_label + 1.0).mean())
        out["accuracy"] = float(rows.right.mean())
    with stage("top k"):
        rank = np.zeros(size, np.int8)
        for column in rows.matrix.T:
            rank += column > rows.at_label
        out["top_k"] = (np.bincount(rank, minlength=count).cumsum() / size)[:TOP].tolist()
    with stage("confusion, precision, recall"):
        flat = np.bincount(rows.labels * count + rows.predicted, minlength=count * count)
        confusion = out["confusion"] = flat.reshape(count, count)
        hits, support, taken = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
        out["classes"] = (hits / taken, hits / support, 2 * hits / (support + taken), support)
    return out


def _wilson(hits: Any, size: Any) -> Any:
    """Return the low and high end of Wilson's 95 % interval of a share."""
    share = hits / size
    middle = (share + Z * Z / (2 * size)) / (1 + Z * Z / size)
    half = Z / (1 + Z * Z / size) * np.sqrt(share * (1 - share) / size + (Z / (2 * size)) ** 2)
    return [middle - half, middle + half]


def _pairs(names: list[str], confusion: Array, losses: Array) -> dict[str, Any]:
    """Return the most frequent confusions, of each direction and of both together."""
    support = confusion.sum(axis=1)
    of_both = support[:, None] + support
    of_true = np.broadcast_to(support[:, None], of_both.shape)
    count, sums = np.triu(confusion + confusion.T, 1), np.triu(losses + losses.T, 1)
    return {
        "directed": _table(names, confusion, losses, of_true),
        "symmetric": _table(names, count, sums, of_both),
    }


def _table(names: list[str], count: Array, losses: Array, of: Array) -> list[dict[str, Any]]:
    true, predicted = np.nonzero(count)
    wrong = true != predicted
    true, predicted = at = true[wrong], predicted[wrong]
    share = count[at] / of[at]
    order = np.lexsort((predicted, true, -share, -count[at]))[:PAIRS]
    low, high = _wilson(count[at], of[at])
    loss = losses[at] / count[at]
    return [
        {
            "true": names[true[i]],
            "predicted": names[predicted[i]],
            "count": float(count[at][i]),
            "share_of_true": float(share[i]),
            "interval": [float(low[i]), float(high[i])],
            "log_loss": float(loss[i]),
        }
        for i in order
    ]


def _worst(names: list[str], rows: Rows) -> list[dict[str, Any]]:
    with stage("worst rows"):
        few = min(WORST, len(rows.loss))
        found = np.sort(np.argpartition(rows.loss, -few)[-few:])
        found = found[np.argsort(-rows.loss[found], kind="stable")]
    return [
        {
            "row": int(i),
            "label": names[rows.labels[i]],
            "prediction": names[rows.predicted[i]],
            "probability": float(rows.at_label[i]),
            "loss": float(rows.loss[i]),
            "confidence": float(rows.confidence[i]),
        }
        for i in found
    ]


def _calibration(rows: Rows) -> dict[str, Any]:
    with stage("calibration"):
        fine = np.minimum((rows.confidence * FINE).astype(np.int32), FINE - 1)
        last = np.flatnonzero(fine == FINE - 1)
        fine[last] += np.searchsorted(TAIL, rows.confidence[last], side="right").astype(np.int32)
        end = len(EDGES) - 1
        count = np.bincount(fine, minlength=end)
        sums = (np.bincount(fine, what, end) for what in (rows.confidence, rows.right))
        table = [count, *sums]
        equal_width = np.append(np.arange(0, FINE, FINE // BINS), end)
        found: list[dict[str, Any]] = []
        for cuts in (equal_width, _equal_mass(count)):
            weight, confidence, right = (np.add.reduceat(part, cuts[:-1]) for part in table)
            found.append(_bins(EDGES[cuts], weight, confidence, right))
        first, second = found
    return first | {"ece_equal_mass": second["ece"], "bins_equal_mass": second["bins"]}


def _equal_mass(count: Array) -> Array:
    """Return the cuts nearest to the quantiles, the lower of two."""
    below = np.concatenate([[0], np.cumsum(count)])
    wanted = below[-1] * np.arange(1, BINS) / BINS
    place = np.searchsorted(below, wanted)
    place -= wanted - below[place - 1] <= below[place] - wanted
    return np.unique(np.concatenate([[0], place, [len(count)]]))


def _bins(edges: Array, weight: Array, confidence: Array, right: Array) -> dict[str, Any]:
    with np.errstate(divide="ignore", invalid="ignore"):  # empty bins
        share, mean = right / weight, confidence / weight
        low, high = _wilson(right, weight)
    gap = np.abs(share - mean)
    filled = weight > 0
    return {
        "ece": float((gap[filled] * weight[filled]).sum() / weight.sum()),
        "mce": float(gap[filled].max()),
        "bins": [
            dict(
                zip(
                    ("low", "high", "weight", "confidence", "accuracy"),
                    map(float, row),
                    strict=True,
                )
            )
            | {"accuracy_low": float(a), "accuracy_high": float(b)}
            for *row, a, b in zip(
                edges[:-1], edges[1:], weight, mean, share, low, high, strict=True
            )
        ],
    }


if __name__ == "__main__":
    main()

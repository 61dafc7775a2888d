"""`evaluate` against scikit-learn, torchmetrics, netcal and textbook formulas: metrics x data.

Every cell is equal, or `score_differences.py` says why not: then both sides are asserted.
"""

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import netcal.metrics
import numpy as np
import pytest
import torch
from sklearn import metrics
from sklearn.calibration import calibration_curve
from torchmetrics.functional import classification as tm
from torchmetrics.functional.text import perplexity

import crossent
from tests import reference_scores as reference
from tests.agreement.score_data import DATA, Data
from tests.agreement.score_differences import DIFFERENCES, LIBRARIES, reason
from tests.reference_scores import Sample

# Ours against exact sums: some units in the last place of a logarithm or a quotient.
NEAR = 1e-13, 1e-15
SPLIT = 1e-11, 1e-13  # a calibration error is a difference


class Rows(NamedTuple):
    """Rows that count, for a library: probabilities, labels as codes, weights."""

    p: np.ndarray
    y: np.ndarray
    w: np.ndarray | None

    @property
    def labels(self) -> range:
        return range(self.p.shape[1])


class Metric(NamedTuple):
    """A metric of ours, its formula, and other libraries' functions for it."""

    ours: Callable[[Any], Any]
    reference: Callable[[Sample], Any]
    theirs: dict[str, Callable[[Rows], Any]] = {}  # noqa: RUF012
    near: tuple[float, float] = NEAR


def tensors(rows: Rows) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(rows.p), torch.from_numpy(rows.y)


def sklearn_top_k(rows: Rows) -> list[float]:
    """Of 1 .. C - 1: of C it warns."""
    given = rows.p[:, 1] if len(rows.labels) == 2 else rows.p
    return [
        metrics.top_k_accuracy_score(rows.y, given, k=k, labels=rows.labels, sample_weight=rows.w)
        for k in rows.labels[1:]
    ]


def torch_top_k(rows: Rows) -> list[float]:
    return [
        tm.multiclass_accuracy(*tensors(rows), len(rows.labels), average="micro", top_k=k).item()
        for k in rows.labels[1:]
    ]


def sklearn_brier(rows: Rows) -> float:
    labels, p = rows.labels, rows.p
    if len(labels) == 1:
        raise ValueError("it takes two classes or more")
    given = {"sample_weight": rows.w, "scale_by_half": False}
    if len(labels) == 2:  # the probability of the second class
        return metrics.brier_score_loss(rows.y, p[:, 1], pos_label=1, **given)
    return metrics.brier_score_loss(rows.y, p, labels=labels, **given)


def sklearn_log_loss(rows: Rows) -> float:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The y_prob values do not sum to one")  # of float32
        return metrics.log_loss(rows.y, rows.p, labels=rows.labels, sample_weight=rows.w)


def sklearn_by_class(place: int) -> Callable[[Rows], Any]:
    return lambda rows: metrics.precision_recall_fscore_support(
        rows.y, rows.p.argmax(1), labels=rows.labels, sample_weight=rows.w, zero_division=np.nan
    )[place]


def torch_by_class(name: str) -> Callable[[Rows], Any]:
    call = getattr(tm, f"multiclass_{name}")
    return lambda rows: call(*tensors(rows), len(rows.labels), average="none").tolist()


def sklearn_log_loss_by_class(rows: Rows) -> list[float]:
    out = []
    for j in rows.labels:
        mine = rows.y == j
        weight = None if rows.w is None else rows.w[mine]
        part = Rows(rows.p[mine], rows.y[mine], weight)
        out.append(sklearn_log_loss(part) if mine.any() else np.nan)
    return out


def sklearn_label_entropy(rows: Rows) -> float:
    """The log loss of predicting the shares of the labels in every row."""
    shares = np.bincount(rows.y, weights=rows.w, minlength=len(rows.labels))
    prior = np.tile(shares / shares.sum(), (len(rows.y), 1))
    return sklearn_log_loss(rows._replace(p=prior))


def torch_log_loss(rows: Rows) -> float:
    p, y = tensors(rows)
    return perplexity(p.log()[None], y[None]).log().item()


def torch_error(bins: int, norm: str) -> Callable[[Rows], float]:
    return lambda rows: tm.multiclass_calibration_error(
        *tensors(rows), len(rows.labels), n_bins=bins, norm=norm
    ).item()


def netcal_error(name: str, bins: int, **options: Any) -> Callable[[Rows], float]:
    """Of confidences and hits: of two labels it takes the probability of the second class."""
    call = getattr(netcal.metrics, name)(bins, **options)
    return lambda rows: call.measure(*sure_and_right(rows))


def sure_and_right(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    return rows.p.max(1), (rows.p.argmax(1) == rows.y).astype(int)


def curve(bins: int, strategy: str) -> Callable[[Rows], Any]:
    """(accuracy, confidence) of the bins that are not empty."""

    def call(rows: Rows) -> Any:
        sure, right = sure_and_right(rows)
        return calibration_curve(right, sure, n_bins=bins, strategy=strategy, pos_label=1)

    return call


def full(bins: Any) -> list[list[float]]:
    live = [b for b in bins if b.weight > 0]
    return [[b.accuracy for b in live], [b.confidence for b in live]]


def parts(split: Any) -> list[float]:
    return [
        split.log_loss_calibration,
        split.log_loss_refinement,
        split.brier_calibration,
        split.brier_refinement,
    ]


def pair_numbers(scores: Any) -> list[list[float]]:
    """By true and predicted class: count, share, ends of its interval, loss."""
    places = {name: i for i, name in enumerate(scores.classes)}
    found = [
        [places[p.true], places[p.predicted], p.count, p.share_of_true, p.low, p.high, p.log_loss]
        for p in scores.pairs()
    ]
    return sorted(found)


def field(name: str) -> Callable[[Any], list[float]]:
    return lambda scores: [getattr(row, name) for row in scores.per_class]


METRICS = {
    "log loss": Metric(
        lambda s: s.log_loss,
        reference.log_loss,
        {"sklearn": sklearn_log_loss, "torchmetrics": torch_log_loss},
    ),
    "perplexity": Metric(
        lambda s: s.perplexity,
        lambda s: math.exp(reference.log_loss(s)),
        {"torchmetrics": lambda rows: math.exp(torch_log_loss(rows))},
        near=(1e-12, 0),
    ),
    "log loss by class": Metric(
        field("log_loss"),
        reference.log_loss_by_class,
        {"sklearn": sklearn_log_loss_by_class},
    ),
    "label entropy": Metric(
        lambda s: s.prior_log_loss,
        reference.label_entropy,
        {"sklearn": sklearn_label_entropy},
    ),
    "information": Metric(
        lambda s: s.information,
        reference.information,
        {"sklearn": lambda rows: sklearn_label_entropy(rows) - sklearn_log_loss(rows)},
    ),
    "brier": Metric(lambda s: s.brier, reference.brier, {"sklearn": sklearn_brier}),
    "accuracy": Metric(
        lambda s: s.accuracy,
        reference.accuracy,
        {
            "sklearn": lambda rows: metrics.accuracy_score(
                rows.y, rows.p.argmax(1), sample_weight=rows.w
            ),
            "torchmetrics": lambda rows: tm.multiclass_accuracy(
                *tensors(rows), len(rows.labels), average="micro"
            ).item(),
        },
    ),
    "top k": Metric(
        lambda s: [s.top_k(k) for k in range(1, len(s.classes))],
        lambda s: [reference.top_k(s, k) for k in range(1, s.classes)],
        {"sklearn": sklearn_top_k, "torchmetrics": torch_top_k},
    ),
    "ranks": Metric(lambda s: s.ranks, reference.ranks),
    "pairs": Metric(pair_numbers, reference.pairs, near=(1e-12, 1e-15)),
    "effective rows": Metric(lambda s: s.effective_rows, reference.effective_rows),
    "accuracy interval": Metric(
        lambda s: s.interval("accuracy"),
        lambda s: reference.wilson(reference.accuracy(s), reference.effective_rows(s)),
        near=(1e-12, 1e-15),
    ),
    "confusion": Metric(
        lambda s: s.confusion,
        reference.confusion,
        {
            "sklearn": lambda rows: metrics.confusion_matrix(
                rows.y, rows.p.argmax(1), labels=rows.labels, sample_weight=rows.w
            ),
            "torchmetrics": lambda rows: tm.multiclass_confusion_matrix(
                *tensors(rows), len(rows.labels)
            ).numpy(),
        },
    ),
    "precision": Metric(
        field("precision"),
        reference.precision,
        {"sklearn": sklearn_by_class(0), "torchmetrics": torch_by_class("precision")},
    ),
    "recall": Metric(
        field("recall"),
        reference.recall,
        {"sklearn": sklearn_by_class(1), "torchmetrics": torch_by_class("recall")},
    ),
    "f1": Metric(
        field("f1"),
        reference.f1,
        {"sklearn": sklearn_by_class(2), "torchmetrics": torch_by_class("f1_score")},
    ),
}
for n in (5, 10, 15, 100):
    METRICS[f"ece {n}"] = Metric(
        lambda s, n=n: s.calibration.ece(n),
        lambda s, n=n: reference.expected_error(reference.equal_width(s, n)),
        {"torchmetrics": torch_error(n, "l1"), "netcal": netcal_error("ECE", n)},
    )
    METRICS[f"mce {n}"] = Metric(
        lambda s, n=n: s.calibration.mce(n),
        lambda s, n=n: reference.largest_error(reference.equal_width(s, n)),
        {"torchmetrics": torch_error(n, "max"), "netcal": netcal_error("MCE", n)},
    )
    METRICS[f"reliability {n}"] = Metric(
        lambda s, n=n: full(s.calibration.bins(n)),
        lambda s, n=n: full(reference.equal_width(s, n)),
        {"sklearn": curve(n, "uniform")},
    )
    METRICS[f"split {n}"] = Metric(
        lambda s, n=n: parts(s.calibration.split(n)),
        lambda s, n=n: parts(reference.split(s, n)),
        near=SPLIT,
    )
    METRICS[f"equal mass ece {n}"] = Metric(
        lambda s, n=n: s.calibration.ece(n, equal_mass=True),
        lambda s, n=n: reference.expected_error(reference.equal_mass(s, n)),
        {"netcal": netcal_error("ECE", n, equal_intervals=False)},
    )
    METRICS[f"equal mass reliability {n}"] = Metric(
        lambda s, n=n: full(s.calibration.bins(n, equal_mass=True)),
        lambda s, n=n: full(reference.equal_mass(s, n)),
        {"sklearn": curve(n, "quantile")},
    )


@functools.cache
def scores(name: str) -> Any:
    return DATA[name].call(crossent.evaluate)


@functools.cache
def sample(name: str) -> Sample:
    return DATA[name].sample()


@functools.cache
def formula(metric: str, name: str) -> np.ndarray:
    return np.asarray(METRICS[metric].reference(sample(name)), dtype=float)


def rows_for(library: str, metric: str, data: Data) -> Rows | None:
    """The rows as this library takes them; None where it takes no such rows at all."""
    p, w, q = data.p, data.weight, data.q
    codes = data.codes if data.codes is not None else q.argmax(1)
    if q is not None and metric not in OF_LABELS:
        if metric not in MIXTURES:
            return None
        codes, p = np.tile(np.arange(p.shape[1]), len(p)), np.repeat(p, p.shape[1], axis=0)
        w = (q * (1 if w is None else w[:, None])).ravel()
    if w is not None:
        live = w > 0
        p, codes, w = p[live], codes[live], w[live]
    if w is None or (library == "sklearn" and "reliability" not in metric):
        return Rows(p, codes, w)
    copies = w.astype(int)
    if (copies != w).any():
        return None  # it takes no weights
    return Rows(np.repeat(p, copies, axis=0), np.repeat(codes, copies), None)


OF_LABELS = ("accuracy", "top k", "confusion", "precision", "recall", "f1")
# With soft labels these are those of copies with each label, weighted by its share. The Brier score
# is not: the square of a mixture is no mixture of squares.
MIXTURES = ("log loss", "label entropy", "information")

CASES = [
    (library, metric, name)
    for metric in METRICS
    for name in DATA
    for library in METRICS[metric].theirs
    if rows_for(library, metric, DATA[name]) is not None
]


def theirs(library: str, metric: str, name: str) -> np.ndarray:
    rows = rows_for(library, metric, DATA[name])
    assert rows is not None
    return np.asarray(METRICS[metric].theirs[library](rows), dtype=float)


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("metric", METRICS)
def test_the_formula(metric, name) -> None:
    got = np.asarray(METRICS[metric].ours(scores(name)), dtype=float)
    want = formula(metric, name)
    assert got.shape == want.shape
    rtol, atol = METRICS[metric].near
    np.testing.assert_allclose(got, want, rtol=rtol, atol=atol)


@pytest.mark.parametrize(("library", "metric", "name"), CASES)
def test_their_number(library, metric, name) -> None:
    why = reason(library, metric, name)
    if why is not None and why.raises is not None:
        with pytest.raises(why.raises):
            theirs(library, metric, name)
        return
    ours = np.asarray(METRICS[metric].ours(scores(name)), dtype=float)
    same = equal(theirs(library, metric, name), ours, LIBRARIES[library])
    assert same == (why is None), why or (theirs(library, metric, name), ours)


def equal(a: np.ndarray, b: np.ndarray, near: float) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=near, atol=near, equal_nan=True)


def test_every_listed_difference_names_cells_that_exist() -> None:
    for entry in DIFFERENCES:
        assert entry.reason
        for name in entry.data:
            cells = {(entry.library, metric, name) for metric in entry.metrics}
            assert cells <= set(CASES), entry


def test_the_table_is_full() -> None:
    assert len({data.trap for data in DATA.values()}) == len(DATA)
    assert {library for library, _, _ in CASES} == set(LIBRARIES)

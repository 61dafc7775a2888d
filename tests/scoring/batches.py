"""Batches of rows for the tests of meters: random predictions with every trap in them."""

from typing import NamedTuple

import numpy as np

from crossent.scoring.rows import Rows, score_logprobs, score_rows
from crossent.scoring.tally import Tally


class Table(NamedTuple):
    """Predictions of one file."""

    source: str
    number: np.ndarray
    label: np.ndarray | None
    p: np.ndarray
    weight: np.ndarray | None = None
    soft: np.ndarray | None = None
    counts: np.ndarray | None = None  # words and bytes of a token stream
    predicted: np.ndarray | None = None
    target_only: bool = False

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple("abcdefghij"[: self.p.shape[1]])

    def take(self, rows) -> "Table":
        """Some of the rows, in that order."""
        return self._replace(
            **{
                name: None if value is None else value[rows]
                for name in ("number", "label", "p", "weight", "soft", "counts", "predicted")
                for value in [getattr(self, name)]
            }
        )

    def rows(self) -> Rows:
        """Its scores, as meters take them."""
        given = {"weights": self.weight, "numbers": self.number, "source": self.source}
        if not self.target_only:
            return score_rows(labels=self.label, values=self.p, target_probs=self.soft, **given)
        with np.errstate(divide="ignore"):
            logprob = np.log(self.p[:, 0])
        words, size = (None, None) if self.counts is None else self.counts.T
        return score_logprobs(
            logprob=logprob,
            labels=self.label,
            predictions=self.predicted,
            words=words,
            bytes=size,
            **given,
        )

    def tally(self) -> Tally:
        """A tally of these rows alone."""
        tally = Tally(self.classes)
        tally.update(self.rows())
        return tally


LAYOUTS = ("wide", "soft labels", "label and prediction", "label", "tokens")
WEIGHTS = (None, "real", "whole")


def table(
    seed: int,
    size: int,
    classes: int = 3,
    *,
    layout: str = "wide",
    weights: str | None = None,
    traps: bool = True,
    source: str = "",
) -> Table:
    """Random predictions; traps: tied, certain and impossible rows, weights of 0."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(classes, 0.6), size)
    label = np.array([rng.choice(classes, p=row) for row in p], dtype=np.int64)
    kind = rng.random(size) if traps else np.ones(size)
    p[kind < 0.1] = 1 / classes
    certain = np.flatnonzero((kind > 0.1) & (kind < 0.25))
    p[certain] = np.eye(classes)[rng.integers(0, classes, len(certain))]
    weight = None
    if weights == "real":
        weight = rng.gamma(0.5, size=size) + 1e-6
    elif weights == "whole":
        weight = rng.integers(1, 4, size).astype(np.float64)
    if weight is not None and traps:
        weight[(kind > 0.25) & (kind < 0.3)] = 0
    made = Table(source, np.arange(size) * 3 + 5, label, p, weight)
    if layout == "wide":
        return made
    if layout == "soft labels":
        return made._replace(label=None, soft=rng.dirichlet(np.full(classes, 0.5), size))
    made = made._replace(target_only=True)
    if layout == "label and prediction":
        return made._replace(predicted=rng.integers(0, classes, size))
    if layout == "label":
        return made
    assert layout == "tokens"
    return made._replace(label=None, counts=rng.integers(0, 9, (size, 2)))


def same_states(first, second) -> None:
    """Assert that states are equal bit for bit: a meter's arrays, or a tally's (head, arrays)."""
    if isinstance(first, tuple):
        assert first[0] == second[0]
        first, second = first[1], second[1]
    assert list(first) == list(second)
    for name, array in first.items():
        assert array.dtype == second[name].dtype, name
        assert array.tobytes() == second[name].tobytes(), name

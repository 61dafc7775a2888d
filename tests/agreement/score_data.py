"""The data sets that scores are compared on, each with the trap it holds."""

from typing import NamedTuple

import numpy as np

from tests.reference_scores import Sample, sample


class Data(NamedTuple):
    """What `evaluate` is given; `codes` are the labels as places among the classes."""

    trap: str
    p: np.ndarray
    codes: np.ndarray | None
    labels: object = None  # as given, where they are not the codes
    classes: tuple[str, ...] | None = None
    weight: np.ndarray | None = None
    q: np.ndarray | None = None

    def call(self, evaluate):
        """Score it by crossent's `evaluate`."""
        labels = self.codes if self.labels is None else self.labels
        return evaluate(
            labels, self.p, classes=self.classes, sample_weight=self.weight, target_probs=self.q
        )

    def sample(self) -> Sample:
        """The same for the reference."""
        return sample(self.codes, self.p.tolist(), self.weight, self.q)


def dirichlet(rows: int, classes: int, spread: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random rows, and labels that follow them."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(classes, spread), rows)
    return p, np.array([rng.choice(classes, p=row) for row in p])


def near_certain() -> Data:
    """Confidences 1 - 1e-2 .. 1 - 1e-15; one row in 50 is wrong at 1e-2."""
    tiny = np.tile(10.0 ** -np.arange(2, 16), 10)
    p = np.stack([1 - tiny, tiny / 2, tiny / 2], axis=1)
    codes = np.where(np.arange(len(tiny)) % 70 == 0, 1, 0)
    return Data("most digits of a loss are those of 1 - p", p, codes)


def overconfident() -> Data:
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(400, 6))
    codes = (logits + rng.normal(size=(400, 6))).argmax(1)
    sharp = np.exp(8 * (logits - logits.max(1, keepdims=True)))
    return Data("large losses, confidences near 1", sharp / sharp.sum(1, keepdims=True), codes)


def ties() -> Data:
    rows = [[0.25] * 4, [0.4, 0.4, 0.1, 0.1], [0.1, 0.4, 0.1, 0.4], [0.0, 0.0, 0.5, 0.5]]
    p = np.repeat(rows, 4, axis=0)
    return Data("several classes are the most probable", p[:12], np.tile(np.arange(4), 4)[:12])


def on_edges() -> Data:
    """Two classes, the confidence exactly k / 100; right about as often, to be off both ways."""
    sure = np.repeat(np.arange(51, 100) / 100, 4)
    codes = (np.random.default_rng(2).random(196) > sure).astype(int)
    return Data("confidences on the edges of bins", np.stack([sure, 1 - sure], axis=1), codes)


def tied_confidences() -> Data:
    sure = np.repeat([0.55, 0.71, 0.92], [10, 70, 20])
    codes = (np.arange(100) % 4 == 3).astype(int)
    return Data("one confidence is that of 70 rows", np.stack([sure, 1 - sure], axis=1), codes)


def absent() -> Data:
    """Class 3 never occurs but is predicted; 4 occurs, never predicted; 5 is neither."""
    p, codes = dirichlet(200, 6, 0.7, 5)
    p[:, 4:] *= 1e-6
    p[:, 5] = 0
    p /= p.sum(1, keepdims=True)
    codes[codes >= 3] = 0
    codes[::20] = 4
    return Data("classes without rows, without predictions, without either", p, codes)


def impossible() -> Data:
    p, codes = dirichlet(60, 3, 1.0, 6)
    p[7] = np.eye(3)[(codes[7] + 1) % 3]
    return Data("the label of a row was given probability 0", p, codes)


def weighted(name: str) -> Data:
    p, codes = dirichlet(300, 4, 0.6, 7)
    rng = np.random.default_rng(8)
    weight = {
        "real": rng.gamma(0.5, size=300),
        "whole": rng.integers(1, 5, 300).astype(float),
        "zero": rng.integers(0, 2, 300).astype(float),
    }[name]
    if name == "zero":
        p[weight == 0] = np.eye(4)[(codes[weight == 0] + 1) % 4]  # would be infinite
    return Data(f"{name} weights", p, codes, weight=weight)


def soft(hard: bool) -> Data:
    rng = np.random.default_rng(9)
    p, q = rng.dirichlet(np.ones(4), (2, 150))
    q[::5] = np.eye(4)[q[::5].argmax(1)]
    codes = rng.integers(0, 4, 150) if hard else None
    return Data(
        "soft labels, hard ones beside" if hard else "soft labels",
        p,
        codes,
        q=q,
        weight=rng.integers(1, 4, 150).astype(float),
    )


def words() -> Data:
    p, codes = dirichlet(90, 3, 0.5, 10)
    names = ("ant", "bee", "cow")
    return Data("labels are words", p, codes, labels=[names[y] for y in codes])


def numbers_as_names() -> Data:
    p, codes = dirichlet(120, 6, 0.5, 11)
    names = tuple("345678")
    return Data("label 3 is the first class", p, codes, labels=codes + 3, classes=names)


def float32() -> Data:
    rng = np.random.default_rng(12)
    logits = rng.normal(scale=3, size=(300, 10)).astype(np.float32)
    p = np.exp(logits - logits.max(1, keepdims=True))
    p = p / p.sum(1, keepdims=True)
    return Data("float32", p, rng.integers(0, 10, 300))


def float32_on_edges() -> Data:
    sure = np.repeat(np.array([0.6, 0.7, 0.8, 0.9], dtype=np.float32), 4)
    codes = np.tile([0, 0, 1, 0], 4)
    return Data("float32 on the edges: 0.7 is below 7 / 10", np.stack([sure, 1 - sure], 1), codes)


def one_class() -> Data:
    return Data("one class", np.ones((5, 1)), np.zeros(5, dtype=int))


DATA = {
    "dirichlet": Data("none", *dirichlet(600, 5, 0.5, 0)),
    "near certain": near_certain(),
    "overconfident": overconfident(),
    "uniform": Data("no class is preferred", np.full((40, 8), 1 / 8), np.arange(40) % 3),
    "ties": ties(),
    "certain": Data("every confidence is 1", np.eye(4)[np.arange(24) % 4], np.arange(24) % 4),
    "certain and wrong": Data(
        "confidence 1, 0 at the label", np.eye(4)[np.arange(24) % 4], np.arange(24) // 6
    ),
    "half certain": Data(
        "confidences 1 and 0.5",
        np.array([[1, 0, 0], [0, 1, 0], [0.5, 0.25, 0.25], [0.25, 0.5, 0.25]])[np.arange(32) % 4],
        np.tile([0, 1, 0, 0, 0, 1, 1, 1], 4),
    ),
    "on edges": on_edges(),
    "tied confidences": tied_confidences(),
    "absent classes": absent(),
    "one class": one_class(),
    "two classes": Data("two classes", *dirichlet(250, 2, 0.8, 4)),
    "impossible": impossible(),
    "float32": float32(),
    "float32 on edges": float32_on_edges(),
    "seventy classes": Data("more classes than most bins", *dirichlet(700, 70, 0.05, 13)),
    "one row": Data("one row", np.array([[0.2, 0.5, 0.3]]), np.array([2])),
    "weights": weighted("real"),
    "whole weights": weighted("whole"),
    "weights of 0": weighted("zero"),
    "soft": soft(hard=False),
    "soft and hard": soft(hard=True),
    "words": words(),
    "numbers as names": numbers_as_names(),
}

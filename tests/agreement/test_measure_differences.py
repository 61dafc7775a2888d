"""Where SciPy's, scikit-learn's, torch's and POT's measures differ from ours, and why.

A row fails when the difference is gone: then its reason is no longer true.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import ot
import pytest
import torch
import torch.nn.functional as F
from mpmath import mp
from scipy import special, stats
from scipy.spatial.distance import jensenshannon
from sklearn import metrics
from torch.distributions import Categorical

from crossent import measures as m


class Difference(NamedTuple):
    """A call of another library's, what it returns, what ours does instead, and the reason."""

    theirs: Callable[[], Any]
    returns: Any
    ours: Callable[[], Any]
    instead: Any  # an exception where ours refuses
    reason: str


HALVES = [0.5, 0.5]
FIRST, SECOND = [1.0, 0.0], [0.0, 1.0]
BESIDE = [0.5 + 1e-9, 0.5 - 1e-9]
RATHER = [0.9, 0.1]
SQUARE = np.array([HALVES, FIRST])
PLACES = np.array([0.0, 1.0])
CORNERS = np.array([0.0, 1.0, 3.0])
ENDS = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])


def exact_kl(p: list[float], q: list[float]) -> float:
    with mp.workdps(60):
        a, b = [mp.mpf(x) for x in p], [mp.mpf(x) for x in q]
        return float(sum(x * mp.log(x / y) - x + y for x, y in zip(a, b, strict=True)))


def float32(p: list[float]) -> torch.Tensor:
    return torch.tensor(p, dtype=torch.float32)


def neighbours() -> tuple[np.ndarray, np.ndarray]:
    """Return 200 distributions, and others a billionth beside them."""
    p = np.random.default_rng(0).dirichlet(np.ones(4), 200)
    q = p * (1 + 1e-9 * np.arange(4))
    return p, q / q.sum(-1, keepdims=True)


def scipys_distances() -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return jensenshannon(*neighbours(), axis=1)


DIFFER = {
    "scipy.stats.entropy normalises": Difference(
        lambda: stats.entropy([1, 1]), np.log(2),
        lambda: m.entropy([1, 1]), ValueError,
        "counts given for probabilities are a mistake; from_counts normalises",
    ),
    "scipy.stats.entropy of what is below 0": Difference(
        lambda: stats.entropy([1.5, -0.5]), -np.inf,
        lambda: m.entropy([1.5, -0.5]), ValueError,
        "-inf says that something is wrong, not what",
    ),
    "scipy.stats.entropy goes along axis 0": Difference(
        lambda: stats.entropy(SQUARE)[0], stats.entropy([0.5, 1.0]),
        lambda: m.entropy(SQUARE)[0], np.log(2),
        "a row is a distribution, as everywhere else here: axis=-1",
    ),
    "scipy.stats.entropy of two takes their logarithms apart": Difference(
        lambda: stats.entropy(HALVES, BESIDE) / exact_kl(HALVES, BESIDE) > 20, True,
        lambda: m.kl_divergence(HALVES, BESIDE), exact_kl(HALVES, BESIDE),
        "terms of 1e-9 cancel to 2e-18, below their rounding",
    ),
    "scipy.special.kl_div is exact for no neighbours either": Difference(
        lambda: special.kl_div(HALVES, BESIDE).sum() / exact_kl(HALVES, BESIDE) > 20, True,
        lambda: m.kl_divergence(HALVES, BESIDE), exact_kl(HALVES, BESIDE),
        "it is the same formula, computed as it is written",
    ),
    "wasserstein_distance of two histograms": Difference(
        lambda: stats.wasserstein_distance(FIRST, SECOND), 0.0,
        lambda: m.wasserstein(FIRST, SECOND), 1.0,
        "its first two arguments are samples, of 0s and 1s here; weights come third",
    ),
    "ot.wasserstein_1d of two histograms": Difference(
        lambda: ot.wasserstein_1d(np.array(FIRST), np.array(SECOND)), 0.0,
        lambda: m.wasserstein(FIRST, SECOND), 1.0,
        "its first two arguments are samples too",
    ),
    "ot.emd2_1d squares the distances": Difference(
        lambda: ot.emd2_1d(CORNERS, CORNERS, *ENDS), 9.0,
        lambda: m.wasserstein(*ENDS, CORNERS), 3.0,
        "its default metric is sqeuclidean",
    ),
    "ot.wasserstein_1d of masses": Difference(
        lambda: ot.wasserstein_1d(PLACES, PLACES, 2 * np.array(FIRST), 2 * np.array(SECOND)),
        2.0,
        lambda: m.wasserstein([2.0, 0.0], [0.0, 2.0]), ValueError,
        "masses are not probabilities",
    ),
    "jensenshannon is the distance": Difference(
        lambda: jensenshannon(FIRST, HALVES, base=2), 0.3112781244591328**0.5,
        lambda: m.js_divergence(FIRST, HALVES, unit="bits"), 0.3112781244591328,
        "the divergence is its square; js_distance is the same",
    ),
    "jensenshannon normalises": Difference(
        lambda: jensenshannon([2, 2], [1, 1]), 0.0,
        lambda: m.js_distance([2, 2], [1, 1]), ValueError,
        "counts given for probabilities are a mistake",
    ),
    "jensenshannon of neighbours": Difference(
        lambda: bool(np.isnan(scipys_distances()).any()), True,
        lambda: bool((m.js_distance(*neighbours()) > 0).all()), True,
        "its divergence may come out below 0, which has no root; here no term is",
    ),
    "Categorical is not certain in float32": Difference(
        lambda: Categorical(float32(FIRST)).entropy().item(), float(np.float32(2**-23)),
        lambda: m.entropy(float32(FIRST)).item(), 0.0,
        "it clamps probabilities to [eps, 1 - eps]",
    ),
    "Categorical normalises": Difference(
        lambda: Categorical(float32([3, 1])).entropy().item(), np.log(4) - 0.75 * np.log(3),
        lambda: m.entropy(float32([3, 1])), ValueError,
        "counts given for probabilities are a mistake",
    ),
    "F.kl_div has its arguments the other way round": Difference(
        lambda: F.kl_div(float32(RATHER).log(), float32(HALVES), reduction="sum").item(),
        exact_kl(HALVES, RATHER),
        lambda: m.kl_divergence(RATHER, HALVES), exact_kl(RATHER, HALVES),
        "a loss's prediction comes first, and as logarithms: F.kl_div(log q, p) is KL(p || q)",
    ),
    "F.kl_div of 0 and 0": Difference(
        lambda: F.kl_div(float32(FIRST).log(), float32(FIRST), reduction="sum").item(), np.nan,
        lambda: m.kl_divergence(FIRST, FIRST), 0.0,
        "it is 0 times the logarithm of 0",
    ),
    "log_loss clips": Difference(
        lambda: metrics.log_loss([0], [SECOND], labels=[0, 1]), -np.log(np.finfo(float).eps),
        lambda: m.cross_entropy(FIRST, SECOND), np.inf,
        "what was called impossible has happened: no finite number is right",
    ),
    "log_loss depends on the type": Difference(
        lambda: float(metrics.log_loss([0], np.float32([SECOND]), labels=[0, 1])),
        -np.log(np.finfo(np.float32).eps),
        lambda: float(m.cross_entropy(np.float32(FIRST), np.float32(SECOND))), np.inf,
        "it clips at that type's eps",
    ),
    "completeness of one cluster": Difference(
        lambda: metrics.completeness_score([0, 1], [0, 0]), 1.0,
        lambda: m.gain_ratio([0, 1], [0, 0]), 0.0,
        "0 / 0: a feature of one value separates nothing",
    ),
    "mutual_info_score of probabilities": Difference(
        lambda: metrics.mutual_info_score(None, None, contingency=np.array([FIRST, SECOND]) / 2),
        ValueError,
        lambda: m.mutual_information([[0.5, 0.0], [0.0, 0.5]], unit="bits"), 1.0,
        "its table is one of counts, read as integers",
    ),
    "differential_entropy": Difference(
        lambda: stats.differential_entropy(np.linspace(0, 0.1, 200)) < -2, True,
        lambda: m.entropy(m.from_counts(np.bincount(np.arange(200)))), np.log(200),
        "of a density; that of outcomes is never below 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFER)
def test_the_other_library_does(name) -> None:
    check(DIFFER[name].theirs, DIFFER[name].returns)


@pytest.mark.parametrize("name", DIFFER)
def test_ours_does_instead(name) -> None:
    assert DIFFER[name].reason
    check(DIFFER[name].ours, DIFFER[name].instead)


def check(call: Callable[[], Any], expected: Any) -> None:
    """An exception is raised, a truth is told, a number returned, in 6 digits: some are float32."""
    if isinstance(expected, type):
        with pytest.raises(expected):
            call()
    elif isinstance(expected, bool):
        assert call() == expected
    else:
        assert float(call()) == pytest.approx(expected, rel=1e-6, abs=0, nan_ok=True)


def test_the_mean_of_torchs_divergence_is_that_of_outcomes() -> None:
    q, p = float32(RATHER).log()[None], float32(HALVES)[None]
    with pytest.warns(UserWarning, match="divides the total loss by both the batch size"):
        of_outcomes = F.kl_div(q, p).item()
    of_rows = F.kl_div(q, p, reduction="batchmean").item()
    assert of_rows == pytest.approx(2 * of_outcomes)
    assert m.kl_divergence(HALVES, RATHER) == pytest.approx(of_rows)

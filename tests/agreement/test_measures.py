"""The measures are equal to SciPy's, scikit-learn's, torch's and POT's on common ground.

What they differ in is in test_measure_differences.py.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import ot
import pytest
import torch
import torch.nn.functional as F
from scipy import spatial, special, stats
from sklearn import feature_selection, metrics, tree
from torch.distributions import Categorical, Normal
from torch.distributions import kl_divergence as torch_kl

from crossent import measures as m

RANDOM = np.random.default_rng(7)
PAIRS = {
    "2": ([0.3, 0.7], [0.6, 0.4]),
    "5": tuple(RANDOM.dirichlet(np.full(5, 0.5), 2)),
    "300": tuple(RANDOM.dirichlet(np.ones(300), 2)),
    "0 in p": ([0.0, 0.25, 0.75], [0.5, 0.25, 0.25]),
    "0 in q": ([0.5, 0.25, 0.25], [0.0, 0.25, 0.75]),
    "0 in both": ([0.5, 0.0, 0.5], [0.1, 0.0, 0.9]),
    "nothing in common": ([1.0, 0.0], [0.0, 1.0]),
}
NEAR = {"rel": 1e-12, "abs": 2e-15}


def total_of(function: Callable, *arrays: Any) -> float:
    return float(np.sum(function(*arrays)))


def tensors(*arrays: Any) -> list[torch.Tensor]:
    return [torch.as_tensor(array, dtype=torch.float64) for array in arrays]


def categorical(p: Any) -> Categorical:
    return Categorical(probs=tensors(p)[0])


def places(p: Any) -> np.ndarray:
    return np.arange(float(len(p)))


def renyi_by_logsumexp(p: Any, alpha: float) -> float:
    logs = np.log(np.asarray(p)[np.asarray(p) > 0])
    return special.logsumexp(alpha * logs) / (1 - alpha)


def cost(p: Any) -> np.ndarray:
    return np.abs(np.subtract.outer(places(p), places(p)))


def transport(p: Any, q: Any, between: np.ndarray) -> float:
    return ot.emd2(np.asarray(p), np.asarray(q), between)


# Each pair of calls is equal on every pair of distributions.
AGREE: dict[str, tuple[Callable, Callable]] = {
    "entropy, scipy.stats": (lambda p, q: m.entropy(p), lambda p, q: stats.entropy(p)),
    "entropy, scipy.special": (
        lambda p, q: m.entropy(p, unit="bits"),
        lambda p, q: total_of(special.entr, p) / np.log(2),
    ),
    "entropy, torch": (lambda p, q: m.entropy(p), lambda p, q: categorical(p).entropy().item()),
    "perplexity, torch": (
        lambda p, q: m.perplexity(p),
        lambda p, q: categorical(p).perplexity().item(),
    ),
    "cross_entropy, scipy.special": (
        lambda p, q: m.cross_entropy(p, q),
        lambda p, q: total_of(special.entr, p) + total_of(special.rel_entr, p, q),
    ),
    "cross_entropy, torch.xlogy": (
        lambda p, q: m.cross_entropy(p, q),
        lambda p, q: -torch.xlogy(*tensors(p, q)).sum().item(),
    ),
    "kl, scipy.stats": (
        lambda p, q: m.kl_divergence(p, q, base=10),
        lambda p, q: stats.entropy(p, q, base=10),
    ),
    "kl, rel_entr": (
        lambda p, q: m.kl_divergence(p, q),
        lambda p, q: total_of(special.rel_entr, p, q),
    ),
    "kl, kl_div": (
        lambda p, q: m.kl_divergence(p, q),
        lambda p, q: total_of(special.kl_div, p, q),
    ),
    "kl, torch.distributions": (
        lambda p, q: m.kl_divergence(p, q),
        lambda p, q: torch_kl(categorical(p), categorical(q)).item(),
    ),
    "js, scipy": (
        lambda p, q: m.js_divergence(p, q, unit="bits"),
        lambda p, q: spatial.distance.jensenshannon(p, q, base=2) ** 2,
    ),
    "js_distance, scipy": (
        lambda p, q: m.js_distance(p, q, base=3),
        lambda p, q: spatial.distance.jensenshannon(p, q, base=3),
    ),
    "total_variation, scipy": (
        lambda p, q: m.total_variation(p, q),
        lambda p, q: spatial.distance.cityblock(p, q) / 2,
    ),
    "total_variation, POT": (  # what has to move, when every move costs 1
        lambda p, q: m.total_variation(p, q),
        lambda p, q: transport(p, q, 1 - np.eye(len(p))),
    ),
    "hellinger, scipy": (
        lambda p, q: m.hellinger(p, q),
        lambda p, q: spatial.distance.euclidean(np.sqrt(p), np.sqrt(q)) / np.sqrt(2),
    ),
    "bhattacharyya_coefficient, scipy": (
        lambda p, q: m.bhattacharyya_coefficient(p, q),
        lambda p, q: 1 - spatial.distance.cosine(np.sqrt(p), np.sqrt(q)),
    ),
    "renyi_entropy 0, scipy": (
        lambda p, q: m.renyi_entropy(p, 0, unit="bits"),
        lambda p, q: np.log2(np.count_nonzero(p)),
    ),
    "renyi_entropy 0.5, scipy": (
        lambda p, q: m.renyi_entropy(p, 0.5),
        lambda p, q: renyi_by_logsumexp(p, 0.5),
    ),
    "renyi_entropy 1, scipy": (
        lambda p, q: m.renyi_entropy(p, 1),
        lambda p, q: stats.entropy(p),
    ),
    "renyi_entropy 3, scipy": (
        lambda p, q: m.renyi_entropy(p, 3),
        lambda p, q: renyi_by_logsumexp(p, 3),
    ),
    "renyi_divergence 1, scipy": (
        lambda p, q: m.renyi_divergence(p, q, 1),
        lambda p, q: stats.entropy(p, q),
    ),
    "wasserstein, scipy": (
        lambda p, q: m.wasserstein(p, q),
        lambda p, q: stats.wasserstein_distance(places(p), places(q), p, q),
    ),
    "wasserstein, POT on a line": (
        lambda p, q: m.wasserstein(p, q),
        lambda p, q: ot.wasserstein_1d(places(p), places(q), np.asarray(p), np.asarray(q)),
    ),
    "wasserstein, POT by cost": (
        lambda p, q: m.wasserstein(p, q),
        lambda p, q: transport(p, q, cost(p)),
    ),
}


@pytest.mark.parametrize("name", AGREE)
@pytest.mark.parametrize("pair", PAIRS)
def test_equal_on(name, pair) -> None:
    p, q = map(np.asarray, PAIRS[pair])
    ours, theirs = AGREE[name]
    assert float(ours(p, q)) == pytest.approx(float(theirs(p, q)), **NEAR)


# torch's loss takes the logarithm of q first, then p, and has no word for 0 and 0.
@pytest.mark.parametrize("pair", ["2", "5", "300", "0 in p", "0 in q"])
def test_the_divergence_of_torch_functional(pair) -> None:
    p, q = tensors(*PAIRS[pair])
    theirs = F.kl_div(q.log(), p, reduction="sum").item()
    assert m.kl_divergence(p, q).item() == pytest.approx(theirs, **NEAR)


def test_the_bhattacharyya_distance_is_that_of_two_normals() -> None:
    p, q, _ = cells(Normal(0.0, 1.0), Normal(1.0, 2.0))
    exact = 1 / (4 * (1 + 4)) + 0.5 * np.log((1 + 4) / (2 * 1 * 2))
    assert float(m.bhattacharyya_distance(p, q)) == pytest.approx(exact, rel=1e-6)


def cells(*laws: Normal) -> list[np.ndarray | float]:
    """The probabilities that laws give to 40,000 narrow cells, and the width of a cell."""
    edges = np.linspace(-40.0, 40.0, 40_001)
    out = []
    for law in laws:
        tails = stats.norm(law.loc.item(), law.scale.item())
        up, down = np.diff(tails.cdf(edges)), -np.diff(tails.sf(edges))
        out.append(np.where(edges[1:] < law.loc.item(), up, down))
    return [*out, edges[1] - edges[0]]


def test_narrow_cells_have_the_entropy_and_divergence_of_their_density() -> None:
    laws = Normal(0.0, 1.0), Normal(1.0, 2.0)
    p, q, width = cells(*laws)
    density = stats.norm().entropy()  # differential: of a density, per unit of length
    assert float(m.entropy(p)) + np.log(width) == pytest.approx(density, rel=1e-6)
    assert float(m.kl_divergence(p, q)) == pytest.approx(torch_kl(*laws).item(), rel=1e-6)


def test_the_entropy_and_information_of_a_binomial() -> None:
    law = stats.binom(30, 0.2)
    p = law.pmf(np.arange(31))
    assert float(m.entropy(p)) == pytest.approx(float(law.entropy()), rel=1e-13)
    theirs = -law.logpmf(np.arange(31))
    np.testing.assert_allclose(m.information(p, validate=False), theirs, rtol=1e-12)


def test_counts_are_what_scipy_divides_by_itself() -> None:
    p, q = m.from_counts([[3, 0, 5], [1, 1, 0]]), m.from_counts([[1, 1, 2], [5, 2, 3]])
    theirs = stats.entropy([[3, 0, 5], [1, 1, 0]], [[1, 1, 2], [5, 2, 3]], axis=-1)
    np.testing.assert_allclose(m.kl_divergence(p, q), theirs, rtol=1e-14)


def test_batches_and_axes_as_in_scipy() -> None:
    p, q = RANDOM.dirichlet(np.ones(6), (2, 4, 3))
    for axis in range(-2, 2):
        a, b = np.moveaxis(p, -1, axis), np.moveaxis(q, -1, axis)
        np.testing.assert_allclose(m.entropy(a, axis=axis), stats.entropy(a, axis=axis))
        theirs = spatial.distance.jensenshannon(a, b, axis=axis)
        np.testing.assert_allclose(m.js_distance(a, b, axis=axis), theirs)


def test_wasserstein_at_any_positions() -> None:
    p, q = RANDOM.dirichlet(np.ones(8), 2)
    x = RANDOM.normal(size=8)  # in no order
    ours = float(m.wasserstein(p, q, x))
    assert ours == pytest.approx(stats.wasserstein_distance(x, x, p, q), rel=1e-12)
    assert ours == pytest.approx(ot.wasserstein_1d(x, x, p, q), rel=1e-12)
    theirs = ot.emd2_1d(x, x, p, q, metric="cityblock")
    assert ours == pytest.approx(theirs, rel=1e-12)
    assert ours == pytest.approx(transport(p, q, np.abs(np.subtract.outer(x, x))), rel=1e-12)


def test_wasserstein_of_samples_is_that_of_their_shares() -> None:
    a, b = RANDOM.integers(0, 9, 50), RANDOM.integers(3, 12, 80)
    p, q = (m.from_counts(np.bincount(x, minlength=12)) for x in (a, b))
    assert float(m.wasserstein(p, q)) == pytest.approx(stats.wasserstein_distance(a, b))


def test_of_logits_as_torch_and_scipy() -> None:
    z, w = (torch.from_numpy(RANDOM.normal(scale=4, size=(5, 7))) for _ in range(2))
    p, q = Categorical(logits=z), Categorical(logits=w)
    torch.testing.assert_close(m.entropy_from_logits(z), p.entropy(), rtol=1e-12, atol=0)
    ours = m.kl_from_logits(z, w)
    torch.testing.assert_close(ours, torch_kl(p, q), rtol=1e-12, atol=0)
    log_p, log_q = F.log_softmax(z, -1), F.log_softmax(w, -1)
    theirs = F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(-1)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=0)
    by_scipy = stats.entropy(special.softmax(z.numpy(), -1), axis=-1)
    np.testing.assert_allclose(m.entropy_from_logits(z.numpy()), by_scipy, rtol=1e-12)


def test_the_slopes_of_torch() -> None:
    z, w = (torch.from_numpy(RANDOM.normal(size=(5, 7))).requires_grad_() for _ in range(2))
    theirs = torch_kl(Categorical(logits=z), Categorical(logits=w)).sum()
    ours = m.kl_from_logits(z, w).sum()
    for a, b in zip(*(torch.autograd.grad(x, (z, w)) for x in (ours, theirs)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-13)


# Labels and a feature that says something about them, with a value of each that is rare.
LABELS = RANDOM.integers(0, 4, 400)
FEATURE = (LABELS * RANDOM.integers(0, 2, 400) + RANDOM.integers(0, 3, 400)) % 5


def test_mutual_information_as_scikit_learn() -> None:
    table = m.joint(LABELS, FEATURE).table
    theirs = metrics.mutual_info_score(LABELS, FEATURE)
    assert float(m.mutual_information(table)) == pytest.approx(theirs, rel=1e-12)
    assert float(m.information_gain(LABELS, FEATURE)) == pytest.approx(theirs, rel=1e-12)
    (selected,) = feature_selection.mutual_info_classif(
        FEATURE[:, None], LABELS, discrete_features=True
    )
    assert selected == pytest.approx(theirs, rel=1e-12)


def test_the_joint_table_is_the_contingency_matrix() -> None:
    found = m.joint(LABELS, FEATURE)
    counts = metrics.cluster.contingency_matrix(LABELS, FEATURE)
    np.testing.assert_allclose(found.table, counts / len(LABELS), rtol=1e-15)
    np.testing.assert_array_equal(found.rows, np.unique(LABELS))
    np.testing.assert_array_equal(found.columns, np.unique(FEATURE))
    purest = counts.max(axis=0).sum() / len(LABELS)
    assert float(m.purity(LABELS, FEATURE)) == pytest.approx(purest, rel=1e-15)


def test_homogeneity_completeness_and_the_gain_ratio() -> None:
    table = m.joint(LABELS, FEATURE).table
    of_labels, of_feature = m.entropy(table.sum(1)), m.entropy(table.sum(0))
    homogeneity = 1 - m.conditional_entropy(table) / of_labels
    completeness = 1 - m.conditional_entropy(table, given="rows") / of_feature
    both = metrics.homogeneity_completeness_v_measure(LABELS, FEATURE)[:2]
    assert (homogeneity, completeness) == pytest.approx(both, rel=1e-11)
    assert m.gain_ratio(LABELS, FEATURE) == pytest.approx(both[1], rel=1e-12)


def test_information_gain_is_what_a_tree_gains_by_its_split() -> None:
    split = (FEATURE >= 2).astype(int)
    weight = RANDOM.integers(1, 4, 400).astype(float)
    grown = tree.DecisionTreeClassifier(criterion="entropy", max_depth=1)
    found = grown.fit(split[:, None], LABELS, sample_weight=weight).tree_
    share = found.weighted_n_node_samples / found.weighted_n_node_samples[0]
    gained = found.impurity[0] - (share * found.impurity)[1:].sum()
    ours = m.information_gain(LABELS, split, sample_weight=weight, unit="bits")
    assert ours == pytest.approx(gained, rel=1e-10)


def test_log_loss_is_the_mean_information_of_the_labels() -> None:
    p = RANDOM.dirichlet(np.ones(4), len(LABELS))
    given = p[np.arange(len(LABELS)), LABELS]
    theirs = metrics.log_loss(LABELS, p)
    assert m.information(given, validate=False).mean() == pytest.approx(theirs, rel=1e-13)
    certain = np.eye(4)[LABELS]
    assert m.cross_entropy(certain, p).mean() == pytest.approx(theirs, rel=1e-13)

"""What holds of every pair of distributions, in every array library: identities and inequalities.

Batches of four rows of five classes, many of them with zeros, some with rows that nearly agree.
Tolerances are roundings of the sum of the terms' sizes, in float64.
"""

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crossent import measures
from tests.measures.libraries import GRADIENTS, LIBRARIES, Library, torch_gradient
from tests.measures.pairs import LONG, pairs

EPS = float(np.finfo(np.float64).eps)
CLASSES, BATCH = 5, 4
ALPHAS = (0.0, 0.3, 0.9, 1.0, 2.0, 7.0, math.inf)
DIVERGENCES = ("kl_divergence", "js_divergence", "total_variation", "hellinger")
METRICS = ("js_distance", "total_variation", "hellinger", "wasserstein")
SYMMETRIC = (*METRICS, "js_divergence", "bhattacharyya_coefficient", "bhattacharyya_distance")
PAIRS = ("cross_entropy", "kl_divergence", *SYMMETRIC)
IN_UNITS = ("cross_entropy", "kl_divergence", "js_divergence", "bhattacharyya_distance")

every_library = pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)
some = settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.differing_executors]
)


@st.composite
def simplices(draw: Callable[..., Any], classes: int = CLASSES, positive: bool = False) -> Any:
    """Rows of probabilities: of whole numbers, many of them 0, times powers of ten."""
    least = 1 if positive else 0
    whole = draw(arrays(np.int64, (BATCH, classes), elements=st.integers(least, 1000)))
    powers = draw(arrays(np.int64, (BATCH, classes), elements=st.sampled_from([0, 0, 0, 4, 12])))
    weights = whole * 10.0**-powers
    weights[weights.sum(1) == 0] = 1.0
    return weights / weights.sum(1, keepdims=True)


@st.composite
def near_pairs(draw: Callable[..., Any], positive: bool = False) -> Any:
    """Two batches, every row of them near one another, or not at all."""
    p, q = draw(simplices(positive=positive)), draw(simplices(positive=positive))
    share = draw(arrays(np.float64, (BATCH, 1), elements=st.sampled_from([1.0, 1e-3, 1e-7, 0.0])))
    mixed = np.where(share == 1.0, q, (1 - share) * p + share * q)
    return p, mixed / mixed.sum(1, keepdims=True)


def values(library: Library, name: str, *rows: Any, **options: Any) -> np.ndarray:
    """A measure by name of NumPy rows, through a library."""
    given = [library.array(row) if isinstance(row, np.ndarray) else row for row in rows]
    found = library.numbers(getattr(measures, name)(*given, **options))
    assert not np.isnan(found).any(), (name, rows, found)
    return found


def sizes(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The sum of the sizes of the terms of their divergence."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(p == 0, 0.0, np.abs(np.log(p)) + np.abs(np.log(q)))
    return (np.where(p == 0, 0.0, p * logs) + p + q).sum(-1)


def close(x: np.ndarray, y: np.ndarray, size: Any, k: float = 8.0) -> None:
    """Equal within k roundings of the size; infinite alike."""
    size = np.broadcast_to(size, x.shape)
    finite = np.isfinite(x) & np.isfinite(y)
    assert (finite | (x == y)).all(), (x, y)
    off = np.abs(x[finite] - y[finite]) - k * EPS * size[finite]
    assert (off <= 0).all(), (x, y, off)


def at_most(x: np.ndarray, y: Any, size: Any = 1.0, k: float = 8.0) -> None:
    room = np.where(np.isfinite(y), k * EPS * np.asarray(size), 0.0)
    assert (x <= y + room).all(), (x, y)


@every_library
@some
@given(near_pairs())
def test_cross_entropy_is_entropy_plus_divergence(library, pair) -> None:
    p, q = pair
    both = values(library, "entropy", p) + values(library, "kl_divergence", p, q)
    close(values(library, "cross_entropy", p, q), both, sizes(p, q))


@every_library
@some
@given(near_pairs())
def test_divergence_is_0_for_equal_ones_and_more_for_any_others(library, pair) -> None:
    p, q = pair
    same = (p == q).all(1)
    for name in ("kl_divergence", "js_divergence", "js_distance", "hellinger", "total_variation"):
        found = values(library, name, p, q)
        assert (found >= 0).all()
        assert ((found == 0) == same).all(), name
        assert (values(library, name, p, p.copy()) == 0).all()
    for alpha in (0.5, 2.0, 7.0):  # inf asks for one ratio: the sums may differ by a rounding
        found = values(library, "renyi_divergence", p, q, alpha)
        assert ((found == 0) == same).all(), alpha
    assert ((values(library, "bhattacharyya_distance", p, q) == 0) == same).all()


@every_library
@some
@given(simplices())
def test_entropy_is_between_0_and_the_logarithm_of_the_classes(library, p) -> None:
    found = values(library, "entropy", p)
    support = np.log((p > 0).sum(1))
    assert (found >= 0).all()
    assert ((found == 0) == (p == 1).any(1)).all()
    at_most(found, support)
    at_most(values(library, "entropy", p[:1] * 0 + 1 / CLASSES), math.log(CLASSES))
    uniform = np.full((1, CLASSES), 1 / CLASSES)
    close(values(library, "perplexity", uniform), np.array([CLASSES]), CLASSES)
    information = values(library, "information", p)
    weighed = np.where(p == 0, 0.0, p * np.where(p == 0, 0.0, information)).sum(1)
    close(found, weighed, sizes(p, p))


@every_library
def test_divergence_is_not_symmetric(library) -> None:
    p, q = np.array([0.9, 0.1]), np.array([0.5, 0.5])
    ways = [float(values(library, "kl_divergence", *pair)) for pair in ((p, q), (q, p))]
    assert ways == pytest.approx([0.3680642, 0.5108256], abs=1e-7)


@every_library
@some
@given(near_pairs())
def test_symmetric_ones_are_symmetric_to_the_last_bit(library, pair) -> None:
    for name in SYMMETRIC:
        there, back = values(library, name, *pair), values(library, name, *pair[::-1])
        assert (there == back).all(), name


@every_library
@some
@given(near_pairs(), simplices())
def test_metrics_obey_the_triangle_inequality(library, pair, r) -> None:
    p, q = pair
    for name in METRICS:
        d = {k: values(library, name, *two) for k, two in {"pq": (p, q), "pr": (p, r)}.items()}
        at_most(d["pr"], d["pq"] + values(library, name, q, r), CLASSES)
    at_most(values(library, "js_divergence", p, r), math.log(2))
    for name in ("js_distance", "hellinger", "total_variation"):
        at_most(values(library, name, p, r), 1.0)


@every_library
@some
@given(near_pairs())
def test_inequalities_of_pinsker_and_hellinger(library, pair) -> None:
    tv, h = values(library, "total_variation", *pair), values(library, "hellinger", *pair)
    kl = values(library, "kl_divergence", *pair)
    at_most(tv, np.sqrt(kl / 2), tv)
    at_most(h**2, tv, tv)
    at_most(tv, h * np.sqrt(2 - h**2), tv)
    at_most(2 * h**2, kl, h**2)
    at_most(values(library, "js_divergence", *pair), math.log(2) * tv, tv)


@every_library
@some
@given(near_pairs())
def test_bhattacharyya_hellinger_and_renyi_say_the_same(library, pair) -> None:
    h = values(library, "hellinger", *pair)
    overlap = values(library, "bhattacharyya_coefficient", *pair)
    distance = values(library, "bhattacharyya_distance", *pair)
    k = 128 if library is LIBRARIES["jax"] else 8  # XLA's log1p is 125 ulp off at -0.41
    close(overlap, 1 - h**2, 1.0)
    close(np.exp(-distance), overlap, 1.0, k)
    halves = values(library, "renyi_divergence", *pair, 0.5)
    close(halves, 2 * distance, np.where(np.isfinite(distance), 2 * distance, 0.0), 32)
    near = h**2 < 0.5
    close(distance[near], -np.log1p(-(h[near] ** 2)), distance[near], k)


@every_library
@some
@given(simplices(2), simplices(2))
def test_wasserstein_of_two_classes_is_the_total_variation(library, p, q) -> None:
    moved = values(library, "wasserstein", p, q)
    close(moved, values(library, "total_variation", p, q), 1.0)
    far = values(library, "wasserstein", p, q, np.array([3.0, -7.0]))
    close(far, 10 * moved, 10)


@every_library
@some
@given(near_pairs())
def test_nothing_grows_where_two_classes_are_merged(library, pair) -> None:
    p, q = pair
    merged = [np.concatenate([x[:, :3], x[:, 3:].sum(1, keepdims=True)], 1) for x in (p, q)]
    for name in DIVERGENCES:
        room = np.where(np.isfinite(sizes(p, q)), sizes(p, q), 1.0)
        if name == "hellinger":
            room = room / np.maximum(values(library, name, p, q), EPS)
        at_most(values(library, name, *merged), values(library, name, p, q), room)
    for alpha in ALPHAS[1::2]:
        whole = values(library, "renyi_divergence", p, q, alpha)
        size = renyi_size(p, q, alpha)
        at_most(values(library, "renyi_divergence", *merged, alpha), whole, size)
        parts = values(library, "renyi_entropy", merged[0], alpha)
        at_most(parts, values(library, "renyi_entropy", p, alpha), 1.0, 64)


def renyi_size(p: np.ndarray, q: np.ndarray, alpha: float) -> np.ndarray:
    """What the roundings of p and q, and of their powers, are multiplied with."""
    steep = max(1.0, alpha / abs(alpha - 1)) if alpha not in (1.0, math.inf) else 1.0
    size = sizes(p, q)
    return steep * (1 + np.where(np.isfinite(size), size, 1e4)) * 8


@every_library
@some
@given(near_pairs())
def test_renyi_entropy_falls_and_divergence_grows_with_its_order(library, pair) -> None:
    p, q = pair
    entropies = [values(library, "renyi_entropy", p, alpha) for alpha in ALPHAS]
    divergences = [values(library, "renyi_divergence", p, q, alpha) for alpha in ALPHAS]
    for k in range(1, len(ALPHAS)):
        at_most(entropies[k], entropies[k - 1], 1 + entropies[k - 1])
        # The largest ratio of rows whose sums differ by a rounding differs by it, too.
        size = np.where(np.isfinite(divergences[k]), divergences[k], 0.0) + (ALPHAS[k] == math.inf)
        at_most(divergences[k - 1], divergences[k], size, 32)
    at = ALPHAS.index(1.0)
    assert (entropies[at] == values(library, "entropy", p)).all()
    assert (divergences[at] == values(library, "kl_divergence", p, q)).all()
    close(entropies[0], np.log((p > 0).sum(1)), 1.0)
    close(entropies[-1], -np.log(p.max(1)), 1.0)


@every_library
@some
@given(near_pairs())
def test_units_are_multiples_of_one_another(library, pair) -> None:
    for name, rows in [("entropy", pair[:1]), *((name, pair) for name in IN_UNITS)]:
        nats = values(library, name, *rows)
        size = np.where(np.isfinite(nats), nats, 0.0)
        close(values(library, name, *rows, unit="bits"), nats / math.log(2), size / math.log(2), 2)
        close(values(library, name, *rows, base=10), nats / math.log(10), size / math.log(10), 2)
        assert (
            values(library, name, *rows, base=2) == values(library, name, *rows, unit="bits")
        ).all()
    bits, nats = (values(library, "js_distance", *pair, base=base) for base in (2, math.e))
    close(bits, nats / math.sqrt(math.log(2)), bits, 4)


@every_library
@some
@given(near_pairs())
def test_a_row_is_the_same_alone_in_a_batch_and_along_another_axis(library, pair) -> None:
    singles = {"entropy": 1, "perplexity": 1}
    for name in (*singles, *PAIRS):
        rows = pair[: singles.get(name, 2)]
        found = values(library, name, *rows)
        assert found.shape == (BATCH,)
        alone = [values(library, name, *(x[k] for x in rows)) for k in range(BATCH)]
        across = values(library, name, *(x.T.copy() for x in rows), axis=0)
        deep = [x.reshape(2, 2, CLASSES).swapaxes(1, 2) for x in rows]
        deep = values(library, name, *deep, axis=1)
        assert deep.shape == (2, 2)
        # XLA makes other code for another shape.
        rounding = 4 * EPS if library is LIBRARIES["jax"] else 0.0
        for other in (np.stack(alone), across, deep.ravel()):
            with np.errstate(invalid="ignore"):
                same = (other == found) | (np.abs(other - found) <= rounding * found)
            assert same.all(), name


@every_library
@some
@given(near_pairs(), st.permutations(range(CLASSES)))
def test_the_order_of_the_classes_does_not_count(library, pair, order) -> None:
    for name in (n for n in PAIRS if n != "wasserstein"):
        found = values(library, name, *pair)
        size = np.where(np.isfinite(found), found, 0.0)
        close(values(library, name, *(x[:, order] for x in pair)), found, size)
    places = np.array([2.0, -1.5, 3.25, 0.0, 7.0])
    found = values(library, "wasserstein", *pair, places)
    moved = values(library, "wasserstein", *(x[:, order] for x in pair), places[order])
    close(moved, found, 1.0, 32)


@every_library
@some
@given(simplices(6, positive=True), simplices(6, positive=True))
def test_chain_rule(library, p, q) -> None:
    table, other = p.reshape(BATCH, 2, 3), q.reshape(BATCH, 2, 3)
    first, second = table.sum(2), other.sum(2)
    given_first, given_second = table / first[..., None], other / second[..., None]
    inner = (first * values(library, "entropy", given_first)).sum(1)
    close(values(library, "entropy", p), values(library, "entropy", first) + inner, sizes(p, p))
    inner = (first * values(library, "kl_divergence", given_first, given_second)).sum(1)
    whole = values(library, "kl_divergence", first, second) + inner
    close(values(library, "kl_divergence", p, q), whole, sizes(p, q))


@every_library
@some
@given(arrays(np.float64, (2, BATCH, CLASSES), elements=st.floats(-30, 30)))
def test_measures_of_logits_are_those_of_their_softmax(library, both) -> None:
    e = np.exp(both - both.max(-1, keepdims=True))
    p, q = e / e.sum(-1, keepdims=True)
    size = sizes(p, q)
    close(values(library, "entropy_from_logits", both[0]), values(library, "entropy", p), size, 32)
    found = values(library, "kl_from_logits", *both)
    assert (found >= 0).all()
    close(found, values(library, "kl_divergence", p, q), size, 64)
    shifted = values(library, "kl_from_logits", both[0] + 64.0, both[1])
    close(shifted, found, size, 256)


@cache
def slope_in_logits(library: str, name: str) -> Callable[..., np.ndarray]:
    measure = getattr(measures, name)
    if library == "torch":
        softmax = partial(torch.softmax, dim=-1)
        return lambda z, p: torch_gradient(lambda z: measure(torch.tensor(p), softmax(z)), z)[0]
    return jax.jit(jax.grad(lambda z, p: measure(p, jax.nn.softmax(z)).sum()))


@pytest.mark.parametrize("library", GRADIENTS)
@some
@given(simplices(), arrays(np.float64, (BATCH, CLASSES), elements=st.floats(-20, 20)))
def test_slope_of_divergence_in_logits_is_prediction_minus_target(library, p, z) -> None:
    e = np.exp(z - z.max(1, keepdims=True))
    for name in ("kl_divergence", "cross_entropy"):
        slope = np.asarray(slope_in_logits(library, name)(z, p))
        np.testing.assert_allclose(slope, e / e.sum(1, keepdims=True) - p, atol=32 * EPS)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_a_long_row_is_the_same_alone_and_in_a_batch(library) -> None:
    long = next(pair for pair in pairs("float64") if len(pair.p) == LONG)
    for name in (*PAIRS, "renyi_divergence"):
        order = (1.5,) if name == "renyi_divergence" else ()
        both = [np.stack([x, x[::-1], x]) for x in (long.p, long.q)]
        together = values(LIBRARIES[library], name, *both, *order)
        alone = values(LIBRARIES[library], name, long.p, long.q, *order)
        assert together[0] == together[2] == alone, name

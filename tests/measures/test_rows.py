"""What every measure takes and refuses: lists, types, axes, libraries, what is no distribution."""

import re
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
import torch
from jax import numpy as jnp

from crossent import measures
from crossent.measures import rows as door
from tests.backends import BACKENDS, served_by
from tests.measures.libraries import LIBRARIES

P, Q = [0.1, 0.7, 0.2], [0.1, 0.6, 0.3]
SINGLE: dict[str, Callable[..., Any]] = {
    "entropy": measures.entropy,
    "perplexity": measures.perplexity,
    "renyi_entropy": lambda p, **options: measures.renyi_entropy(p, 2.0, **options),
}
DOUBLE: dict[str, Callable[..., Any]] = {
    "cross_entropy": measures.cross_entropy,
    "kl_divergence": measures.kl_divergence,
    "js_divergence": measures.js_divergence,
    "js_distance": measures.js_distance,
    "total_variation": measures.total_variation,
    "hellinger": measures.hellinger,
    "bhattacharyya_coefficient": measures.bhattacharyya_coefficient,
    "bhattacharyya_distance": measures.bhattacharyya_distance,
    "renyi_divergence": lambda p, q, **o: measures.renyi_divergence(p, q, 2.0, **o),
    "perplexity-of-code": measures.perplexity,
    "wasserstein": measures.wasserstein,
}
LOGITS = {
    "entropy_from_logits": lambda p: measures.entropy_from_logits(p),
    "kl_from_logits": lambda p: measures.kl_from_logits(p, p),
}
every_library = pytest.mark.parametrize("library", LIBRARIES)
every_pair = pytest.mark.parametrize("name", DOUBLE)
every_single = pytest.mark.parametrize("name", SINGLE)


def numbers(array: Any) -> np.ndarray:
    return np.asarray(array.detach() if torch.is_tensor(array) else array)


@every_pair
def test_lists_count_as_float64_and_give_a_number(name) -> None:
    found = DOUBLE[name](P, tuple(Q))
    assert isinstance(found, np.float64)
    assert found == DOUBLE[name](np.array(P), np.array(Q))


@every_single
def test_integers_and_booleans_count_as_float64(name) -> None:
    known = SINGLE[name]([1.0, 0.0])
    for one in ([1, 0], [True, False]):
        for array in (one, np.array(one), torch.tensor(one), jnp.asarray(one)):
            found = SINGLE[name](array)
            assert float(found) == known
            assert numbers(found).dtype == np.float64


@every_pair
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_have_the_type_of_the_rows(name, dtype) -> None:
    pair = np.array([[P, Q], [Q, P]]).astype(dtype)
    for of in LIBRARIES.values():
        found = of.numbers(DOUBLE[name](*map(of.array, pair)))
        assert found.shape == (2,)
        assert found.dtype == dtype


@every_pair
def test_half_precision_counts_as_float32(name) -> None:
    p, q = [0.25, 0.75], [0.5, 0.5]
    known = float(DOUBLE[name](p, q))
    for half in (torch.float16, torch.bfloat16):
        found = DOUBLE[name](torch.tensor(p, dtype=half), torch.tensor(q, dtype=half))
        assert found.dtype == torch.float32
        assert float(found) == np.float32(known)
    for one in (np.array, jnp.asarray):
        found = DOUBLE[name](one(p, dtype="float16"), one(q, dtype="float16"))
        assert found.dtype == np.float32
        assert float(found) == pytest.approx(known, rel=3e-7)


@every_pair
def test_a_list_beside_an_array_takes_its_library_and_type(name) -> None:
    p, q = [0.25, 0.75], [0.5, 0.5]
    known = DOUBLE[name](np.array(p, np.float32), np.array(q, np.float32))
    for of in LIBRARIES.values():
        array = of.array(np.array(p, np.float32))
        for found in (DOUBLE[name](array, q), DOUBLE[name](p, of.array(np.array(q, np.float32)))):
            assert type(found) is (np.float32 if of is LIBRARIES["numpy"] else type(array))
            assert of.numbers(found).dtype == np.float32
            np.testing.assert_allclose(of.numbers(found), known, rtol=3e-7)


def test_two_types_meet_in_the_wider_one() -> None:
    for one, other in (("float32", "float64"), ("float64", "float32"), ("float16", "float64")):
        found = measures.kl_divergence(
            torch.tensor([0.25, 0.75], dtype=getattr(torch, one)),
            torch.tensor([0.5, 0.5], dtype=getattr(torch, other)),
        )
        assert found.dtype == torch.float64
    found = measures.kl_divergence(np.array([1, 0]), np.array([0.5, 0.5], np.float32))
    assert found.dtype == np.float64


@every_pair
def test_two_libraries_are_refused(name) -> None:
    given = {"ndarray": np.array(P), "Tensor": torch.tensor(P), "ArrayImpl": jnp.asarray(P)}
    for one in given:
        for other in given:
            if one != other:
                said = rf"p and q must be of one array library; got {one} and {other}"
                with pytest.raises(TypeError, match=said):
                    DOUBLE[name](given[one], given[other])


@every_pair
def test_two_shapes_are_refused(name) -> None:
    said = r"p and q must have the same shape; got (2, 3) and (3,). Use broadcast_to."
    for of in LIBRARIES.values():
        with pytest.raises(ValueError, match=re.escape(said)):
            DOUBLE[name](of.array(np.array([P, P])), of.array(np.array(Q)))


@every_library
@every_single
@pytest.mark.parametrize("axis", [2, -3, 7])
def test_an_axis_out_of_range_is_refused(name, library, axis) -> None:
    p = LIBRARIES[library].array(np.array([P, Q]))
    with pytest.raises(ValueError, match=rf"axis must be one of the 2 of \(2, 3\); got {axis}"):
        SINGLE[name](p, axis=axis)


@every_library
def test_any_axis_of_a_batch(library) -> None:
    of, rng = LIBRARIES[library], np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), size=(2, 3))
    q = rng.dirichlet(np.ones(4), size=(2, 3))
    known = (p * np.log(p / q)).sum(-1)
    for axis in range(3):
        for at in (axis, axis - 3):
            moved = (of.array(np.moveaxis(x, -1, axis).copy()) for x in (p, q))
            found = of.numbers(measures.kl_divergence(*moved, axis=at))
            assert found.shape == (2, 3)
            np.testing.assert_allclose(found, known, rtol=1e-14, atol=1e-15)


@every_library
@every_pair
def test_empty_batches_and_results_without_an_axis(library, name) -> None:
    of = LIBRARIES[library]
    for lead in ((0,), (2, 0), (0, 3)):
        none = of.array(np.zeros((*lead, 4), np.float32))
        found = DOUBLE[name](none, none)
        assert tuple(found.shape) == lead
        assert of.numbers(found).dtype == np.float32
    one = of.array(np.array(P))
    assert tuple(DOUBLE[name](one, one).shape) == ()


@every_library
def test_no_outcomes_and_no_axis_are_refused(library) -> None:
    of = LIBRARIES[library]
    for name, measure in (SINGLE | LOGITS).items():
        first = "logits" if "logits" in name else "p"
        with pytest.raises(ValueError, match=rf"{first} must have outcomes along axis -1; got \(2"):
            measure(of.array(np.zeros((2, 0))))
        with pytest.raises(ValueError, match="must have an axis of outcomes; got one number"):
            measure(of.array(np.array(1.0)))


@pytest.mark.parametrize("wrong", ["abc", None, {"a": 1.0}, object(), {0.5}])
def test_what_is_no_array_is_refused(wrong) -> None:
    said = f"p must be a list or an array of numpy, torch or jax; got {type(wrong).__name__}"
    for measure in SINGLE.values():
        with pytest.raises(TypeError, match=said):
            measure(wrong)
    with pytest.raises(TypeError, match=said.replace("p must", "q must", 1)):
        measures.kl_divergence(P, wrong)
    with pytest.raises(ValueError, match=r"inhomogeneous|could not convert"):
        measures.entropy([[0.5, 0.5], ["a"]])


@every_library
def test_complex_numbers_are_refused(library) -> None:
    with pytest.raises(TypeError, match=r"probabilities must be real numbers; got .*complex128"):
        measures.entropy(LIBRARIES[library].array(np.array([0.5 + 0j, 0.5])))


def test_masked_arrays_are_refused() -> None:
    masked = np.ma.array(P, mask=[True, False, False])
    with pytest.raises(TypeError, match="p must not be masked: leave the masked ones out"):
        measures.entropy(masked)
    with pytest.raises(TypeError, match="q must not be masked"):
        measures.kl_divergence(np.array(P), masked)


WRONG = {
    "negative": ([1.5, -0.5], "must hold finite probabilities of at least 0; outcome 1 has -0.5"),
    "nan": ([np.nan, 1.0], "must hold finite probabilities of at least 0; outcome 0 has nan"),
    "inf": ([0.5, np.inf], "must hold finite probabilities of at least 0; outcome 1 has inf"),
    "too much": ([0.5, 0.6], r"must sum to 1 along axis -1; it sums to 1\.1\b"),
    "too little": ([0.5, 0.4], r"must sum to 1 along axis -1; it sums to 0\.9\b"),
    "nothing": ([0.0, 0.0], "must sum to 1 along axis -1; it sums to 0"),
    "a little": ([0.5, 0.50001], r"must sum to 1 along axis -1; it sums to 1\.00001"),
}


@every_library
@pytest.mark.parametrize("kind", WRONG)
def test_what_is_no_distribution_is_refused_with_its_row(library, kind) -> None:
    of, (row, said) = LIBRARIES[library], WRONG[kind]
    good = [0.5, 0.5]
    with pytest.raises(ValueError, match=f"^p {said}"):
        measures.entropy(of.array(np.array(row)))
    with pytest.raises(ValueError, match=f"^q, row 2: {said}"):
        measures.kl_divergence(*(of.array(np.array([good, good, x])) for x in (good, row)))
    deep = of.array(np.array([[good, good], [good, row]]))
    with pytest.raises(ValueError, match=f"^p, row 1, 1: {said}"):
        measures.entropy(deep)
    across = of.array(np.array([good, row]).T.copy())
    with pytest.raises(ValueError, match=f"^p, row 1: {said.replace('axis -1', 'axis 0')}"):
        measures.entropy(across, axis=0)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", WRONG)
def test_every_backend_sees_it_in_a_long_batch(backend, kind) -> None:
    row, said = WRONG[kind]
    p = np.zeros((300, 700))
    p[:, :2] = 0.5
    p[217, :2] = row
    for dtype in ("float32", "float64"):
        with served_by(backend), pytest.raises(ValueError, match=rf"p, row 217: {said[:25]}"):
            measures.entropy(p.astype(dtype))


@every_pair
@pytest.mark.parametrize("place", ["p", "q"])
def test_every_measure_checks_both(name, place) -> None:
    given = {"p": np.array([P, P]), "q": np.array([Q, Q])}
    given[place][1, 0] += 0.1
    with pytest.raises(ValueError, match=rf"^{place}, row 1: must sum to 1"):
        DOUBLE[name](given["p"], given["q"])
    assert not np.isnan(DOUBLE[name](given["p"], given["q"], validate=False)).any()


def test_without_validation_it_is_taken_as_it_is() -> None:
    assert measures.entropy([1.0, 1.0], validate=False) == 0.0
    found = measures.kl_divergence([0.5, 0.6], [0.5, 0.4], validate=False)
    assert found == pytest.approx(0.6 * np.log(0.6 / 0.4) - 0.2, rel=1e-14)
    found = measures.total_variation([3.0, 1.0], [1.0, 1.0], validate=False)
    assert found == 1.0


@pytest.mark.parametrize(("off", "taken"), [(1.9e-6, True), (2.1e-6, False), (-2.1e-6, False)])
def test_a_sum_may_be_off_by_what_a_printed_table_keeps(off, taken) -> None:
    p = np.array([0.25, 0.75 + off])
    if taken:
        measures.entropy(p)
    else:
        with pytest.raises(ValueError, match="must sum to 1"):
            measures.entropy(p)
    assert door.OFF == 2e-6


HALVES = {
    "numpy float16": lambda p: p.astype(np.float16),
    "torch float16": lambda p: torch.tensor(p).half(),
    "torch bfloat16": lambda p: torch.tensor(p).bfloat16(),
    "jax float16": lambda p: jnp.asarray(p, jnp.float16),
    "jax bfloat16": lambda p: jnp.asarray(p, jnp.bfloat16),
}


@pytest.mark.parametrize("name", HALVES)
def test_half_precision_may_be_off_by_two_of_its_own_roundings(name) -> None:
    half = HALVES[name]
    logits = np.random.default_rng(0).normal(size=(200, 3000))
    softmax = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    for p in (np.array(P), softmax, softmax[:, :5] / softmax[:, :5].sum(1, keepdims=True)):
        known = -(p * np.log(p)).sum(-1)
        np.testing.assert_allclose(numbers(measures.entropy(half(p))), known, rtol=2e-2)
        assert (numbers(measures.kl_divergence(half(p), half(p))) == 0.0).all()
    off = 2.0 ** (-6 if "bfloat16" in name else -9)
    for measure in (measures.entropy, lambda p: measures.mutual_information(p[None])):
        measure(half(np.array([0.25, 0.75 + off])))
        with pytest.raises(ValueError, match="must sum to 1"):
            measure(half(np.array([0.25, 0.75 + 1.5 * off])))


def test_a_wide_array_beside_one_of_half_precision_is_held_to_its_own_type() -> None:
    p, off = torch.tensor(P).half(), torch.tensor([0.1, 0.7, 0.2001])
    assert measures.kl_divergence(p, torch.tensor(Q)) > 0.0
    with pytest.raises(ValueError, match=r"^q must sum to 1 along axis -1; it sums to 1\.000"):
        measures.kl_divergence(p, off)


def test_float32_of_many_outcomes_passes() -> None:
    p = torch.rand(20, 50_000, generator=torch.Generator().manual_seed(0)).softmax(-1)
    assert measures.entropy(p).shape == (20,)


def test_nothing_is_checked_where_values_are_hidden() -> None:
    p = np.array([[0.5, 0.6], [0.7, 0.7]])
    known = -(p * np.log(p)).sum(1)
    for transform in (jax.jit, jax.vmap):
        found = transform(measures.entropy)(jnp.asarray(p))
        np.testing.assert_allclose(found, known, rtol=1e-14)
    found = torch.func.vmap(measures.entropy)(torch.tensor(p))
    np.testing.assert_allclose(found, known, rtol=1e-14)
    compiled = torch.compile(measures.entropy, backend="eager", fullgraph=True)
    np.testing.assert_allclose(compiled(torch.tensor(p)), known, rtol=1e-14)
    for grad in (torch.func.grad, lambda f: torch.func.jacrev(lambda x: f(x) * 1.0)):
        with pytest.raises(ValueError, match="p, row 0: must sum to 1"):
            grad(lambda x: measures.entropy(x).sum())(torch.tensor(p))


def test_nothing_given_is_changed() -> None:
    p, q = np.array([P, Q]), np.array([Q, P])
    kept = p.copy(), q.copy()
    for measure in DOUBLE.values():
        measure(p, q)
        measure(torch.from_numpy(p), torch.from_numpy(q))
        measure(p.T, q.T, axis=0)
    measures.information(p)
    measures.information(torch.from_numpy(p))
    measures.wasserstein(p, q, [2.0, 0.0, 1.0])
    measures.from_counts(p)
    np.testing.assert_array_equal((p, q), kept)


def test_read_only_arrays_and_views_are_taken() -> None:
    p = np.broadcast_to(np.array(P), (4, 3))
    assert not p.flags.writeable
    known = -(np.array(P) * np.log(P)).sum()
    np.testing.assert_allclose(measures.entropy(p), [known] * 4, rtol=1e-15)
    np.testing.assert_allclose(measures.entropy(np.array(P)[::-1]), known, rtol=1e-15)
    big = np.array(P, dtype=">f8")
    np.testing.assert_allclose(measures.entropy(big), known, rtol=1e-15)


def test_helpers_of_the_doors() -> None:
    xp, array = door.only("p", [1, 2])
    assert array.dtype == np.float64
    assert xp.sum(array) == 3.0
    assert door.as_array(0.5).dtype == np.float64
    beside = door.as_array([0.5], torch.zeros(1, dtype=torch.float32))
    assert beside.dtype == torch.float32
    whole = door.read(0, p=np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert whole.arrays[0].tolist() == [[1.0, 3.0], [2.0, 4.0]]
    assert whole.lead == (2,)
    assert whole.shaped(np.array([5.0, 6.0])).tolist() == [5.0, 6.0]


@every_library
def test_span_is_of_values_that_can_be_read(library) -> None:
    array = LIBRARIES[library].array
    assert door.span(array(np.array([3.0, -1.0, 2.0]))) == (-1.0, 3.0)
    assert door.span(array(np.zeros(0))) == (-np.inf, np.inf)
    seen = []
    for transform in (jax.jit, torch.func.vmap):
        x = np.ones((2, 2))
        given = jnp.asarray(x) if transform is jax.jit else torch.tensor(x)
        transform(lambda x: seen.append(door.span(x)) or x)(given)
    assert seen == [(-np.inf, np.inf)] * 2


def test_blocks_of_a_formula_are_the_formula_and_gradients_pass() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(50), size=4000)

    def largest(xp: Any, p: Any) -> Any:
        return xp.max(p, axis=-1)

    np.testing.assert_array_equal(door.each(largest, door.read(-1, p=p)), p.max(1))
    given = torch.tensor(p[:3], requires_grad=True)
    door.each(largest, door.read(-1, p=given)).sum().backward()
    assert (given.grad.sum(1) == 1.0).all()
    assert given.grad.argmax(1).tolist() == p[:3].argmax(1).tolist()


def test_an_inner_axis_under_vmap() -> None:
    p = torch.rand(5, 4, 3).softmax(1)
    found = torch.func.vmap(lambda rows: measures.entropy(rows, axis=0))(p)
    torch.testing.assert_close(found, measures.entropy(p, axis=1))

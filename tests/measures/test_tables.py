"""Tables of joint probabilities: mpmath, scipy and scikit-learn, near independence and at 0."""

import functools
import tracemalloc

import jax
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import entropy as scipy_entropy
from sklearn.metrics import mutual_info_score

from crossent.measures.tables import conditional_entropy, joint, mutual_information
from tests.measures import reference_tables as exact
from tests.measures.libraries import GRADIENTS, LIBRARIES, torch_gradient
from tests.reference import ulps

ULPS = 4  # the largest seen in 4300 products of two distributions is 2.5
SHAPES = ((2, 2), (2, 3), (5, 4), (1, 3), (8, 30))
FLOATS = ("float64", "float32")


def near_independent(shape: tuple[int, int], noise: float, dtype: str, seed: int = 0) -> np.ndarray:
    """The product of two distributions, every cell moved by `noise` of itself, then rounded."""
    rng = np.random.default_rng(seed)
    product = np.outer(rng.dirichlet(np.ones(shape[0])), rng.dirichlet(np.ones(shape[1])))
    return (product * np.exp(noise * rng.normal(size=shape))).astype(dtype)


def one_ulp(table: np.ndarray) -> np.ndarray:
    moved = table.copy()
    moved[0, -1] = np.nextafter(moved[0, -1], moved.dtype.type(1))
    return moved


counts = arrays(np.int64, st.tuples(*[st.integers(1, 5)] * 2), elements=st.integers(0, 30)).filter(
    np.any
)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("noise", [0.0, 1e-15, 1e-9, 1e-4, 1.0, 10.0])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_digit_near_independence_and_far(shape, noise, dtype) -> None:
    for seed in range(5):
        table = near_independent(shape, noise, dtype, seed)
        for p in (table, one_ulp(table), table / table.sum()):
            value = mutual_information(p, validate=False)
            assert value.dtype == p.dtype
            assert ulps(value, exact.mutual_information(p), p.dtype.type) < ULPS
            value = conditional_entropy(p, validate=False)
            assert ulps(value, exact.conditional_entropy(p), p.dtype.type) < ULPS


def test_digits_of_many_small_tables_near_independence() -> None:
    for seed in range(500):
        table = near_independent((2, 2), 0.0, "float64", seed)
        value = mutual_information(table)
        assert ulps(value, exact.mutual_information(table)) < ULPS


@pytest.mark.parametrize(
    "table",
    [
        [[1 - 1e-200, 0], [0, 1e-200]],  # a b is 0 under p > 0
        [[1.0, 1e-170], [1e-170, 1e-200]],
        [[1.0, 1e-300], [0.0, 3e-300]],
        [[1.0, 5e-324], [0.0, 0.0]],
        [[0.0625, 5e-310], [0.9375, 0.0]],
        [[0.5, 5e-324], [0.5, 5e-324]],
        [[1 - 1e-10, 1e-17], [1e-17, 1e-10]],
    ],
    ids=str,
)
def test_digits_of_extreme_tables(table) -> None:
    value = mutual_information(table)
    assert ulps(value, exact.mutual_information(table, 1000)) < 4 * ULPS
    value = conditional_entropy(table)
    assert ulps(value, exact.conditional_entropy(table, 1000)) < ULPS
    value = conditional_entropy(table, given="rows")
    assert ulps(value, exact.conditional_entropy(list(zip(*table, strict=True)), 1000)) < ULPS


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
def test_digits_in_the_float32_of_jax(compiled) -> None:
    functions = [mutual_information, conditional_entropy]
    found = [jax.jit(f) for f in functions] if compiled else functions
    for seed in range(10):
        table = near_independent((3, 4), 0.0, "float32", seed)
        for f, measure in zip(
            found, (exact.mutual_information, exact.conditional_entropy), strict=True
        ):
            assert ulps(f(jax.numpy.asarray(table)), measure(table), np.float32) < ULPS


@given(counts)
def test_equal_to_scikit_learn_and_scipy(table) -> None:
    p = table / table.sum()
    mi = float(mutual_information(p))
    assert mi == pytest.approx(mutual_info_score(None, None, contingency=table), abs=1e-14)
    of_columns, of_both = scipy_entropy(p.sum(0)), scipy_entropy(p.ravel())
    assert float(conditional_entropy(p)) == pytest.approx(of_both - of_columns, abs=1e-14)


@given(counts)
def test_laws(table) -> None:
    p = table / table.sum()
    mi, given_columns = float(mutual_information(p)), float(conditional_entropy(p))
    given_rows = float(conditional_entropy(p, given="rows"))
    assert mi >= 0
    assert given_columns >= 0
    assert mi == pytest.approx(float(mutual_information(p.T)), rel=1e-14, abs=1e-30)
    assert given_rows == pytest.approx(float(conditional_entropy(p.T)), rel=1e-14)
    chain = scipy_entropy(p.sum(1))
    assert mi + given_columns == pytest.approx(chain, abs=1e-14)
    assert scipy_entropy(p.sum(0)) + given_columns == pytest.approx(chain + given_rows, abs=1e-14)


@given(counts)
def test_merging_columns_tells_no_more(table) -> None:
    p = table / table.sum()
    merged = np.concatenate([p[:, :1] + p[:, -1:], p[:, 1:-1]], axis=1)
    if p.shape[1] > 1:
        assert float(mutual_information(merged)) <= float(mutual_information(p)) + 1e-15


@pytest.mark.parametrize("name", LIBRARIES)
def test_batches_and_types_of_each_library(name) -> None:
    library = LIBRARIES[name]
    batch = np.random.default_rng(0).dirichlet(np.ones(6), (4, 2)).reshape(4, 2, 2, 3)
    batch = batch.astype(np.float32)
    for measure in (mutual_information, conditional_entropy):
        values = measure(library.array(batch), unit="bits")
        assert str(values.dtype).endswith("float32")
        expected = [[float(measure(p.astype(np.float64), base=2)) for p in row] for row in batch]
        np.testing.assert_allclose(library.numbers(values), expected, rtol=3e-6)


def test_lists_whole_numbers_and_half_precision() -> None:
    assert float(mutual_information([[1, 0], [0, 0]])) == 0.0
    assert float(mutual_information(np.array([[0, 0], [0, 1]]))) == 0.0
    half = mutual_information(torch.tensor([[0.5, 0.0], [0.0, 0.5]], dtype=torch.bfloat16))
    assert half.dtype == torch.float32
    assert float(half) == pytest.approx(np.log(2))
    assert float(mutual_information([[0.5, 0.0], [0.0, 0.5]], unit="bits")) == 1.0


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_may_be_off_by_its_own_roundings(half) -> None:
    batch = torch.rand(50, 12, generator=torch.Generator().manual_seed(0)).softmax(-1)
    tables = batch.reshape(50, 3, 4).to(half)
    for measure in (mutual_information, conditional_entropy):
        known = measure(tables.double(), validate=False)
        np.testing.assert_allclose(measure(tables), known, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", LIBRARIES)
def test_no_tables_have_no_measures(name) -> None:
    library = LIBRARIES[name]
    for lead in ((0,), (3, 0)):
        none = library.array(np.zeros((*lead, 2, 3), np.float32))
        for measure in (mutual_information, conditional_entropy):
            found = measure(none)
            assert tuple(found.shape) == lead
            assert str(found.dtype).endswith("float32")


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("shape", [(2, 2), (3, 5), (40, 3)], ids=str)
def test_many_tables_in_blocks_are_each_table(name, shape) -> None:
    library, cells = LIBRARIES[name], shape[0] * shape[1]
    batch = np.random.default_rng(0).dirichlet(np.ones(cells), size=150_000 // cells + 1)
    batch[7, 1:] = 0.0
    batch[7, 0] = 1.0
    batch = batch.reshape(-1, *shape)
    p, a, b = batch, batch.sum(-1, keepdims=True), batch.sum(-2, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        known = {
            "mutual": np.nansum(p * np.log(p / (a * b)), axis=(-2, -1)),
            "columns": np.nansum(p * np.log(b / p), axis=(-2, -1)),
            "rows": np.nansum(p * np.log(a / p), axis=(-2, -1)),
        }
    array = library.array(batch)
    for place, expected in known.items():
        measure = mutual_information
        if place != "mutual":
            measure = functools.partial(conditional_entropy, given=place)
        found = library.numbers(measure(array))
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-13)
        for k in (0, 7, len(batch) - 1):
            np.testing.assert_allclose(found[k], measure(batch[k]), rtol=1e-14, atol=1e-17)


def test_many_small_tables_take_less_memory_than_they_have() -> None:
    batch = np.random.default_rng(0).dirichlet(np.ones(4), size=1_000_000).reshape(-1, 2, 2)
    for measure in (mutual_information, conditional_entropy):
        tracemalloc.start()
        measure(batch)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < batch.nbytes  # of temporaries of whole arrays 9 and 19 times as much


def test_what_joint_returns_is_taken_as_its_table() -> None:
    made = joint([0, 0, 1, 1], [0, 1, 1, 1])
    assert mutual_information(made) == mutual_information(made.table) > 0.0
    for known in ("rows", "columns"):
        found = conditional_entropy(made, given=known)
        assert found == conditional_entropy(made.table, given=known) > 0.0


def test_integers_that_are_one_float_stay_apart() -> None:
    made = joint([2**63, 2**63 + 1, -1], [0, 1, 0])
    assert made.rows.tolist() == [-1, 2**63, 2**63 + 1]
    assert made.table.shape == (3, 2)


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_are_the_logarithms_and_finite_at_0(name) -> None:
    p = np.array([[0.1, 0.2, 0.0], [0.3, 0.15, 0.25]], np.float32)
    a, b = p.sum(1, keepdims=True), p.sum(0)
    inside = p > 0
    (slope,) = GRADIENTS[name](mutual_information, p)
    np.testing.assert_allclose(slope[inside], np.log((p / (a * b))[inside]), rtol=1e-5)
    assert np.isfinite(slope).all()
    assert slope[0, 2] < -80
    for known, sums in (("columns", b), ("rows", a)):
        (slope,) = GRADIENTS[name](lambda t, known=known: conditional_entropy(t, given=known), p)
        logs = np.log(sums / np.where(inside, p, 1))
        np.testing.assert_allclose(slope[inside], logs[inside], rtol=1e-5, atol=1e-6)
        assert 80 < slope[0, 2] < np.inf
    one, column, row = np.zeros((3, 2, 3), np.float32)
    one[0, 0], column[:, 1], row[1] = 1.0, 0.5, [0.25, 0.25, 0.5]
    for table in (one, column, row):
        for measure in (mutual_information, conditional_entropy):
            (slope,) = GRADIENTS[name](measure, table)
            assert np.isfinite(slope).all()


def test_gradients_by_differences() -> None:
    p = torch.tensor(
        np.random.default_rng(0).dirichlet(np.ones(6)).reshape(2, 3), requires_grad=True
    )
    for measure in (mutual_information, conditional_entropy):

        def value(t, measure=measure):
            return measure(t, validate=False)

        assert torch.autograd.gradcheck(value, p)
        assert torch.autograd.gradgradcheck(value, p)


def test_transforms_of_torch_and_jax() -> None:
    batch = np.random.default_rng(0).dirichlet(np.ones(6), 4).reshape(4, 2, 3)
    x, y = torch.tensor(batch), jax.numpy.asarray(batch)
    for measure in (mutual_information, conditional_entropy):
        expected = measure(batch)
        np.testing.assert_allclose(torch.func.vmap(measure)(x), expected, rtol=1e-14)
        np.testing.assert_allclose(jax.vmap(measure)(y), expected, rtol=1e-5)
        (slope,) = torch_gradient(measure, batch)
        np.testing.assert_allclose(torch.func.vmap(torch.func.grad(measure))(x), slope, rtol=1e-12)
        compiled = torch.compile(measure, backend="eager")
        np.testing.assert_allclose(compiled(x), expected, rtol=1e-14)


def test_joint_is_the_share_of_rows_of_each_pair() -> None:
    table, rows, columns = joint(["b", None, "a", "b"], [1.5, 2.5, 2.5, 1.5])
    np.testing.assert_array_equal(table, [[0, 0.25], [0.5, 0], [0, 0.25]])
    assert (rows.tolist(), columns.tolist()) == (["a", "b", None], [1.5, 2.5])
    weighted = joint([0, 0, 1], [0, 1, 1], sample_weight=[3, 0, 1])
    np.testing.assert_array_equal(weighted.table, [[0.75, 0], [0, 0.25]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mutual_information([0.5, 0.5]), r"table must have rows and columns.*axis, of 2"),
        (lambda: mutual_information([[0.5, 0.6]]), r"together; it sums to 1\.1\. Divide"),
        (lambda: mutual_information([[0.5, 0.4]]), r"together; it sums to 0\.9\."),
        (
            lambda: conditional_entropy([[[0.5, 0.5]], [[1.0, 0.5]]]),
            r"together; table \(1,\) sums to 1\.5",
        ),
        (
            lambda: mutual_information(np.full((2, 2, 5, 3), np.eye(5, 3) / 2)),
            r"\(0, 0\) sums to 1\.5",
        ),
        (lambda: mutual_information([[1.5, -0.5]]), r"at least 0; cell \(0, 1\) has -0\.5"),
        (lambda: mutual_information([[[1.0, np.nan]]]), r"cell \(0, 0, 1\) has nan"),
        (lambda: conditional_entropy([[1.0]], given="x"), "given must be 'columns' or 'rows'; got"),
        (lambda: mutual_information([[1.0]], unit="bans"), "unit must be 'nats' or 'bits'"),
        (lambda: joint([1], [1, 2]), "got 1 values of x and 2 of y"),
        (lambda: joint(range(20_000), range(20_000)), "20,000 values of x and 20,000 of y. Use"),
    ],
)
def test_mistakes(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()

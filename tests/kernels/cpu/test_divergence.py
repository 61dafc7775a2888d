"""Every instruction set against eager's text: terms, types, layouts, lengths, bad numbers."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from crossent.kernels import cpu, eager
from tests import terms
from tests.backends import UNITS, served_by

pytestmark = pytest.mark.skipif(bool(cpu.missing), reason=cpu.missing)
EPS = float(np.finfo(np.float64).eps)
LENGTHS = (1, 7, 8, 9, 64, 65, 1023, 1024, 1025, 5000)
TYPES = ("float32", "float64", "bfloat16", "float16")
NAN, INF = np.nan, np.inf


@pytest.fixture(params=UNITS, autouse=True)
def _unit(request: pytest.FixtureRequest) -> Iterator[None]:
    with served_by(request.param):
        yield


def pair(classes: int, rows: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Distributions far apart, nearly equal and equal, with zeros on either side and on both."""
    rng = np.random.default_rng([seed, classes])
    p, q = rng.dirichlet(np.full(classes, 0.5), size=(2, rows))
    q[3] = p[3] * (1.0 + 1e-7 * rng.normal(size=classes))
    q[4] = p[4]
    if classes > 6:
        p[0, [3, 5]], q[1, 5], p[2, 1], q[2, 1] = 0.0, 0.0, 0.0, 0.0
    return p, q


def logits(classes: int, rows: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(classes)
    z, w = rng.normal(scale=5.0, size=(2, rows, classes))
    w[3] = z[3] + 1e-6 * rng.normal(size=classes)
    w[4] = z[4] + 2.0
    if classes > 6:
        z[0, 3], z[2, 5], w[2, 5], w[1, 6] = -INF, -INF, -INF, -INF
    return z, w


class Verb:
    """A verb of the kernels with its options, of two arrays."""

    def __init__(self, name: str, order: float = 1.0) -> None:
        self.name, self.order = name, order

    def __call__(self, kernels: Any, p: Any, q: Any) -> Any:
        if self.name in terms.ALL:
            return kernels.total(self.name, *terms.given(self.name, p, q), order=self.order)
        if self.name == "softmax_entropy":
            return kernels.softmax_entropy(p)
        if self.name == "softmax_kl":
            return kernels.softmax_kl(p, q)
        gaps = np.linspace(0.5, 2.0, p.shape[1] - 1)
        return kernels.carried(p, q, torch.from_numpy(gaps) if torch.is_tensor(p) else gaps)

    def given(self, classes: int) -> tuple[np.ndarray, np.ndarray]:
        return (logits if self.name.startswith("softmax") else pair)(classes)


FEW = {"order_excess": (0.5,), "order_power": (7.0,)}  # orders, where the order does not count
FEW |= {"renyi_excess": (0.9, 1.5), "renyi_power": (0.5,)}
LOGITS = [Verb(name) for name in ("softmax_entropy", "softmax_kl", "carried")]
VERBS = [Verb(*case) for case in terms.CASES] + LOGITS
SOME = [Verb(name, order) for name in terms.ALL for order in FEW.get(name, (1.0,))] + LOGITS
every_verb = pytest.mark.parametrize("verb", SOME, ids=lambda verb: f"{verb.name}-{verb.order}")


@cache
def by_eager(verb: Verb, dtype: str) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Rows of every length, and what eager makes of them."""
    made = []
    for classes in LENGTHS if dtype.startswith("float") and dtype != "float16" else (9, 65, 1025):
        p, q = (torch.from_numpy(x).to(getattr(torch, dtype)) for x in verb.given(classes))
        made.append((p, q, verb(eager.divergence, p, q)))
    return made


def close(found: Any, known: Any, verb: Verb, more: float = 1.0) -> None:
    found, known = (np.asarray(x) for x in (found, known))
    assert found.dtype == np.float64
    # A power multiplies the rounding of a logarithm, which is 10 or more here for order 7.
    rounding = 4 * EPS * max(1.0, 10 * abs(verb.order - 1.0)) * more
    np.testing.assert_allclose(found, known, rtol=rounding, atol=1e-300)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: f"{verb.name}-{verb.order}")
def test_sums_of_every_length_and_type(verb) -> None:
    # Of one sign; of differences, and of terms of two signs, what is left has fewer digits.
    more = 16.0 if verb.name in ("softmax_kl", "carried", "order_excess") else 1.0
    for dtype in TYPES:
        for p, q, known in by_eager(verb, dtype):
            found = verb(cpu.divergence, p, q)
            assert found.shape == (5,)
            close(found, known, verb, more)


@every_verb
def test_arrays_of_numpy(verb) -> None:
    for dtype in ("float32", "float64", "float16"):
        p, q = (x.astype(dtype) for x in verb.given(65))
        found = verb(cpu.divergence, p, q)
        assert isinstance(found, np.ndarray)
        ours = verb(cpu.divergence, torch.from_numpy(p), torch.from_numpy(q))
        np.testing.assert_array_equal(found, ours)


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "rows apart": lambda x: np.repeat(x, 2, axis=0)[::2],
    "wider rows": lambda x: np.pad(x, ((0, 0), (2, 3)))[:, 2:-3],
    "transposed": lambda x: x.T.copy().T,
    "rows reversed": lambda x: x[::-1].copy()[::-1],
    "classes reversed": lambda x: x[:, ::-1].copy()[:, ::-1],
    "every second class": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
}


@every_verb
def test_layouts_change_no_bit(verb) -> None:
    for classes in (9, 1030):
        p, q = verb.given(classes)
        known = verb(cpu.divergence, p, q)
        for name, lay in LAYOUTS.items():
            for rows in ((lay(p), q), (p, lay(q)), (lay(p), lay(q))):
                np.testing.assert_array_equal(verb(cpu.divergence, *rows), known, name)
            if "reversed" not in name:
                given = (torch.from_numpy(p), torch.as_strided(torch.from_numpy(q), *place(q)))
                np.testing.assert_array_equal(verb(cpu.divergence, *given), known)


def place(x: np.ndarray) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return x.shape, tuple(step // x.itemsize for step in x.strides)


@every_verb
def test_one_row_for_all(verb) -> None:
    p, q = verb.given(33)
    first = torch.from_numpy(q[:1])
    found = verb(cpu.divergence, torch.from_numpy(p), first.expand(5, 33))
    known = verb(cpu.divergence, p, np.repeat(q[:1], 5, axis=0))
    np.testing.assert_array_equal(found, known)


@every_verb
def test_a_row_alone_has_the_bits_it_has_in_a_batch(verb) -> None:
    for classes in (1, 7, 9, 65, 1024, 1025):
        for dtype in ("float32", "float64"):
            p, q = (np.tile(x, (7, 1)).astype(dtype) for x in verb.given(classes))
            known = verb(cpu.divergence, p, q)
            for k in (*range(5), 34):
                alone = verb(cpu.divergence, p[k : k + 1], q[k : k + 1])
                np.testing.assert_array_equal(alone, known[k : k + 1])


@every_verb
def test_threads_change_no_bit(verb) -> None:
    before = torch.get_num_threads()
    try:
        for classes, rows in ((9, 8000), (40_000, 5)):
            p, q = (torch.from_numpy(np.resize(x, (rows, classes))) for x in verb.given(classes))
            found = []
            for threads in (1, 2, 5):
                torch.set_num_threads(threads)
                found.append(verb(cpu.divergence, p, q))
            np.testing.assert_array_equal(found[0], found[1])
            np.testing.assert_array_equal(found[0], found[2])
    finally:
        torch.set_num_threads(before)


@every_verb
def test_no_rows_and_no_classes(verb) -> None:
    for shape in ((0, 1), (0, 5), (0, 2000)):
        empty = torch.zeros(shape)
        found = verb(cpu.divergence, empty, empty)
        assert found.shape == (0,)
        assert found.dtype == torch.float64
    if verb.name in terms.ALL:
        none = np.zeros((3, 0))
        assert verb(cpu.divergence, none, none).tolist() == [0.0] * 3


@every_verb
def test_what_is_no_number_stays_in_its_row(verb) -> None:
    others = [0, 1, 3, 4]
    for classes in (1, 9, 70, 1030):
        for dtype in ("float32", "float64"):
            clean = [x.astype(dtype) for x in verb.given(classes)]
            known = verb(cpu.divergence, *clean)
            for bad in (NAN, INF, -INF, -0.5):
                for side in (0, 1):
                    p, q = (x.copy() for x in clean)
                    (p, q)[side][2, classes // 2] = bad
                    found = verb(cpu.divergence, p, q)
                    np.testing.assert_array_equal(found[others], known[others])
                    unused = side == 1 and verb.name not in (*terms.PAIRED, "softmax_kl", "carried")
                    if unused or (verb.name == "carried" and classes == 1):
                        assert found[2] == known[2]
                    elif np.isnan(bad):
                        assert np.isnan(found[2])


@pytest.mark.parametrize("name", [name for name in terms.ALL if name != "renyi_power"])
@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_what_is_not_finite_has_no_finite_sum(name, bad) -> None:
    order = 1.5 if name in terms.ORDERED else 1.0
    for side in range(len(terms.given(name, *pair(9)))):
        p, q = pair(9)
        (p, q)[side][2, 4] = bad
        found = cpu.divergence.total(name, *terms.given(name, p, q), order=order)
        assert not np.isfinite(found[2])


def test_a_negative_probability_has_no_mass() -> None:
    for dtype in TYPES:
        p = torch.full((3, 70), 1 / 70).to(getattr(torch, dtype))
        p[1, 66] = -1e-7
        found = cpu.divergence.total("mass", p)
        assert torch.isnan(found).tolist() == [False, True, False]


@pytest.mark.parametrize(("name", "order"), terms.CASES)
def test_ratios_beyond_the_largest_number(name, order) -> None:
    """Subnormal numbers, and quotients of 1e300 either way, as eager takes them."""
    tiny = [5e-324, 1e-310, 2.3e-308, 1e-300, 1e-150, 1e-20, 0.3, 1.0, 0.0]
    p, q = (np.ravel(x)[:, None] for x in np.meshgrid(tiny, tiny, indexing="ij"))
    rows = terms.given(name, p, q)
    found = cpu.divergence.total(name, *rows, order=order)
    known = eager.divergence.total(name, *rows, order=order)
    finite = np.isfinite(known) & (known < 1e305)
    assert (found[~finite] >= 1e304).all()
    far = 1e-13 * max(1.0, abs(order - 1.0) * 10)
    np.testing.assert_allclose(found[finite], known[finite], rtol=far, atol=1e-307)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_subnormal_numbers_of_float32_are_not_0(dtype) -> None:
    p = torch.tensor([[1e-40, 1.0]], dtype=torch.float64).to(getattr(torch, dtype))
    wide = p.double()
    found = cpu.divergence.total("entropy", p).item()
    assert found == pytest.approx(-(wide * wide.log()).sum().item(), rel=1e-14)
    assert found > 1e-39


def test_softmax_rows_that_are_no_distribution() -> None:
    z = np.zeros((6, 11))
    z[1], z[2, 3], z[3, 4], z[4, :10] = -INF, INF, NAN, -INF
    for kernels in (cpu.divergence, eager.divergence):
        with np.errstate(invalid="ignore"):
            alone = kernels.softmax_entropy(z)
            both = kernels.softmax_kl(z, z), kernels.softmax_kl(z, 0 * z[:1].repeat(6, 0))
        assert np.isnan(alone).tolist() == [False, True, True, True, False, False]
        assert alone[[0, 4]] == pytest.approx([np.log(11), 0.0], abs=1e-15)
        for found in both:
            assert np.isnan(found).tolist() == [False, True, True, True, False, False]


def test_gaps_of_any_type_and_layout() -> None:
    p, q = pair(9)
    gaps = np.linspace(1.0, 2.0, 8)
    known = cpu.divergence.carried(p, q, gaps)
    for other in (gaps[::-1].copy()[::-1], np.repeat(gaps, 2)[::2]):
        np.testing.assert_array_equal(cpu.divergence.carried(p, q, other), known)
    single = cpu.divergence.carried(p, q, np.full(8, 2, np.float32))
    np.testing.assert_array_equal(single, 2 * cpu.divergence.carried(p, q, np.ones(8)))


def test_every_term_has_its_own_number() -> None:
    from typing import get_args

    from crossent.core.divergence import Term

    names = [*get_args(Term), "softmax_entropy", "softmax_kl", "carried"]
    assert sorted(cpu.divergence.NUMBERS.values()) == list(range(len(names)))
    assert set(names[:-3]) == set(terms.ALL)

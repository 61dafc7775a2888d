"""Gradients of the distribution measures: of textbook formulas, at zeros by their limits.

PyTorch and JAX, first and second order, and what PyTorch's transforms and compiler give.
"""

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import functional, gradcheck, gradgradcheck

from tests.measures.libraries import GRADIENTS, IN_A_HURRY, LIBRARIES
from tests.measures.textbook import DOORS, EVERY, LOGITS

GENERATOR = torch.Generator().manual_seed(11)
Z, W = torch.randn(2, 3, 5, generator=GENERATOR, dtype=torch.float64)  # logits of p and q
P, Q = (x.softmax(-1).numpy() for x in (Z, W))
SOFTMAX = {"torch": lambda z: torch.softmax(z, -1), "jax": jax.nn.softmax}
INF = math.inf
TWICE = ("kl", "kl_from_logits")  # JAX compiles each of them for seconds
ALIKE = ("entropy", "kl", "js_distance", "hellinger", "bhattacharyya", "renyi_divergence-0.3")
LOW = -1e3  # softmax of 5 logits near 0 and one below has a 0

every_door = pytest.mark.parametrize("name", EVERY)
every_library = pytest.mark.parametrize("library", GRADIENTS)


def inputs(name: str) -> tuple[Tensor, ...]:
    given = (Z, W)[: EVERY[name].count]
    return given if name in LOGITS else tuple(x.softmax(-1) for x in given)


def of_logits(name: str, library: str) -> Callable[..., Any]:
    """The sum of the measure of distributions that logits give."""
    softmax = (lambda z: z) if name in LOGITS else SOFTMAX[library]
    return lambda *logits: EVERY[name].measure(*map(softmax, logits)).sum()


def textbook_of_logits(name: str, *logits: Tensor) -> Tensor:
    rows = logits if name in LOGITS else map(on_the_live, logits)
    return EVERY[name].textbook(*rows).sum()


def on_the_live(z: Tensor) -> Tensor:
    """softmax(z), with a constant 0 for what is far below."""
    live = z > LOW
    return torch.where(live, torch.where(live, z, -INF).softmax(-1), 0.0)


def textbook_gradient(name: str, *logits: Tensor) -> list[np.ndarray]:
    given = [x.clone().requires_grad_() for x in logits]
    return [g.numpy() for g in torch.autograd.grad(textbook_of_logits(name, *given), given)]


# Where a class has no probability left the gradient in its logit is 0, and the others have that of
# the classes that are there.
A, B = [0.3, 1.3, 1.0, -0.7, 0.1], [0.5, 0.2, -1.0, 0.4, -0.3]
WITHOUT = {
    "underflown in p": ([0.3, -1e4, 1.0, -0.7, 0.1], B),
    "removed from p": ([0.3, -INF, 1.0, -0.7, 0.1], B),
    "underflown in both": ([0.3, -1e4, 1.0, -0.7, 0.1], [0.5, -1e4, -1.0, 0.4, -0.3]),
    "removed from both": ([0.3, -INF, 1.0, -0.7, 0.1], [0.5, -INF, -1.0, 0.4, -0.3]),
    "either": ([0.3, -INF, 1.0, -0.7, 0.1], [0.5, -1e4, -1.0, 0.4, -0.3]),
    "all but one": ([-INF, -1e4, 1.0, -INF, -1e4], B),
    "underflown in q": (A, [0.5, -1e4, -1.0, 0.4, -0.3]),
    "removed from q": (A, [0.5, -INF, -1.0, 0.4, -0.3]),
    "one each": ([0.3, -INF, 1.0, -0.7, 0.1], [-1e4, 0.2, -1.0, 0.4, -0.3]),
    "disjoint": ([0.3, 0.1, -INF, -1e4, -INF], [-INF, -1e4, -1.0, 0.4, -0.3]),
}
INFINITE = ("underflown in q", "removed from q", "one each", "disjoint")  # unless bounded
BOUNDED = ("js", "total_variation", "hellinger", "coefficient", "wasserstein")


EQUAL = [A, WITHOUT["removed from both"][0], [0.25, 0.25, 0.25, 0.25, 0.25]]
INSIDE = slice(None, len(Z))
OUTSIDE = slice(len(Z), -len(EQUAL))


def rows(name: str) -> list[np.ndarray]:
    """Logits with all classes, without some, and equal ones: JAX compiles once for them."""
    kept = [v for k, v in WITHOUT.items() if k not in INFINITE or name.startswith(BOUNDED)]
    zeros = [np.array(part) for part in zip(*kept, strict=True)]
    parts = zip((Z.numpy(), W.numpy()), zeros, strict=True)
    return [np.concatenate([x, y, EQUAL]) for x, y in parts][: EVERY[name].count]


@cache
def slopes(name: str, library: str) -> list[np.ndarray]:
    return GRADIENTS[library](of_logits(name, library), *rows(name))


@every_library
@every_door
def test_gradient_in_logits_is_the_textbooks(name, library) -> None:
    logits = [torch.tensor(x[INSIDE]) for x in rows(name)]
    known = textbook_gradient(name, *logits)
    for mine, plain in zip(slopes(name, library), known, strict=True):
        np.testing.assert_allclose(mine[INSIDE], plain, rtol=1e-11, atol=1e-13)


@every_library
@pytest.mark.parametrize("name", [name for name in DOORS if name != "information"])
def test_a_class_without_probability_has_no_gradient(name, library) -> None:
    logits = [x[OUTSIDE] for x in rows(name)]
    known = textbook_gradient(name, *(torch.tensor(x.clip(-1e4)) for x in logits))
    for mine, plain, given in zip(slopes(name, library), known, logits, strict=True):
        there = given > LOW
        assert (mine[OUTSIDE][~there] == 0).all()
        np.testing.assert_allclose(mine[OUTSIDE][there], plain[there], rtol=1e-11, atol=1e-13)


@every_library
@pytest.mark.parametrize("name", [name for name, door in EVERY.items() if door.count == 2])
def test_equal_distributions_have_a_gradient(name, library) -> None:
    found = np.stack(slopes(name, library))[:, -len(EQUAL) :]
    assert np.isfinite(found).all()
    if "cross_entropy" in name or "code" in name:  # of p alone not the least
        return
    p = LIBRARIES[library].array(np.array(EQUAL[::2]) if name in LOGITS else P)
    values = LIBRARIES[library].numbers(EVERY[name].measure(p, p))
    np.testing.assert_allclose(values, 1.0 if name == "coefficient" else 0.0, rtol=1e-15)
    if EVERY[name].smooth:
        np.testing.assert_allclose(found, 0.0, atol=4e-16)


def test_gradients_in_probabilities_are_no_nan_and_alike() -> None:
    p, q = np.array([0.0, 0.5, 0.5, 0.0, 0.0]), np.array([0.0, 0.25, 0.25, 0.5, 0.0])
    pairs = np.concatenate([P, [p, p, q]]), np.concatenate([Q, [q, p, q]])
    for name, door in DOORS.items():
        by_torch = GRADIENTS["torch"](door.measure, *pairs[: door.count])
        assert not np.isnan(by_torch).any(), name
        if name in ALIKE:
            by_jax = GRADIENTS["jax"](door.measure, *pairs[: door.count])
            assert not np.isnan(by_jax).any(), name
            for mine, other in zip(by_torch, by_jax, strict=True):
                np.testing.assert_allclose(mine[: len(P)], other[: len(P)], rtol=1e-12, atol=1e-13)


@every_door
def test_gradcheck_twice(name) -> None:
    options = {} if name in LOGITS else {"validate": False}  # a step leaves the sum of 1
    function = partial(EVERY[name].measure, **options)
    given = tuple(x[:2].clone().requires_grad_() for x in inputs(name))
    assert gradcheck(function, given)
    assert gradgradcheck(function, given)


def test_second_order_in_logits_is_the_textbooks() -> None:
    for name, door in EVERY.items():
        logits = tuple(x[0] for x in (Z, W)[: door.count])
        known = functional.hessian(partial(textbook_of_logits, name), logits)
        found = [functional.hessian(of_logits(name, "torch"), logits)]
        if name in TWICE:
            hessian = jax.jit(
                jax.hessian(of_logits(name, "jax"), tuple(range(door.count))),
                compiler_options=IN_A_HURRY,
            )
            found.append(hessian(*(jax.numpy.asarray(x.numpy()) for x in logits)))
        for second in found:
            assert_blocks(second, known, name)


def assert_blocks(found: Any, known: Any, name: str) -> None:
    mine, plain = (np.block([[np.asarray(x) for x in row] for row in y]) for y in (found, known))
    np.testing.assert_allclose(mine, plain, rtol=1e-9, atol=1e-11, err_msg=name)


@every_door
def test_transforms_of_torch_give_the_same(name) -> None:
    door = EVERY[name]
    given = inputs(name)
    whole = door.measure(*given)
    gradients = torch.autograd.grad(
        door.measure(*(alive := [x.clone().requires_grad_() for x in given])).sum(), alive
    )
    close = partial(torch.testing.assert_close, rtol=1e-12, atol=1e-14)
    close(torch.func.vmap(door.measure)(*given), whole)
    close(
        torch.func.vmap(door.measure, in_dims=1, out_dims=0)(*(x[:, None] for x in given)),
        whole[None],
    )
    places = tuple(range(door.count))

    def scalar(*rows: Tensor) -> Tensor:
        return door.measure(*rows).sum()

    close(torch.func.grad(scalar, argnums=places)(*given), gradients)
    per_row = torch.func.vmap(torch.func.grad(scalar, argnums=places))(*given)
    close(per_row, gradients)
    tangents = tuple(torch.sin(x) for x in given)
    value, moved = torch.func.jvp(scalar, given, tangents)
    close(value, whole.sum())
    close(moved, sum((g * t).sum() for g, t in zip(gradients, tangents, strict=True)), rtol=1e-10)
    one = tuple(x[0] for x in given)
    hessian = torch.func.hessian(scalar, argnums=places)(*one)
    by_autograd = functional.hessian(scalar, one)
    close(hessian, by_autograd, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_compiled_by_torch(backend) -> None:
    rows = (*inputs("kl"), Z, W)
    plain = [x.clone().requires_grad_() for x in rows]
    compiled = [x.clone().requires_grad_() for x in rows]
    expected = every(*plain)
    found = torch.compile(every, backend=backend, fullgraph=True)(*compiled)
    for name, mine, known in zip(EVERY, found, expected, strict=True):
        torch.testing.assert_close(mine, known, rtol=1e-13, atol=1e-15, msg=name)
    wanted = torch.autograd.grad(sum(x.sum() for x in expected), plain)
    slopes = torch.autograd.grad(sum(x.sum() for x in found), compiled)
    torch.testing.assert_close(slopes, wanted, rtol=1e-11, atol=1e-13)


def every(p: Any, q: Any, z: Any, w: Any) -> list[Any]:
    pairs, logits = {1: (p,), 2: (p, q)}, {1: (z,), 2: (z, w)}
    return [
        *(door.measure(*pairs[door.count]) for door in DOORS.values()),
        *(door.measure(*logits[door.count]) for door in LOGITS.values()),
    ]


def test_compiled_by_jax_and_mapped() -> None:
    rows = [jax.numpy.asarray(x.numpy()) for x in (*inputs("kl"), Z, W)]
    known = every(*(x.numpy() for x in (*inputs("kl"), Z, W)))
    found = jax.jit(jax.vmap(every), compiler_options=IN_A_HURRY)(*rows)
    for name, mine, whole in zip(EVERY, found, known, strict=True):
        np.testing.assert_allclose(mine, whole, rtol=1e-13, err_msg=name)

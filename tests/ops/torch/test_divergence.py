"""Sums of terms by each route: values, slopes of every order, transforms, what is kept."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.autograd import forward_ad

from crossent.kernels import select
from crossent.ops.torch import divergence
from tests import terms
from tests.backends import BACKENDS, served_by
from tests.kernels.cpu.test_tensors import Wrapper
from tests.measures import textbook

G = torch.Generator().manual_seed(0)
Z, W = 2 * torch.randn(2, 4, 5, generator=G, dtype=torch.float64)
P, Q = Z.softmax(-1), W.softmax(-1)
GAPS = torch.tensor([1.0, 0.5, 2.0, 4.0], dtype=torch.float64)


def of_term(name: str) -> Callable[..., torch.Tensor]:
    order = 1.5 if name in terms.ORDERED else 1.0
    return lambda *rows: divergence.total(name, *rows, order=order)


CALLS: dict[str, tuple[Callable[..., torch.Tensor], tuple[torch.Tensor, ...]]] = {
    **{name: (of_term(name), terms.given(name, P, Q)) for name in terms.ALL},
    "softmax_kl": (divergence.softmax_kl, (Z, W)),
    "carried": (lambda p, q: divergence.carried(p, q, GAPS), (P, Q)),
}
SMOOTH = [name for name in CALLS if name not in ("mass", "js", "hellinger")]  # those are scaled
every_call = pytest.mark.parametrize("name", CALLS)


def alive(rows: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
    return [x.clone().requires_grad_() for x in rows]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", terms.ALL)
def test_values_and_slopes_are_the_textbooks(name, backend) -> None:
    order = 1.5 if name in terms.ORDERED else 1.0
    call, rows = CALLS[name][0], alive(CALLS[name][1])
    with served_by(backend):
        found = call(*rows)
        slopes = torch.autograd.grad(found.sum(), rows)
    plain = [x.tolist() for x in CALLS[name][1]]
    known = [float(terms.total(name, order, *row)) for row in zip(*plain, strict=True)]
    np.testing.assert_allclose(found.detach(), known, rtol=1e-14)
    for place, slope in enumerate(slopes):
        expected = [
            [float(terms.slope(name, order, place, *pair)) for pair in zip(*row, strict=True)]
            for row in zip(*plain, strict=True)
        ]
        np.testing.assert_allclose(slope, expected, rtol=1e-12, atol=1e-13)


def test_divergence_of_logits_and_what_is_carried_are_the_textbooks() -> None:
    for ours, theirs, given in (
        (divergence.softmax_kl, textbook.plain_kl_of_logits, (Z, W)),
        (CALLS["carried"][0], carried, (P, Q)),
    ):
        mine, plain = alive(given), alive(given)
        found, known = ours(*mine), theirs(*plain)
        torch.testing.assert_close(found, known, rtol=1e-13, atol=1e-15)
        ups = torch.linspace(-1, 2, 4, dtype=torch.float64)
        a, b = (torch.autograd.grad(v, x, ups) for v, x in ((found, mine), (known, plain)))
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-14)


def carried(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    return ((p - q).cumsum(1)[:, :-1].abs() * GAPS).sum(1)


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives_of_every_order(name) -> None:
    call, rows = CALLS[name]
    given = tuple(alive(tuple(x[:2, :4] for x in rows)))
    if name == "carried":
        given = tuple(alive(tuple(x[:2] for x in rows)))
    assert torch.autograd.gradcheck(call, given, check_forward_ad=True, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(call, given)


@every_call
def test_a_batch_of_upstream_gradients(name) -> None:
    call, rows = CALLS[name]
    given = alive(rows)
    value = call(*given)
    eye = torch.eye(4, dtype=torch.float64)
    batch = torch.autograd.grad(value, given, eye, is_grads_batched=True, retain_graph=True)
    for k in range(4):
        one = torch.autograd.grad(value, given, eye[k], retain_graph=True)
        for whole, part in zip(batch, one, strict=True):
            torch.testing.assert_close(whole[k], part, rtol=1e-13, atol=1e-300)


class Served:
    """Counts the calls that reach a kernel."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0

        def counted(rows: Any) -> Any:
            self.calls += 1
            return select.select(rows)

        monkeypatch.setattr(divergence, "select", counted)


@every_call
def test_routes(name, monkeypatch) -> None:
    served, (call, rows) = Served(monkeypatch), CALLS[name]
    known = call(*rows)
    assert served.calls == 1
    call(*alive(rows))
    assert served.calls == 2

    def close(found: torch.Tensor) -> None:
        torch.testing.assert_close(found, known, rtol=1e-13, atol=1e-15)
        assert served.calls == 2  # composed

    close(torch.func.vmap(lambda *x: call(*(y[None] for y in x))[0])(*rows))
    torch.func.grad(lambda *x: call(*x).sum())(*rows)
    with forward_ad.dual_level():
        dual = call(*(forward_ad.make_dual(x, torch.ones_like(x)) for x in rows))
        close(forward_ad.unpack_dual(dual).primal)
    close(call(*(Wrapper(x) for x in rows)))


@pytest.mark.parametrize("name", ["kl", "entropy", "softmax_kl", "carried"])
def test_compiles_whole(name) -> None:
    call, rows = CALLS[name]
    mine, plain = alive(rows), alive(rows)
    compiled = torch.compile(lambda *x: call(*x).sum(), fullgraph=True, backend="aot_eager")
    found, known = compiled(*mine), call(*plain).sum()
    torch.testing.assert_close(found, known)
    a, b = (torch.autograd.grad(v, x) for v, x in ((found, mine), (known, plain)))
    torch.testing.assert_close(a, b)


def test_one_plain_tensor_beside_another_kind_composes() -> None:
    found = divergence.total("kl", P, Wrapper(Q))
    torch.testing.assert_close(found, divergence.total("kl", P, Q))
    found = divergence.softmax_kl(Wrapper(Z), W)
    torch.testing.assert_close(found, divergence.softmax_kl(Z, W))


def test_a_parameter_is_served() -> None:
    q = torch.nn.Parameter(Q.clone())
    divergence.total("kl", P, q).sum().backward()
    torch.testing.assert_close(q.grad, 1 - P / Q)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_the_gradient_has_the_type_of_the_rows_rounded_once(dtype) -> None:
    p, q = alive((P.to(dtype), Q.to(dtype)))
    value = divergence.total("kl", p, q)
    assert value.dtype == torch.float64
    a, b = torch.autograd.grad(value.sum(), (p, q))
    wide = p.detach().double(), q.detach().double()
    for slope, exact in ((a, (wide[0] / wide[1]).log()), (b, 1 - wide[0] / wide[1])):
        assert slope.dtype == dtype
        torch.testing.assert_close(slope, exact.to(dtype), rtol=1e-6, atol=1e-7)


def test_gradient_in_one_of_two() -> None:
    p = P.clone().requires_grad_()
    divergence.total("kl", p, Q).sum().backward()
    torch.testing.assert_close(p.grad, (P / Q).log())
    q = Q.clone().requires_grad_()
    divergence.total("kl", P, q).sum().backward()
    torch.testing.assert_close(q.grad, 1 - P / Q)


@every_call
def test_nothing_is_kept_where_no_gradient_is_asked_for(name) -> None:
    call, rows = CALLS[name]
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        assert call(*rows).grad_fn is None
        with torch.no_grad():
            assert call(*alive(rows)).grad_fn is None
        assert kept == []
        assert call(*alive(rows)).grad_fn is not None
    assert len(kept) == len(rows)  # the rows themselves, and nothing beside them


def test_rows_that_change_in_place_are_noticed() -> None:
    q = Q.clone().requires_grad_()
    moved = q * 1.0
    value = divergence.total("kl", P, moved)
    with torch.no_grad():
        moved.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        value.sum().backward()


def test_two_backwards_give_the_same() -> None:
    q = Q.clone().requires_grad_()
    value = divergence.total("js", P, q).sum()
    first, second = (torch.autograd.grad(value, q, retain_graph=True)[0] for _ in range(2))
    assert torch.equal(first, second)

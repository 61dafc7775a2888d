"""The route a call takes under each transform."""

import torch
from torch.autograd import forward_ad

from crossent.ops.torch.route import route


def test_plain_tensors_take_the_function() -> None:
    assert route(torch.zeros(2), [torch.zeros(2)]) == "function"
    assert route(torch.nn.Parameter(torch.zeros(2)), []) == "function"


def test_transforms_compose() -> None:
    seen = []

    def probe(x):
        seen.append(route(x, []))
        return x.sum()

    torch.func.grad(probe)(torch.zeros(2))
    torch.func.vmap(probe)(torch.zeros(2, 2))
    with forward_ad.dual_level():
        probe(torch.zeros(2))
    assert seen == ["compose"] * 3
    assert route(torch.zeros(2), []) == "function"


def test_a_target_that_needs_a_gradient_composes() -> None:
    soft = torch.zeros(2, requires_grad=True)
    assert route(torch.zeros(2), [soft]) == "compose"
    with torch.no_grad():
        assert route(torch.zeros(2), [soft]) == "function"


def test_subclasses_never_reach_a_kernel() -> None:
    class Wrapped(torch.Tensor):
        pass

    assert route(torch.zeros(2).as_subclass(Wrapped), []) == "compose"


def test_compilation_takes_the_operator() -> None:
    seen = []

    def probe(x):
        seen.append(route(x, []))
        return x + 1

    torch.compile(probe, backend="eager")(torch.zeros(2))
    assert seen == ["compile"]

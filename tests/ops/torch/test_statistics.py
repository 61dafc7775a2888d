"""Log-probability, lse and entropy: values and derivatives of every order."""

import pytest
import torch

from crossent.core.target import Labels
from crossent.ops.torch.statistics import likelihood

TARGET = torch.tensor([0, 4, -100, 2])


@pytest.fixture
def logits() -> torch.Tensor:
    z = torch.randn(4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return z.requires_grad_()


def three(z):
    return likelihood(z, Labels(TARGET))


def textbook(z):
    logp = torch.log_softmax(z, 1)
    kept = TARGET >= 0
    log_prob = logp.gather(1, TARGET.clamp(0)[:, None])[:, 0]
    three = log_prob, torch.logsumexp(z, 1), -(logp.exp() * logp).sum(1)
    return tuple(torch.where(kept, part, 0.0) for part in three)


def test_values_and_gradients(logits) -> None:
    for place in range(3):
        ours, theirs = three(logits)[place], textbook(logits)[place]
        torch.testing.assert_close(ours, theirs)
        ups = torch.linspace(-1, 2, 4, dtype=torch.float64)
        a, b = (torch.autograd.grad(v, logits, ups)[0] for v in (ours, theirs))
        torch.testing.assert_close(a, b)


def test_derivatives_of_every_order(logits) -> None:
    assert torch.autograd.gradcheck(three, logits, check_forward_ad=True, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(three, logits)
    for transform in (torch.func.hessian, torch.func.jacrev, torch.func.jacfwd):
        ours = transform(lambda z: sum(part.sum() for part in three(z)))(logits.detach())
        theirs = transform(lambda z: sum(part.sum() for part in textbook(z)))(logits.detach())
        torch.testing.assert_close(ours, theirs)


def test_only_row_numbers_are_kept(logits) -> None:
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        three(logits)
    assert sum(t.numel() == logits.numel() for t in kept) == 1  # the logits themselves


def test_compiles_whole(logits) -> None:
    compiled = torch.compile(
        lambda z: sum(p.sum() for p in three(z)), fullgraph=True, backend="aot_eager"
    )
    expected = sum(p.sum() for p in textbook(logits))
    value = compiled(logits)
    torch.testing.assert_close(value, expected)
    a, b = (torch.autograd.grad(v, logits)[0] for v in (value, expected))
    torch.testing.assert_close(a, b)

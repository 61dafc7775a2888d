"""Where values are there to be read, and where a transform hides them."""

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch.autograd import forward_ad

from crossent.ops.values import is_traced, is_transformed


def seen(transform, x, ask=is_transformed) -> list[bool]:
    """What a function under a transform finds of its own input."""
    found = []

    def probe(x):
        found.append(ask(x))
        return (x * x).sum()

    transform(probe)(x)
    return found


def test_plain_arrays_have_values() -> None:
    for array in (np.ones(2), torch.ones(2), torch.ones(2, requires_grad=True), jnp.ones(2)):
        assert not is_transformed(array)
    assert not is_traced(jnp.ones(2))


def test_a_gradient_hides_nothing() -> None:
    x = torch.ones(3)
    assert seen(torch.func.grad, x) == [False]
    assert seen(lambda f: torch.func.grad(lambda x: torch.func.grad(f)(x).sum()), x) == [False]
    with forward_ad.dual_level():
        assert not is_transformed(forward_ad.make_dual(x, x))
    moved = seen(lambda f: lambda x: torch.func.jvp(f, (x,), (x,)), x)
    assert moved == [False]


def test_vmap_hides_a_batch() -> None:
    x = torch.ones(2, 3)
    assert seen(torch.func.vmap, x) == [True]
    assert seen(lambda f: torch.func.vmap(torch.func.grad(f)), x) == [True]
    assert seen(lambda f: torch.func.grad(lambda x: torch.func.vmap(f)(x).sum()), x) == [True]


def test_torch_compile_hides_values() -> None:
    found = []

    def probe(x):
        found.append(is_transformed(x))
        return x + 1

    torch.compile(probe, backend="eager", fullgraph=False)(torch.zeros(2))
    assert found == [True]


def test_jax_under_jit_grad_and_vmap() -> None:
    x = jnp.ones((2, 3))
    assert seen(jax.jit, x) == [True]
    assert seen(jax.vmap, x) == [True]
    assert seen(jax.grad, x) == [True]


def test_a_constant_under_jit_has_no_value_by_the_next_operation() -> None:
    constant, found = jnp.ones(2), []

    def probe(x):
        found.append(is_traced(constant))
        return x

    jax.jit(probe)(jnp.zeros(2))
    assert found == [True]
    assert not is_traced(constant)

"""JAX's transforms of the two kinds of rows, against PyTorch's and against differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from jax.test_util import check_grads

import crossent

RNG = np.random.default_rng(0)
Z, INDEX = RNG.normal(size=(4, 5)), np.array([0, 4, -100, 2])
SOFT = RNG.dirichlet(np.ones(5), size=4)
OPTIONS = [{}, {"gamma": 2.0, "z_loss": 0.1, "label_smoothing": 0.1}]
TRANSFORMS = {
    "grad": (jax.grad, torch.func.grad),
    "jit": (lambda f: jax.jit(jax.grad(f)), torch.func.grad),
    "jvp": (
        lambda f: lambda z: jax.jvp(f, (z,), (z,))[1],
        lambda f: lambda z: torch.func.jvp(f, (z,), (z,))[1],
    ),
    "jacfwd": (jax.jacfwd, torch.func.jacfwd),
    "hessian": (lambda f: jax.jit(jax.hessian(f)), torch.func.hessian),
    "reverse twice": (lambda f: jax.jit(jax.jacrev(jax.jacrev(f))), torch.func.hessian),
}


def softmax(library, options):
    return lambda z: crossent.cross_entropy(z, library(INDEX[: z.shape[0]]), **options)


def soft(library, options):
    return lambda z: crossent.cross_entropy(z, library(SOFT), **options)


def binary(library, options):
    shape = {k: v for k, v in options.items() if k in ("gamma",)}
    return lambda z: crossent.binary_cross_entropy_with_logits(z, library(SOFT), **shape)


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("loss", [softmax, soft, binary])
def test_transforms_equal_pytorchs(name, options, loss) -> None:
    in_jax, in_torch = TRANSFORMS[name]
    ours = in_jax(loss(jnp.asarray, options))(jnp.asarray(Z))
    theirs = in_torch(loss(torch.from_numpy, options))(torch.from_numpy(Z))
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)


def test_third_derivatives() -> None:
    loss = softmax(jnp.asarray, {"gamma": 2.0})
    hessian = jax.jit(jax.hessian(loss))
    ours = jax.jit(jax.jacfwd(hessian))(jnp.asarray(Z[:2]))
    step = 1e-4
    for place in ((0, 0), (1, 3)):
        moved = [jnp.asarray(Z[:2]).at[place].add(s) for s in (step, -step)]
        up, down = (hessian(z) for z in moved)
        np.testing.assert_allclose(ours[(..., *place)], (up - down) / (2 * step), atol=1e-7)


@pytest.mark.parametrize("loss", [softmax, soft, binary])
def test_derivatives_against_differences(loss) -> None:
    check_grads(loss(jnp.asarray, {}), (jnp.asarray(Z),), order=2, rtol=1e-5, atol=1e-5)


def test_vmap_of_grad() -> None:
    def loss(z, y):
        return crossent.cross_entropy(z, y, gamma=2.0)

    ours = jax.vmap(jax.grad(loss))(jnp.asarray(Z), jnp.asarray(INDEX % 5))
    for z, y, row in zip(Z, INDEX % 5, ours, strict=True):
        expected = torch.func.grad(loss)(torch.from_numpy(z), torch.tensor(y))
        np.testing.assert_allclose(row, expected, atol=1e-15)


def test_targets_and_weights_are_differentiated_too() -> None:
    def loss(z, q, w):
        return crossent.cross_entropy(z, q, w, label_smoothing=0.1)

    given = (Z, SOFT, np.linspace(1, 2, 5))
    ours = jax.grad(loss, argnums=(0, 1, 2))(*map(jnp.asarray, given))
    theirs = torch.func.grad(loss, argnums=(0, 1, 2))(*map(torch.from_numpy, given))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-15)


def test_a_constant_target_costs_one_kept_array() -> None:
    z = jnp.zeros((64, 128), dtype=jnp.float32)
    _, back = jax.vjp(lambda z: crossent.cross_entropy(z, jnp.zeros(64, dtype=jnp.int32)), z)
    kept = [leaf for leaf in jax.tree.leaves(back) if getattr(leaf, "size", 0) >= z.size]
    assert [leaf.nbytes for leaf in kept] == [z.nbytes]


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_certain_rows_have_finite_derivatives_of_every_order(gamma) -> None:
    z, y = jnp.array([[900.0, 0.0], [0.0, 900.0]]), jnp.array([0, 0])
    for transform in (jax.grad, jax.hessian):
        derivative = jax.jit(transform(lambda z: crossent.cross_entropy(z, y, gamma=gamma)))(z)
        assert bool(jnp.isfinite(derivative).all())


def test_half_precision_keeps_its_type_and_is_rounded_once() -> None:
    z = jnp.asarray(Z, dtype=jnp.bfloat16)
    grad = jax.grad(softmax(jnp.asarray, {}))(z)
    wide = jax.grad(softmax(jnp.asarray, {}))(z.astype(jnp.float64))
    assert grad.dtype == jnp.bfloat16
    np.testing.assert_array_equal(grad, wide.astype(jnp.bfloat16))


def test_a_row_of_nan_without_a_target_has_no_gradient() -> None:
    z = jnp.array([[0.0, 1.0], [jnp.nan, 0.0], [-jnp.inf, -jnp.inf]])
    y = jnp.array([1, -100, -100])
    for transform in (jax.grad, jax.hessian):
        derivative = jax.jit(transform(lambda z: crossent.cross_entropy(z, y)))(z)
        assert bool(jnp.isfinite(derivative).all())

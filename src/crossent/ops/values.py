"""Whether the values of an array are there to be read, or a transform hides them."""

from typing import Any

from crossent.core.array import Array, is_jax, is_torch


def is_transformed(array: Array) -> bool:
    """Say whether a transform runs that hides the values of arrays."""
    if is_jax(array):
        return is_traced(array)
    if not is_torch(array):
        return False
    import torch

    from crossent.ops.torch.route import is_batched

    if torch.compiler.is_compiling():
        return True
    functorch: Any = torch._C._functorch  # type: ignore[attr-defined]
    inner: Array = array
    while functorch.is_gradtrackingtensor(inner):  # grad and jvp hide nothing, a vmap inside does
        inner = functorch.get_unwrapped(inner)
    return is_batched(inner)


def is_traced(array: Array) -> bool:
    """Say whether a JAX array has no value, or will have none by the next operation."""
    import jax.numpy as jnp
    from jax.core import Tracer

    # Under jit whatever is made from a constant is traced, the constant itself is not.
    return isinstance(array, Tracer) or isinstance(jnp.zeros(()), Tracer)

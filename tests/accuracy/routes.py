"""Every array library and way to differentiate that the table is held to."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

import crossent
from tests.accuracy.measure import (
    WIDE,
    Error,
    Group,
    Result,
    errors_of,
    sigmoid_groups,
    softmax_groups,
)

# JAX compiles every operation for every shape: batches of one shape share them.
HEIGHT, WIDTH = 32, 100


def softmax_errors(route: str, dtype: str) -> list[Error]:
    """Return the errors of every softmax case on a route."""
    errors: list[Error] = []
    for group in softmax_groups(dtype, WIDTH if route.startswith("jax") else 1):
        if route != "jax" or group.z.shape[1] <= WIDE:  # long rows on JAX: compiled only
            found = errors_of(group, ROUTES[route](group, crossent.cross_entropy))
            errors += excused(route, found)
    return errors


# Beyond 4, and by how much is in docs/losses/accuracy.md. XLA's expm1 is up to 2.3 eps off, NumPy's
# 1.2, and focal multiplies that up to 1 + gamma times. A composition adds 100,000 shares that it
# has rounded twice more than a kernel.
EXCEPTIONS = {
    "jax": {
        "float32/two-maxima3/index1/focal2",
        "float32/two-maxima3/one-hot/focal2",
        "float32/random10-5/index4/focal2",
        "float32/removed3/soft/focal2",
        "float64/removed10/index9/focal0.5",
    },
    "torch.func": {"float64/long-sure40/index0/plain"},
}


def excused(route: str, errors: Iterable[Error]) -> Iterator[Error]:
    """Yield the errors, the exceptions marked; without what XLA flushes to 0.

    That is a processor mode it sets: jnp.float32(1.2e-38) / 2 is 0 as well.
    """
    for error in errors:
        if not (route.startswith("jax") and error.flushed):
            listed = error.case in EXCEPTIONS.get(route.removesuffix(".jit"), ())
            yield error._replace(listed=listed)


def left_out(group: Group) -> tuple[str, ...]:
    """Return the routes that leave a batch to the other route of JAX: compiling takes seconds."""
    if group.z.shape[1] > WIDTH:
        return ("jax",)
    kept = group.hard or group.options.keys() in (set(), {"label_smoothing", "weight"})
    return () if kept else ("jax.jit",)


def sigmoid_errors(route: str, dtype: str) -> list[Error]:
    """Return the errors of every sigmoid case on a route."""
    loss = crossent.binary_cross_entropy_with_logits
    groups = sigmoid_groups(dtype)
    return [e for g in groups for e in excused(route, errors_of(g, ROUTES[route](g, loss)))]


def through_numpy(group: Group, loss: Callable[..., Any]) -> Result:
    """Values only: NumPy has no gradient."""
    given = (group.z, group.target)
    losses = loss(*given, reduction="none", **group.options)
    return Result(losses, [float(loss(*given, reduction="sum", **group.options))], [])


def through_torch(group: Group, loss: Callable[..., Any]) -> Result:
    """Autograd, through a sum and through the rows' losses."""
    target, options = _moved(group.target, _tensor), _arrays(group.options, _tensor)
    z = _tensor(group.z).requires_grad_()
    total = loss(z, target, reduction="sum", **options)
    total.backward()
    again = _tensor(group.z).requires_grad_()
    losses = loss(again, target, reduction="none", **options)
    losses.sum().backward()
    return Result(losses.detach().numpy(), [total.item()], [z.grad.numpy(), again.grad.numpy()])


def through_torch_func(group: Group, loss: Callable[..., Any]) -> Result:
    """The composition of plain operations, which torch.func differentiates."""
    import torch

    target, options = _moved(group.target, _tensor), _arrays(group.options, _tensor)

    def both(z: Any) -> Any:
        return loss(z, target, reduction="sum", **options), losses(z)

    def losses(z: Any) -> Any:
        return loss(z, target, reduction="none", **options)

    z = _tensor(group.z)
    gradient, (total, rows) = torch.func.grad(lambda x: (both(x)[0], both(x)), has_aux=True)(z)
    by_rows = torch.func.grad(lambda x: losses(x).sum())(z)
    return Result(rows.numpy(), [total.item()], [gradient.numpy(), by_rows.numpy()])


def through_jax(group: Group, loss: Callable[..., Any]) -> Result:
    """JAX, operation by operation."""
    return _through_jax(group, loss, lambda f: f)


def through_jax_jit(group: Group, loss: Callable[..., Any]) -> Result:
    """JAX, compiled whole."""
    import jax

    return _through_jax(group, loss, jax.jit)


def _through_jax(group: Group, loss: Callable[..., Any], compiled: Callable[..., Any]) -> Result:
    import jax

    options = dict(group.options)
    per_row = {"pos_weight": options.pop("pos_weight")} if "pos_weight" in options else {}
    options = _arrays(options, jax.numpy.asarray)

    def both(z: Any, target: Any, per_row: dict[str, Any]) -> Any:
        losses = loss(z, target, reduction="none", **options, **per_row)
        return losses.sum(), losses

    run = compiled(jax.value_and_grad(both, has_aux=True))
    count = len(group.cases)
    height = HEIGHT if group.z.ndim == 1 or group.z.shape[1] <= WIDE else count
    losses, gradients = [], []
    for start in range(0, count, height):
        part = np.resize(np.arange(start, min(start + height, count)), height)
        given = _moved((group.z, group.target, per_row), lambda x, part=part: x[part])
        (_, values), gradient = run(*_moved(given, jax.numpy.asarray))
        losses.append(np.asarray(values))
        gradients.append(np.asarray(gradient))
    return Result(np.concatenate(losses)[:count], [], [np.concatenate(gradients)[:count]])


def _tensor(array: np.ndarray) -> Any:
    import torch

    return torch.tensor(array)


def _arrays(options: dict[str, Any], convert: Callable[[Any], Any]) -> dict[str, Any]:
    return {k: convert(x) if isinstance(x, np.ndarray) else x for k, x in options.items()}


def _moved(part: Any, convert: Callable[[Any], Any]) -> Any:
    """Return a structure of arrays, each converted."""
    if isinstance(part, tuple):
        return tuple(_moved(x, convert) for x in part)
    if isinstance(part, dict):
        return {key: _moved(x, convert) for key, x in part.items()}
    return convert(part)


ROUTES: dict[str, Callable[[Group, Callable[..., Any]], Result]] = {
    "numpy": through_numpy,
    "torch": through_torch,
    "torch.func": through_torch_func,
    "jax": through_jax,
    "jax.jit": through_jax_jit,
}

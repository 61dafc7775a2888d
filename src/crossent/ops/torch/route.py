"""Which of the three ways to differentiate a call takes, chosen at every call, in this order.

compose   functorch transforms, forward mode, or a target or weight that needs a gradient:
          core in plain torch operations, differentiable to any order
compile   under torch.compile: an opaque custom operator with a registered gradient
function  otherwise: an autograd.Function that makes the gradient in the forward pass
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch.autograd import forward_ad

Route = Literal["compose", "compile", "function"]


def route(logits: torch.Tensor, constants: Sequence[object]) -> Route:
    """Return the route for these logits; tensors in `constants` are held fixed on fast routes."""
    if transforms_active() or forward_mode_active():
        return "compose"
    tensors = [constant for constant in constants if isinstance(constant, torch.Tensor)]
    if torch.is_grad_enabled():
        for tensor in tensors:
            if tensor.requires_grad:
                return "compose"
    if torch.compiler.is_compiling():
        return "compile"
    for tensor in tensors:
        if not is_plain(tensor):
            return "compose"
    return "function" if is_plain(logits) else "compose"


def _probe(*path: str) -> Callable[..., Any] | None:
    """Return a private function of torch, found once; None in a torch that has none."""
    found: Any = torch._C
    for name in path:
        found = getattr(found, name, None)
    return found


_TRANSFORMS = _probe("_are_functorch_transforms_active")
_KEPT = _probe("_autograd", "_get_current_graph_task_keep_graph")
_BATCHED = _probe("_functorch", "is_batchedtensor")
_BATCHED_BEFORE = _probe("_functorch", "is_legacy_batchedtensor")


def transforms_active() -> bool:
    """Say whether torch.func's grad, vmap, jvp ... are being traced."""
    # An unknown torch: composition is right whether transforms are active or not.
    return _TRANSFORMS is None or bool(_TRANSFORMS())


def is_batched(tensor: torch.Tensor) -> bool:
    """Say whether this is a batch in the guise of one tensor, as `is_grads_batched` makes them."""
    if _BATCHED is not None and _BATCHED(tensor):
        return True
    return _BATCHED_BEFORE is not None and bool(_BATCHED_BEFORE(tensor))


def graph_is_kept() -> bool:
    """Say, inside a backward, whether its saved tensors may be asked for again."""
    return _KEPT is None or bool(_KEPT())  # an unknown torch: a copy is always right


def forward_mode_active() -> bool:
    """Say whether a `torch.autograd.forward_ad.dual_level` is open."""
    return getattr(forward_ad, "_current_level", 0) >= 0


def is_plain(tensor: torch.Tensor) -> bool:
    """Say whether this is a tensor with storage of its own class: no DTensor, no fake tensor."""
    kind = type(tensor)
    return (kind is torch.Tensor or kind is torch.nn.Parameter) and tensor.layout is torch.strided


def has_values(tensor: torch.Tensor) -> bool:
    """Say whether the values of a tensor can be read: nothing traces or transforms it."""
    return is_plain(tensor) and not torch.compiler.is_compiling() and not transforms_active()

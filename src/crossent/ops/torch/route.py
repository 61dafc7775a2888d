"""Which of the three ways to differentiate a call takes, chosen at every call, in this order.

compose   functorch transforms, forward mode, or a target or weight that needs a gradient:
          core in plain torch operations, differentiable to any order
compile   under torch.compile: an opaque custom operator with a registered gradient
function  otherwise: an autograd.Function that makes the gradient in the forward pass
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch.autograd import forward_ad

Route = Literal["compose", "compile", "function"]


def route(logits: torch.Tensor, constants: Sequence[object]) -> Route:
    """Return the route for these logits; tensors in `constants` are held fixed on fast routes."""
    if transforms_active() or forward_mode_active():
        return "compose"
    if torch.is_grad_enabled() and any(getattr(c, "requires_grad", False) for c in constants):
        return "compose"
    if torch.compiler.is_compiling():
        return "compile"
    return "function" if is_plain(logits) else "compose"


def transforms_active() -> bool:
    """Say whether torch.func's grad, vmap, jvp ... are being traced."""
    probe = getattr(torch._C, "_are_functorch_transforms_active", None)
    if probe is not None:
        return bool(probe())
    return True  # an unknown torch: composition is right whether transforms are active or not


def is_batched(tensor: torch.Tensor) -> bool:
    """Say whether this is a batch in the guise of one tensor, as `is_grads_batched` makes them."""
    probes = (getattr(torch._C._functorch, name, None) for name in _BATCH_PROBES)  # type: ignore[attr-defined]
    return any(probe(tensor) for probe in probes if probe is not None)


_BATCH_PROBES = ("is_batchedtensor", "is_legacy_batchedtensor")


def graph_is_kept() -> bool:
    """Say, inside a backward, whether its saved tensors may be asked for again."""
    autograd = getattr(torch._C, "_autograd", None)
    probe = getattr(autograd, "_get_current_graph_task_keep_graph", None)
    return bool(probe()) if probe is not None else True  # an unknown torch: a copy is always right


def forward_mode_active() -> bool:
    """Say whether a `torch.autograd.forward_ad.dual_level` is open."""
    return getattr(forward_ad, "_current_level", 0) >= 0


def is_plain(tensor: torch.Tensor) -> bool:
    """Say whether this is a tensor with storage of its own class: no DTensor, no fake tensor."""
    return type(tensor) in (torch.Tensor, torch.nn.Parameter)

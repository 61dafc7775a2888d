"""What the loss modules share: settings as attributes, tensors as buffers, a telling repr."""

import inspect
from numbers import Real
from typing import Any, cast

import torch

from crossent.core.reduction import Reduction, check_reduction

NUMBERS = ("alpha", "temperature")  # a number or None, or else a tensor
TENSORS = ("weight", "pos_weight", *NUMBERS)  # saved and moved, where not numbers


class LossModule(torch.nn.Module):
    """Keeps the constructor's arguments under their names, for `forward` to pass to a loss.

    Read at every call, so ``loss.label_smoothing = 0.0`` takes effect, as in torch. Tensors of
    the names in `TENSORS` are buffers, Parameters are parameters, whenever they are assigned; a
    buffer that is None is not in the state_dict, so torch's and ours load into each other.
    """

    reduction: Reduction

    def __init__(self, size_average: object, reduce: object, **settings: Any) -> None:
        """Keep the settings; torch's retired size_average and reduce must be None."""
        super().__init__()
        refuse_retired(size_average, reduce)
        check_reduction(settings["reduction"], settings.get("normalize_by"))
        for name, value in settings.items():
            setattr(self, name, value)
        self._settings = tuple(settings)

    def __setattr__(self, name: str, value: Any) -> None:
        """Register tensors of the names in `TENSORS`; numbers and None replace them."""
        if name not in TENSORS or isinstance(value, torch.nn.Parameter):
            super().__setattr__(name, value)
            return
        plain = name in NUMBERS and isinstance(value, (Real, type(None)))
        if not plain and not isinstance(value, (torch.Tensor, type(None))):
            raise TypeError(
                f"cannot assign '{type(value).__name__}' object to buffer '{name}' "
                "(torch Tensor or None required)"
            )
        # torch keeps a name in the place it had first, and refuses what cannot lie there.
        if name in self._parameters or (plain and name in self._buffers):
            delattr(self, name)
        if plain:
            object.__setattr__(self, name, value)
        elif name in self._buffers:
            super().__setattr__(name, cast(Any, value))
        else:
            self.__dict__.pop(name, None)
            self.register_buffer(name, cast(Any, value))

    def settings(self) -> dict[str, Any]:
        """Return the settings by name, as they are now."""
        return {name: getattr(self, name) for name in self._settings}

    def extra_repr(self) -> str:
        """Return the settings that are not their defaults: `name=value`, tensors by shape."""
        defaults = inspect.signature(type(self)).parameters
        return ", ".join(
            f"{name}={_shown(value)}"
            for name, value in self.settings().items()
            if name not in defaults or not _same(value, defaults[name].default)
        )


def refuse_retired(size_average: object, reduce: object) -> None:
    """Raise ValueError unless torch's retired arguments are left at None."""
    if size_average is not None or reduce is not None:
        raise ValueError("size_average and reduce are retired; use reduction='mean'|'sum'|'none'")


def _same(value: object, default: object) -> bool:
    return not isinstance(value, torch.Tensor) and value == default


def _shown(value: object) -> str:
    if not isinstance(value, torch.Tensor):
        return repr(value)
    number = value.numel() == 1 and value.device.type == "cpu"
    return f"{value.item():g}" if number else f"tensor of shape {tuple(value.shape)}"

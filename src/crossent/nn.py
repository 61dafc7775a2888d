"""The losses as PyTorch modules, with torch's constructor arguments and buffer names."""

from typing import Any

import torch

from crossent.core.reduction import NormalizeBy, Reduction, check_reduction
from crossent.losses.binary import binary_cross_entropy_with_logits
from crossent.losses.cross_entropy import cross_entropy


class CrossEntropyLoss(torch.nn.Module):
    """Categorical cross-entropy from logits: `torch.nn.CrossEntropyLoss`, and every option.

    Equivalent: ``crossent.cross_entropy(input, target, weight, ...)``. A state_dict of torch's
    module loads here and the other way round.

    >>> loss = CrossEntropyLoss(label_smoothing=0.1)
    >>> round(loss(torch.zeros(2, 4), torch.tensor([0, 3])).item(), 6)  # log 4
    1.386294

    """

    weight: torch.Tensor | None

    def __init__(
        self,
        weight: torch.Tensor | None = None,
        size_average: None = None,
        ignore_index: int = -100,
        reduce: None = None,
        reduction: Reduction = "mean",
        label_smoothing: float = 0.0,
        *,
        normalize_by: NormalizeBy | float | None = None,
        temperature: float | torch.Tensor | None = None,
        softcap: float | None = None,
        z_loss: float = 0.0,
        gamma: float = 0.0,
        poly_epsilon: float = 0.0,
        axis: int | None = None,
        validate: bool | None = None,
    ) -> None:
        """Take torch's arguments in torch's order; size_average and reduce must stay None."""
        super().__init__()
        _refuse_retired(size_average, reduce)
        check_reduction(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.reduction: Reduction = reduction
        self.label_smoothing = label_smoothing
        if isinstance(temperature, torch.Tensor) and not isinstance(
            temperature, torch.nn.Parameter
        ):
            self.register_buffer("temperature", temperature)
        else:
            self.temperature = temperature  # a Parameter is trained, moved and saved with the rest
        self.options: dict[str, Any] = {
            "normalize_by": normalize_by,
            "softcap": softcap,
            "z_loss": z_loss,
            "gamma": gamma,
            "poly_epsilon": poly_epsilon,
            "axis": axis,
            "validate": validate,
        }

    def forward(
        self, input: torch.Tensor, target: torch.Tensor | tuple[torch.Tensor, torch.Tensor]
    ) -> torch.Tensor:
        """Return the loss of logits `input` (N, C, ...) for `target`."""
        return cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
            temperature=self.temperature,
            **self.options,
        )


class BCEWithLogitsLoss(torch.nn.Module):
    """Binary cross-entropy from logits: `torch.nn.BCEWithLogitsLoss`, and the options of ours.

    Equivalent: ``crossent.binary_cross_entropy_with_logits(input, target, weight, ...)``.

    >>> loss = BCEWithLogitsLoss()
    >>> round(loss(torch.zeros(3), torch.ones(3)).item(), 6)  # log 2
    0.693147

    """

    weight: torch.Tensor | None
    pos_weight: torch.Tensor | None

    def __init__(
        self,
        weight: torch.Tensor | None = None,
        size_average: None = None,
        reduce: None = None,
        reduction: Reduction = "mean",
        pos_weight: torch.Tensor | None = None,
        *,
        normalize_by: float | None = None,
        softcap: float | None = None,
        gamma: float = 0.0,
        validate: bool | None = None,
    ) -> None:
        """Take torch's arguments in torch's order; size_average and reduce must stay None."""
        super().__init__()
        _refuse_retired(size_average, reduce)
        check_reduction(reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)
        self.reduction: Reduction = reduction
        self.options: dict[str, Any] = {
            "normalize_by": normalize_by,
            "softcap": softcap,
            "gamma": gamma,
            "validate": validate,
        }

    def forward(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of logits `input` for `target` of the same shape."""
        return binary_cross_entropy_with_logits(
            input,
            target,
            self.weight,
            reduction=self.reduction,
            pos_weight=self.pos_weight,
            **self.options,
        )


def _refuse_retired(size_average: object, reduce: object) -> None:
    if size_average is not None or reduce is not None:
        raise ValueError("size_average and reduce are retired; use reduction='mean'|'sum'|'none'")

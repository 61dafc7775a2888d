"""Modules of the losses that take logits: categorical, binary, focal."""

import torch

from crossent.core.reduction import NormalizeBy, Reduction
from crossent.losses.binary import binary_cross_entropy_with_logits
from crossent.losses.cross_entropy import cross_entropy
from crossent.losses.focal import Activation, Form, focal_loss, shape_of
from crossent.nn.module import LossModule


class CrossEntropyLoss(LossModule):
    """Categorical cross-entropy from logits: `torch.nn.CrossEntropyLoss`, and every option.

    Equivalent: ``crossent.cross_entropy(input, target, weight, ...)``. A state_dict of torch's
    module loads here and the other way round.

    >>> loss = CrossEntropyLoss(label_smoothing=0.1)
    >>> loss
    CrossEntropyLoss(label_smoothing=0.1)
    >>> round(loss(torch.zeros(2, 4), torch.tensor([0, 3])).item(), 6)  # log 4
    1.386294

    """

    weight: torch.Tensor | None
    temperature: float | torch.Tensor | None  # a Parameter is trained with the rest

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
        shift: bool = False,
        validate: bool | None = None,
    ) -> None:
        """Take torch's arguments in torch's order; size_average and reduce must stay None."""
        super().__init__(
            size_average,
            reduce,
            weight=weight,
            ignore_index=ignore_index,
            reduction=reduction,
            label_smoothing=label_smoothing,
            normalize_by=normalize_by,
            temperature=temperature,
            softcap=softcap,
            z_loss=z_loss,
            gamma=gamma,
            poly_epsilon=poly_epsilon,
            axis=axis,
            shift=shift,
            validate=validate,
        )

    def forward(
        self,
        input: torch.Tensor,
        target: torch.Tensor | tuple[torch.Tensor, torch.Tensor],
        *,
        sample_weight: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the loss of logits `input` (N, C, ...) for `target`."""
        return cross_entropy(
            input, target, sample_weight=sample_weight, mask=mask, **self.settings()
        )


class BCEWithLogitsLoss(LossModule):
    """Binary cross-entropy from logits: `torch.nn.BCEWithLogitsLoss`, and the options of ours.

    Equivalent: ``crossent.binary_cross_entropy_with_logits(input, target, weight, ...)``. A
    state_dict of torch's module loads here and the other way round.

    >>> loss = BCEWithLogitsLoss()
    >>> round(loss(torch.zeros(3), torch.ones(3)).item(), 6)  # log 2
    0.693147

    """

    weight: torch.Tensor | None
    pos_weight: torch.Tensor | None
    temperature: float | torch.Tensor | None

    def __init__(
        self,
        weight: torch.Tensor | None = None,
        size_average: None = None,
        reduce: None = None,
        reduction: Reduction = "mean",
        pos_weight: torch.Tensor | None = None,
        *,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        normalize_by: float | None = None,
        temperature: float | torch.Tensor | None = None,
        softcap: float | None = None,
        gamma: float = 0.0,
        poly_epsilon: float = 0.0,
        validate: bool | None = None,
    ) -> None:
        """Take torch's arguments in torch's order; size_average and reduce must stay None."""
        super().__init__(
            size_average,
            reduce,
            weight=weight,
            reduction=reduction,
            pos_weight=pos_weight,
            ignore_index=ignore_index,
            label_smoothing=label_smoothing,
            normalize_by=normalize_by,
            temperature=temperature,
            softcap=softcap,
            gamma=gamma,
            poly_epsilon=poly_epsilon,
            validate=validate,
        )

    def forward(
        self, input: torch.Tensor, target: torch.Tensor, *, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the loss of logits `input` for `target` of the same shape."""
        return binary_cross_entropy_with_logits(input, target, mask=mask, **self.settings())


class FocalLoss(LossModule):
    """Focal loss from logits, of a softmax or of sigmoids.

    Equivalent: ``crossent.focal_loss(input, target, gamma=gamma, alpha=alpha, ...)``. An alpha
    for each class is a buffer.

    >>> loss = FocalLoss(gamma=0.5, alpha=torch.tensor([1.0, 3.0]))
    >>> loss
    FocalLoss(gamma=0.5, alpha=tensor of shape (2,))
    >>> round(loss(torch.zeros(1, 2), torch.tensor([1])).item(), 6)  # 3 sqrt(1/2) log 2
    1.470387

    """

    alpha: float | torch.Tensor | None
    temperature: float | torch.Tensor | None

    def __init__(
        self,
        gamma: float = 2.0,
        alpha: float | torch.Tensor | None = None,
        *,
        activation: Activation = "softmax",
        form: Form = "per_row",
        reduction: Reduction = "mean",
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        normalize_by: NormalizeBy | float | None = None,
        temperature: float | torch.Tensor | None = None,
        softcap: float | None = None,
        axis: int | None = None,
        shift: bool = False,
        validate: bool | None = None,
    ) -> None:
        """Take the options of `focal_loss`; gamma, activation and form are checked here too."""
        shape_of(gamma, activation, form)
        super().__init__(
            None,
            None,
            gamma=gamma,
            alpha=alpha,
            activation=activation,
            form=form,
            reduction=reduction,
            ignore_index=ignore_index,
            label_smoothing=label_smoothing,
            normalize_by=normalize_by,
            temperature=temperature,
            softcap=softcap,
            axis=axis,
            shift=shift,
            validate=validate,
        )

    def forward(
        self,
        input: torch.Tensor,
        target: torch.Tensor | tuple[torch.Tensor, torch.Tensor],
        *,
        sample_weight: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the loss of logits `input` for `target`."""
        return focal_loss(input, target, sample_weight=sample_weight, mask=mask, **self.settings())

"""Modules of the losses that take probabilities, or their logarithms."""

import torch

from crossent.core.reduction import NormalizeBy, Reduction
from crossent.losses.probabilities import binary_cross_entropy, nll_loss
from crossent.nn.module import LossModule


class NLLLoss(LossModule):
    """Cross-entropy from log-probabilities: `torch.nn.NLLLoss`, and the options of ours.

    Equivalent: ``crossent.nll_loss(input, target, weight, ...)``. A state_dict of torch's module
    loads here and the other way round. After a `log_softmax`, `CrossEntropyLoss` of the logits
    keeps more digits.

    >>> loss = NLLLoss(ignore_index=0)
    >>> loss
    NLLLoss(ignore_index=0)
    >>> p = torch.tensor([[0.25, 0.75], [0.5, 0.5]])
    >>> round(loss(p.log(), torch.tensor([0, 1])).item(), 6)  # log 2
    0.693147

    """

    weight: torch.Tensor | None

    def __init__(
        self,
        weight: torch.Tensor | None = None,
        size_average: None = None,
        ignore_index: int = -100,
        reduce: None = None,
        reduction: Reduction = "mean",
        *,
        label_smoothing: float = 0.0,
        normalize_by: NormalizeBy | float | None = None,
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
        """Return the loss of log-probabilities `input` (N, C, ...) for `target`."""
        return nll_loss(input, target, sample_weight=sample_weight, mask=mask, **self.settings())


class BCELoss(LossModule):
    """Binary cross-entropy from probabilities: `torch.nn.BCELoss`, and the options of ours.

    Equivalent: ``crossent.binary_cross_entropy(input, target, weight, ...)``. After a `sigmoid`,
    `BCEWithLogitsLoss` of the logits keeps more digits.

    >>> loss = BCELoss(reduction="sum")
    >>> loss
    BCELoss(reduction='sum')
    >>> round(loss(torch.tensor([0.5, 0.5]), torch.tensor([1.0, 0.0])).item(), 6)  # 2 log 2
    1.386294

    """

    weight: torch.Tensor | None

    def __init__(
        self,
        weight: torch.Tensor | None = None,
        size_average: None = None,
        reduce: None = None,
        reduction: Reduction = "mean",
        *,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        normalize_by: float | None = None,
        validate: bool | None = None,
    ) -> None:
        """Take torch's arguments in torch's order; size_average and reduce must stay None."""
        super().__init__(
            size_average,
            reduce,
            weight=weight,
            reduction=reduction,
            ignore_index=ignore_index,
            label_smoothing=label_smoothing,
            normalize_by=normalize_by,
            validate=validate,
        )

    def forward(
        self, input: torch.Tensor, target: torch.Tensor, *, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the loss of probabilities `input` for `target` of the same shape."""
        return binary_cross_entropy(input, target, mask=mask, **self.settings())

"""The losses under the very signatures of `torch.nn.functional`, retired arguments included.

For code that is moved by one line, or whose calls are not one's own::

    from crossent.nn import functional as F

What else the losses can do stands in `crossent` itself.
"""

import torch

from crossent.core.reduction import Reduction
from crossent.losses import binary, probabilities
from crossent.losses import cross_entropy as categorical
from crossent.nn.module import refuse_retired


def cross_entropy(
    input: torch.Tensor,
    target: torch.Tensor,
    weight: torch.Tensor | None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
) -> torch.Tensor:
    """Return `crossent.cross_entropy` of the logits `input`.

    >>> round(cross_entropy(input=torch.zeros(2, 4), target=torch.tensor([0, 3])).item(), 6)
    1.386294

    """
    refuse_retired(size_average, reduce)
    return categorical.cross_entropy(
        input,
        target,
        weight,
        ignore_index=ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


def nll_loss(
    input: torch.Tensor,
    target: torch.Tensor,
    weight: torch.Tensor | None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: Reduction = "mean",
) -> torch.Tensor:
    """Return `crossent.nll_loss` of the log-probabilities `input`.

    >>> nll_loss(torch.tensor([[-0.5, -1.0]]), torch.tensor([1]))
    tensor(1.)

    """
    refuse_retired(size_average, reduce)
    return probabilities.nll_loss(
        input, target, weight, ignore_index=ignore_index, reduction=reduction
    )


def binary_cross_entropy(
    input: torch.Tensor,
    target: torch.Tensor,
    weight: torch.Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: Reduction = "mean",
) -> torch.Tensor:
    """Return `crossent.binary_cross_entropy` of the probabilities `input`.

    >>> round(binary_cross_entropy(torch.tensor([0.5]), torch.tensor([1.0])).item(), 6)
    0.693147

    """
    refuse_retired(size_average, reduce)
    return probabilities.binary_cross_entropy(input, target, weight, reduction=reduction)


def binary_cross_entropy_with_logits(
    input: torch.Tensor,
    target: torch.Tensor,
    weight: torch.Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: Reduction = "mean",
    pos_weight: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return `crossent.binary_cross_entropy_with_logits` of the logits `input`.

    >>> round(binary_cross_entropy_with_logits(torch.zeros(1), torch.ones(1)).item(), 6)
    0.693147

    """
    refuse_retired(size_average, reduce)
    return binary.binary_cross_entropy_with_logits(
        input, target, weight, reduction=reduction, pos_weight=pos_weight
    )

"""What looks wrong and may be right: warnings, with `validate=True` unless said otherwise.

Probabilities passed as logits train to a wrong optimum without an error anywhere; soft labels
that are not distributions, or lie with their axes exchanged, do too. Log-probabilities above 0
are never right: `log_probabilities` raises. It is here, not in `check`, because only
`validate=True` asks for it: without, they are taken as they are, as in PyTorch.
"""

import math
import sys
import warnings

from crossent.core.array import Array, Namespace, constant, is_torch, sum_dtype


def logits(xp: Namespace, rows: Array) -> None:
    """Warn where every row is a distribution: a softmax taken before the loss."""
    if rows.shape[0] == 0 or rows.shape[1] < 2:
        return
    if bool(xp.all(rows >= 0.0)) and bool(xp.all(_sums_to_one(xp, rows))):
        _warn(
            "every row of logits is a probability distribution; the loss takes logits. "
            "Leave the softmax out, or use cross_entropy_from_probs."
        )


def soft_labels(xp: Namespace, rows: Array, mask: Array | None) -> None:
    """Warn where a row of soft labels is no distribution; it is used as given."""
    wrong = ~_sums_to_one(xp, rows)
    if mask is not None:
        wrong = wrong & mask
    if not bool(xp.any(wrong)):
        return
    place = int(xp.argmax(xp.astype(wrong, xp.int8)))
    total = float(xp.sum(constant(rows)[place, :]))
    square = rows.shape[0] == rows.shape[1]
    turned = square and bool(xp.all(_sums_to_one(xp, xp.permute_dims(rows, (1, 0)))))
    hint = " Its columns sum to 1: is it transposed?" if turned else ""
    _warn(f"row {place}: soft labels sum to {total:g} and are used as given.{hint}")


def log_probabilities(xp: Namespace, rows: Array) -> None:
    """Raise ValueError for a log-probability above 0."""
    wrong = rows > math.sqrt(xp.finfo(rows.dtype).eps)
    if bool(xp.any(wrong)):
        flat = xp.reshape(wrong, (-1,))
        place = int(xp.argmax(xp.astype(flat, xp.int8)))
        value = float(xp.reshape(constant(rows), (-1,))[place])
        raise ValueError(
            f"row {place // rows.shape[1]}: a log-probability is at most 0; got {value:g}. Pass "
            "log_softmax(logits), or use cross_entropy for logits, cross_entropy_from_probs for "
            "probabilities."
        )


def class_axis(logits: Array, target: Array, axis: int | None) -> None:
    """Warn where the classes of a torch tensor may lie on axis 1 or on the last, by its shape.

    Not only with `validate=True`: only shapes are read, and a wrong axis trains without an error.
    """
    shape = tuple(logits.shape)
    if axis is not None or not is_torch(logits) or len(shape) < 3 or shape[1] != shape[-1]:
        return
    import torch

    if tuple(target.shape) == shape[:-1] and not torch.compiler.is_compiling():
        _warn(
            f"logits {shape} fit target {shape[:-1]} with the classes on axis 1, as PyTorch has "
            "them and as they are read here, or on the last; pass axis=1 or axis=-1."
        )


def _sums_to_one(xp: Namespace, rows: Array) -> Array:
    total = xp.sum(rows, axis=-1, dtype=sum_dtype(xp, rows))
    tolerance = max(1e-4, math.sqrt(xp.finfo(rows.dtype).eps))
    return xp.abs(total - 1.0) <= tolerance


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=_level())


def _level() -> int:
    """Return the `stacklevel`, seen from `_warn`, of the line that called into this package.

    A module's call passes through torch's frames as well. A line in here would be the same for
    every caller, and its warning shown once a program. (skip_file_prefixes needs Python 3.12.)
    """
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and _is_inside(frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    return level


def _is_inside(module: str) -> bool:
    return module.partition(".")[0] in ("crossent", "torch")

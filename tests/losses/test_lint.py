"""Warnings for what looks wrong and may be right, and their silence for what is right."""

import warnings

import numpy as np
import pytest
import torch

from crossent import cross_entropy, nll_loss, nn

Z = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
Y = torch.tensor([0, 1, 2, 3, 0, 1])


def test_probabilities_passed_as_logits() -> None:
    with pytest.warns(UserWarning, match="every row of logits is a probability") as caught:
        cross_entropy(torch.softmax(Z, 1), Y, validate=True)
    assert caught[0].filename == __file__  # the line of the caller
    cross_entropy(torch.softmax(Z, 1), Y)
    cross_entropy(Z, Y, validate=True)
    cross_entropy(Z[:0], Y[:0], validate=True)


def test_soft_labels_that_are_no_distributions() -> None:
    soft = torch.softmax(Z, 1)
    cross_entropy(Z, soft, validate=True)
    with pytest.warns(UserWarning, match=r"row 0: soft labels sum to 2 and are used as given\.$"):
        cross_entropy(Z, 2 * soft, validate=True)
    with pytest.warns(UserWarning, match="Its columns sum to 1: is it transposed"):
        cross_entropy(Z[:4], soft[:4].mT.contiguous(), validate=True)
    mask = torch.zeros(6, dtype=torch.bool)
    cross_entropy(Z, 2 * soft, mask=mask, validate=True)


def test_log_probabilities_above_nought() -> None:
    nll_loss(torch.log_softmax(Z, 1), Y, validate=True)
    with pytest.raises(ValueError, match=r"row 0: a log-probability is at most 0; got 0\.\d+"):
        nll_loss(torch.softmax(Z, 1).requires_grad_(), Y, validate=True)


@pytest.mark.parametrize("axis", [None, 1, -1])
def test_a_class_axis_that_two_readings_fit(axis) -> None:
    z, y = torch.zeros(2, 3, 3), torch.zeros(2, 3, dtype=torch.long)
    if axis is None:
        with pytest.warns(UserWarning, match="pass axis=1 or axis=-1") as caught:
            cross_entropy(z, y)
        assert caught[0].filename == __file__
    else:
        cross_entropy(z, y, axis=axis)
    cross_entropy(torch.zeros(2, 3, 4), torch.zeros(2, 4, dtype=torch.long))
    cross_entropy(np.zeros((2, 3, 3)), np.zeros((2, 3), dtype=np.int64))
    compiled = torch.compile(cross_entropy, fullgraph=True, backend="eager")
    assert compiled(z, y).item() == pytest.approx(np.log(3))


@pytest.mark.parametrize(
    ("loss", "target"),
    [(nn.CrossEntropyLoss(validate=True), Y), (nn.FocalLoss(validate=True), Y)],
    ids=["cross_entropy", "focal"],
)
def test_a_module_warns_where_it_is_called_each_time(loss, target) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")  # once for each line
        loss(torch.softmax(Z, 1), target)
        loss(torch.softmax(Z, 1), target)
    assert [w.filename for w in caught] == [__file__, __file__]
    assert caught[0].lineno != caught[1].lineno


def test_a_transform_warns_where_it_is_called() -> None:
    z, y = torch.zeros(2, 3, 3), torch.zeros(2, 3, dtype=torch.long)
    with pytest.warns(UserWarning, match="pass axis=1 or axis=-1") as caught:
        torch.func.grad(cross_entropy)(z, y)
    assert caught[0].filename == __file__

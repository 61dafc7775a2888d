"""LossSum: addition first, division last, and nothing to average is 0."""

import jax
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossent.core.reduction import LossSum, check_reduction, divisor, reciprocal

whole = st.integers(0, 1000)
sums = st.builds(LossSum, whole, whole, whole)


@given(sums, sums, sums)
def test_addition_is_that_of_its_fields(a, b, c) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert sum([a, b, c]) == a + b + c
    assert (a + b).total == a.total + b.total


@given(sums)
def test_a_mean_divides_by_what_it_is_told(a) -> None:
    assert a.mean() == (a.total * (1 / a.weight) if a.weight else 0)
    assert a.mean("rows") == (a.total * (1 / a.count) if a.count else 0)
    assert a.mean(8) == a.mean(np.int64(8)) == a.total / 8


@pytest.mark.parametrize("make", [np.float64, torch.tensor, jax.numpy.asarray])
def test_nothing_to_average_is_zero_in_every_library(make) -> None:
    assert float(LossSum(make(0.0), make(0.0), make(0.0)).mean()) == 0.0
    assert float(LossSum(make(3.0), make(2.0), make(1.0)).mean()) == 1.5


def test_the_gradient_of_an_empty_mean_is_zero() -> None:
    z = torch.ones((), requires_grad=True)
    LossSum(z, torch.tensor(0.0), 0).mean().backward()
    assert z.grad.item() == 0.0


def test_it_is_a_pytree() -> None:
    leaves, tree = jax.tree.flatten(LossSum(1.0, 2.0, 3.0))
    assert leaves == [1.0, 2.0, 3.0]
    assert isinstance(jax.tree.unflatten(tree, leaves), LossSum)


def test_wrong_words_are_refused() -> None:
    with pytest.raises(ValueError, match="normalize_by must be 'weight', 'rows' or a number"):
        LossSum(1.0, 1.0, 1).mean("samples")
    with pytest.raises(ValueError, match="reduction must be 'none', 'sum' or 'mean'; got 'avg'"):
        check_reduction("avg")
    with pytest.raises(TypeError):
        LossSum(1.0, 1.0, 1) + 1.0
    for product in (lambda: 2 * LossSum(1.0, 1.0, 1), lambda: LossSum(1.0, 1.0, 1) * 0.5):
        with pytest.raises(TypeError, match="a LossSum is added, not multiplied; scale its mean"):
            product()


def test_a_plain_tuple_is_not_concatenated() -> None:
    whole, plain = LossSum(1.0, 2.0, 3.0), (4, 5, 6)
    for total in (lambda: plain + whole, lambda: whole + plain, lambda: sum([whole], plain)):
        with pytest.raises(TypeError, match="a LossSum is added to another LossSum only"):
            total()


@pytest.mark.parametrize("make", [float, np.float64, np.asarray, torch.tensor])
@pytest.mark.parametrize("tiny", [5e-324, 1e-310, 0.0])
def test_a_divisor_whose_reciprocal_would_be_infinite_is_nought(make, tiny) -> None:
    number = torch.tensor(tiny, dtype=torch.float64) if make is torch.tensor else make(tiny)
    assert float(LossSum(number, number, number).mean()) == 0.0
    least = 2.2250738585072014e-308
    assert (
        float(reciprocal(make(least) if make is not torch.tensor else number * 0 + least)) > 4e307
    )


@pytest.mark.parametrize("make", [np.asarray, torch.tensor, jax.numpy.asarray])
def test_a_mean_is_divided_by_one_number(make) -> None:
    with pytest.raises(ValueError, match=r"normalize_by must be one number; got shape \(2,\)"):
        LossSum(make(1.0), make(1.0), make(1.0)).mean(make([2.0, 3.0]))
    assert float(LossSum(make(6.0), make(1.0), make(1.0)).mean(make([2.0])).reshape(())) == 3.0


def test_a_divisor_of_another_library() -> None:
    one = np.asarray(2.0)
    with pytest.raises(TypeError, match="must be a number or a torch tensor; got ndarray"):
        divisor(one, torch.ones(2), torch.ones(2))
    with pytest.raises(TypeError, match="a number or an array of the logits' library; got Tensor"):
        divisor(torch.tensor(2.0), np.ones(2), np.ones(2))
    assert divisor(np.float64(2), torch.ones(2), torch.ones(2)) == 2


@pytest.mark.parametrize("number", [-1, float("nan"), float("inf")])
def test_a_mean_is_not_divided_by_what_is_no_count(number) -> None:
    with pytest.raises(ValueError, match="normalize_by must be finite and at least 0"):
        LossSum(1.0, 2.0, 2).mean(number)


def test_a_mean_has_the_type_of_its_total() -> None:
    for total in (torch.tensor(3.0), np.asarray(3.0, dtype=np.float32)):
        weight = torch.tensor(2.0).double() if isinstance(total, torch.Tensor) else np.float64(2)
        assert LossSum(total, weight, weight).mean().dtype == total.dtype

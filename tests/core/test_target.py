"""Every kind of label as a measure: masses, denominators, padding, integer types."""

import jax
import numpy as np
import pytest
import torch
from array_api_compat import array_namespace

from crossent.core.target import (
    BinaryLabels,
    Labels,
    at_class,
    background_at,
    from_dense,
    from_index,
    from_top_k,
    masses,
    measure,
    signed,
    totals,
)

XP = array_namespace(np.zeros(1))
LOGITS = np.zeros((3, 4))
WEIGHT = np.array([1.0, 2.0, 3.0, 4.0])


def test_index_with_weights_and_smoothing() -> None:
    q = from_index(XP, np.array([1, -100, 3]), LOGITS, label_smoothing=0.2, class_weight=WEIGHT)
    assert q.indices.tolist() == [[1], [-1], [3]]
    np.testing.assert_allclose(q.values[:, 0], [0.8 * 2, 0.0, 0.8 * 4])
    np.testing.assert_allclose(background_at(XP, q, LOGITS)[0], 0.2 / 4 * WEIGHT)
    assert background_at(XP, q, LOGITS)[1].tolist() == [0.0] * 4
    assert q.weight.tolist() == [2.0, 0.0, 4.0]
    assert q.count.tolist() == [1.0, 0.0, 1.0]


def test_the_background_is_spread_over_live_classes() -> None:
    logits = np.array([[0.0, -np.inf, 1.0, -np.inf]])
    q = from_index(XP, np.array([0]), logits, label_smoothing=0.2)
    assert background_at(XP, q, logits).tolist() == [[0.1, 0.0, 0.1, 0.0]]


@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
)
def test_any_integer_type(dtype) -> None:
    target = torch.from_numpy(np.array([2, 3, 0], dtype=dtype))
    logits = torch.zeros(3, 4)
    q = from_index(array_namespace(logits), target, logits)
    assert q.indices[:, 0].tolist() == [2, 3, 0]


def test_ignore_index_is_not_seen_in_an_unsigned_type() -> None:
    # As uint8, -100 is 156: comparing in the target's own type would drop class 156.
    target = torch.tensor([156], dtype=torch.uint8)
    logits = torch.zeros(1, 200)
    assert from_index(array_namespace(logits), target, logits).count.item() == 1.0


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64"])
def test_a_number_is_found_in_an_unsigned_type(dtype) -> None:
    most = np.iinfo(dtype).max
    for make in (np.asarray, torch.from_numpy):
        target = make(np.array([most, 0, most - 99], dtype=dtype))
        xp = array_namespace(target)
        index = signed(target)
        assert at_class(xp, target, index, most).tolist() == [True, False, False]
        assert at_class(xp, target, index, most - 99).tolist() == [False, False, True]
        assert at_class(xp, target, index, -100) is None
        assert at_class(xp, target, index, most + 1) is None
        logits = make(np.zeros((3, 300)))
        kept = from_index(xp, target, logits, ignore_index=most).count.tolist()
        assert kept == ([0.0, 1.0, 1.0] if most < 300 else [0.0, 1.0, 0.0])


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_an_index_of_64_bits_in_jax(dtype) -> None:
    with jax.enable_x64(True):
        target = jax.numpy.array([2**32, 2**32 + 1, 1], dtype=dtype)
        logits = jax.numpy.zeros((3, 4))
        q = from_index(jax.numpy, target, logits)
        assert q.indices[:, 0].tolist() == [-1, -1, 1]
        assert q.indices.dtype == "int32"
        q = from_top_k(jax.numpy, target[:, None], jax.numpy.ones((3, 1)), logits)
        assert q.indices[:, 0].tolist() == [-1, -1, 1]


INFINITE = np.array([np.inf, 1.0, 1.0, 1.0])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_what_is_left_out_meets_no_infinite_weight(smoothing) -> None:
    options = {"class_weight": INFINITE, "label_smoothing": smoothing}
    q = from_index(XP, np.array([-100, 1, 9]), LOGITS, **options)
    assert q.weight.tolist() == [0.0, 1.0, 0.0]
    if smoothing:
        assert background_at(XP, q, LOGITS)[[0, 2]].tolist() == [[0.0] * 4] * 2
    pair = np.array([[1, -1], [-1, -1], [2, 3]]), np.ones((3, 2))
    assert from_top_k(XP, *pair, LOGITS, **options).weight.tolist() == [1.0, 0.0, 2.0]
    soft, kept = np.full((3, 4), np.nan), np.array([False, False, True])
    soft[2] = [1.0, 0.0, 0.0, 0.0]
    q = from_dense(XP, soft, LOGITS, mask=kept, **options)
    assert q.weight.tolist() == [0.0, 0.0, np.inf]
    assert not q.dense[:2].any()
    one_hot = from_dense(XP, np.eye(4)[[1, 2, 3]], LOGITS, **options)
    assert one_hot.weight.tolist() == [1.0, 1.0, 1.0]  # as of the class indices


def test_a_row_left_out_beside_an_infinite_weight_has_no_gradient_of_nan() -> None:
    rows = torch.ones(2, dtype=torch.float64, requires_grad=True)
    weight = torch.from_numpy(INFINITE).requires_grad_()
    logits = torch.zeros(2, 4)
    q = from_index(
        array_namespace(logits), torch.tensor([-100, 1]), logits,
        class_weight=weight, sample_weight=rows,
    )  # fmt: skip
    slopes = torch.autograd.grad(q.weight.sum(), (rows, weight))
    assert [slope.tolist() for slope in slopes] == [[0.0, 1.0], [0.0, 1.0, 0.0, 0.0]]


def test_an_index_out_of_range_is_padding_not_a_read() -> None:
    q = from_index(XP, np.array([4, -1, 10**6]), LOGITS, class_weight=WEIGHT)
    assert q.weight.tolist() == [0.0, 0.0, 0.0]


def test_a_non_negative_ignore_index_and_a_mask() -> None:
    q = from_index(
        XP, np.array([0, 1, 2]), LOGITS, ignore_index=0, mask=np.array([True, False, True])
    )
    assert q.count.tolist() == [0.0, 0.0, 1.0]


def test_soft_labels_are_used_as_given() -> None:
    soft = np.array([[0.5, 0.0, 0.5, 0.0], [2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    q = from_dense(XP, soft, LOGITS, class_weight=WEIGHT, sample_weight=np.array([1.0, 3.0, 1.0]))
    np.testing.assert_allclose(q.dense[1], [6.0, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(q.weight, [2.0, 6.0, 0.0])
    assert q.count.tolist() == [1.0, 3.0, 1.0]


def test_top_k_padding_and_weights() -> None:
    indices = np.array([[1, 1], [3, -1], [-1, -1]])
    values = np.array([[0.25, 0.5], [1.0, 9.0], [9.0, 9.0]])
    q = from_top_k(XP, indices, values, LOGITS, class_weight=WEIGHT)
    np.testing.assert_allclose(q.values, [[0.5, 1.0], [4.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(q.weight, [1.5, 4.0, 0.0])


def test_binary_masses() -> None:
    labels = BinaryLabels(
        np.array([1.0, 0.25, 0.0, -1.0]),
        pos_weight=np.array(3.0),
        neg_weight=np.array(0.5),
        mask=np.array([True, True, False, True]),
        ignore_index=-1,
    )
    positive, negative, kept, count = masses(XP, labels, np.zeros(4))
    assert positive.tolist() == [3.0, 0.75, 0.0, 0.0]
    assert negative.tolist() == [0.0, 0.375, 0.0, 0.0]
    assert kept.tolist() == [True, True, False, False]
    assert float(count) == 2.0
    assert BinaryLabels(*labels.arrays, *labels.numbers) == labels


SOFT = np.array([[0.5, 0.5, 0.0, 0.0], [0.1, 0.2, 0.3, 0.4], [np.nan] * 4])
KINDS = {
    "index": Labels(np.array([1, 3, 0])),
    "top-k": Labels(np.array([[1, -1], [3, 0], [0, 1]]), np.full((3, 2), 0.5)),
    "dense": Labels(dense=SOFT),
}


@pytest.mark.parametrize("kind", KINDS)
def test_totals_are_those_of_the_measure(kind) -> None:
    labels = KINDS[kind]._replace(
        class_weight=WEIGHT,
        sample_weight=np.array([2.0, 1.0, 5.0]),
        mask=np.array([True, True, False]),
        label_smoothing=0.1,
    )
    assert labels.is_soft == (kind != "index")
    assert Labels(*labels.arrays, *labels.numbers) is not labels
    q = measure(XP, labels, LOGITS)
    weight, count = totals(XP, labels, LOGITS)
    np.testing.assert_allclose(weight, q.weight, rtol=1e-15)
    assert count.tolist() == q.count.tolist() == [2.0, 1.0, 0.0]

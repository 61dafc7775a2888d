"""Every kind of label as a measure: masses, denominators, padding, integer types."""

import numpy as np
import pytest
import torch
from array_api_compat import array_namespace

from crossent.core.target import background_at, from_binary, from_dense, from_index, from_top_k

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
    target, logits = np.array([1.0, 0.25, 0.0]), np.zeros(3)
    positive, negative, count = from_binary(
        XP, target, logits, pos_weight=np.array(3.0), mask=np.array([True, True, False])
    )
    assert positive.tolist() == [3.0, 0.75, 0.0]
    assert negative.tolist() == [0.0, 0.75, 0.0]
    assert float(count) == 2.0

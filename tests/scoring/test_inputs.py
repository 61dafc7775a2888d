"""What `evaluate` refuses, and the words it refuses with."""

import numpy as np
import pytest

from crossent.errors import InputError
from crossent.scoring.inputs import (
    read_codes,
    read_labels,
    read_matrix,
    read_rows,
    read_target_probs,
    read_weights,
)

GOOD = [[0.5, 0.5], [0.25, 0.75]]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([0.2, 0.8], r"shape \(N, C\); got \(2,\).*column_stack"),
        (np.zeros((0, 3)), r"at least one row"),
        (np.zeros((3, 0)), r"at least one row"),
        ([["a", "b"]], r"must be numbers"),
        ([[0.5, 0.5], [1.0]], r"must be numbers"),
    ],
)
def test_bad_probabilities_are_named(values, words):
    with pytest.raises(InputError, match=words) as caught:
        read_matrix(values)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_matrix_keeps_its_precision(dtype):
    given = np.random.default_rng(0).random((5, 3)).astype(dtype)
    assert read_matrix(given) is given
    assert read_matrix([[0, 1], [1, 0]]).dtype == np.float64


def test_target_probs_have_the_shape_of_probabilities():
    assert read_target_probs(np.float32(GOOD), (2, 2)).tolist() == GOOD
    assert read_target_probs(np.float32(GOOD), (2, 2)).dtype == np.float64
    with pytest.raises(InputError, match=r"shape of probabilities, \(3, 2\); got \(2, 2\)"):
        read_target_probs(GOOD, (3, 2))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1.0, -1.0], r"row 1 has -1\.0"),
        ([1.0, np.nan], r"row 1 has nan"),
        ([0.0, 0.0], r"0 in every row"),
        ([1.0], r"shape \(2,\); got \(1,\)"),
        (["x", "y"], r"must be numbers"),
    ],
)
def test_bad_weights_are_named(values, words):
    with pytest.raises(InputError, match=words):
        read_weights(values, 2)


def test_rows_are_integers():
    assert read_rows([7, 9], 2).tolist() == [7, 9]
    with pytest.raises(InputError, match="integers of shape"):
        read_rows([0.5, 1.0], 2)


@pytest.mark.parametrize(
    ("labels", "classes", "codes", "names"),
    [
        ([1, 0], None, [1, 0], ("0", "1")),
        (np.array([1, 0], dtype=np.uint8), ("no", "yes"), [1, 0], ("no", "yes")),
        ([True, False], ("no", "yes"), [1, 0], ("no", "yes")),
        ([1.0, 0.0], None, [1, 0], ("0", "1")),
        ([5, 3], (3, 5), [1, 0], ("3", "5")),
        (["b", "a"], None, [1, 0], ("a", "b")),
        (np.array(["b", "a"]), None, [1, 0], ("a", "b")),
        (["b", "a"], ("b", "a"), [0, 1], ("b", "a")),
        ([("x", 1), ("w", 2)], [("x", 1), ("w", 2)], None, None),
    ],
)
def test_labels_are_codes_or_names(labels, classes, codes, names):
    if codes is None:
        with pytest.raises(InputError, match="shape"):
            read_labels(labels, len(labels), 2, classes)
        return
    got, found = read_labels(labels, len(labels), 2, classes)
    assert got.tolist() == codes
    assert got.dtype == np.int64
    assert found == names


@pytest.mark.parametrize(
    ("labels", "classes", "words"),
    [
        ([0, 2], None, r"from 0 to 1; row 1 has 2"),
        ([1, 2], None, r"subtract 1"),
        ([0, -1], None, r"row 1 has -1"),
        ([0, 0.5], None, r"row 1 has 0\.5"),
        ([0, np.nan], None, r"row 1 has nan"),
        (["a", "z\nz"], ("a", "b"), r"label 'z\\nz' in row 1"),
        (["a", "b", "c"], None, r"3 distinct values but probabilities have 2"),
        (["a", None], None, r"classes="),
        ([[0], [1]], None, r"squeeze"),
        ([0, 1], ("a",), r"got 1 names"),
        ([0, 1], ("a", "a"), r"'a' occurs twice"),
        ([0, 1], (1, "1"), r"'1' occurs twice"),
    ],
)
def test_bad_labels_are_named(labels, classes, words):
    with pytest.raises(InputError, match=words) as caught:
        read_labels(labels, len(labels), 2, classes)
    assert "\n" not in str(caught.value)


def test_labels_are_needed_and_as_many_as_rows():
    with pytest.raises(InputError, match="labels are needed unless"):
        read_labels(None, 2, 2, None)
    with pytest.raises(InputError, match="got 1 and 2 rows"):
        read_labels([0], 2, 2, None)


def test_a_long_label_is_cut_in_the_message():
    with pytest.raises(InputError) as caught:
        read_labels(["x" * 10_000, "a"], 2, 2, ("a", "b"))
    assert len(str(caught.value)) < 250


WINE = ("3", "4", "5", "6", "7", "8")


@pytest.mark.parametrize(
    ("labels", "classes", "codes"),
    [
        ([3, 4, 5], WINE, [0, 1, 2]),
        (np.array([3, 8], dtype=np.int8), WINE, [0, 5]),
        ([3.0, 8.0], WINE, [0, 5]),
        ([1, 2, 0], ("0", "1", "2"), [1, 2, 0]),
        ([1, 2], ("1", "2", "3"), [0, 1]),
        ([0, 1, 2], ("1", "2", "3"), [0, 1, 2]),
        ([0, 5], WINE, [0, 5]),
        ([1, 0], ("cat", "dog"), [1, 0]),
    ],
)
def test_numbers_are_names_where_the_classes_are_written_so(labels, classes, codes):
    got, names = read_labels(labels, len(labels), len(classes), classes)
    assert got.tolist() == codes
    assert names == classes


def test_a_number_that_is_no_class_is_named():
    with pytest.raises(InputError, match=r"label '9' in row 1 is not among"):
        read_labels([3, 9], 2, 6, WINE)


def test_codes_are_codes_whatever_the_classes_are_called():
    assert read_codes([3, 4], 6, WINE)[0].tolist() == [3, 4]
    with pytest.raises(InputError, match="from 0 to 5"):
        read_codes([8], 6, WINE)

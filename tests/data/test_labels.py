import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import LabelEncoder

from crossent.data.labels import encode, encode_array, in_order, listed, number
from crossent.errors import InputError


def objects(*texts: str | None) -> np.ndarray:
    return np.array(texts, dtype=object)


@given(st.lists(st.sampled_from(["b", "a", "ü", "Z", "10", "9", "x y"]), min_size=1))
def test_text_is_coded_as_scikit_learn_does(texts: list[str]) -> None:
    texts = [*texts, "b", "a"]
    codes, classes = encode(objects(*texts), "f")
    reference = LabelEncoder().fit(texts)
    assert list(classes) == reference.classes_.tolist()
    assert codes.tolist() == reference.transform(texts).tolist()
    assert codes.dtype == np.int64


@given(st.lists(st.integers(-20, 20), min_size=2).filter(lambda v: len(set(v)) > 1))
def test_numbers_are_in_their_order_in_text_and_in_arrays(values: list[int]) -> None:
    values = values * 2
    reference = LabelEncoder().fit(values)
    for codes, classes in (
        encode(objects(*map(str, values)), "f"),
        encode_array(np.array(values), "f"),
    ):
        assert [int(name) for name in classes] == reference.classes_.tolist()
        assert codes.tolist() == reference.transform(values).tolist()


def test_numbers_written_in_two_ways_are_one_class() -> None:
    codes, classes = encode(objects("1", "1.0", "2.0", "1e0"), "f")
    assert classes == ("1", "2")
    assert codes.tolist() == [0, 0, 1, 0]
    assert encode(objects(*["007", "08", "1.5"] * 2), "f")[1] == ("1.5", "007", "08")


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (np.array([True, False, True]), ("false", "true")),
        (np.array(["b", "a", "b"]), ("a", "b")),
        (np.array([b"b", b"a"]), ("a", "b")),
        (np.array([3.0, 1.0]), ("1.0", "3.0")),
        (np.array([10, 9, 10], dtype=np.uint8), ("9", "10")),
    ],
)
def test_arrays(values: np.ndarray, classes: tuple[str, ...]) -> None:
    codes, found = encode_array(values, "f")
    assert found == tuple(name.removesuffix(".0") for name in classes)
    assert found[codes[0]] == (
        str(values[0].decode() if isinstance(values[0], bytes) else values[0])
        .lower()
        .removesuffix(".0")
    )


@pytest.mark.parametrize("bad", [None, "nan", "NA", "?", ""])
def test_missing_label_among_numbers(bad: str | None) -> None:
    with pytest.raises(InputError, match="missing in 2 of 5 rows, first in row 1"):
        encode(objects("1", bad, "2", bad, "2"), "f.csv")


def test_na_is_a_name_among_names() -> None:
    assert encode(objects("NA", "FR"), "f")[1] == ("FR", "NA")
    with pytest.raises(InputError, match="missing in 1 of 3 rows, first in row 2"):
        encode(objects("NA", "FR", None), "f")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_array_of_labels_must_be_finite(bad: float) -> None:
    with pytest.raises(InputError, match="the label in row 1 is"):
        encode_array(np.array([1.0, bad]), "f")


def test_objects_are_no_labels() -> None:
    with pytest.raises(InputError, match="numbers or strings"):
        encode_array(np.array([1 + 2j]), "f")


@pytest.mark.parametrize("texts", [["a", "a"], ["1", "1.0"], ["7"]])
def test_one_class_only(texts: list[str]) -> None:
    with pytest.raises(InputError, match=r"holds only the class '[a17]'; a classifier needs two"):
        encode(objects(*texts), "f")


def test_no_labels_at_all() -> None:
    with pytest.raises(InputError, match="no class"):
        encode(objects(), "f")


@pytest.mark.parametrize("count", [30, 300])
def test_regression_is_refused(count: int) -> None:
    values = np.random.default_rng(0).normal(size=count)
    for call in (
        lambda: encode(objects(*map(str, values)), "f, column 'price'"),
        lambda: encode_array(values, "f, column 'price'"),
        lambda: encode(objects(*map(str, range(count))), "f, column 'price'"),
    ):
        with pytest.raises(InputError, match=r"column 'price' holds .* that is regression"):
            call()


def test_few_measured_numbers_are_classes() -> None:
    assert encode(objects(*["0.5", "1.0", "1.5"] * 5), "f")[1] == ("0.5", "1", "1.5")
    assert len(encode(objects(*map(str, range(100)), *map(str, range(100)), "5"), "f")[1]) == 100


def test_known_classes_decide_the_codes() -> None:
    codes, classes = encode(objects("b", "b"), "f", ("c", "b"))
    assert codes.tolist() == [1, 1]
    assert classes == ("c", "b")
    assert encode_array(np.array([7.0]), "f", ("1", "7"))[0].tolist() == [1]
    assert encode(objects("7.0", "1"), "f", ("1", "7"))[0].tolist() == [1, 0]


def test_unseen_label_names_row_and_classes() -> None:
    with pytest.raises(
        InputError, match="label 'x' in row 1 was never seen in training; the classes"
    ):
        encode(objects("b", "x"), "f", ("c", "b"))
    with pytest.raises(InputError, match="label '5' in row 2 was never seen"):
        encode_array(np.array([1, 1, 5, 5]), "f", ("1", "2"))


def test_a_class_called_nan_is_known() -> None:
    assert encode(objects("nan", "1"), "f", ("1", "nan"))[0].tolist() == [1, 0]


def test_hostile_labels_stay_one_short_line() -> None:
    with pytest.raises(InputError) as error:
        encode(objects("x\n" * 500, "b"), "f", ("a\nb", "b"))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


def test_words() -> None:
    assert in_order(["-1", "1e1", "9"]) == ("-1", "9", "1e1")
    assert number("1_000") is number("inf") is number("x") is None
    assert listed(list("abcdefghijkl")).endswith("and 2 more")

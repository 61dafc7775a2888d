import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossent.data.predictions.codes import look_up, lookup_of
from crossent.errors import InputError
from tests.data.predictions.files import read


@pytest.mark.parametrize(
    ("type_", "labels", "classes"),
    [
        ("BIGINT", "1, 0", ("0", "1")),
        ("UTINYINT", "1, 0", ("0", "1")),
        ("HUGEINT", "1, 0", ("0", "1")),
        ("DOUBLE", "1, 0", ("0", "1")),
        ("FLOAT", "1, 0", ("0", "1")),
        ("DECIMAL(4, 1)", "1, 0", ("0", "1")),
        ("VARCHAR", "'1.0', '0'", ("0", "1")),
        ("VARCHAR", "'1', '1e-400'", ("0", "1")),
        ("INTEGER", "1, 0", ("0.0", "1.0")),
        ("BIGINT", "9007199254740993, 9007199254740992", ("9007199254740992", "9007199254740993")),
        ("BIGINT", "-3, 700", ("700", "-3")),
        ("BOOLEAN", "true, false", ("false", "true")),
        ("BOOLEAN", "true, false", ("False", "True")),
        ("BOOLEAN", "true, false", ("0", "1")),
        ("ENUM('x', 'b', 'a')", "'b', 'a'", ("a", "b")),
        ("DATE", "'2020-01-02', '2020-01-01'", ("2020-01-01", "2020-01-02")),
        ("TIMESTAMP", "'2020-01-02', '2020-01-01'", ("2020-01-01 00:00:00", "2020-01-02 00:00:00")),
    ],
)
def test_labels_of_any_type(parquet, type_: str, labels: str, classes: tuple[str, str]) -> None:
    first, second = classes
    want = [0, 1] if classes == ("700", "-3") else [1, 0]
    want = [1, 0] if classes == ("700", "-3") else want
    rows = ", ".join(f"({label}::{type_})" for label in labels.split(", "))
    query = (
        f'SELECT label, 0.5 AS "p_{first}", 0.5 AS "p_{second}" FROM (VALUES {rows}) AS t(label)'
    )
    found = read(parquet("a.parquet", query))
    assert found["classes"] == classes
    assert found["labels"].tolist() == want


@pytest.mark.parametrize(
    ("classes", "texts", "expected"),
    [
        (("false", "true"), ("True", "False"), [1, 0]),
        (("TRUE", "FALSE"), ("True", "FALSE"), [0, 1]),
        (("0", "1"), ("True", "false"), [1, 0]),
        (("True", "true", "false"), ("true", "True"), [1, 0]),
    ],
)
def test_truths_as_other_programs_write_them(
    write, classes: tuple[str, ...], texts: tuple[str, ...], expected: list[int]
) -> None:
    head = ",".join(["label", *(f"p_{name}" for name in classes)])
    rows = "".join(f"{text}{',0.5' * len(classes)}\n" for text in texts)
    assert read(write("a.csv", f"{head}\n{rows}"))["labels"].tolist() == expected
    with pytest.raises(InputError, match="the label 'TRUE' in row 0 has no column"):
        read(write("b.csv", "label,p_a,p_b\nTRUE,.5,.5\n"))


def test_truths_beside_lists(write) -> None:
    found = read(write("a.csv", "label;probs\nTrue;[0.5, 0.5]\nFalse;[1, 0]\n"))
    assert (found["classes"], found["labels"].tolist()) == (("0", "1"), [1, 0])


@given(
    names=st.lists(st.integers(-40, 40), min_size=1, max_size=12, unique=True),
    numbers=st.lists(st.integers(-50, 50), min_size=1, max_size=30),
)
def test_numbers_are_looked_up_as_in_a_dictionary(names: list[int], numbers: list[int]) -> None:
    classes = tuple(map(str, names))
    want = [names.index(value) if value in names else -1 for value in numbers]
    whole = lookup_of(classes, "integer", positions=True)
    assert look_up(whole, np.array(numbers)).tolist() == want
    real = lookup_of(classes, "number", positions=False)
    assert look_up(real, np.array(numbers, dtype=float)).tolist() == want
    assert look_up(real, np.array([0.5, np.nan, np.inf])).tolist() == [-1, -1, -1]


def test_places_where_no_name_is_a_number() -> None:
    lookup = lookup_of(("a", "b"), "integer", positions=True)
    assert look_up(lookup, np.array([1, 0, 2, -1])).tolist() == [1, 0, -1, -1]
    assert look_up(lookup, np.array([1.0, 0.5, np.nan])).tolist() == [1, -1, -1]
    lookup = lookup_of(("a", "b"), "integer", positions=False)
    assert look_up(lookup, np.array([1, 0])).tolist() == [-1, -1]

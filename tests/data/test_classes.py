import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossent.data.classes import choice_in, choose_classes, regroup, regroup_new
from crossent.data.dataset import Dataset, Examples, Images
from crossent.errors import InputError

ABC = ("a", "b", "c", "d")


def dataset(labels: list[int], probs: np.ndarray | None = None) -> Dataset:
    """Return images whose first pixel is their row; the rows are numbered from 100."""
    count = len(labels)
    pixels = np.zeros((count, 2, 2), dtype=np.uint8)
    pixels[:, 0, 0] = np.arange(count)
    return Dataset(
        "d",
        Images(pixels),
        np.array(labels),
        ABC,
        np.arange(100, 100 + count),
        target_probs=probs,
        weights=np.arange(count) + 0.5,
    )


def soft(*rows: list[float]) -> Dataset:
    probs = np.array(rows)
    return dataset(probs.argmax(axis=1).tolist(), probs)


@pytest.mark.parametrize(
    ("wish", "classes", "codes"),
    [
        ({"drop": ["b"]}, ("a", "c", "d"), [0, -1, 1, 2]),
        ({"drop": ["b", "b"]}, ("a", "c", "d"), [0, -1, 1, 2]),
        ({"only": ["d", "b"]}, ("b", "d"), [-1, 0, -1, 1]),
        ({"only": ["b", "d"], "drop": ["a"]}, ("b", "d"), [-1, 0, -1, 1]),
        ({"merge": [("x", ("b", "d"))]}, ("a", "x", "c"), [0, 1, 2, 1]),
        ({"merge": [("x", ("d", "b"))]}, ("a", "x", "c"), [0, 1, 2, 1]),
        ({"merge": [("d", ("d", "b"))]}, ("a", "d", "c"), [0, 1, 2, 1]),
        ({"merge": [("y", ("c", "d")), ("x", ("a", "b"))]}, ("x", "y"), [0, 0, 1, 1]),
        ({"only": ["a", "b", "d"], "merge": [("x", ("d", "a"))]}, ("x", "b"), [0, 1, -1, 0]),
        ({"drop": ["a"], "merge": [("x", ("d", "c"))]}, ("b", "x"), [-1, 0, 1, 1]),
        ({"merge": [("x", ("c",)), ("b", ("b",))]}, ("a", "b", "x", "d"), [0, 1, 2, 3]),
        ({}, ABC, [0, 1, 2, 3]),
    ],
)
def test_what_is_left_stands_in_the_order_of_the_data(wish: dict, classes: tuple, codes: list):
    choice = choose_classes(ABC, **wish)
    assert (choice.classes, choice.codes.tolist()) == (classes, codes)


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"drop": ["z"]}, "--drop-class 'z': no such class; they are 'a', 'b', 'c', 'd'"),
        ({"only": ["a", "z"]}, "--only 'z': no such class; they are"),
        ({"only": ["a", "B"]}, "--only 'B': no such class; did you mean 'b'? they are"),
        ({"merge": [("x", ("a", "A b"))]}, "--merge 'x', 'A b': no such class"),
        ({"only": ["a"]}, "--only 'a' is one class; a classifier needs two at least"),
        ({"only": ["a", "b", "a"]}, "--only names 'a' twice"),
        ({"only": ["a", "b"], "drop": ["b"]}, "--only and --drop-class both name 'b'"),
        ({"drop": ["a", "b", "c"]}, "--drop-class leaves fewer than two classes"),
        ({"merge": [("x", ABC)]}, "--merge leaves fewer than two classes"),
        ({"only": ["a", "b"], "merge": [("x", ("a", "b"))]}, "--merge leaves fewer than two"),
        ({"merge": [("x", ("a", "b", "a"))]}, "--merge 'x' names 'a' twice"),
        ({"merge": [("d", ("a", "b"))]}, "--merge 'd': the new name is another class of the data"),
        ({"merge": [("", ("a", "b"))]}, "--merge '': the new name is empty"),
        (
            {"merge": [("d", ("a", "b"))], "only": ["a", "b", "c"]},
            "--merge 'd': the new name is another class of the data",
        ),
        (
            {"merge": [("x", ("a", "b")), ("y", ("c", "b"))]},
            "--merge names 'b' in two groups, 'x' and 'y'",
        ),
        ({"merge": [("x", ("a", "b")), ("x", ("c", "d"))]}, "--merge makes 'x' twice"),
        (
            {"merge": [("x", ("a", "b"))], "drop": ["b"]},
            "--merge 'x' names 'b', which --drop-class leaves out",
        ),
        (
            {"merge": [("x", ("a", "b"))], "only": ["a", "c"]},
            "--merge 'x' names 'b', which --only leaves out",
        ),
        (
            {"merge": [("x", ("a", "b"))], "only": ["x", "c"]},
            "--only 'x': no such class before --merge; name its members, 'a', 'b'",
        ),
    ],
)
def test_a_choice_that_cannot_be(wish: dict, expected: str):
    with pytest.raises(InputError) as caught:
        choose_classes(ABC, **wish)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_nearest_class_is_named_and_a_long_list_cut():
    names = [f"class {i}" for i in range(2000)] + ["toyota"]
    with pytest.raises(InputError, match=r"did you mean 'toyota'\? .* and 1,991 more") as caught:
        choose_classes(names, only=["class 1", "Toyoda"])
    assert len(str(caught.value)) < 400


def test_rows_go_with_their_class():
    part = regroup(dataset([3, 0, 1, 2, 1]), choose_classes(ABC, only=["d", "b"]))
    assert part.classes == ("b", "d")
    assert part.labels.tolist() == [1, 0, 0]
    assert part.rows.tolist() == [100, 102, 104]
    assert part.weights is not None
    assert part.weights.tolist() == [0.5, 2.5, 4.5]
    assert isinstance(part.features, Images)
    assert part.features.values[:, 0, 0].tolist() == [0, 2, 4]
    assert part.labels.dtype == np.int64


def test_merging_keeps_every_row():
    part = regroup(dataset([3, 0, 1, 2]), choose_classes(ABC, merge=[("x", ("b", "d"))]))
    assert (part.classes, part.labels.tolist()) == (("a", "x", "c"), [1, 0, 1, 2])
    assert part.rows.tolist() == [100, 101, 102, 103]


def test_soft_labels_of_a_group_add():
    rows = ([0.3, 0.25, 0.25, 0.2], [0.5, 0.0, 0.5, 0.0])
    part = regroup(soft(*rows), choose_classes(ABC, merge=[("x", ("b", "c"))]))
    assert part.target_probs is not None
    assert part.target_probs.tolist() == [[0.3, 0.5, 0.2], [0.5, 0.5, 0.0]]
    assert part.labels.tolist() == [1, 0]  # the largest of the sums, the first of equals


def test_soft_labels_on_one_side_stay_or_go():
    rows = ([0.0, 0.4, 0.0, 0.6], [0.5, 0.0, 0.5, 0.0], [0.0, 0.9995, 0.0005, 0.0])
    part = regroup(soft(*rows), choose_classes(ABC, only=["b", "d"]))
    assert part.target_probs is not None
    assert part.target_probs.tolist() == [[0.4, 0.6], [0.9995, 0.0]]
    assert part.rows.tolist() == [100, 102]
    assert part.labels.tolist() == [1, 0]


@pytest.mark.parametrize("wish", [{"only": ["b", "d"]}, {"drop": ["a", "c"]}])
def test_soft_labels_across_are_refused_by_row(wish: dict):
    rows = ([0.0, 0.4, 0.0, 0.6], [0.25, 0.5, 0.25, 0.0])
    with pytest.raises(InputError, match=r"row 101 gives 0\.5 to .* stay and 0\.5 to .* left out"):
        regroup(soft(*rows), choose_classes(ABC, **wish))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.permutations(ABC), st.data())
def test_hard_labels_and_their_one_hot_rows_agree(
    labels: list[int], order: tuple[str, ...], data: st.DataObject
):
    kept = list(order[: data.draw(st.integers(3, 4))])
    choice = choose_classes(ABC, only=kept, merge=[("x", tuple(kept[:2]))])
    hard = regroup(dataset(labels), choice)
    onehot = regroup(replace(dataset(labels), target_probs=np.eye(4)[labels]), choice)
    assert onehot.target_probs is not None
    np.testing.assert_array_equal(onehot.rows, hard.rows)
    np.testing.assert_array_equal(onehot.labels, hard.labels)
    np.testing.assert_array_equal(onehot.target_probs, np.eye(len(choice.classes))[hard.labels])
    names = ["x" if ABC[code] in kept[:2] else ABC[code] for code in labels if ABC[code] in kept]
    assert [choice.classes[code] for code in hard.labels.tolist()] == names


def test_new_data_is_taken_as_that_of_the_training():
    choice = choose_classes(ABC, drop=["a"], merge=[("x", ("b", "c"))])
    source = regroup(replace(dataset([0, 1, 2]), source={"path": "f"}), choice).source
    assert source["path"] == "f"
    chosen = choice_in(json.loads(json.dumps(source)), choice.classes)
    assert chosen is not None
    old = dataset([3, 0, 2])
    new = Examples("new", old.features, old.labels, old.rows, weights=old.weights)
    found = regroup_new(new, *chosen)
    assert chosen[0] == ABC
    assert found.labels is not None
    assert [choice.classes[code] for code in found.labels] == ["d", "x"]
    assert found.rows.tolist() == [100, 102]
    assert found.notices == ("1 row is left out: their classes are not among those of the model",)
    unlabelled = Examples("new", old.features, None, old.rows)
    assert regroup_new(unlabelled, *chosen) is unlabelled


def test_new_data_of_other_classes_only():
    choice = choose_classes(ABC, only=["a", "b"])
    old = dataset([2, 3])
    with pytest.raises(InputError, match="'new' holds no row of the classes 'a', 'b'"):
        regroup_new(Examples("new", old.features, old.labels, old.rows), ABC, choice)


def test_no_choice_was_made():
    assert choice_in({"path": "f"}, ABC) is None

from collections.abc import Iterator

import pytest

from crossent.data.choose import choose, find_column, find_pattern, match
from crossent.data.database import TableFile, open_table
from crossent.data.options import ReadOptions
from crossent.errors import InputError


@pytest.fixture
def file(write) -> Iterator[TableFile]:
    with open_table(write("f.csv", "a,b,1,p_x,p_y,w\n1,2,3,4,5,6\n"), csv=True) as file:
        yield file


@pytest.mark.parametrize(
    ("name", "place"), [("a", 0), ("1", 2), ("0", 0), ("-1", 5), ("-6", 0), ("5", 5), ("p_y", 4)]
)
def test_name_then_number(file: TableFile, name: str, place: int) -> None:
    assert find_column(file, name, "--target") == place


@pytest.mark.parametrize("name", ["6", "-7", "c", "A b", ""])
def test_unknown_column_lists_the_columns(file: TableFile, name: str) -> None:
    with pytest.raises(InputError, match=r"--target .* has the columns 'a', 'b', '1'"):
        find_column(file, name, "--target")


def test_nearest_name(file: TableFile) -> None:
    with pytest.raises(InputError, match="did you mean 'p_x'"):
        find_column(file, "p_xx", "--target")


def test_all_that_is_nothing_else_is_a_feature(file: TableFile) -> None:
    choice = choose(file, ReadOptions(target="b", weights="w", ignore=("p_x", "4")))
    assert (choice.target, choice.weights, choice.features) == (1, 5, (0, 2))
    assert not choice.explicit


def test_named_features(file: TableFile) -> None:
    choice = choose(file, ReadOptions(target="b", features=("1", "a", "a"), ignore=("a",)))
    assert choice.features == (2,)
    assert choice.explicit
    with pytest.raises(InputError, match="--features names 'b', which holds the labels"):
        choose(file, ReadOptions(target="b", features=("a", "b")))


def test_soft_labels(file: TableFile) -> None:
    choice = choose(file, ReadOptions(target_probs="p_*"))
    assert (choice.target, choice.probs, choice.features) == (None, (3, 4), (0, 1, 2, 5))
    assert find_pattern(file, "p_*") == [(3, "x"), (4, "y")]
    with pytest.raises(InputError, match=r"'q_\*' matches 0 columns"):
        choose(file, ReadOptions(target_probs="q_*"))


def test_usual_target(write, file: TableFile) -> None:
    with pytest.raises(InputError, match="name the column of the labels with --target"):
        choose(file, ReadOptions())
    with open_table(write("g.csv", "a,Class\n1,2\n"), csv=True) as other:
        choice = choose(other, ReadOptions())
        assert choice.target == 1
        assert "'Class' taken" in choice.notices[0]
    with open_table(write("h.csv", "y,label\n1,2\n"), csv=True) as other, pytest.raises(InputError):
        choose(other, ReadOptions())


def test_match() -> None:
    assert match(["aXb", "ab", "aab", "b"], "a*b") == [(0, "X"), (1, ""), (2, "a")]
    assert match(["a"], "a*a") == []

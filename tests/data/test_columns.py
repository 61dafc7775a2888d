import numpy as np
import pytest

from crossent.data.columns import read_columns, read_columns_like
from crossent.data.database import open_table
from crossent.errors import InputError


def table(*columns: list[object]) -> str:
    names = ",".join(f"c{i}" for i in range(len(columns)))
    return (
        "\n".join([names, *(",".join(map(str, row)) for row in zip(*columns, strict=True))]) + "\n"
    )


def test_kinds_and_missing_values(write) -> None:
    text = table([1, "", "NA", 2], ["u", "v", "", "u"], ["?", 1, 1, "nan"], ["1", "x", "2", "x"])
    with open_table(write("f.csv", text), csv=True) as file:
        columns, notices = read_columns(file, range(4), keep=False)
    assert [column.kind for column in columns] == [
        "numeric",
        "categorical",
        "numeric",
        "categorical",
    ]
    np.testing.assert_array_equal(columns[0].values, [1, np.nan, np.nan, 2])
    assert columns[1].values.tolist() == ["u", "v", None, "u"]
    np.testing.assert_array_equal(columns[2].values, [np.nan, 1, 1, np.nan])
    assert columns[3].values.tolist() == ["1", "x", "2", "x"]
    assert notices == ()


@pytest.mark.parametrize(
    ("values", "left_out"),
    [
        (list(range(30)), True),
        ([2**60 + i for i in range(30)], True),
        ([f"n{i}" for i in range(30)], True),
        ([i + 0.5 for i in range(30)], False),
        ([*range(29), 0], False),
        ([*range(29), ""], False),
        ([2**60] * 2 + [2**60 + i for i in range(1, 29)], False),
        ([*(f"n{i}" for i in range(29)), ""], False),
    ],
)
def test_columns_that_identify_rows(write, values: list[object], left_out: bool) -> None:
    with open_table(write("f.csv", table(values, [0.5] * 30)), csv=True) as file:
        columns, notices = read_columns(file, range(2), keep=False)
        kept, none = read_columns(file, range(2), keep=True)
    assert [column.name for column in columns] == (["c1"] if left_out else ["c0", "c1"])
    assert bool(notices) is left_out
    if left_out:
        assert notices[0].startswith("column 'c0' is different in every row: left out")
    assert (len(kept), none) == (2, ())


def test_too_many_categories(write) -> None:
    values = [f"n{i % 1500}" for i in range(3000)]
    with open_table(write("f.csv", table(values, [0.5] * 3000)), csv=True) as file:
        columns, notices = read_columns(file, range(2), keep=False)
        assert len(read_columns(file, range(2), keep=True)[0]) == 2
    assert [column.name for column in columns] == ["c1"]
    assert "holds 1,500 different texts: left out" in notices[0]


def test_empty_columns_and_lists_are_left_out(parquet) -> None:
    path = parquet("f.parquet", "SELECT i * 0.5 AS a, NULL AS b, [i] AS c FROM range(5) t(i)")
    with open_table(path, csv=False) as file:
        columns, notices = read_columns(file, range(3), keep=True)
    assert [column.name for column in columns] == ["a"]
    assert any("'b' is empty in every row" in notice for notice in notices)
    assert any("'c' holds BIGINT[]" in notice for notice in notices)


def test_nothing_left_to_learn_from(write) -> None:
    with (
        open_table(write("f.csv", table([1, 2, 3], ["", "", ""])), csv=True) as file,
        pytest.raises(InputError, match=r"no column to learn from; .*'c1' is empty.*'c0' is diff"),
    ):
        read_columns(file, range(2), keep=False)


@pytest.mark.parametrize("bad", ["inf", "-Infinity", "1e999"])
def test_infinity_is_refused(write, bad: str) -> None:
    with open_table(write("f.csv", table([1, bad, 3])), csv=True) as file:
        with pytest.raises(InputError, match=r"f\.csv', column 'c0', row 1 holds -?inf"):
            read_columns(file, [0], keep=True)
        with pytest.raises(InputError, match="column 'c0', row 1 holds"):
            read_columns_like(file, [0], [{"name": "c0", "kind": "numeric"}])


def test_a_stray_text_among_numbers_is_refused(write) -> None:
    values = [*[i * 0.1 for i in range(40)], "oops"]
    with (
        open_table(write("f.csv", table(values)), csv=True) as file,
        pytest.raises(InputError, match="holds numbers, but row 40 has 'oops'"),
    ):
        read_columns(file, [0], keep=False)


def test_columns_like_those_of_training(write) -> None:
    wanted = [{"name": "x", "kind": "categorical"}, {"name": "y", "kind": "numeric"}]
    with open_table(write("f.csv", table(["", 2], [1, 2])), csv=True) as file:
        columns = read_columns_like(file, [1, 0], wanted)
        assert columns[0].values.tolist() == ["1", "2"]
        np.testing.assert_array_equal(columns[1].values, [np.nan, 2])
        assert [column.name for column in columns] == ["x", "y"]
    with (
        open_table(write("g.csv", table([1, "NA", "two"])), csv=True) as file,
        pytest.raises(InputError, match="'c0' holds numbers, but row 2 has 'two'"),
    ):
        read_columns_like(file, [0], wanted[1:])

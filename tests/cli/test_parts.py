from pathlib import Path

import numpy as np
import pytest

from crossent.cli.flags import TrainFlags
from crossent.cli.parts import Parts, describe, facts, read_parts
from crossent.errors import InputError


@pytest.fixture
def table(workdir: Path) -> str:
    lines = ["x,kind,id,y", *(f"{i % 9 / 7},{'uv'[i % 2]},n{i},{'abc'[i % 3]}" for i in range(90))]
    (workdir / "t.csv").write_text("\n".join(lines) + "\n")
    (workdir / "test.csv").write_text("\n".join(lines[:31]) + "\n")
    return "t.csv"


def sizes(parts: Parts) -> list[int]:
    return [len(parts.train), len(parts.validation), len(parts.test)]


def test_stratified_parts_share_no_row(table: str):
    parts = read_parts(table, TrainFlags(target="y"))
    assert sizes(parts) == [63, 9, 18]
    rows = np.concatenate([parts.train.rows, parts.validation.rows, parts.test.rows])
    assert np.array_equal(np.sort(rows), np.arange(90))
    assert np.bincount(parts.test.labels).tolist() == [6, 6, 6]


def test_a_class_is_left_out_before_the_sample(table: str):
    parts = read_parts(table, TrainFlags(target="y", drop_class=("b",), rows=40))
    assert (sum(sizes(parts)), parts.test.classes) == (40, ("a", "c"))


def test_a_test_file_is_the_test_part(table: str):
    parts = read_parts(table, TrainFlags(target="y", test="test.csv", drop_class=("a",)))
    assert sizes(parts) == [54, 6, 20]


def test_only_some_classes_before_the_sample(table: str):
    parts = read_parts(table, TrainFlags(target="y", only=("c", "a"), rows=40))
    assert (sum(sizes(parts)), parts.test.classes) == (40, ("a", "c"))


def test_classes_are_merged_in_every_part(table: str):
    parts = read_parts(table, TrainFlags(target="y", merge=("x=c,b",)))
    assert sizes(parts) == [63, 9, 18]
    for part in (parts.train, parts.validation, parts.test):
        assert part.classes == ("a", "x")
        np.testing.assert_array_equal(part.labels, part.rows % 3 > 0)


def test_a_test_file_has_its_classes_chosen_too(table: str):
    flags = TrainFlags(target="y", test="test.csv", only=("a", "b"), merge=())
    parts = read_parts(table, flags)
    assert sizes(parts) == [54, 6, 20]
    np.testing.assert_array_equal(parts.test.labels, parts.test.rows % 3)
    parts = read_parts(table, TrainFlags(target="y", test="test.csv", merge=("x=a,c",)))
    np.testing.assert_array_equal(parts.test.labels, parts.test.rows % 3 == 1)


def test_a_test_file_without_the_classes_chosen(table: str, workdir: Path):
    (workdir / "c.csv").write_text("x,kind,id,y\n1,u,n,c\n")
    expected = "'c.csv' holds no row of the classes 'a', 'b'"
    with pytest.raises(InputError, match=expected):
        read_parts(table, TrainFlags(target="y", test="c.csv", only=("a", "b")))


def test_a_share_to_test_on_wins_over_the_test_part_of_the_data(workdir: Path):
    x, y = np.eye(60), np.arange(60) % 3
    np.savez("t.npz", x_train=x, y_train=y, x_test=x[:1], y_test=y[:1])
    parts = read_parts("t.npz", TrainFlags(only=("1", "2"), test_size=0.5))
    assert sizes(parts) == [16, 4, 20]
    with pytest.raises(
        InputError, match=r"'t\.npz, test part' holds no row of the classes '1', '2'"
    ):
        read_parts("t.npz", TrainFlags(only=("1", "2")))


def test_soft_labels_add_up_in_a_group(workdir: Path):
    rows = [f"{i % 7},{0.5 - i % 2 * 0.25},{i % 2 * 0.25},0.5" for i in range(40)]
    (workdir / "t.csv").write_text("\n".join(["x,q_a,q_b,q_c", *rows]) + "\n")
    flags = TrainFlags(target_probs="q_*", merge=("ab=a,b",), test="t.csv")
    parts = read_parts("t.csv", flags)
    assert parts.test.classes == ("ab", "c")
    np.testing.assert_array_equal(parts.test.target_probs, np.full((40, 2), 0.5))
    with pytest.raises(InputError, match=r"row 0 gives 0\.5 to the classes that stay"):
        read_parts("t.csv", TrainFlags(target_probs="q_*", only=("a", "b")))


def test_no_validation_part(table: str):
    assert sizes(read_parts(table, TrainFlags(target="y", validation_size=0))) == [72, 0, 18]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"test_size": 0.0}, "nothing is left to test on"),
        ({"test_size": 0.5, "test": "test.csv"}, "--test and --test-size exclude each other"),
        ({"test_size": 1.5}, "--test-size must be from 0 to below 1"),
        ({"rows": 0}, "--rows must be from 1 to 90"),
    ],
)
def test_a_split_that_cannot_be(table: str, flags: dict, expected: str):
    with pytest.raises(InputError, match=expected):
        read_parts(table, TrainFlags(target="y", **flags))


def test_lines_say_what_was_taken(table: str):
    lines = list(describe(read_parts(table, TrainFlags(target="y"))))
    assert lines[:4] == [
        "data        t: 90 rows",
        "classes     3: a, b, c",
        "features    1 numeric and 1 categorical: x, kind",
        "split       63 to train, 9 to validate, 18 to test",
    ]
    assert any(line.startswith("notice      ") and "id" in line for line in lines)


def test_lines_and_facts_say_which_classes_were_taken(table: str):
    parts = read_parts(table, TrainFlags(target="y", only=("b", "a")))
    assert list(describe(parts))[1:3] == [
        "classes     2: a, b (of 3)",
        "features    1 numeric and 1 categorical: x, kind",
    ]
    told = facts(table, parts)
    assert (told["classes"], told["classes of the data"]) == (2, 3)
    assert told["classes taken"] == ["a", "b"]
    assert "classes merged" not in told

    parts = read_parts(table, TrainFlags(target="y", merge=('"x,y"=c, a',)))
    assert list(describe(parts))[1:3] == [
        "classes     2: x,y, b (of 3)",
        "merged      x,y: c, a",
    ]
    told = facts(table, parts)
    assert told["classes merged"] == '"x,y"=c,a'
    assert "classes taken" not in told
    assert "classes of the data" not in facts(table, read_parts(table, TrainFlags(target="y")))


def test_hostile_names_of_a_group_stay_in_their_line(table: str):
    new = "new\n\x1b[31m" + "b" * 200
    lines = list(describe(read_parts(table, TrainFlags(target="y", merge=(f"{new}=a,b",)))))
    assert lines[2].startswith("merged      new\\n\\x1b[31m")
    assert all(line.isprintable() and len(line) < 100 for line in lines[:5])


def test_hostile_names_stay_in_their_line(workdir: Path):
    np.savez("t.npz", x=np.eye(40), y=np.array(["a\n\x1b[31m", "b" * 200] * 20))
    lines = list(describe(read_parts("t.npz", TrainFlags())))
    assert all(line.isprintable() and len(line) < 200 for line in lines)
    assert lines[2].endswith(", ...")

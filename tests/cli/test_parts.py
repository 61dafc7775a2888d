from pathlib import Path

import numpy as np
import pytest

from crossent.cli.flags import TrainFlags
from crossent.cli.parts import Parts, describe, read_parts
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


def test_hostile_names_stay_in_their_line(workdir: Path):
    np.savez("t.npz", x=np.eye(40), y=np.array(["a\n\x1b[31m", "b" * 200] * 20))
    lines = list(describe(read_parts("t.npz", TrainFlags())))
    assert all(line.isprintable() and len(line) < 200 for line in lines)
    assert lines[2].endswith(", ...")

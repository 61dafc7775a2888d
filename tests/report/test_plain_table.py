"""Aligned columns, and what happens where they do not fit."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossent.report.plain_table import cell_width, on_the_point, table

HEAD = ["name", "one", "two", "three"]
ROWS = [["a", "1.5", "10", "x"], ["longer", "0.25", "7", "yy"]]


def test_columns_that_fit_stand_beside_each_other():
    assert table(HEAD, ROWS, 80) == [
        "name     one  two  three",
        "a        1.5   10      x",
        "longer  0.25    7     yy",
    ]
    assert table(HEAD, ROWS, 80, left=4)[1] == "a       1.5   10   x"


@pytest.mark.parametrize("width", range(13, 30))
def test_every_cell_is_there_at_any_width(width):
    lines = table(HEAD, ROWS, width)
    assert max(map(len, lines)) <= width
    blocks = "\n".join(lines).split("\n\n")
    found = [block.splitlines() for block in blocks]
    assert all(block[2].startswith("longer") for block in found)
    cells = [word for block in found for word in block[1].split()[1:]]
    assert cells == ROWS[0][1:]


def test_too_narrow_for_any_column_gives_one_a_block():
    assert table(HEAD, ROWS, 1) == table(HEAD, ROWS, 12)
    assert len(table(HEAD, ROWS, 1)) == 3 * 3 + 2


def test_wide_and_combining_characters_are_counted_as_a_terminal_shows_them():
    rows = [["猫", "1"], ["e\N{COMBINING ACUTE ACCENT}te", "2"], ["cat!", "3"]]
    lines = table(["", ""], rows, 80)[1:]
    assert lines == ["猫    1", "e\N{COMBINING ACUTE ACCENT}te   2", "cat!  3"]


@given(st.text(alphabet=st.characters(max_codepoint=0x2FFF), max_size=8))
def test_the_width_of_what_is_not_wide_is_its_characters(text):
    if all(unicodedata.east_asian_width(c) not in "WF" and c.isalpha() for c in text):
        assert cell_width(text) == len(text)


def test_points_stand_in_one_column():
    assert on_the_point(["1.5", "12.25", "inf", "3", "", "-4.0"]) == [
        " 1.5 ",
        "12.25",
        "  inf",
        " 3   ",
        "     ",
        "-4.0 ",
    ]
    assert on_the_point(["inf"]) == ["inf"]
    assert on_the_point([]) == []

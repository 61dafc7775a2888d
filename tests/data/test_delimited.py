import csv
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossent.data.delimited import _records, find_layout, ragged_line
from crossent.errors import InputError

CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r"), max_size=9)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("packed", [False, True])
def test_delimiters(write, delimiter: str, packed: bool) -> None:
    text = "a,b,c\n1,2,x\n3,4,y\n".replace(",", delimiter).encode()
    layout = find_layout(write("f", gzip.compress(text) if packed else text))
    assert (layout.delimiter, layout.header, layout.gzip) == (delimiter, True, packed)
    assert layout.names == ("a", "b", "c")
    assert not layout.notices


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n", False),
        ("a,b\n1,2\n", True),
        ("1,2\n3,4\n", False),
        ("name,town\nann,york\nbob,bath\n", True),
        ("ann,york\nbob,york\n", False),
        ("0,1,2,y\n0.5,1.5,1,a\n0.7,1.1,3,b\n", True),
        ("0,1,2\n0.5,1.5,a\n0.7,1.1,b\n", True),
        ("0,1\n1,0\n", False),
        ("?,1\n2,3\n", False),
        ("a,b\n?,1\n2,3\n", True),
        ("a,b\n", True),
        ("1,x\n", False),
        ("x\ny\nz\n", True),
    ],
)
def test_header_or_none(write, text: str, header: bool) -> None:
    assert find_layout(write("f.csv", text)).header is header


def test_a_known_name_makes_a_header(write) -> None:
    path = write("f.csv", "ann,york\nbob,york\n")
    assert find_layout(path, known=("town", "york")).names == ("ann", "york")
    assert find_layout(path).names == ("column0", "column1")
    assert "column0 to column1" in find_layout(path).notices[0]


def test_bom_spaces_empty_and_repeated_names(write) -> None:
    layout = find_layout(write("f.csv", "\ufeffa, b ,,a,a,a_1\n1,2,3,4,5,6\n"))
    assert layout.names == ("a", "b", "column2", "a_2", "a_3", "a_1")
    assert layout.cells == ("a", " b ", "", "a", "a", "a_1")
    assert "'a' occurs more than once" in layout.notices[0]


def test_quoted_newline_in_a_name(write) -> None:
    assert find_layout(write("f.csv", '"a\nb",c\n1,2\n')).names == ("a\nb", "c")


def test_decimal_comma(write) -> None:
    assert find_layout(write("f.csv", "a;b\n1,5;x\n2;y\n")).decimal_comma
    assert not find_layout(write("f.csv", "a;b\n1.5;x\n2;y\n")).decimal_comma
    assert not find_layout(write("f.csv", "a;b\n1.5;1,2\n2;y\n")).decimal_comma


def test_first_line_longer_than_the_sample(write) -> None:
    names = [f"a long name of a column {i}" for i in range(20_000)]
    layout = find_layout(write("f.csv", ",".join(names) + "\n" + ",".join(["1"] * 20_000) + "\n"))
    assert layout.names == tuple(names)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,é\n".encode("latin-1"), "line 2: not UTF-8"),
        ("a,b\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (b"\n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
    ],
)
def test_files_that_cannot_be_read(write, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_layout(write("f.csv", content))


def test_ragged_line_counts_lines_of_the_file(write) -> None:
    path = write("f.csv", 'a,b\n1,"x\ny\nz"\n\n2,3,4\n5,6\n')
    assert ragged_line(path, find_layout(path)) == "line 6: expected 2 columns, got 3"
    path = write("g.csv", "a,b\n1,2\n")
    assert ragged_line(path, find_layout(path)) is None


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=5))
def test_records_are_those_of_the_csv_module(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    assert _records(text.getvalue(), ",") == rows

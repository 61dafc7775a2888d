import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossent.cli.class_names import join_names, parse_merge, parse_pair, split_names
from crossent.errors import InputError

NAMES = st.lists(st.text(alphabet=st.sampled_from('ab ,"=\n\té'), max_size=6), min_size=1)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("4,9", ("4", "9")),
        ("4", ("4",)),
        (" a b , c ", ("a b", "c")),
        ('"a,b",c', ("a,b", "c")),
        ('c, "a,b" ', ("c", "a,b")),
        ('"say ""hi""",b', ('say "hi"', "b")),
        ('"",b', ("", "b")),
        ('" a ",b', (" a ", "b")),
        ('5" nail,b', ('5" nail', "b")),
        ("a=b,c", ("a=b", "c")),
        ('"a\nb",c', ("a\nb", "c")),
        ("-1,1", ("-1", "1")),
    ],
)
def test_names_are_split_as_csv(text: str, names: tuple[str, ...]):
    assert split_names(text) == names


@given(NAMES)
def test_joined_names_are_split_again(names: list[str]):
    assert split_names(join_names(names)) == tuple(names)


@given(NAMES)
def test_joined_names_are_csv(names: list[str]):
    read = list(csv.reader(io.StringIO(join_names(names), newline="")))
    assert read == [names]


def test_plain_names_are_not_quoted():
    assert join_names(["4", "T-shirt/top", "Ankle boot"]) == "4,T-shirt/top,Ankle boot"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a class name is empty in ''"),
        ("  ", "a class name is empty"),
        ("a,,b", "a class name is empty in 'a,,b'"),
        ("a,", "a class name is empty"),
        (",a", "a class name is empty"),
        ('a,"b', "the double quote at character 2 of 'a,\"b' is not closed"),
        ('"a""', "is not closed"),
        ('"a"b,c', "expected ',' after the closing quote in '\"a\"b,c'; got 'b'"),
    ],
)
def test_a_torn_list_is_refused_in_one_line(text: str, expected: str):
    with pytest.raises(InputError) as caught:
        split_names(text)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "new", "names"),
    [
        ("car=honda,toyota", "car", ("honda", "toyota")),
        (" car = honda , toyota ", "car", ("honda", "toyota")),
        ('new="a,b",c', "new", ("a,b", "c")),
        ('"x,=y"=a,b', "x,=y", ("a", "b")),
        ("new=a=b,c", "new", ("a=b", "c")),
        ("a=a", "a", ("a",)),
    ],
)
def test_a_merge_is_a_name_and_its_members(text: str, new: str, names: tuple[str, ...]):
    assert parse_merge(text) == (new, names)


@given(st.text(alphabet='ab ,"=', max_size=6), NAMES)
def test_any_merge_can_be_written(new: str, names: list[str]):
    assert parse_merge(f"{join_names([new])}={join_names(names)}") == (new, tuple(names))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("honda,toyota", "expected new=a,b, as car=honda,toyota; got 'honda,toyota'"),
        ("", "expected new=a,b"),
        ("car=", "a class name is empty in 'car='"),
        ("=a,b", "a class name is empty in '=a,b'"),
        ("car,van=a,b", "put a name that holds a comma in double quotes"),
        ('"new=a,b"', "expected new=a,b"),
        ('"a,b",c=d', "expected '=' after the closing quote"),
        ('"new=a,b', "is not closed"),
    ],
)
def test_what_is_no_merge_is_refused_in_one_line(text: str, expected: str):
    with pytest.raises(InputError) as caught:
        parse_merge(text)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pair_is_two_names():
    assert parse_pair("4,9") == ("4", "9")
    assert parse_pair('"a,b",c') == ("a,b", "c")
    assert parse_pair("4,4") == ("4", "4")


@pytest.mark.parametrize("text", ["4", "4,9,1"])
def test_a_pair_of_another_number_is_refused(text: str):
    with pytest.raises(InputError, match=r"expected two class names, as 4,9; got [13] in"):
        parse_pair(text)

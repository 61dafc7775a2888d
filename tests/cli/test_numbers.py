"""Lists of numbers as people write them, and the line that says what is wrong with one."""

import pytest

from crossent.cli.numbers import read_counts, read_distribution, read_numbers, read_pair
from crossent.errors import InputError
from crossent.measures import entropy


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1", [1.0]),
        ("0.1,0.7,0.2", [0.1, 0.7, 0.2]),
        (" 0.1, 0.7 ,0.2 ", [0.1, 0.7, 0.2]),
        ("10%,70 %,20%", [0.1, 0.7, 0.2]),
        ("10%, 9e-1", [0.1, 0.9]),
        (".5,+0.5", [0.5, 0.5]),
        ("0.3333333,0.3333333,0.3333333", [0.3333333] * 3),
    ],
)
def test_probabilities(text, values):
    assert read_distribution(text, "--p") == values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "--p needs numbers joined by commas, such as 0.1,0.7,0.2; got ''"),
        ("0.5;0.5", "got '0.5;0.5'"),
        ("0.5 0.5", "got '0.5 0.5'"),
        ("0.5,,0.5", "got '' as number 1"),
        ("0.5,0.5,", "got '' as number 2"),
        ("0.5,half", "got 'half' as number 1"),
        ("nan,1", "got 'nan' as number 0"),
        ("inf", "got 'inf'"),
        ("1e999,0", "got '1e999' as number 0"),
        ("1/3,2/3", "got '1/3' as number 0"),
        ("%,1", "got '%' as number 0"),
        ("5%%,1", "got '5%%' as number 0"),
        ("1.1,-0.1", "--p: outcome 1 is -0.1; a probability is at least 0"),
        ("0.5,0.4", "--p sums to 0.9; probabilities sum to 1. If these are counts or"),
        ("0.5,0.500003", "--p sums to 1.000003"),
        ("10,70,20", "--p sums to 100; probabilities sum to 1. If these are counts"),
        ("0,0", "--p sums to 0;"),
        ("1e308,1e308", "--p sums to inf"),
        ("x" * 500, "..."),
    ],
)
def test_no_probabilities(text, expected):
    with pytest.raises(InputError) as error:
        read_distribution(text, "--p")
    assert expected in str(error.value)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("off", [-1.9e-6, 1.9e-6])
def test_a_sum_may_be_off_as_in_the_measures(off):
    values = [0.25, 0.75 + off]
    assert read_distribution(",".join(map(repr, values)), "--p") == values
    assert entropy(values) > 0


def test_counts():
    assert read_counts("10,70,20", "--p") == [10, 70, 20]
    for text, expected in (
        ("10%,90%", "such as 1,7,2; got '10%' as number 0"),
        ("3,-1", "outcome 1 is -1; a count is at least 0"),
        ("0,0", "sum to 0; there is nothing to share"),
        ("1e308,1e308", r"whose sum is beyond the largest number, 1\.8e\+308; divide them"),
    ):
        with pytest.raises(InputError, match=expected):
            read_counts(text, "--p")


def test_positions_are_any_numbers():
    assert read_numbers("-1, 0,2.5", "--positions") == [-1, 0, 2.5]


def test_a_pair():
    assert read_pair("1,3", "2,2", "-1,1", counts=True) == ([0.25, 0.75], [0.5, 0.5], [-1, 1])
    assert read_pair("0.25,0.75", None, None, counts=False) == ([0.25, 0.75], None, None)


@pytest.mark.parametrize(
    ("q", "positions", "expected"),
    [
        ("1", None, "--q must have a number for each of the 2 outcomes of --p; got 1"),
        ("0.5,0.5", "1,2,3", "--positions must have a number for each of the 2 outcomes"),
        (None, "0,1", "--positions needs --q"),
        ("0.5,0.6", None, "--q sums to 1.1"),
        ("0.5,0.5", "0,x", "--positions needs numbers"),
    ],
)
def test_no_pair(q, positions, expected):
    with pytest.raises(InputError, match=expected):
        read_pair("0.5,0.5", q, positions, counts=False)

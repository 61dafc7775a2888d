import numpy as np
import pytest

from crossent.data.predictions.batch import check_counts, check_logprobs, check_weights, said
from crossent.errors import InputError

ROWS = np.array([10, 20, 30])


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (check_weights, [0.0, 5e-324, 1e308], [-5e-324, np.nan, np.inf, -np.inf]),
        (check_logprobs, [0.0, -0.0, -np.inf], [5e-324, np.nan, np.inf, 1.0]),
        (check_counts, [0.0, 1.0, 2.0**53 - 1], [-1.0, 0.5, np.nan, np.inf, 2.0**53]),
    ],
)
def test_each_bad_number_is_named_by_its_row(check, good: list[float], bad: list[float]) -> None:
    np.testing.assert_array_equal(check(np.array(good), "'f'", ROWS), good)
    for value in bad:
        with pytest.raises(InputError, match=r"^'f': .* row 20 has "):
            check(np.array([good[0], value, value]), "'f'", ROWS)


def test_counts_are_integers() -> None:
    assert check_counts(np.array([3.0]), "'f'", ROWS).dtype == np.int64


def test_names_of_sources() -> None:
    assert (said("-"), said("a\nb.csv")) == ("standard input", r"'a\nb.csv'")

import numpy as np
import pytest

from crossent.data.predictions.batch import check_counts, said
from crossent.errors import InputError

ROWS = np.array([10, 20, 30])


@pytest.mark.parametrize("bad", [-1.0, 0.5, np.nan, np.inf, 2.0**53])
def test_a_number_that_is_no_count_is_named_by_its_row(bad: float) -> None:
    good = [0.0, 1.0, 2.0**53 - 1]
    np.testing.assert_array_equal(check_counts(np.array(good), "'f'", ROWS), good)
    with pytest.raises(InputError, match=r"^'f': .* row 20 has "):
        check_counts(np.array([0.0, bad, bad]), "'f'", ROWS)


def test_counts_are_integers() -> None:
    assert check_counts(np.array([3.0]), "'f'", ROWS).dtype == np.int64


def test_names_of_sources() -> None:
    assert (said("-"), said("a\nb.csv")) == ("standard input", r"'a\nb.csv'")

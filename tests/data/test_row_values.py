import numpy as np
import pytest

from crossent.data.row_values import check_distributions, check_weights
from crossent.errors import InputError

NAMES = ("p_a", "p_b")


def test_good_values_are_returned_unchanged() -> None:
    values = np.array([[0.25, 0.75], [0.5004, 0.5]])
    assert check_distributions(values, "f", NAMES) is values
    weights = np.array([0.0, 2.0])
    assert check_weights(weights, "f") is weights


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([np.nan, 1.0], "'?f'?, row 1: p_a must be a probability"),
        ([1.5, -0.5], "row 1: p_b must be a probability, 0 or more; got -0.5"),
        ([np.inf, 0.0], "row 1: p_a must be a probability"),
        ([0.5, 0.6], r"row 1: p_a \.\.\. p_b must sum to 1 \(within 0.001\); got 1.1"),
        ([0.0, 0.0], "must sum to 1"),
    ],
)
def test_bad_distributions_name_the_row(bad: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_distributions(np.array([[0.5, 0.5], bad]), "f", NAMES)


def test_names_of_columns_stay_one_line() -> None:
    with pytest.raises(InputError) as error:
        check_distributions(np.array([[2.0, 0.0]]), "f", ("p_\n" + "x" * 200, "q"))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_bad_weights_name_the_row(bad: float) -> None:
    with pytest.raises(InputError, match="row 2 has"):
        check_weights(np.array([1.0, 1.0, bad]), "f")
    with pytest.raises(InputError, match="row 30 has"):
        check_weights(np.array([0.0, 5e-324, bad]), "f", np.array([10, 20, 30]))


def test_all_weights_zero() -> None:
    with pytest.raises(InputError, match="all weights are 0"):
        check_weights(np.zeros(3), "f")
    assert not check_weights(np.zeros(3), "f", np.arange(3)).any()  # other rows may count

import pytest

from crossent.data.options import ReadOptions
from crossent.errors import InputError


def test_columns_that_are_named() -> None:
    options = ReadOptions(target="y", weights="w", features=("a", "b"), ignore=("c",))
    assert options.columns() == ("y", "w", "a", "b", "c")
    assert ReadOptions().columns() == ()


def test_one_kind_of_label() -> None:
    with pytest.raises(InputError, match="exclude each other"):
        ReadOptions(target="y", target_probs="p_*")


@pytest.mark.parametrize("pattern", ["p", "*_*", ""])
def test_pattern_needs_one_star(pattern: str) -> None:
    with pytest.raises(InputError, match="one star"):
        ReadOptions(target_probs=pattern)


def test_options_of_tables_are_refused_elsewhere() -> None:
    ReadOptions(test="t", classes=("a", "b")).refuse_all_but(where="digits")
    ReadOptions(target="y").refuse_all_but("target", where="a.npz")
    with pytest.raises(InputError, match="--target-probs is for tables; digits holds no columns"):
        ReadOptions(target_probs="p_*").refuse_all_but(where="digits")
    with pytest.raises(InputError, match="--ignore is for tables"):
        ReadOptions(ignore=("a",)).refuse_all_but("target", where="a.npz")

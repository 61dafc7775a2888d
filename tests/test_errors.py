"""The tree of errors."""

import pytest

from crossent.errors import CrossentError, InputError, MissingExtraError, quoted


def test_the_tree() -> None:
    with pytest.raises(ValueError, match="bad"):
        raise InputError("bad")
    with pytest.raises(
        CrossentError, match=r"duckdb is not installed; run: pip install 'crossent\[cli\]'"
    ):
        raise MissingExtraError("duckdb", "cli")
    assert issubclass(MissingExtraError, ImportError)


def test_quoted_values_stay_in_one_line() -> None:
    assert quoted("a\nb") == "'a\\nb'"
    assert len(quoted("x" * 1000)) == 80

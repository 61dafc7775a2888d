import dataclasses

import pytest

from crossent.data.predictions.options import PredictionOptions


def test_nothing_is_asked_for_by_itself() -> None:
    options = PredictionOptions()
    assert not any(getattr(options, field.name) for field in dataclasses.fields(options))


def test_names_are_given_by_keyword() -> None:
    with pytest.raises(TypeError):
        PredictionOptions("label")  # pyright: ignore[reportCallIssue]

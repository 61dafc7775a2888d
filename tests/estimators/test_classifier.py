import numpy as np
import pytest

from crossent.errors import InputError
from crossent.estimators.settings import TrainSettings
from crossent.estimators.train import train


class Frame:
    """The two things pandas and polars share."""

    def __init__(self, columns: dict) -> None:
        self._columns = columns
        self.columns = list(columns)

    def __getitem__(self, name: str):
        return self._columns[name]


@pytest.fixture
def fitted(table):
    return train(*table, TrainSettings(epochs=3, hidden=(8,), device="cpu")).classifier


def test_every_form_of_a_table_gives_the_same(table, fitted) -> None:
    features = table[2].features
    columns = {column.name: column.values for column in features.columns}
    array = np.empty((len(features), 3), dtype=object)
    for i, values in enumerate(columns.values()):
        array[:, i] = values
    turned = dict(reversed(columns.items())) | {"other": np.zeros(len(features))}
    expected = fitted.predict_proba(features)
    for form in (columns, turned, Frame(turned), array, array.tolist()):
        np.testing.assert_array_equal(fitted.predict_proba(form), expected)


def test_answers_agree_with_each_other(table, fitted) -> None:
    features = table[2].features
    p, logits = fitted.predict_proba(features), fitted.logits(features).astype(float)
    np.testing.assert_allclose(p, np.exp(logits) / np.exp(logits).sum(1, keepdims=True))
    np.testing.assert_allclose(np.exp(fitted.predict_log_proba(features)), p)
    assert fitted.predict(features).tolist() == [fitted.classes[i] for i in p.argmax(1)]
    assert fitted.classes_.tolist() == ["a", "b", "c"]


def test_raw_images(images) -> None:
    fitted = train(*images, TrainSettings(model="cnn", epochs=2, device="cpu")).classifier
    raw = images[2].features
    np.testing.assert_array_equal(fitted.predict(raw.values), fitted.predict(raw))
    assert fitted.predict(raw.values[:0]).shape == (0,)
    with pytest.raises(InputError, match=r"\(8, 8\)"):
        fitted.predict(raw.values[:, :4])


@pytest.mark.parametrize("X", [np.zeros((2, 9)), np.zeros(3), {"x": [1.0], "y": [2.0]}])
def test_other_columns_are_refused(fitted, X) -> None:
    with pytest.raises(InputError):
        fitted.predict(X)

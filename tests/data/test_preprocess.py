import json

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from crossent.data.dataset import Column, Dataset, Features, Images, Table
from crossent.data.open import open_dataset
from crossent.data.preprocess import Preprocessing, missing_notices, table_of
from crossent.errors import InputError


def fitted(features: Features) -> Preprocessing:
    count = len(features)
    codes = np.zeros(count, dtype=np.int64)
    return Preprocessing.fit(Dataset("d", features, codes, ("a", "b"), np.arange(count)))


def numeric(values: np.ndarray) -> Table:
    return Table(tuple(Column(f"x{i}", "numeric", x) for i, x in enumerate(values.T)))


def categorical(*values: str | None, name: str = "c") -> Table:
    return Table((Column(name, "categorical", np.array(values, dtype=object)),))


def test_numbers_are_standardised_as_scikit_learn_does() -> None:
    random = np.random.default_rng(0)
    train = random.normal(size=(200, 5)) * [1, 1e-8, 1e8, 1, 3] + [0, 5, -1e9, 1e6, 0]
    train[random.random(train.shape) < 0.1] = np.nan
    test = random.normal(size=(20, 5)) * [1, 1e-8, 1e8, 1, 3] + [0, 5, -1e9, 1e6, 0]
    reference = StandardScaler().fit(train)
    preprocessing = fitted(numeric(train))
    for values in (train, test):
        found = preprocessing.apply(numeric(values))
        assert found.dtype == np.float32
        expected = np.nan_to_num(reference.transform(values))
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_constant_and_empty_columns_become_zero() -> None:
    train = np.array([[0.1, np.nan, 7.0], [0.1, np.nan, 7.0], [0.1, np.nan, 7.0]])
    found = fitted(numeric(train)).apply(numeric(train + 5.0))
    np.testing.assert_array_equal(found, 0.0)


def test_huge_values_stay_finite() -> None:
    train = np.array([[1e300, 1.0], [-1e300, 2.0], [1e-300, 3.0]])
    preprocessing = fitted(numeric(train))
    np.testing.assert_allclose(
        preprocessing.apply(numeric(train))[:2, 0], [1.2247, -1.2247], rtol=1e-4
    )
    assert np.isfinite(preprocessing.apply(numeric(train * 1e8 / 1e8 + [[0, 1e308]] * 3))).all()


def test_categories_are_one_hot_as_in_scikit_learn() -> None:
    train, new = ["b", "a", "c", "a"], ["c", "z", "b"]
    reference = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    reference.fit(np.array(train, dtype=object)[:, None])
    preprocessing = fitted(categorical(*train))
    for values in (train, new):
        expected = reference.transform(np.array(values, dtype=object)[:, None])
        np.testing.assert_array_equal(preprocessing.apply(categorical(*values)), expected)
    assert preprocessing.apply(categorical(None, "a"))[0].tolist() == [0.0, 0.0, 0.0]


def test_columns_are_found_by_name_in_the_order_of_training() -> None:
    table = Table((*categorical("u", "v").columns, *numeric(np.array([[1.0], [3.0]])).columns))
    preprocessing = fitted(table)
    expected = [[1.0, 0.0, -1.0], [0.0, 1.0, 1.0]]
    assert preprocessing.apply(table).tolist() == expected
    assert preprocessing.apply(Table(table.columns[::-1])).tolist() == expected
    assert preprocessing.input_shape == (3,)
    assert preprocessing.names == ("c", "x0")


def test_images() -> None:
    grey = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    preprocessing = fitted(Images(grey))
    assert preprocessing.input_shape == (1, 3, 4)
    np.testing.assert_allclose(preprocessing.apply(Images(grey))[:, 0], grey / 255.0, rtol=1e-6)
    colour = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    preprocessing = fitted(Images(colour, 100.0))
    assert preprocessing.input_shape == (3, 3, 4)
    found = preprocessing.apply(Images(colour, 7.0))
    np.testing.assert_allclose(found[1, 2, 0, 3], colour[1, 0, 3, 2] / 100.0, rtol=1e-6)


def test_digits() -> None:
    main, _ = open_dataset("digits")
    found = Preprocessing.fit(main).apply(main.features)
    np.testing.assert_array_equal(found[:, 0], load_digits().images.astype(np.float32) / 16)


@pytest.mark.parametrize(
    "features",
    [
        numeric(np.array([[0.1, 1e300], [1 / 3, np.nan]])),
        categorical("a\nb", "", "é", None),
        Images(np.ones((2, 3, 4), dtype=np.uint8), 16.0),
        Images(np.ones((2, 3, 4, 3), dtype=np.uint8)),
    ],
)
def test_json_round_trip_gives_the_same_bits(features: Features) -> None:
    preprocessing = fitted(features)
    again = Preprocessing.from_json(json.loads(json.dumps(preprocessing.to_json())))
    assert again == preprocessing
    np.testing.assert_array_equal(again.apply(features), preprocessing.apply(features))


@pytest.mark.parametrize(
    "bad",
    [{}, {"kind": "images"}, {"kind": "table", "columns": [{}]}, {"kind": "table", "columns": 1}],
)
def test_damaged_json(bad: dict) -> None:
    with pytest.raises(InputError, match="preprocessing is damaged"):
        Preprocessing.from_json(bad)


def test_features_that_do_not_fit() -> None:
    table, images = numeric(np.eye(2)), Images(np.ones((2, 3, 4), dtype=np.uint8))
    with pytest.raises(InputError, match="needs the column 'x1'"):
        fitted(table).apply(Table(table.columns[:1]))
    with pytest.raises(InputError, match="'x0' is categorical; the model was trained on a numeric"):
        fitted(table).apply(Table((*categorical("a", "b", name="x0").columns, table.columns[1])))
    with pytest.raises(InputError, match=r"got images"):
        fitted(table).apply(images)
    with pytest.raises(InputError, match=r"needs images of shape \(3, 4\); got a table"):
        fitted(images).apply(table)
    with pytest.raises(InputError, match=r"shape \(3, 4\); got \(4, 4\)"):
        fitted(images).apply(Images(np.ones((2, 4, 4), dtype=np.uint8)))
    with pytest.raises(InputError, match="'x0' must be finite; row 1 holds inf"):
        fitted(table).apply(numeric(np.array([[1.0, 1.0], [np.inf, 1.0]])))


def test_a_mapping_of_values_becomes_the_table() -> None:
    table = Table((*categorical("u", "v").columns, *numeric(np.array([[1.0], [3.0]])).columns))
    rules = fitted(table).columns
    made = table_of(rules, {"x0": [1, None], "c": ["v", np.nan], "other": [1, 2]})
    assert made.columns[0].values.tolist() == ["v", None]
    np.testing.assert_array_equal(made.columns[1].values, [1.0, np.nan])
    with pytest.raises(InputError, match="needs the column 'c'"):
        table_of(rules, {"x0": [1]})
    with pytest.raises(InputError, match="'x0' must hold numbers"):
        table_of(rules, {"x0": ["one"], "c": ["u"]})
    with pytest.raises(InputError, match="same length"):
        table_of(rules, {"x0": [1], "c": ["u", "v"]})


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_pixels_that_are_not_finite_are_named(bad: float) -> None:
    values = np.ones((3, 2, 2))
    values[1, 0, 1] = bad
    with pytest.raises(InputError, match="pixels must be finite numbers; row 1"):
        fitted(Images(np.ones((1, 2, 2)))).apply(Images(values))


@pytest.mark.parametrize("bad", ["x", None, "three"])
def test_pixels_that_are_no_numbers_are_named(bad: object) -> None:
    values = np.ones((3, 2, 2), dtype=object)
    preprocessing = fitted(Images(np.ones((1, 2, 2))))
    np.testing.assert_allclose(preprocessing.apply(Images(values)), 1 / 255, rtol=1e-6)
    values[2, 1, 1] = bad
    with pytest.raises(InputError, match="row 2"):
        preprocessing.apply(Images(values))
    with pytest.raises(InputError, match="row 0"):
        preprocessing.apply(Images(np.full((1, 2, 2), "x")))


def test_a_mask_is_a_missing_value() -> None:
    table = Table((*categorical("u", "v").columns, *numeric(np.array([[1.0], [3.0]])).columns))
    rules = fitted(table).columns
    texts = np.ma.masked_array(["u", "v"], [True, False])
    for values in (np.ma.masked_array([7, 1], [True, False]), np.ma.masked_less([-9.0, 1.0], 0)):
        made = table_of(rules, {"c": texts, "x0": values})
        assert made.columns[0].values.tolist() == [None, "v"]
        np.testing.assert_array_equal(made.columns[1].values, [np.nan, 1.0])
    images = np.ma.masked_array(np.ones((2, 2, 2)), np.arange(8).reshape(2, 2, 2) == 5)
    with pytest.raises(InputError, match="row 1"):
        fitted(Images(np.ones((1, 2, 2)))).apply(Images(images))


@pytest.mark.parametrize("bad", [3.0, "u", [[1.0]], [[1.0], [1.0, 2.0]], None])
@pytest.mark.parametrize("name", ["x0", "c"])
def test_a_column_has_one_dimension(bad: object, name: str) -> None:
    table = Table((*categorical("u", "v").columns, *numeric(np.array([[1.0], [3.0]])).columns))
    columns = {"x0": [1.0], "c": ["u"]} | {name: bad}
    with pytest.raises(InputError, match=f"'{name}' must hold one value a row"):
        table_of(fitted(table).columns, columns)


def test_notices_count_the_missing_numbers_of_all_parts() -> None:
    hole = np.array([[1.0, np.nan], [np.nan, 2.0], [np.nan, 3.0]])
    parts = (numeric(hole), numeric(np.ones((2, 2))), numeric(hole[:1]), categorical(None, "a"))
    end = "of 8 values missing, taken as the mean of the training part"
    assert missing_notices(*parts) == (f"column 'x0': 2 {end}", f"column 'x1': 2 {end}")
    many = missing_notices(numeric(np.full((4, 9), np.nan)))
    assert len(many) == 6
    assert many[-1].startswith("4 more columns with missing values")
    assert missing_notices(Images(np.ones((1, 2, 2))), numeric(np.eye(2))) == ()

import io
from pathlib import Path

import numpy as np
import pytest

from crossent.data.arrays import (
    features_of,
    find_roles,
    npz_names,
    read_npy,
    read_npy_folder,
    read_npy_pair,
    read_npz,
)
from crossent.data.dataset import Images, Table
from crossent.errors import InputError

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 0, 1, 0, 1])


def npz(tmp_path: Path, **arrays: np.ndarray) -> Path:
    np.savez(tmp_path / "a.npz", **arrays)
    return tmp_path / "a.npz"


@pytest.mark.parametrize(
    ("x", "y"),
    [("x", "y"), ("X", "y"), ("features", "labels"), ("x_train", "y_train"), ("data", "target")],
)
def test_usual_names(tmp_path: Path, x: str, y: str) -> None:
    found = read_npz(npz(tmp_path, **{x: X, y: Y, "notes": Y}))
    np.testing.assert_array_equal(found.x, X)
    np.testing.assert_array_equal(found.y, Y)
    assert found.x_test is None


def test_own_test_part(tmp_path: Path) -> None:
    found = read_npz(npz(tmp_path, x_train=X, y_train=Y, x_test=X[:2], y_test=Y[:2]))
    assert found.x_test is not None
    assert len(found.x_test) == 2


def test_arrays_by_name(tmp_path: Path) -> None:
    path = npz(tmp_path, x=X, emb=X + 1, y=Y, other=1 - Y)
    assert npz_names(path) == ("x", "emb", "y", "other")
    found = read_npz(path, features="emb", target="other")
    assert found.x[0, 0] == 1.0
    np.testing.assert_array_equal(found.y, 1 - Y)
    with pytest.raises(InputError, match="has no array 'none'"):
        read_npz(path, target="none")


def test_ambiguous_and_absent_names(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'x' and 'images'"):
        read_npz(npz(tmp_path, x=X, images=X, y=Y))
    assert read_npz(npz(tmp_path, x=X, images=X, y=Y), features="x").y is not None
    with pytest.raises(InputError, match=r"no array of features.* it has \['y'\]"):
        read_npz(npz(tmp_path, y=Y))
    assert read_npz(npz(tmp_path, x=X)).y is None


@pytest.mark.parametrize("cut", [30, 300, -1, -60])
def test_cut_off_npz_is_named(tmp_path: Path, cut: int) -> None:
    path = npz(tmp_path, x=X, y=Y)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError, match=r"a\.npz' is no NumPy file or is damaged"):
        read_npz(path)


def test_damaged_member_is_found(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=np.random.default_rng(0).normal(size=(99, 9)), y=Y)
    data = bytearray((tmp_path / "a.npz").read_bytes())
    data[400:500] = b"\xff" * 100
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(InputError, match=r"a\.npz' is no NumPy file or is damaged"):
        read_npz(tmp_path / "a.npz")


def test_pickles_are_refused(tmp_path: Path) -> None:
    path = npz(tmp_path, x=X, y=np.array(["a", None] * 3, dtype=object))
    with pytest.raises(InputError, match="Python objects, which are not read"):
        read_npz(path)


def test_npy_under_the_name_npz(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, X)
    (tmp_path / "a.npz").write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match=r"no \.npz archive"):
        read_npz(tmp_path / "a.npz")


def test_npy_pairs(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", X)
    assert read_npy_pair(tmp_path / "X.npy").y is None
    np.save(tmp_path / "y.npy", Y)
    for found in (read_npy_pair(tmp_path / "X.npy"), read_npy_folder(tmp_path)):
        assert found is not None
        np.testing.assert_array_equal(found.x, X)
        np.testing.assert_array_equal(found.y, Y)
    with pytest.raises(InputError, match="holds labels"):
        read_npy_pair(tmp_path / "y.npy")


def test_folder_without_npy(tmp_path: Path) -> None:
    assert read_npy_folder(tmp_path) is None


def test_cut_off_npy_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", X)
    (tmp_path / "X.npy").write_bytes((tmp_path / "X.npy").read_bytes()[:-8])
    with pytest.raises(InputError, match=r"X\.npy' is no NumPy file or is damaged"):
        read_npy(tmp_path / "X.npy")


def test_roles_of_medmnist() -> None:
    keys = [
        "train_images",
        "val_images",
        "test_images",
        "train_labels",
        "val_labels",
        "test_labels",
    ]
    assert set(find_roles(keys, Path("f")).values()) == set(keys) - {"val_images", "val_labels"}


def test_matrix_is_a_table_of_its_columns() -> None:
    table, notices = features_of(X.astype(np.float32), "f")
    assert isinstance(table, Table)
    assert [column.name for column in table.columns] == ["x0", "x1"]
    np.testing.assert_array_equal(np.stack([c.values for c in table.columns], axis=1), X)
    assert notices == ()


@pytest.mark.parametrize(
    ("values", "maximum"),
    [
        (np.full((2, 3, 3), 255, dtype=np.uint8), 255.0),
        (np.full((2, 3, 3), 200, dtype=np.int64), 255.0),
        (np.full((2, 3, 3), 16, dtype=np.uint8), 16.0),
        (np.full((2, 3, 3), True), 1.0),
        (np.full((2, 3, 3), 0.5), 1.0),
        (np.full((2, 3, 3), -0.5), 1.0),
        (np.full((2, 3, 3), 200.0), 255.0),
        (np.full((2, 3, 3), 60000, dtype=np.uint16), 65535.0),
        (np.zeros((2, 3, 3), dtype=np.uint8), 1.0),
    ],
)
def test_largest_pixel_value(values: np.ndarray, maximum: float) -> None:
    images, notices = features_of(values, "f")
    assert isinstance(images, Images)
    assert images.maximum == maximum
    assert bool(notices) == (maximum != 255.0 and values.dtype != np.bool_)


def test_channels_before_the_height_are_moved() -> None:
    values = np.arange(2 * 3 * 5 * 6, dtype=np.uint8).reshape(2, 3, 5, 6)
    images, notices = features_of(values, "f")
    assert isinstance(images, Images)
    np.testing.assert_array_equal(images.values[1, 4, 2], values[1, :, 4, 2])
    assert "channels" in notices[0]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 3)])
def test_features_must_be_finite(bad: float, shape: tuple[int, ...]) -> None:
    values = np.zeros(shape)
    values[(2, 1, *([0] * (len(shape) - 2)))] = bad
    with pytest.raises(InputError, match=r"f: features must be finite; row 2, column 1"):
        features_of(values, "f")


@pytest.mark.parametrize("shape", [(3,), (0, 2), (3, 0), (2, 2, 2, 2, 2)])
def test_shapes_that_are_no_examples(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="features must have the shape"):
        features_of(np.zeros(shape), "f")


def test_texts_are_no_features() -> None:
    with pytest.raises(InputError, match="must be numbers"):
        features_of(np.array([["a", "b"]]), "f")

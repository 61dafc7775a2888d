import gzip
from pathlib import Path

import numpy as np
import pytest

from crossent.data.idx import find_pair, find_pairs, is_idx, read_idx
from crossent.errors import InputError


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_type_comes_back(write, idx, dtype: str, packed: bool) -> None:
    values = np.arange(-12, 12).astype(dtype).reshape(2, 3, 4)
    data = idx(values)
    found = read_idx(write("a-idx3", gzip.compress(data) if packed else data))
    np.testing.assert_array_equal(found, values)
    assert found.dtype == np.dtype(dtype)
    assert found.dtype.isnative


def test_mnist(data_dir: Path) -> None:
    images = read_idx(data_dir / "mnist" / "train-images-idx3-ubyte.gz")
    labels = read_idx(data_dir / "mnist" / "train-labels-idx1-ubyte.gz")
    assert images.shape == (60000, 28, 28)
    assert abs(images.mean() / 255 - 0.1306605) < 1e-6
    assert np.bincount(labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip


@pytest.mark.parametrize("change", [lambda d: d[:-1], lambda d: d + b"\0", lambda d: d[:9]])
def test_wrong_length_is_named(write, idx, change) -> None:
    path = write("bad-idx3", change(idx(np.zeros((2, 3, 4), dtype=np.uint8))))
    with pytest.raises(InputError, match=r"bad-idx3' is cut off or damaged: .* bytes; got"):
        read_idx(path)


@pytest.mark.parametrize("data", [b"", b"\0\0", b"abcd", b"\0\0\x07\x01\0\0\0\0", b"\0\0\x08\0"])
def test_what_is_no_idx(write, data: bytes) -> None:
    assert not is_idx(data)
    with pytest.raises(InputError, match="bad' is no IDX file"):
        read_idx(write("bad", data))


def test_cut_off_gzip_is_named(write, idx) -> None:
    path = write("cut.gz", gzip.compress(idx(np.zeros((9, 9), dtype=np.uint8)))[:-5])
    with pytest.raises(InputError, match=r"cut\.gz'"):
        read_idx(path)


def test_labels_are_found_by_name(write) -> None:
    images = write("train-images.idx3-ubyte.gz", "")
    labels = write("train-labels.idx1-ubyte", "")
    assert find_pair(images).labels == labels
    assert find_pair(write("lone-images-idx3-ubyte", "")).labels is None
    assert find_pair(write("values.idx", "")).labels is None


def test_pairs_of_a_folder(write) -> None:
    for part in ("train", "t10k"):
        write(f"{part}-images-idx3-ubyte.gz", "")
        labels = write(f"{part}-labels-idx1-ubyte.gz", "")
    found = find_pairs(labels.parent)
    assert found is not None
    assert found[0].images.name == "train-images-idx3-ubyte.gz"
    assert found[1] is not None
    assert found[1].labels == labels


def test_plain_file_goes_before_its_packed_form(write) -> None:
    write("a-images-idx3-ubyte.gz", "")
    plain = write("a-images-idx3-ubyte", "")
    found = find_pairs(plain.parent)
    assert found is not None
    assert found[0].images == plain


def test_a_test_pair_alone_is_the_main_one(write) -> None:
    path = write("t10k-images-idx3-ubyte", "")
    found = find_pairs(path.parent)
    assert found is not None
    assert (found[0].images, found[1]) == (path, None)


def test_several_sets_must_be_named(write) -> None:
    write("a-images-idx3-ubyte", "")
    path = write("b-images-idx3-ubyte", "")
    with pytest.raises(InputError, match="several sets"):
        find_pairs(path.parent)


def test_folder_without_idx(tmp_path: Path) -> None:
    assert find_pairs(tmp_path) is None

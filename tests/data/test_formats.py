import gzip
from pathlib import Path

import numpy as np
import pytest

from crossent.data.formats import find_format
from crossent.errors import InputError


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"PAR1....", "parquet"),
        (b"PK\x03\x04", "npz"),
        (b"\x93NUMPY\x01", "npy"),
        (b"\0\0\x08\x03\0\0\0\x01", "idx"),
        (b"a,b\n1,2\n", "csv"),
        ("ü;b\n".encode("utf-16"), "csv"),
    ],
)
@pytest.mark.parametrize("name", ["file", "file.dat", "file.csv"])
def test_content_decides(write, head: bytes, expected: str, name: str) -> None:
    assert find_format(write(name, head)) == expected
    assert find_format(write(f"{name}.gz", gzip.compress(head))) == expected


@pytest.mark.parametrize("name", ["a.parquet", "a.npz", "a.npy", "a.parquet.gz"])
def test_name_says_what_it_should_have_been(write, name: str) -> None:
    with pytest.raises(InputError, match=f"{name}' is damaged or no .* file"):
        find_format(write(name, "a,b\n1,2\n"))


def test_damaged_idx_goes_to_its_reader(write) -> None:
    assert find_format(write("train-images-idx3-ubyte", b"\xff\xff")) == "idx"


@pytest.mark.parametrize("name", ["a.xlsx", "a.json", "a.pkl", "a.zip"])
def test_formats_that_are_not_read(write, name: str) -> None:
    with pytest.raises(InputError, match="files are not read; convert it to CSV"):
        find_format(write(name, b"PK\x03\x04"))


def test_empty_missing_binary(write, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is empty"):
        find_format(write("a.csv", ""))
    with pytest.raises(InputError, match="no such file"):
        find_format(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is neither text nor"):
        find_format(write("a.csv", b"\x01\0\x02\0"))


def test_files_that_numpy_writes(tmp_path: Path) -> None:
    np.savez(tmp_path / "a", x=np.zeros(3))
    np.save(tmp_path / "b", np.zeros(3))
    assert find_format(tmp_path / "a.npz") == "npz"
    assert find_format(tmp_path / "b.npy") == "npy"

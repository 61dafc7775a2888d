import gzip
import os
from pathlib import Path

import pytest

from crossent.data.files import check_gzip, is_gzip, named, opened, read_all, read_head
from crossent.errors import InputError

TEXT = b"abcdefgh" * 1000


@pytest.mark.parametrize("name", ["plain.bin", "packed.gz", "packed.bin"])
def test_gzip_is_found_by_content(write, name: str) -> None:
    path = write(name, gzip.compress(TEXT) if "packed" in name else TEXT)
    assert is_gzip(path) == ("packed" in name)
    assert read_all(path) == TEXT
    assert read_head(path, 10) == TEXT[:10]
    check_gzip(path)


@pytest.mark.parametrize("cut", [slice(0, -1), slice(0, 12), slice(0, 30)])
def test_cut_off_gzip_is_named(write, cut: slice) -> None:
    path = write("cut.gz", gzip.compress(os.urandom(5000))[cut])
    with pytest.raises(InputError, match=r"cut\.gz' is a damaged or cut off gzip file"):
        read_all(path)


def test_checksum_is_compared(write) -> None:
    packed = gzip.compress(TEXT)
    path = write("sum.gz", packed[:-8] + b"\0\0\0\0" + packed[-4:])
    with pytest.raises(InputError, match="CRC check failed"):
        check_gzip(path)


def test_garbage_after_the_magic_is_damage(write) -> None:
    with pytest.raises(InputError, match="damaged or cut off gzip"):
        read_all(write("garbage.gz", b"\x1f\x8b\x08" + b"\xff" * 100))


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv': no such file"):
        read_all(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_all(tmp_path)
    assert not is_gzip(tmp_path / "none.csv")


def test_errors_of_the_caller_pass_through(write) -> None:
    with pytest.raises(KeyError), opened(write("a", b"x")):
        raise KeyError("mine")


def test_names_stay_one_short_line() -> None:
    assert named("a\nb.csv") == r"'a\nb.csv'"
    long = named("d" * 500 + "/end.csv")
    assert len(long) <= 160
    assert long.endswith("/end.csv'")


def test_a_pipe_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match=r"pipe\.csv' is a pipe; save it to a file first"):
        read_all(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="is a device; save it to a file first"):
        read_head(Path("/dev/zero"), 10)

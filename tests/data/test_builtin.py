from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from crossent.data.builtin import FASHION, FILES, find_folder, read_builtin, user_cache
from crossent.errors import InputError, MissingExtraError

PARTS = [("train", 6), ("t10k", 4)]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CROSSENT_DATA", str(tmp_path / "shared"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.platform", "linux")
    return tmp_path


def put(folder: Path, idx, parts=PARTS) -> None:
    folder.mkdir(parents=True)
    for part, count in parts:
        images = np.full((count, 28, 28), 255, dtype=np.uint8)
        labels = np.arange(count, dtype=np.uint8)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))


def test_digits_are_those_of_scikit_learn() -> None:
    found = read_builtin("digits")
    np.testing.assert_array_equal(found.x, load_digits().images)
    np.testing.assert_array_equal(found.y, load_digits().target)
    assert found.x_test is None


def test_digits_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn.datasets", None)
    with pytest.raises(MissingExtraError, match=r"crossent\[sklearn\]"):
        read_builtin("digits")


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_what_is_missing_is_said_in_one_line(empty: Path, name: str) -> None:
    with pytest.raises(InputError) as error:
        read_builtin(name)
    message = str(error.value)
    assert "\n" not in message
    assert str(empty / "shared" / name) in message
    assert str(empty / "cache" / "crossent" / name) in message
    assert "http" in message
    for file in FILES:
        assert f"{file} (sha256 " in message


def test_checksums_are_those_of_the_files(data_dir: Path, empty: Path) -> None:
    import hashlib

    with pytest.raises(InputError) as error:
        read_builtin("mnist")
    for file in FILES:
        digest = hashlib.sha256((data_dir / "mnist" / file).read_bytes()).hexdigest()
        assert f"{file} (sha256 {digest})" in str(error.value)


def test_places_in_order(empty: Path, idx) -> None:
    put(empty / "cache" / "crossent" / "mnist", idx)
    assert find_folder("mnist") == empty / "cache" / "crossent" / "mnist"
    put(empty / "shared" / "mnist", idx)
    assert find_folder("mnist") == empty / "shared" / "mnist"
    found = read_builtin("mnist")
    assert found.x_test is not None
    assert (len(found.x), len(found.x_test)) == (6, 4)


def test_a_part_of_the_files_is_not_enough(empty: Path, idx) -> None:
    put(empty / "shared" / "mnist", idx, PARTS[:1])
    with pytest.raises(InputError, match="mnist is not here"):
        read_builtin("mnist")


def test_fashion_has_its_names(empty: Path, idx) -> None:
    put(empty / "shared" / "fashion-mnist", idx)
    found = read_builtin("fashion-mnist")
    assert found.classes == FASHION
    assert found.y is not None
    assert found.y.tolist() == list(FASHION[:6])


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_user_cache(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", platform)
    assert user_cache().parts[-1] == "crossent"
    assert user_cache().is_relative_to(Path.home())

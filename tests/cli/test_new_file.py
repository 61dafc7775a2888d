from pathlib import Path

import pytest

from crossent.cli.new_file import check_apart, check_new, new_file, write_text
from crossent.errors import InputError


def test_nothing_asked_nothing_checked():
    check_new(None, "--out", force=False)


def test_an_existing_file_is_kept_unless_forced():
    Path("a.html").write_text("old")
    with pytest.raises(InputError, match=r"--report 'a.html' exists; give --force"):
        check_new(Path("a.html"), "--report", force=False)
    check_new(Path("a.html"), "--report", force=True)
    write_text(Path("a.html"), "né", "--report")
    assert Path("a.html").read_bytes() == "né".encode()


@pytest.mark.parametrize("force", [True, False])
def test_a_folder_and_a_missing_folder_are_refused(force: bool):
    with pytest.raises(InputError, match="is a folder"):
        check_new(Path(), "--out", force=force)
    with pytest.raises(InputError, match="there is no folder 'no/such'"):
        check_new(Path("no/such/a.csv"), "--out", force=force)


def test_nothing_half_written(workdir: Path):
    with pytest.raises(UnicodeEncodeError):
        write_text(Path("a.html"), "x" * 10_000 + "\ud800", "--report")
    assert list(workdir.iterdir()) == []


def test_a_folder_that_cannot_be_written_names_the_flag():
    Path("file").write_text("")
    with pytest.raises(InputError, match=r"--report 'file/a\.html' cannot be written: Not a dir"):
        write_text(Path("file/a.html"), "x", "--report")


def test_a_hidden_file_becomes_the_new_one(workdir: Path):
    Path("a.csv.gz").write_text("old")
    with new_file(Path("a.csv.gz"), "--out") as partial:
        partial.write_text("new")
        assert partial.name.endswith(".csv.gz")
        assert Path("a.csv.gz").read_text() == "old"
    assert Path("a.csv.gz").read_text() == "new"
    assert [path.name for path in workdir.iterdir()] == ["a.csv.gz"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_the_old_one(workdir: Path, error: type[BaseException]):
    Path("a.csv").write_text("old")

    def fail() -> None:
        with new_file(Path("a.csv"), "--out") as partial:
            partial.write_text("new")
            raise error

    with pytest.raises(error):
        fail()
    assert Path("a.csv").read_text() == "old"
    assert [path.name for path in workdir.iterdir()] == ["a.csv"]


def test_outputs_are_files_of_their_own():
    Path("in.csv").write_text("")
    Path("link").symlink_to("in.csv")
    check_apart([(Path("a"), "--a"), (Path("b"), "--b")], ["in.csv", "-"])
    with pytest.raises(InputError, match=r"--a and --b both name '\.\./work/a'"):
        check_apart([(Path("a"), "--a"), (Path("../work/a"), "--b")], [])
    with pytest.raises(InputError, match=r"--a names 'in\.csv', which is read"):
        check_apart([(Path("link"), "--a")], ["in.csv"])

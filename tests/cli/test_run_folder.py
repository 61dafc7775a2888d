import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from crossent.cli.run_folder import OWNER, building, check_free
from crossent.errors import InputError


def write_run(out: Path | None = None, name: str = "digits") -> Path:
    with building(out, name) as (partial, final):
        (partial / "model.json").write_text("{}")
    return final


def test_default_runs_are_numbered_and_kept(workdir: Path):
    assert [write_run(), write_run()] == [Path("runs/digits-1"), Path("runs/digits-2")]
    assert sorted(p.name for p in (workdir / "runs").iterdir()) == ["digits-1", "digits-2"]


def test_two_runs_at_once_get_different_numbers():
    with building(None, "a") as (_, one), building(None, "a") as (_, two):
        pass
    assert {one.name, two.name} == {"a-1", "a-2"}


def test_nothing_is_visible_before_the_end(workdir: Path):
    with building(Path("x"), "a") as (partial, final):
        assert not final.exists()
        assert partial.name == ".x.partial"
    assert [p.name for p in workdir.iterdir()] == ["x"]


@pytest.mark.parametrize("out", [None, Path("deep/er/x"), Path("x")])
@pytest.mark.parametrize("error", [InputError, KeyboardInterrupt])
def test_an_error_leaves_nothing_behind(workdir: Path, out: Path | None, error: type):
    def fail() -> None:
        with building(out, "a") as (partial, _):
            (partial / "log.jsonl").write_text("{}")
            raise error

    with pytest.raises(error):
        fail()
    assert list(workdir.iterdir()) == []


def test_an_error_keeps_the_neighbours(workdir: Path):
    kept = write_run()
    with pytest.raises(InputError), building(None, "digits"):
        raise InputError
    assert kept.exists()


def test_an_empty_folder_may_be_named(workdir: Path):
    (workdir / "x").mkdir()
    write_run(Path("x"))
    assert [p.name for p in (workdir / "x").iterdir()] == ["model.json"]


def test_a_run_is_never_overwritten():
    write_run(Path("x"))
    with pytest.raises(InputError, match="already holds a run"):
        check_free(Path("x"))
    with pytest.raises(InputError, match="already holds a run"):
        write_run(Path("x"))


def test_other_files_are_never_overwritten(workdir: Path):
    (workdir / "file").write_text("")
    (workdir / "full").mkdir()
    (workdir / "full" / "notes.txt").write_text("")
    with pytest.raises(InputError, match="is a file"):
        check_free(Path("file"))
    with pytest.raises(InputError, match="is not empty"):
        check_free(Path("full"))


def test_a_run_in_the_making_is_named(workdir: Path):
    (workdir / ".x.partial").mkdir()
    with pytest.raises(InputError, match=r"\.x\.partial.* exists"):
        write_run(Path("x"))
    assert (workdir / ".x.partial").exists()


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


@pytest.mark.parametrize("out", [None, Path("x")])
def test_what_a_killed_run_left_is_taken_over(workdir: Path, out: Path | None, dead: int):
    partial = workdir / ("runs/.digits-1.partial" if out is None else ".x.partial")
    partial.mkdir(parents=True)
    (partial / OWNER).write_text(f"{dead} {platform.node()} 1")
    (partial / "log.jsonl").write_text("{}")
    final = write_run(out)
    assert final.name == ("x" if out else "digits-1")
    assert [p.name for p in final.iterdir()] == ["model.json"]
    assert [p.name for p in partial.parent.iterdir()] == [final.name]


def test_a_number_used_again_is_another_process(workdir: Path):
    (workdir / ".x.partial").mkdir()
    (workdir / ".x.partial" / OWNER).write_text(f"{os.getpid()} {platform.node()} 1")
    write_run(Path("x"))
    assert [p.name for p in workdir.iterdir()] == ["x"]


@pytest.mark.parametrize("signature", ["", "x", "1 elsewhere 1", "12"])
def test_a_folder_of_another_machine_stays(workdir: Path, signature: str):
    (workdir / ".x.partial").mkdir()
    (workdir / ".x.partial" / OWNER).write_text(signature)
    with pytest.raises(InputError, match="exists"):
        write_run(Path("x"))


def test_a_living_run_keeps_its_folder():
    with building(Path("x"), "a") as (partial, _):
        with pytest.raises(InputError, match="is being written there"):
            write_run(Path("x"))
        assert partial.exists()


def test_what_cannot_be_written_names_the_flag(workdir: Path):
    (workdir / "file").write_text("")
    with pytest.raises(InputError, match=r"--out 'file/x' cannot be written: Not a directory"):
        write_run(Path("file/x"))
    (workdir / "runs").write_text("")
    with pytest.raises(InputError, match=r"'runs' cannot be written: .*; name another .* --out"):
        write_run()

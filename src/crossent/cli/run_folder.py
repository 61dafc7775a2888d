"""Where a run is written: built in a hidden folder beside its place, renamed there when complete.

`runs/digits-1` grows as `runs/.digits-1.partial`. An existing run is never touched, and an error
leaves nothing behind, not even the folders made on the way. What a killed process left is taken
over: `.owner` in the hidden folder names the process. What else goes inside is the caller's.
"""

import errno
import os
import platform
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from crossent.errors import InputError, quoted

RUNS = Path("runs")
OWNER = ".owner"


def check_free(out: Path) -> None:
    """Refuse an output folder that holds anything, a run above all."""
    if not out.exists() and not out.is_symlink():
        return
    if not out.is_dir():
        raise InputError(f"--out {quoted(str(out))} is a file; name a new folder")
    if (out / "model.json").exists() or (out / "config.json").exists():
        raise InputError(f"--out {quoted(str(out))} already holds a run; name a new folder")
    if any(out.iterdir()):
        raise InputError(f"--out {quoted(str(out))} is not empty; name a new folder")


@contextmanager
def building(out: Path | None, name: str) -> Generator[tuple[Path, Path]]:
    """Yield (folder to write in, folder it becomes); without `out` that is `runs/<name>-<n>`."""
    parent = RUNS if out is None else out.absolute().parent
    made: list[Path] = []
    partial: Path | None = None
    try:
        _make_parents(parent, made)
        partial, final = _claim_number(name) if out is None else _claim(out)
        yield partial, final
        (partial / OWNER).unlink()
        if final.exists():  # check_free saw an empty folder
            final.rmdir()
        partial.rename(final)
    except BaseException as error:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)
        for folder in made:
            _remove_if_empty(folder)
        if isinstance(error, OSError):
            where = quoted(str(parent if out is None else out))
            hint = "; name another folder by --out" if out is None else ""
            flag = "runs folder" if out is None else "--out"
            reason = error.strerror or type(error).__name__
            raise InputError(f"{flag} {where} cannot be written: {reason}{hint}") from error
        raise


def _claim(final: Path) -> tuple[Path, Path]:
    check_free(final)
    partial = final.absolute().with_name(f".{final.name}.partial")
    if not _take(partial):
        raise InputError(
            f"{quoted(str(partial))} exists: a run is being written there, or was killed; "
            "wait for it or remove that folder"
        )
    return partial, final


def _claim_number(name: str) -> tuple[Path, Path]:
    """Take the first free number; mkdir is atomic, so two runs at once get different ones."""
    for number in count(1):
        final = RUNS / f"{name}-{number}"
        partial = final.with_name(f".{final.name}.partial")
        if not final.exists() and _take(partial):
            return partial, final
    raise AssertionError("count() ends never")


def _take(partial: Path) -> bool:
    """Make the folder and sign it, or take it over from a dead process; say whether it is ours."""
    try:
        partial.mkdir()
    except FileExistsError:
        if not _is_abandoned(partial):
            return False
        # Moved away first: of two processes that find it, one renames it and the other fails.
        grave = partial.with_name(f"{partial.name}.{os.getpid()}")
        try:
            partial.rename(grave)
            if not _is_abandoned(grave):  # the other one was quicker: this is its new folder
                grave.rename(partial)
                return False
            shutil.rmtree(grave, ignore_errors=True)
            partial.mkdir()
        except OSError:
            return False
    (partial / OWNER).write_text(_signature(os.getpid()), encoding="utf-8")
    return True


def _is_abandoned(partial: Path) -> bool:
    """Say whether a process of this machine signed the folder and is no more."""
    try:
        signature = (partial / OWNER).read_text(encoding="utf-8")
        number = int(signature.split()[0])
    except (OSError, ValueError, IndexError):
        return False
    if os.name == "nt" or signature.split()[1:2] != [platform.node()]:
        return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return signature != _signature(number)  # the number was given to another process since


def _signature(number: int) -> str:
    """Return a process' number, its machine, and when it began, where the system says (Linux)."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
        began = stat.rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        began = "?"
    return f"{number} {platform.node()} {began}"


def _make_parents(folder: Path, made: list[Path]) -> None:
    """Make `folder` and note what had to be made, innermost first."""
    made += [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:  # a file; "File exists" would say nothing
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()

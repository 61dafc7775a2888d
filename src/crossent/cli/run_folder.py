"""Where a run is written: built in a hidden folder beside its place, renamed there when complete.

`runs/digits-1` grows as `runs/.digits-1.partial`. An existing run is never touched, and an error
leaves nothing behind, not even the folders made on the way. What goes inside is the caller's.
"""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from crossent.errors import InputError, quoted

RUNS = Path("runs")


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
    made = _make_parents(parent)
    partial: Path | None = None
    try:
        partial, final = _claim_number(name) if out is None else _claim(out)
        yield partial, final
        if final.exists():  # check_free saw an empty folder
            final.rmdir()
        partial.rename(final)
    except BaseException:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)
        for folder in made:
            _remove_if_empty(folder)
        raise


def _claim(final: Path) -> tuple[Path, Path]:
    check_free(final)
    partial = final.absolute().with_name(f".{final.name}.partial")
    try:
        partial.mkdir()
    except FileExistsError:
        raise InputError(
            f"{quoted(str(partial))} exists: a run is being written there, or was killed; "
            "wait for it or remove that folder"
        ) from None
    return partial, final


def _claim_number(name: str) -> tuple[Path, Path]:
    """Take the first free number; mkdir is atomic, so two runs at once get different ones."""
    for number in count(1):
        final = RUNS / f"{name}-{number}"
        partial = final.with_name(f".{final.name}.partial")
        if final.exists():
            continue
        try:
            partial.mkdir()
        except FileExistsError:
            continue
        return partial, final
    raise AssertionError("count() ends never")


def _make_parents(folder: Path) -> list[Path]:
    """Make `folder` and return what had to be made, innermost first."""
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()

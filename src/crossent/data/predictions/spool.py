"""From what the user names to files on disk: globs, standard input, and the format of each.

Standard input, and a JSONL file with a byte order mark, are copied to a temporary folder.
"""

import glob
import shutil
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from crossent.data.files import named, opened, read_head
from crossent.data.formats import find_format
from crossent.data.predictions.batch import said
from crossent.data.predictions.file import Form
from crossent.errors import InputError

MARK = b"\xef\xbb\xbf"  # the byte order mark in UTF-8, which DuckDB's reader of JSON refuses
FORMS = "CSV, Parquet, JSONL or .npz"


@contextmanager
def spooled(names: Sequence[str]) -> Generator[list[tuple[str, Path, Form]]]:
    """Give (source, where it lies, format) of each file; what was copied is gone afterwards.

    A name with * ? or [ that is no file stands for the files it matches, sorted. Raises
    InputError where none does, or where a file is named twice.
    """
    with tempfile.TemporaryDirectory(prefix="crossent-") as folder:
        found: list[tuple[str, Path, Form]] = []
        seen: set[Path] = set()
        for source in expanded(names):
            path = Path(source)
            place = path if source == "-" else path.resolve()
            if place in seen:
                raise InputError(f"{said(source)} is named twice; its rows would count twice")
            seen.add(place)
            if source == "-":
                path = Path(folder) / "stdin"
                _copy_input(path)
            form = _form(source, path)
            if form == "jsonl" and read_head(path, len(MARK)) == MARK:
                path = _without_mark(path, Path(folder) / f"{len(found)}.jsonl")
            found.append((source, path, form))
        yield found


def expanded(names: Sequence[str]) -> list[str]:
    """Return the names with each pattern that is no file itself replaced by the files it matches.

    Raises InputError where it matches none.
    """
    if not names:
        raise InputError("name one file of predictions at least, or - for standard input")
    sources: list[str] = []
    for name in names:
        if name == "-" or Path(name).exists() or not glob.has_magic(name):
            sources.append(name)
            continue
        matched = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 (absolute ones too)
        if not matched:
            raise InputError(f"{named(name)} matches no file")
        sources += matched
    return sources


def _copy_input(path: Path) -> None:
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("standard input is a terminal; give it a file, as in `... - < FILE`")
    try:
        with path.open("wb") as out:
            shutil.copyfileobj(sys.stdin.buffer, out, 1 << 20)
    except OSError as error:
        raise InputError(f"standard input cannot be saved: {error.strerror or error}") from None
    if not path.stat().st_size:
        raise InputError("standard input is empty")


def _form(source: str, path: Path) -> Form:
    head = read_head(path, 4096)
    text = head.removeprefix(MARK).lstrip()
    if not text and (head or not path.name.lower().endswith((".parquet", ".npz"))):
        raise InputError(f"{said(source)} is empty")
    if text[:1] == b"{" and text[1:].lstrip()[:1] in (b'"', b"}"):
        return "jsonl"
    if text[:1] == b"[" and text[1:].lstrip()[:1] in (b"{", b"["):
        raise InputError(
            f"{said(source)} is one JSON array; write an object a line instead (JSONL)"
        )
    try:
        form = find_format(path, FORMS)
    except InputError as error:
        raise InputError(str(error).replace(named(path), said(source), 1)) from None
    if form not in ("csv", "parquet", "npz"):
        raise InputError(f"{said(source)} is {form.upper()}; predictions are {FORMS}")
    return form


def _without_mark(path: Path, copy: Path) -> Path:
    with opened(path) as stream, copy.open("wb") as out:
        stream.read(len(MARK))
        shutil.copyfileobj(stream, out, 1 << 20)
    return copy

"""Files that a command writes at the user's wish: never over an old one unasked, never half."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from crossent.errors import InputError, quoted


def check_new(path: Path | None, flag: str, *, force: bool) -> None:
    """Refuse a path that exists, before any work is done."""
    if path is None:
        return
    if path.is_dir():
        raise InputError(f"{flag} {quoted(str(path))} is a folder; name a file")
    if path.exists() and not force:
        raise InputError(f"{flag} {quoted(str(path))} exists; give --force to overwrite it")
    if not path.absolute().parent.is_dir():
        raise InputError(
            f"{flag} {quoted(str(path))}: there is no folder {quoted(str(path.parent))}"
        )


def check_apart(outputs: Sequence[tuple[Path, str]], inputs: Iterable[str]) -> None:
    """Refuse two outputs, each a path with its flag, that are one file, or one that is read."""
    seen: dict[Path, str] = {}
    for path, flag in outputs:
        place = path.resolve()
        if place in seen:
            raise InputError(f"{seen[place]} and {flag} both name {quoted(str(path))}")
        seen[place] = flag
    for name in inputs:
        flag = seen.get(Path(name).resolve())
        if flag is not None and name != "-":
            raise InputError(f"{flag} names {quoted(name)}, which is read; name another file")


@contextmanager
def new_file(path: Path, flag: str) -> Generator[Path]:
    """Yield a hidden path of the same suffix to write; it becomes `path` if the block succeeds.

    A block that fails leaves nothing. OSError becomes InputError naming `flag`.
    """
    partial = path.absolute().with_name(f".partial.{path.name}")
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        raise InputError(
            f"{flag} {quoted(str(path))} cannot be written: {error.strerror or error}"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def write_text(path: Path, text: str, flag: str) -> None:
    """Write `text` in UTF-8: the file appears when it is complete; InputError naming `flag`."""
    with new_file(path, flag) as partial:
        partial.write_text(text, encoding="utf-8")

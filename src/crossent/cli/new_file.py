"""Files that a command writes at the user's wish: never over an old one unasked, never half."""

from contextlib import suppress
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


def write_text(path: Path, text: str, flag: str) -> None:
    """Write `text` in UTF-8: the file appears when it is complete; InputError naming `flag`."""
    partial = path.absolute().with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise InputError(
            f"{flag} {quoted(str(path))} cannot be written: {error.strerror or error}"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)

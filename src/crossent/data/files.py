"""Opens files for the readers: gzip found by content, every failure one line with the file's name.

Knows no format but gzip.
"""

import gzip
import stat
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from crossent.errors import InputError

GZIP = b"\x1f\x8b"
LONGEST_NAME = 160


def named(path: Path | str) -> str:
    """Return the path as it stands in a message: quoted, one line, its end kept when it is long."""
    text = repr(str(path))
    return text if len(text) <= LONGEST_NAME else f"'...{text[4 - LONGEST_NAME :]}"


@contextmanager
def opened(path: Path) -> Generator[IO[bytes] | gzip.GzipFile]:
    """Open a file for reading, decompressed if it is gzip; InputError if it cannot be read."""
    _refuse_pipe(path)
    try:
        with path.open("rb") as raw:
            if raw.peek(len(GZIP))[: len(GZIP)] != GZIP:
                yield raw
                return
            with gzip.GzipFile(fileobj=raw, mode="rb") as stream:
                yield stream
    except FileNotFoundError:
        raise InputError(f"{named(path)}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{named(path)} is a folder; name a file in it") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"{named(path)} is a damaged or cut off gzip file ({_reason(error)}); copy it again"
        ) from None
    except OSError as error:
        raise InputError(f"{named(path)} cannot be read: {_reason(error)}") from None


def _refuse_pipe(path: Path) -> None:
    """Refuse what gives its bytes only once; a file is looked at several times."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        kind = "pipe" if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else "device"
        raise InputError(f"{named(path)} is a {kind}; save it to a file first")


def is_gzip(path: Path) -> bool:
    """Say whether a file begins as gzip files do."""
    try:
        with path.open("rb") as raw:
            return raw.read(len(GZIP)) == GZIP
    except OSError:
        return False


def read_all(path: Path) -> bytes:
    """Return the whole content, decompressed if it is gzip."""
    with opened(path) as stream:
        return stream.read()


def read_head(path: Path, size: int) -> bytes:
    """Return the first `size` bytes of the content, decompressed if it is gzip."""
    with opened(path) as stream:
        return stream.read(size)


def check_gzip(path: Path) -> None:
    """Read a gzip file to its end: DuckDB does not compare the checksum there (250 MB/s)."""
    with opened(path) as stream:
        while stream.read(1 << 20):
            pass


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split())[:120]

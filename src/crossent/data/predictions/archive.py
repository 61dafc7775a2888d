"""Arrays of an .npz archive, read a few rows at a time from its members. No pickles."""

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from crossent.data.predictions.batch import said
from crossent.errors import InputError, quoted


@dataclass(frozen=True, slots=True)
class Member:
    """The header of an array; fortran: its values are stored column by column."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]


@contextmanager
def opened_archive(source: str, path: Path) -> Generator[zipfile.ZipFile]:
    """Open an .npz; InputError, here and while it is read, where it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (
        OSError,
        ValueError,
        EOFError,
        zlib.error,
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
    ) as error:
        if isinstance(error, InputError):
            raise
        text = " ".join(str(error).split())[:120]
        raise InputError(
            f"{said(source)} is no .npz archive, cut off or damaged ({text}); copy it again"
        ) from None


def array_names(archive: zipfile.ZipFile) -> list[str]:
    """Return the names of the arrays."""
    return [name[:-4] for name in archive.namelist() if name.endswith(".npy")]


def header_of(archive: zipfile.ZipFile, name: str, source: str) -> Member:
    """Return the header of an array; InputError if it is pickled."""
    with archive.open(f"{name}.npy") as stream:
        return _header(stream, name, source)


def _header(stream: IO[bytes], name: str, source: str) -> Member:
    version = npy.read_magic(stream)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        raise InputError(f"{said(source)}: array {quoted(name)} is of .npy version {version}")
    shape, fortran, dtype = read(stream)
    if dtype.hasobject:
        raise InputError(
            f"{said(source)}: array {quoted(name)} holds Python objects, which are not read; save "
            "numbers or strings"
        )
    return Member(shape, fortran and len(shape) > 1, dtype)


@contextmanager
def row_reader(
    archive: zipfile.ZipFile, name: str, source: str
) -> Generator[Callable[[int], NDArray[Any]]]:
    """Give a function that returns the next rows of an array, fewer at its end."""
    at = 0
    with ExitStack() as stack:
        stream = stack.enter_context(archive.open(f"{name}.npy"))
        member = _header(stream, name, source)
        columns = _unpacked(stream, member, stack) if member.fortran else None
        row = member.dtype.itemsize * int(np.prod(member.shape[1:], dtype=np.int64))

        def read(count: int) -> NDArray[Any]:
            nonlocal at
            count = min(count, member.shape[0] - at)
            at += count
            if columns is not None:
                return np.array(columns[at - count : at])
            data = stream.read(count * row)
            if len(data) < count * row:
                raise InputError(
                    f"{said(source)}, array {quoted(name)} is cut off; copy the file again"
                )
            if at == member.shape[0]:
                stream.read(1)  # past the end, where the checksum is compared
            return np.frombuffer(data, dtype=member.dtype).reshape(count, *member.shape[1:])

        yield read


def _unpacked(stream: IO[bytes], member: Member, stack: ExitStack) -> NDArray[Any]:
    """Return an array stored column by column, which has no rows to stream, from a file on disk."""
    copy = stack.enter_context(tempfile.TemporaryFile(prefix="crossent-"))  # noqa: SIM115
    shutil.copyfileobj(stream, copy, 1 << 20)
    copy.flush()
    return np.memmap(copy, dtype=member.dtype, mode="r", shape=member.shape, order="F")


def read_array(archive: zipfile.ZipFile, name: str, source: str) -> NDArray[Any]:
    """Return a small array whole."""
    with archive.open(f"{name}.npy") as stream:
        member = _header(stream, name, source)
        values = np.frombuffer(stream.read(), dtype=member.dtype)
    return values.reshape(member.shape, order="F" if member.fortran else "C")

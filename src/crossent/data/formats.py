"""Which format a file has: told by its first bytes; its name only says what it should have been."""

from pathlib import Path
from typing import Literal, TypeAlias

from crossent.data.files import named, read_head
from crossent.data.idx import is_idx
from crossent.errors import InputError

Format: TypeAlias = Literal["idx", "npz", "npy", "parquet", "csv"]

FORMS = "CSV, Parquet, .npz, .npy or IDX"
BINARY: dict[str, tuple[Format, str]] = {
    ".npz": ("npz", "PK"),
    ".npy": ("npy", "\\x93NUMPY"),
    ".parquet": ("parquet", "PAR1"),
    ".pq": ("parquet", "PAR1"),
}
OTHERS = {
    ".xlsx": "Excel", ".xls": "Excel", ".json": "JSON", ".jsonl": "JSON", ".feather": "Feather",
    ".arrow": "Arrow", ".pkl": "pickle", ".pickle": "pickle", ".pt": "PyTorch", ".h5": "HDF5",
    ".zip": "zip", ".tar": "tar", ".png": "image", ".jpg": "image", ".arff": "ARFF",
}  # fmt: skip


def find_format(path: Path, readable: str = FORMS) -> Format:
    """Return the format of a file; InputError where it is missing, empty, or none that is read.

    `readable` are the formats that the caller reads, for the message.
    """
    head = read_head(path, 64)
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    if not head:
        raise InputError(f"{named(path)} is empty")
    if suffix in OTHERS:
        raise InputError(
            f"{named(path)}: {OTHERS[suffix]} files are not read; convert it to {readable}"
        )
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return "npz"
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    if is_idx(head):
        return "idx"
    if suffix in BINARY:
        raise InputError(
            f"{named(path)} is damaged or no {suffix} file: it does not begin with "
            f"{BINARY[suffix][1]}"
        )
    if "ubyte" in path.name or "idx" in suffix:
        return "idx"
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(
            f"{named(path)} is neither text nor of another format that is read: {readable}"
        )
    return "csv"
